"""Composed songs: as long, as loud, as clean, as varied and as truthful as they should be."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from beatomizer.arrays import F32, F64
from beatomizer.audio.audio import Audio
from beatomizer.composer.annotations import ONSET_CLASSES, Annotations
from beatomizer.composer.banks import BANKS
from beatomizer.composer.compose import Composition, compose, written
from beatomizer.composer.desk import Desk
from beatomizer.composer.drums.kits import Kit
from beatomizer.composer.effects import loudness_lufs
from beatomizer.composer.mix import CEILING, Band, mixed
from beatomizer.composer.score import Part, Score, Stroke
from beatomizer.composer.song_file import write_song
from beatomizer.composer.styles import STYLES
from beatomizer.composer.styles_tricky import TRICKY
from beatomizer.composer.synth import RATE, filtered
from beatomizer.composer.truth import CLASSES, annotated
from beatomizer.dataset.lessons.damage import Damage, damaged
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.features.bank import COLUMNS, extract_features
from beatomizer.timebase import FPS

SONGS: dict[str, dict[str, str]] = {
    "demo": {"style": "house", "form": "build-drop", "bank": "909"},
    "band": {"style": "rock", "form": "aaba", "bank": "garage"},
    "waltz": {"style": "waltz", "form": "aaba", "bank": "orchestra"},
    "air": {"style": "ambient", "form": "arch", "bank": "orchestra"},
}


SEEDS = {"band": 2}
"""Of the others: 1."""


@lru_cache
def song(name: str) -> Composition:
    return compose(SEEDS.get(name, 1), **SONGS[name])


@lru_cache
def mono(name: str) -> F32:
    return np.asarray(song(name).samples.mean(axis=1), dtype=np.float32)


@pytest.fixture(params=SONGS)
def heard(request: pytest.FixtureRequest) -> Composition:
    return song(request.param)


def part_lufs(composition: Composition, label: str) -> float:
    section = next(one for one in composition.annotations.sections if one.label == label)
    return loudness_lufs(composition.samples[round(section.start_s * RATE) : round(section.end_s * RATE)].T)


# --- the sound -------------------------------------------------------------------------------------------------


def test_shape_and_length(heard: Composition) -> None:
    assert heard.sample_rate == 48_000
    assert heard.samples.dtype == np.float32
    assert heard.samples.ndim == 2
    assert heard.samples.shape[1] == 2
    assert 45 <= len(heard.samples) / RATE <= 160


def test_same_arguments_same_bytes() -> None:
    again = compose(1, **SONGS["waltz"])
    assert again.annotations == song("waltz").annotations
    assert again.score == song("waltz").score
    assert again.samples.tobytes() == song("waltz").samples.tobytes()


def test_finite_and_unclipped(heard: Composition) -> None:
    assert np.isfinite(heard.samples).all()
    assert 0.2 < np.abs(heard.samples).max() <= CEILING + 1e-4
    assert np.abs(heard.samples.mean(axis=0)).max() < 0.003


def test_loudness_is_what_the_style_asks_for(heard: Composition) -> None:
    low, high = STYLES[heard.annotations.style].desk.lufs
    assert low - 2.5 <= loudness_lufs(heard.samples.T) <= high + 0.5  # saturation and limiter take some away


def test_no_silence_at_either_end_and_no_cut(heard: Composition) -> None:
    peak = np.abs(heard.samples).max(axis=1)
    loud = np.flatnonzero(peak > 0.01 * peak.max())
    assert loud[0] < RATE
    assert len(heard.samples) - loud[-1] < 3 * RATE
    assert peak[-50:].max() < 2e-3


def test_stereo_but_whole_in_mono(heard: Composition) -> None:
    assert 0.1 < np.corrcoef(heard.samples.T)[0, 1] < 0.99


def spectrum_db(wave: F32) -> F64:
    """Shares of nine octaves from 31 Hz, in decibels."""
    count = len(wave) // 8192 * 8192
    power = (np.abs(np.fft.rfft(wave[:count].reshape(-1, 8192) * np.hanning(8192))) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(8192, 1 / RATE)
    octaves = [power[(hz >= low) & (hz < 2 * low)].sum() for low in 31.25 * 2.0 ** np.arange(9)]
    return np.asarray(10 * np.log10(np.array(octaves) / power.sum() + 1e-9))


def test_spectrum_falls_as_music_does() -> None:
    """No octave of dance and rock dominates or is missing; octaves of recorded music lie within these bounds."""
    for name in ("demo", "band"):
        shares = spectrum_db(mono(name))
        assert (shares > [-26, -16, -18, -18, -18, -24, -28, -30, -36]).all(), (name, shares.round(1))
        assert (shares < [-1, -1.5, -2, -2, -2, -4, -8, -10, -10]).all(), (name, shares.round(1))


def test_two_songs_differ_in_spectrum() -> None:
    shares = [np.maximum(-60, spectrum_db(mono(name))) for name in SONGS]
    for number, one in enumerate(shares):
        for two in shares[number + 1 :]:
            assert np.abs(one - two).max() > 3


def test_the_demo_drops() -> None:
    """The drop rises above groove and break, and where all fall silent before it there is a hole."""
    demo = song("demo")
    assert part_lufs(demo, "drop") - part_lufs(demo, "break") >= 4
    assert part_lufs(demo, "drop") - part_lufs(demo, "groove") >= 1
    assert demo.score.rests
    for start, end in demo.score.rests:
        first, last = (round(demo.score.clock.time_s(beat) * RATE) for beat in (start, end))
        inside = np.sqrt((demo.samples[first + RATE // 20 : last - 100] ** 2).mean())
        before = np.sqrt((demo.samples[first - RATE // 2 : first] ** 2).mean())
        after = np.sqrt((demo.samples[last : last + RATE // 2] ** 2).mean())
        assert inside < 0.15 * min(before, after)


# --- the annotations -------------------------------------------------------------------------------------------


def test_annotations_hold_together(heard: Composition) -> None:
    known = heard.annotations
    times_s = np.array([time_s for time_s, _ in known.beats])
    beats_per_bar = {"4/4": 4, "3/4": 3, "6/8": 2}[known.meter]
    assert known.duration_s == len(heard.samples) / RATE
    assert times_s[0] == 0
    assert (np.diff(times_s) > 0.2).all()
    assert times_s[-1] < known.duration_s
    assert [position for _, position in known.beats] == [at % beats_per_bar + 1 for at in range(len(times_s))]
    assert known.tempo_bpm == pytest.approx(60 / np.median(np.diff(times_s)), rel=0.01)
    assert set(known.onsets) == set(ONSET_CLASSES)
    for onsets in known.onsets.values():
        assert list(onsets) == sorted(set(onsets))
        assert all(0 <= time_s < known.duration_s for time_s in onsets)
    assert known.sections[0].start_s == 0
    assert known.sections[-1].end_s == known.duration_s
    downbeats = times_s[::beats_per_bar]
    for one, two in pairwise(known.sections):
        assert one.end_s == two.start_s
        assert np.abs(downbeats - two.start_s).min() < 1e-9
    assert [time_s for time_s, _ in known.energy] == times_s.tolist()
    assert all(0 <= energy <= 1 for _, energy in known.energy)
    assert list(known.drops_s) == [one.start_s for one in known.sections if one.label == "drop"]


def test_annotations_survive_json(heard: Composition) -> None:
    known = heard.annotations
    again = Annotations.from_json(json.loads(json.dumps(known.to_json())))
    assert again.to_json() == known.to_json()
    assert again.sections[0].label == known.sections[0].label
    assert np.allclose([t for t, _ in again.beats], [t for t, _ in known.beats], atol=1e-6)


@pytest.mark.parametrize(
    "damage", [{"beats": [1, 2]}, {"seed": "x"}, {"seed": np.inf}, {"onsets": []}, {"sections": [{}]}]
)
def test_damaged_annotations(damage: dict[str, object]) -> None:
    with pytest.raises(UnreadableInputError, match="damaged"):
        Annotations.from_json({**song("air").annotations.to_json(), **damage})


def test_the_same_letter_is_the_same_music() -> None:
    """Sections with one letter have the same chords; another letter's tune or chords differ."""
    score = song("band").score
    chords: dict[str, list[tuple[str, ...]]] = {}
    for part in score.parts:
        names = tuple(one.name for one in score.harmony if part.start <= one.start < part.end - 4)
        chords.setdefault(part.repeat, []).append(names[:4])
    assert len(chords["A"]) >= 3
    assert len(set(chords["A"])) == 1


