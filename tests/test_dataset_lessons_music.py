"""Lessons from songs that anyone has: what of a teacher is believed, its labels on damaged copies, resume."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from beatomizer.cli.program import run
from beatomizer.dataset.lessons.believed import agreement, believed
from beatomizer.dataset.lessons.lesson import Lesson, read_lesson
from beatomizer.dataset.lessons.music import (
    MusicSettings,
    find_songs,
    music_lessons,
    music_path,
    music_settings,
)
from beatomizer.dataset.lessons.targets import UNKNOWN, targets
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.features.features import Features
from beatomizer.inference.engine import PARTS, Scores
from beatomizer.timebase import FPS, SAMPLE_RATE
from tests.beat_scores import peaks
from tests.songs import beat_song, write_wav

SECONDS = 32.0
SETTINGS = MusicSettings("classic", "classic", "")


@dataclass
class Teacher:
    """Hears 120 beats a minute in a song of ``SECONDS``, at whatever speed that is played; less if it is told to.

    Attributes:
        stubborn: hears 120 beats also when the song is slower or faster.
        bars: whether it hears the same beats as downbeats each time.
        cuts: whether it has an opinion about sections.
        learned: whether it has one about light and parts.
    """

    stubborn: bool = False
    bars: bool = True
    cuts: bool = True
    learned: bool = False
    name: str = "teacher"
    look: str = "director"

    def listen(self, features: Features) -> Scores:
        length_s = len(features.samples) / SAMPLE_RATE
        speed = 1.0 if self.stubborn else SECONDS / length_s
        count = len(features.frames)
        beats = np.arange(0.25, SECONDS, 0.5) / speed

        def score(times: np.ndarray) -> np.ndarray:
            return np.resize(peaks(times[times < length_s], length_s + 0.1), count).astype(np.float32)

        shift = 0 if self.bars or abs(speed - 1) < 0.01 else 1
        ramp = np.linspace(0, 1, count, dtype=np.float32)
        parts = np.eye(len(PARTS), dtype=np.float32)[np.where(ramp < 0.5, 1, 2)]
        return Scores(
            beat=score(beats),
            downbeat=score(beats[shift::4]),
            boundary=score(beats[32:33]) if self.cuts else None,
            energy=ramp if self.learned else None,
            light=ramp if self.learned else None,
            part=parts if self.learned else None,
        )


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return beat_song(SECONDS, 120.0, SAMPLE_RATE)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    write_wav(folder / "one.wav", beat_song(SECONDS, 125.0, SAMPLE_RATE), SAMPLE_RATE)
    shutil.copy(folder / "one.wav", folder / "two.wav")
    hiss = np.random.default_rng(1).normal(0, 0.1, 12 * SAMPLE_RATE).astype(np.float32)
    write_wav(folder / "wind.wav", hiss, SAMPLE_RATE)
    (folder / "bad.mp3").write_text("no sound")
    (folder / "notes.txt").write_text("not offered as a song")
    return folder


@pytest.fixture(scope="module")
def three(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    done = music_lessons(songs, folder, SETTINGS, versions=3)
    assert (done.made, done.found) == (3, 0)
    assert done.complaints == (
        ("bad.mp3", "is text, not a song (playlists are not followed)"),
        ("two.wav", "same as one.wav"),
        ("wind.wav", "'classic' is not sure of the beats"),
    )
    return folder


def lessons_in(folder: Path) -> list[Lesson]:
    return [read_lesson(path) for path in sorted(folder.glob("*.lesson.npz"))]


# what is believed


def test_what_three_hearings_agree_on_is_believed(samples: np.ndarray) -> None:
    belief = believed(samples, Teacher(), "a song")
    assert belief.known == ("beats", "bars", "sections")
    truth = belief.truth
    assert (truth.title, truth.meter) == ("a song", "4/4")
    assert truth.tempo_bpm == pytest.approx(120, abs=0.1)
    times = np.array([time for time, _ in truth.beats])
    assert times == pytest.approx(np.arange(0.25, SECONDS, 0.5)[: len(times)], abs=0.02)
    assert [position for _, position in truth.beats[:5]] == [1, 2, 3, 4, 1]
    assert truth.sections[0].start_s == 0
    assert truth.sections[-1].end_s == pytest.approx(SECONDS)
    assert not belief.light.any()
    assert (truth.onsets, truth.energy) == ({}, ())


def test_a_teacher_that_hears_the_same_in_every_song_is_not_believed(samples: np.ndarray) -> None:
    belief = believed(samples, Teacher(stubborn=True, learned=True), "")
    assert belief.known == ("energy",)
    assert (belief.truth.beats, belief.truth.sections, belief.truth.tempo_bpm) == ((), (), 0.0)


def test_bars_need_agreement_and_sections_need_bars_and_an_opinion(samples: np.ndarray) -> None:
    astray = believed(samples, Teacher(bars=False), "")
    assert astray.known == ("beats",)
    assert {position for _, position in astray.truth.beats} == {0}
    silent = believed(samples, Teacher(cuts=False), "")
    assert silent.known == ("beats", "bars")
    assert silent.truth.sections == ()


def test_light_and_energy_and_parts_only_from_a_teacher_that_gives_them(samples: np.ndarray) -> None:
    belief = believed(samples, Teacher(learned=True), "")
    assert belief.known == ("beats", "bars", "sections", "energy", "light")
    assert belief.light == pytest.approx(np.linspace(0, 1, len(belief.light)))
    assert belief.truth.energy[16][0] == 16
    assert belief.truth.energy[16][1] == pytest.approx(0.5, abs=0.01)
    assert {section.label for section in belief.truth.sections} <= {"verse", "chorus"}
    unnamed = believed(samples, Teacher(), "").truth.sections
    assert {section.label for section in unnamed} <= {"", "intro", "build", "drop", "break", "outro"}


def test_agreement_is_an_f_measure() -> None:
    beats = np.arange(0.0, 10.0, 0.5)
    nothing = np.array([])
    assert agreement(beats, beats + 0.04, 0.05) == 1
    assert agreement(beats, beats + 0.06, 0.05) == 0
    assert agreement(beats, beats[::2], 0.05) == pytest.approx(2 / 3)
    assert agreement(nothing, nothing, 0.05) == 1
    assert agreement(nothing, beats, 0.05) == agreement(beats, nothing, 0.05) == 0


# the lessons


def test_damaged_versions_carry_the_labels_of_the_clean_one(three: Path) -> None:
    clean, *others = lessons_in(three)
    assert clean.facts["made"]["damage"] == {"speed": 1.0}
    assert "beats" in clean.known
    assert clean.facts["truth"]["tempo_bpm"] == pytest.approx(125, abs=0.2)
    beats = np.array([time for time, _ in clean.facts["truth"]["beats"]])
    assert len(others) == 2
    for lesson in others:
        speed = lesson.facts["made"]["damage"]["speed"]
        assert lesson.known == clean.known
        moved = np.array([time for time, _ in lesson.facts["truth"]["beats"]])
        assert moved * speed == pytest.approx(beats, abs=2e-3)
        assert len(lesson.frames) == pytest.approx(len(clean.frames) / speed, abs=2)
        shared = min(len(lesson.frames), len(clean.frames))
        assert not np.array_equal(lesson.frames[:shared], clean.frames[:shared])
        true = targets(lesson)
        assert (true.look == UNKNOWN).all()
        assert np.array_equal(np.flatnonzero(true.beat), np.round(moved * FPS))


def test_light_is_as_fast_as_the_song(songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from beatomizer.dataset.lessons import music

    monkeypatch.setattr(music, "_teacher", lambda model: Teacher(learned=True))
    settings = MusicSettings("x.onnx", "teacher", "abc")
    (song, *_), _ = find_songs(songs)
    music_lessons(song.path, tmp_path, settings, versions=2)
    for lesson in lessons_in(tmp_path):
        assert "light" in lesson.known
        assert lesson.light == pytest.approx(np.linspace(0, 1, len(lesson.light)), abs=0.01)
        assert lesson.rgb == pytest.approx(np.repeat(lesson.light[:, None].astype("f4") ** 2, 3, 1), abs=2e-3)


def test_versions_made_later_by_other_workers_have_the_same_bytes(
    songs: Path, three: Path, tmp_path: Path
) -> None:
    assert music_lessons(songs, tmp_path, SETTINGS).made == 1
    done = music_lessons(songs, tmp_path, SETTINGS, versions=3, workers=2)  # the wind is asked again
    assert (done.made, done.found) == (2, 1)
    for path in three.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_lessons_of_another_teacher_are_not_overwritten(songs: Path, three: Path) -> None:
    for other, said in (
        (replace(SETTINGS, teacher="full"), "labelled by classic, now by full"),
        (replace(SETTINGS, sha256="ab"), "labelled by another file of the model"),
        (replace(SETTINGS, seed=3), "seed 0, now 3"),
    ):
        with pytest.raises(UsageError, match=rf"other settings \({said}\)"):
            music_lessons(songs, three, other)
    words = ["dataset", "lessons", "-o", str(three), "--songs", "1"]
    assert run(words) == 2


def test_the_command_labels_songs(
    songs: Path, three: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = [
        "dataset",
        "lessons",
        "--music",
        str(songs),
        "--versions",
        "3",
        "--workers",
        "1",
        "--model",
        "classic",
    ]
    assert run([*words, "-o", str(three), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["made"], facts["found"], facts["teacher"]) == (0, 3, "classic")
    assert len(facts["complaints"]) == 3
    assert run(["dataset", "info", str(three)]) == 0
    told = capsys.readouterr().out
    assert "real songs 3" in told
    assert "beats 3 · bars" in told
    wind = ["dataset", "lessons", "--music", str(songs / "wind.wav"), "-o", str(tmp_path / "none")]
    assert run([*wind, "--workers", "1"]) == 3
    assert "no song became a lesson" in capsys.readouterr().err


def test_songs_are_found_by_content(songs: Path, tmp_path: Path) -> None:
    found, complaints = find_songs(songs)
    assert [song.name for song in found] == ["one.wav", "wind.wav"]
    assert len(complaints) == 2
    shutil.copy(songs / "one.wav", tmp_path / "renamed.wav")
    (renamed,), _ = find_songs(tmp_path)
    assert music_path(tmp_path, renamed, 1) == music_path(tmp_path, found[0], 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableInputError, match="no song"):
        find_songs(tmp_path / "empty")


def test_a_teacher_is_known_by_its_file() -> None:
    assert music_settings("classic", 4) == MusicSettings("classic", "classic", "", 4)
    with pytest.raises(UsageError, match="gives colour"):
        music_settings("constant")
