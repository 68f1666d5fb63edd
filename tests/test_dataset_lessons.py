"""Lessons: files, truth as arrays, damage, what is no music, folders of them; and songs with groups left out."""

import hashlib
import json
import os
import resource
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from beatomizer.cli.program import run
from beatomizer.composer.annotations import ONSET_CLASSES, Annotations, SectionTruth
from beatomizer.composer.compose import compose, written
from beatomizer.composer.truth import annotated
from beatomizer.cues.beat_grid import track_beats
from beatomizer.dataset.lessons.damage import Damage, damaged, drawn_damage, noise
from beatomizer.dataset.lessons.lesson import KINDS, Lesson, facts_of, read_lesson, write_lesson
from beatomizer.dataset.lessons.make import is_whole, make_lessons
from beatomizer.dataset.lessons.no_music import KINDS as NO_MUSIC
from beatomizer.dataset.lessons.no_music import no_music
from beatomizer.dataset.lessons.targets import UNKNOWN, perfect_scores, soft_hue, targets
from beatomizer.dataset.lessons.teach import (
    LessonSettings,
    at_speed,
    composed_lesson,
    lesson_path,
    make_lesson,
)
from beatomizer.errors import ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.features.bank import WIDTH
from beatomizer.inference.engine import PARTS, SCORE_WIDTHS, TEMPI_BPM
from beatomizer.timebase import FPS, SAMPLE_RATE
from tests.beat_scores import f_measure

SETTINGS = LessonSettings(seed=50)
"""Two short songs, both played at another speed: hip-hop, and ambient."""


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    shares: list[float] = []
    done = make_lessons(folder, 2, SETTINGS, workers=2, progress=lambda _, share: shares.append(share))
    assert (done.made, done.found, done.complaints) == (2, 0, ())
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert done.sound_s == pytest.approx(sum(truth_of(folder, index)["duration_s"] for index in (0, 1)))
    return folder


def truth_of(folder: Path, index: int) -> dict:
    return read_lesson(lesson_path(folder, index)).facts["truth"]


@pytest.fixture(scope="module")
def lesson(two: Path) -> Lesson:
    return read_lesson(lesson_path(two, 0))


# the file


def test_a_lesson_is_what_the_document_says(lesson: Lesson) -> None:
    truth = Annotations.from_json(lesson.facts["truth"])
    count = len(lesson.frames)
    assert lesson.frames.shape == (int(np.ceil(truth.duration_s * FPS - 1e-6)), WIDTH)
    assert (lesson.light.shape, lesson.rgb.shape) == ((count,), (count, 3))
    assert {values.dtype for values in (lesson.frames, lesson.light, lesson.rgb)} == {np.dtype(np.float16)}
    assert lesson.known == set(KINDS)
    assert 0 <= lesson.light.min() < 0.2 < lesson.light.max() <= 1
    assert set(lesson.facts) == {"truth", "design", "known", "made"}
    assert lesson.facts["made"].items() >= SETTINGS.facts(0).items()