def test_energy_is_heard() -> None:
    """Loudness of a beat follows the annotated energy."""
    for name in ("demo", "band"):
        known = song(name).annotations
        edges = [round(time_s * RATE) for time_s, _ in known.energy]
        level = [np.sqrt((mono(name)[a:b] ** 2).mean()) for a, b in pairwise(edges)]
        energy = [value for _, value in known.energy][:-1]
        assert np.corrcoef(np.log(np.array(level) + 1e-3), energy)[0, 1] > 0.6


# --- onsets, as they sound -------------------------------------------------------------------------------------


DRY = replace(
    Desk(reverb=(0, 0), drive=(0, 0), glue=(0, 0), echo=(0, 0), duck=(0, 0), lufs=(-20, -20)).set(
        np.random.default_rng(0)
    ),
    tilt=0.0,
    low_cut_hz=20.0,
    high_cut_hz=20_000.0,
)


def solo(score: Score, keep: Callable[[Stroke], bool], bank: str = "909") -> tuple[F32, Annotations]:
    """Some strokes of the first 64 beats alone, without room and master, and what is annotated of them."""
    beats = min(64, score.clock.beats)
    alone = replace(
        score,
        clock=replace(score.clock, ticks_s=score.clock.ticks_s[: beats + 1]),
        parts=(Part("verse", "A", 0.0, float(beats), 0.5, 0.5),),
        notes=(),
        strokes=tuple(stroke for stroke in score.strokes if keep(stroke) and stroke.start < beats - 1),
        rests=(),
        fade=0.0,
    )
    band = Band(BANKS[bank].drawn(np.random.default_rng(0)), Kit(bank, 50.0, 3))
    wave = mixed(alone, band, DRY, 0)
    return wave.mean(axis=0), annotated(alone, 0, wave.shape[1] / RATE, ())


def begins(wave: F32, at_s: float) -> bool:
    """Whether sound rises between 1 ms before and 12 ms after a moment, far above what was there."""
    at = round(at_s * RATE)
    before = np.abs(wave[max(0, at - 480) : max(0, at - 48)]).max(initial=1e-6)
    return bool(np.abs(wave[max(0, at - 48) : at + 576]).max() > 1.5 * before)


@pytest.mark.parametrize(("name", "style"), [("kick", "rock"), ("snare", "blues"), ("hat", "hip-hop")])
def test_annotated_onsets_are_where_sound_begins(name: str, style: str) -> None:
    """Of a class alone, with drift, swing and jitter: sound begins at every annotated onset and nowhere else."""
    score, _ = written(3, style=style, form="aaba", bank="studio")
    wave, known = solo(score, lambda stroke: stroke.drum in CLASSES[name])
    times_s = [time_s for time_s in known.onsets[name] if time_s > 0.02]
    assert len(times_s) > 20
    edges = np.diff(wave, prepend=wave[:1])  # drums ring into each other; their edges do not
    found = [begins(edges, time_s) for time_s in times_s]
    assert np.mean(found) > 0.95
    peaks = np.abs(wave)
    places = np.arange(1, known.duration_s - 3, 0.1)
    at = [t for t in places if np.abs(np.array(known.onsets[name]) - t).min() > 0.25]
    assert all(not begins(wave, t) or peaks[round(t * RATE)] < 0.05 * peaks.max() for t in at)


def test_kicks_and_hats_rise_in_the_whole_mix() -> None:
    demo = song("demo").annotations
    for name, low_hz, high_hz in (("hat", 8000.0, np.inf), ("snare", 1500.0, 9000.0)):
        band = np.abs(filtered(mono("demo"), low_hz, high_hz, 3))
        rises = []
        for time_s in demo.onsets[name]:
            at = round(time_s * RATE)
            if at > 1000:
                rises.append(band[at : at + 600].mean() / (band[at - 700 : at - 100].mean() + 1e-6))
        assert np.median(rises) > 1.8, name
        assert np.mean(np.array(rises) > 1) > 0.85, name


@pytest.mark.parametrize("style", ["rock", "waltz", "techno", "swing", "blues", "chamber"])
def test_beats_lie_on_clicks(style: str) -> None:
    """A click on every written beat sounds at every annotated beat, to the millisecond, through drift and swing."""
    score, _ = written(5, style=style)
    clicks = tuple(Stroke("rim", float(beat), 1.0) for beat in range(score.clock.beats))
    wave, known = solo(replace(score, strokes=clicks), lambda stroke: True)
    loud = np.abs(wave) > 0.1 * np.abs(wave).max()
    assert len(known.beats) > 40
    for time_s, _ in known.beats[1:-1]:
        at = round(time_s * RATE)
        assert not loud[at - 2000 : at - 4].any()
        assert loud[at : at + 240].any()


# --- styles whose pulse is easily mistaken -----------------------------------------------------------------------


NEW = (*TRICKY, "trance", "jungle", "chiptune")