def test_a_lesson_is_written_and_read_to_the_bit(lesson: Lesson, tmp_path: Path) -> None:
    paths = tmp_path / "one.lesson.npz", tmp_path / "two.lesson.npz"
    for path in paths:
        write_lesson(lesson, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    back = read_lesson(paths[0])
    for name in ("frames", "light", "rgb"):
        assert np.array_equal(getattr(back, name), getattr(lesson, name))
    assert back.facts == lesson.facts == facts_of(paths[0])


def test_what_is_no_lesson_is_one_line(lesson: Lesson, tmp_path: Path) -> None:
    path = tmp_path / "x.lesson.npz"
    short = Lesson(lesson.frames[:3], lesson.light[:3], lesson.rgb[:3], dict(lesson.facts))
    write_lesson(short, path)
    whole = path.read_bytes()
    for data in (b"", b"PK\x03\x04", whole[:-40], whole.replace(b'"known"', b'"knowm"')):
        path.write_bytes(data)
        assert facts_of(path) is None
        with pytest.raises(UnreadableInputError, match=r"x\.lesson\.npz"):
            read_lesson(path)
    write_lesson(replace(short, facts={**lesson.facts, "known": ["everything"]}), path)
    assert facts_of(path) is None
    with pytest.raises(UnreadableInputError, match="no lesson"):
        read_lesson(path)
    write_lesson(replace(short, light=lesson.light[:2]), path)
    with pytest.raises(UnreadableInputError, match="no lesson"):
        read_lesson(path)
    assert facts_of(tmp_path / "missing") is None


def test_a_full_disk_leaves_nothing_behind(lesson: Lesson, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(ResourceLimitError, match="disk is full"):
            write_lesson(lesson, tmp_path / "x.lesson.npz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


# from a song to a lesson


def test_times_in_a_lesson_are_those_of_the_song_at_its_speed(lesson: Lesson) -> None:
    speed = lesson.facts["made"]["damage"]["speed"]
    assert speed != 1
    number = int(np.random.SeedSequence([50, 0]).generate_state(1)[0])
    score, _ = written(number, generators="train")
    beats = np.array(lesson.facts["truth"]["beats"])
    assert np.allclose(beats[:, 0] * speed, score.beats, atol=2e-6)
    assert lesson.facts["truth"]["tempo_bpm"] == pytest.approx(score.clock.bpm * speed, abs=1e-3)


def test_speed_scales_all_times() -> None:
    truth = Annotations(
        *("t", 1, "rock", "song", "plain", "A minor", "4/4", 120.0, 8.0),
        beats=((0.5, 1), (1.0, 2)),
        onsets={"kick": (0.5,), "other": (2.0, 3.0)},
        sections=(SectionTruth(0.0, 4.0, "verse", "A", 0.5), SectionTruth(4.0, 8.0, "drop", "B", 1.0)),
        energy=((0.5, 0.25), (1.0, 0.75)),
        drops_s=(4.0,),
    )
    fast = at_speed(truth, 2.0, 4.0)
    assert (fast.tempo_bpm, fast.duration_s) == (240.0, 4.0)
    assert fast.beats == ((0.25, 1), (0.5, 2))
    assert fast.onsets == {"kick": (0.25,), "other": (1.0, 1.5)}
    assert [(part.start_s, part.end_s) for part in fast.sections] == [(0.0, 2.0), (2.0, 4.0)]
    assert fast.energy == ((0.25, 0.25), (0.5, 0.75))
    assert fast.drops_s == (2.0,)
    assert at_speed(truth, 1.0, 9.0) == replace(truth, duration_s=9.0)
    assert at_speed(fast, 0.5, 8.0) == truth


def test_sound_that_is_no_music_teaches_that_there_is_no_beat() -> None:
    heard = composed_lesson(LessonSettings(seed=10), 1)
    assert heard.known == {"beats", "bars"}
    assert heard.facts["truth"]["title"] in NO_MUSIC
    true = targets(heard)
    assert not true.beat.any()
    assert not true.phase.any()
    assert (true.tempo[:, -1] == 1).all()
    assert (true.part == UNKNOWN).all()
    assert not heard.light.any()
    scores = perfect_scores(heard)
    assert (scores.phase == 0.5).all()
    assert track_beats(scores, heard.facts["truth"]["duration_s"]).tempo_bpm == 0.0


@pytest.mark.parametrize("kind", NO_MUSIC)
def test_no_music_is_sound_of_half_a_minute(kind: str) -> None:
    wave = no_music(kind, np.random.default_rng(1))
    assert wave.dtype == np.float32
    assert 30 <= len(wave) / SAMPLE_RATE <= 60
    peak = np.abs(wave).max()
    assert peak == (0 if kind == "silence" else pytest.approx(0.5, abs=1e-3))
    assert np.array_equal(wave, no_music(kind, np.random.default_rng(1)))


# truth as arrays


def test_the_perfect_listener_s_beats_are_the_truth(lesson: Lesson) -> None:
    scores = perfect_scores(lesson)
    truth = lesson.facts["truth"]
    times = np.array([beat for beat, _ in truth["beats"]])
    assert np.array_equal(np.flatnonzero(scores.beat), np.unique(np.round(times * FPS)))
    grid = track_beats(scores, truth["duration_s"])
    assert f_measure(times, [beat.time_s for beat in grid.beats]) > 0.97
    for name, width in SCORE_WIDTHS.items():
        values = getattr(scores, name)
        assert values.shape == ((len(lesson.frames), width) if width else (len(lesson.frames),)), name
        assert values.dtype == np.float32
        assert 0 <= values.min() <= values.max() <= 1 + 1e-6, name


def test_phase_is_zero_at_beats_and_half_a_turn_between(lesson: Lesson) -> None:
    true = targets(lesson)
    beats = np.array([time for time, _ in lesson.facts["truth"]["beats"]])
    angle = np.arctan2(true.phase[:, 1], true.phase[:, 0])
    frame_turn = 2 * np.pi / (FPS * np.diff(beats).min())
    for times, wanted in ((beats, 0.0), ((beats[:-1] + beats[1:]) / 2, np.pi)):
        frames = np.round(times * FPS).astype(int)
        off = np.angle(np.exp(1j * (angle[frames] - wanted)))
        assert np.abs(off).max() <= 0.51 * frame_turn
    assert np.hypot(*true.phase.T)[int(beats[0] * FPS) : int(beats[-1] * FPS)] == pytest.approx(1, abs=1e-5)


def test_tempo_is_the_beats_own(lesson: Lesson) -> None:
    true = targets(lesson)
    assert true.tempo.sum(axis=1) == pytest.approx(1, abs=1e-5)
    beats = np.array([time for time, _ in lesson.facts["truth"]["beats"]])
    middle = len(beats) // 2
    bpm = 60 * 8 / (beats[middle + 4] - beats[middle - 4])
    best = TEMPI_BPM[true.tempo[round(beats[middle] * FPS), :-1].argmax()]
    assert abs(np.log(best / bpm)) <= 0.5 * np.log(TEMPI_BPM[1] / TEMPI_BPM[0]) + 1e-6


def test_parts_letters_and_boundaries_are_the_sections(lesson: Lesson) -> None:
    true, sections = targets(lesson), lesson.facts["truth"]["sections"]
    letters = {}
    for section in sections:
        middle = round((section["start_s"] + section["end_s"]) / 2 * FPS)
        assert letters.setdefault(section["repeat"], true.letter[middle]) == true.letter[middle]
        if section["label"] in PARTS:
            assert PARTS[true.part[middle]] == section["label"]
    assert len(set(letters.values())) == len(letters)
    starts = [section["start_s"] for section in sections[1:]]
    peaks = [true.boundary[round(start * FPS)] for start in starts]
    assert min(peaks) > 0.95
    assert true.boundary[: round((starts[0] - 0.3) * FPS)].max() == 0
    assert set(np.unique(true.look)) <= set(range(8))
    assert not np.isnan(true.hue).any()


def test_what_nobody_knows_is_unknown(lesson: Lesson) -> None:
    truth = json.loads(json.dumps(lesson.facts["truth"]))
    truth["sections"][0]["label"] = ""
    facts = {"truth": truth, "known": ["beats"], "made": {}}
    true = targets(replace(lesson, facts=facts))
    end = round(truth["sections"][0]["end_s"] * FPS)
    assert (true.part[:end] == UNKNOWN).all()
    assert (true.part[end:] != UNKNOWN).any()
    assert (true.look == UNKNOWN).all()
    assert np.isnan(true.hue).all()
    assert soft_hue(true.hue) == pytest.approx(1 / 24)
    hue = soft_hue(np.array([np.radians(30)], dtype=np.float32))[0]
    assert hue.argmax() == 2
    assert hue.sum() == pytest.approx(1)


# damage


def tone(hertz: float, seconds: float = 2.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)).astype(
        "f4"
    )


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def test_no_damage_is_none() -> None:
    song = tone(440)
    assert np.array_equal(damaged(song, SAMPLE_RATE, Damage()), song)
    assert Damage().facts() == {"speed": 1.0}
    assert len(damaged(np.repeat(song, 2), 2 * SAMPLE_RATE, Damage())) == len(song)


def test_each_damage_does_what_it_is_called() -> None:
    low, high = tone(150), tone(6000)

    def gain_db(song: np.ndarray, **what: float) -> float:
        return 20 * np.log10(rms(damaged(song, SAMPLE_RATE, Damage(**what))) / rms(song))

    fast = damaged(tone(440, 4.0), SAMPLE_RATE, Damage(speed=1.1))
    assert len(fast) == pytest.approx(4.0 * SAMPLE_RATE / 1.1, abs=2)
    assert np.abs(np.fft.rfft(fast)).argmax() / len(fast) * SAMPLE_RATE == pytest.approx(484, abs=0.5)
    assert gain_db(low, gain_db=-12) == pytest.approx(-12, abs=0.01)
    assert gain_db(low, tilt_db=-9) == pytest.approx(2, abs=0.1)
    assert gain_db(tone(6000), tilt_db=-9) == pytest.approx(-3.32, abs=0.1)
    assert gain_db(low, low_hz=600) == pytest.approx(-24, abs=0.5)
    assert gain_db(high, high_hz=1500) == pytest.approx(-24, abs=0.5)
    assert gain_db(low, drive_db=20) > 1
    assert gain_db(low, room_s=0.5, wet=1.0) == pytest.approx(0, abs=0.5)
    noisy = damaged(low, SAMPLE_RATE, Damage(noise_db=20)) - low
    assert 20 * np.log10(rms(low) / rms(noisy)) == pytest.approx(20, abs=0.2)
    assert np.abs(damaged(low, SAMPLE_RATE, Damage(gain_db=30))).max() <= 1


def test_noise_has_its_colour() -> None:
    wave = noise(200_001, -6.02, np.random.default_rng(2))
    assert rms(wave) == pytest.approx(1)
    power = np.abs(np.fft.rfft(wave)) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)
    octaves = [10 * np.log10(power[(hertz > low) & (hertz < 1.2 * low)].mean()) for low in (500, 1000, 2000)]
    assert np.diff(octaves) == pytest.approx(-6.02, abs=0.5)


def test_damage_by_chance_is_repeatable_and_within_bounds() -> None:
    rng = np.random.default_rng(3)
    draws = [drawn_damage(rng) for _ in range(300)]
    assert draws[0] == drawn_damage(np.random.default_rng(3))
    assert all(2**-0.12 <= one.speed <= 2**0.12 for one in draws)
    plain = [one for one in draws if one.facts().keys() <= {"speed", "gain_db"}]
    assert 0.1 < len(plain) / len(draws) < 0.25
    for one in draws[:20]:
        assert Damage(**json.loads(json.dumps(one.facts()))).speed == pytest.approx(one.speed, abs=1e-4)
    song = tone(300, 1.0)
    worst = next(one for one in draws if one.noise_db and one.room_s and one.drive_db)
    assert np.array_equal(damaged(song, SAMPLE_RATE, worst), damaged(song, SAMPLE_RATE, worst))


# songs with groups left out


def test_without_drums_there_are_no_drums_and_the_beats_stay() -> None:
    score, _ = written(45, style="techno", form="layers")
    whole = annotated(score, 45, 60.0, ())
    assert all(whole.onsets.values())
    thin = compose(45, style="techno", form="layers", without=("drums",))
    assert thin.score.strokes == ()
    assert {name for name in ONSET_CLASSES if thin.annotations.onsets[name]} == {"other"}
    drums = compose(45, style="techno", form="layers", without=("bass", "music", "lead"))
    assert drums.score.notes == ()
    assert drums.annotations.onsets.items() >= {n: whole.onsets[n] for n in ("kick", "snare", "hat")}.items()
    for song in (thin, drums):
        assert song.annotations.beats == whole.beats
        assert [part.start_s for part in song.annotations.sections] == [p.start_s for p in whole.sections]
    kicks = np.round(np.array(whole.onsets["kick"]) * thin.sample_rate).astype(int)
    at_kicks = [np.concatenate([song.samples[k : k + 960] for k in kicks]) for song in (thin, drums)]
    assert rms(np.diff(at_kicks[1], axis=0)) > 2 * rms(np.diff(at_kicks[0], axis=0))
    with pytest.raises(UsageError, match="no group is called 'choir'"):
        compose(45, without=("choir",))


# a folder of lessons


def test_a_lesson_has_the_same_bytes_whoever_makes_it(two: Path, tmp_path: Path) -> None:
    length_s = make_lesson(SETTINGS, 0, tmp_path)
    assert length_s == pytest.approx(truth_of(two, 0)["duration_s"], abs=1e-6)
    assert lesson_path(tmp_path, 0).read_bytes() == lesson_path(two, 0).read_bytes()


def test_finished_lessons_stay_and_rubbish_goes(
    two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beatomizer.dataset.lessons import make

    folder = tmp_path / "resumed"
    shutil.copytree(two, folder)
    last = lesson_path(folder, 1)
    last.write_bytes(last.read_bytes()[:-100])
    stale, fresh = folder / ".beatomizer-old.npz", folder / ".beatomizer-new.npz"
    for path in (stale, fresh):
        path.write_bytes(b"half")
    os.utime(stale, (time.time() - 7200,) * 2)
    asked = []

    def copied(settings: LessonSettings, index: int, into: Path) -> float:
        asked.append(index)
        shutil.copy(lesson_path(two, index), into)
        return 1.0

    monkeypatch.setattr(make, "make_lesson", copied)
    done = make_lessons(folder, 2, SETTINGS)
    assert (done.made, done.found, asked) == (1, 1, [1])
    assert not stale.exists()
    fresh.unlink()
    assert digests(folder) == digests(two)


def test_lessons_of_other_settings_are_not_overwritten(two: Path) -> None:
    before = digests(two)
    others = (
        (replace(SETTINGS, seed=6), "seed 50, now 6"),
        (replace(SETTINGS, clean=True), "clean: no, now yes"),
        (replace(SETTINGS, generators="all"), "generators train, now all"),
    )
    for other, said in others:
        assert not is_whole(other, 0, two)
        with pytest.raises(UsageError, match=rf"other settings \({said}\)"):
            make_lessons(two, 1, other)
    assert digests(two) == before


def test_the_command_finds_what_is_there(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["dataset", "lessons", "-o", str(two), "--songs", "2", "--seed", "50"]
    assert run([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["made"], facts["found"], facts["seed"], facts["clean"]) == (0, 2, 50, False)
    assert run([*words, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert run(words) == 0
    assert capsys.readouterr().out.startswith("nothing to do: 2 lessons were there already\n")


@pytest.mark.parametrize(
    "words",
    [
        ["--songs", "0"],
        ["--seed", "-1"],
        ["--workers", "0"],
        ["--generators", "some"],
        ["--versions", "2"],
        ["--model", "classic"],
        ["--music", ".", "--songs", "3"],
        ["--music", ".", "--clean"],
        ["--music", ".", "--versions", "0"],
        ["--music", ".", "--model", "constant"],
        ["--music", "nowhere"],
    ],
    ids=" ".join,
)
def test_mistakes_are_one_line(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dataset", "lessons", "-o", str(tmp_path / "new"), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_the_door_knows_the_generators() -> None:
    from beatomizer.cli.dataset import lessons as door
    from beatomizer.composer import generators

    assert door.GENERATORS == generators.GENERATORS


def test_info_tells_what_a_folder_of_lessons_holds(
    two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lessons"
    shutil.copytree(two, folder)
    assert run(["dataset", "info", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["lessons"], told["styles"], told["damaged"]) == (2, {"hip-hop": 1, "waltz": 1}, [])
    assert told["tempi"] == {"160-180": 1, "80-100": 1}
    assert told["known"] == dict.fromkeys(KINDS, 2)
    assert told["from"] == {"composed songs": 2}
    assert told["hours"] == pytest.approx(
        sum(truth_of(two, index)["duration_s"] for index in (0, 1)) / 3600, abs=1e-3
    )
    assert run(["dataset", "info", str(folder)]) == 0
    assert "hip-hop 1 · waltz 1" in capsys.readouterr().out
    lesson_path(folder, 1).write_bytes(b"half")
    assert run(["dataset", "info", str(folder)]) == 3
    assert "'lesson-000001.lesson.npz' is no whole lesson" in capsys.readouterr().err