@lru_cache
def liveliest(style: str) -> Composition:
    """The 24 beats of a song of this style in which most happens, played by a band that suits it."""
    score, song_of = written(3, style=style, bank=STYLES[style].banks[0])
    busy = max(score.parts, key=lambda part: (part.end - part.start >= 24, part.energy + part.energy_end))
    first, beats = int(busy.start), 24
    ticks_s = np.array(score.clock.ticks_s[first : first + beats + 1])
    inside = {
        name: tuple(
            replace(one, start=one.start - first)
            for one in getattr(score, name)
            if first <= one.start < min(first + beats, busy.end)
        )
        for name in ("notes", "strokes")
    }
    part = Part(busy.label, busy.repeat, 0.0, float(len(ticks_s) - 1), busy.energy, busy.energy_end)
    clock = replace(score.clock, ticks_s=tuple((ticks_s - ticks_s[0]).tolist()))
    cut = replace(score, clock=clock, parts=(part,), rests=(), fade=0.0, harmony=(), **inside)
    rng = np.random.default_rng(4)
    band = Band(BANKS[score.bank].drawn(rng), Kit(score.bank, 50.0, 3))
    samples = np.ascontiguousarray(mixed(cut, band, song_of.style.desk.set(rng), 0).T)
    slow = [role for role, recipe in band.tones.items() if recipe.slow]
    return Composition(samples, RATE, "cut", cut, annotated(cut, 3, len(samples) / RATE, slow))


@pytest.mark.parametrize("style", NEW)
def test_every_style_sounds_like_a_mix(style: str) -> None:
    made = liveliest(style)
    low, high = STYLES[style].desk.lufs
    assert np.isfinite(made.samples).all()
    assert 0.1 < np.abs(made.samples).max() <= CEILING + 1e-4
    assert low - 3 <= loudness_lufs(made.samples.T) <= high + 0.5
    shares = spectrum_db(made.samples.mean(axis=1))
    assert (shares[1:7] > [-22, -22, -22, -22, -26, -34]).all(), shares.round(1)
    assert shares.max() < -1, shares.round(1)


@pytest.mark.parametrize("style", NEW)
def test_onsets_of_every_style_are_heard_where_they_are_written(style: str) -> None:
    """What a listener is given rises most in the frame of an annotated onset, not in the one before or after."""
    made = liveliest(style)
    mono = damaged(made.samples.mean(axis=1), RATE, Damage())
    flux = extract_features(Audio(mono)).frames[:, COLUMNS["flux"]].sum(axis=1)
    times_s = np.unique(np.concatenate([np.array(times) for times in made.annotations.onsets.values()]))
    at = np.round(times_s * FPS).astype(int)
    at = at[(at > 6) & (at < len(flux) - 6)]
    assert len(at) > 12
    around = np.array([flux[at + shift].mean() for shift in range(-4, 5)])
    assert around.argmax() == 4, around.round(1)
    assert around[4] > 1.3 * max(around[3], around[5]), around.round(1)
    assert around[4] > 2 * np.median(flux), around.round(1)


def test_new_styles_differ_in_rhythm() -> None:
    """No two of them have the same share of strokes and notes at the sixteenths (or sixths) of a bar."""
    known = {}
    for style in STYLES:
        places = np.zeros(48)
        for seed in range(3):
            score, _ = written(seed, style=style)
            events = [(0, one.start) for one in score.strokes] + [(1, one.start) for one in score.notes]
            for kind, start in events:
                places[24 * kind + round(start * 24 / score.meter.beats) % 24] += 1
        known[style] = places / np.linalg.norm(places)
    for style in NEW:
        assert max(known[style] @ other for name, other in known.items() if name != style) < 0.995, style


# --- the file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".m4a"])
def test_song_file_is_tagged_and_whole(suffix: str, tmp_path: Path) -> None:
    whole = song("demo")
    short = replace(whole, samples=whole.samples[: 3 * RATE + 17], title="Süße Lichter")
    path = tmp_path / f"song{suffix}"
    write_song(short, path)
    with av.open(str(path)) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate, channels = container.streams.audio[0].rate, container.streams.audio[0].channels
    assert (tags["title"], tags["artist"]) == ("Süße Lichter", "Beatomizer")
    assert (rate, channels) == (RATE, 2)
    if suffix == ".m4a":
        assert sum(block.shape[1] for block in blocks) == pytest.approx(len(short.samples), abs=2048)
        return
    decoded = np.concatenate([block.reshape(-1, 2) for block in blocks]) / 32767
    assert decoded.shape == short.samples.shape
    assert np.abs(decoded - short.samples).max() < 1e-4


def test_song_file_of_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.flac"):
        write_song(song("demo"), tmp_path / "song.xyz")
    assert not list(tmp_path.iterdir())
