"""The lighting designer of composed takes: laws that hold for every seed, on a made song."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.color import luminance, parse_hex, rgb8_to_linear
from beatomizer.composer.annotations import Annotations, SectionTruth
from beatomizer.composer.compose import written
from beatomizer.composer.styles_tricky import TRICKY
from beatomizer.composer.theory import MODES, Key
from beatomizer.composer.truth import annotated
from beatomizer.dataset.compose.colours import RAMP_STEPS, dressed, mood
from beatomizer.dataset.compose.designer import Design, _pump, design
from beatomizer.dataset.compose.habits import habits_of
from beatomizer.dataset.compose.key_frames import KeyFrame, drawn, key_times
from beatomizer.dataset.compose.manner import Manner, drawn_manner
from beatomizer.dataset.compose.song_view import SongView
from beatomizer.metrics.light import Light
from beatomizer.metrics.sync import light_beat_f1
from beatomizer.safety.judge import judge
from beatomizer.timebase import FPS, nearest_frame

FORM = (
    ("intro", "A", 0.2),
    ("verse", "B", 0.5),
    ("build", "C", 0.6),
    ("drop", "D", 1.0),
    ("verse", "B", 0.5),
    ("build", "C", 0.6),
    ("drop", "D", 1.0),
    ("outro", "A", 0.2),
)
SEEDS = range(6)


def made_song(
    bpm: float = 124.0, bars: int = 4, form: Sequence[tuple[str, str, float]] = FORM, meter: str = "4/4"
) -> Annotations:
    """A song on paper: sections of ``bars`` bars each, kick on one and three, snare on two and four, hats between."""
    step, per_bar = 60 / bpm, {"4/4": 4, "3/4": 3, "6/8": 2}[meter]
    count = bars * per_bar * len(form)
    beats = tuple((i * step, i % per_bar + 1) for i in range(count))
    long = bars * per_bar * step
    sections = tuple(SectionTruth(i * long, (i + 1) * long, *part) for i, part in enumerate(form))
    energy = tuple((time, sections[min(int(time / long + 1e-9), len(form) - 1)].energy) for time, _ in beats)
    return Annotations(
        title="Made for tests",
        seed=0,
        style="house",
        form="made",
        bank="made",
        key="A minor",
        meter=meter,
        tempo_bpm=bpm,
        duration_s=count * step,
        beats=beats,
        onsets={
            "kick": tuple(time for time, position in beats if position % 2),
            "snare": tuple(time for time, position in beats if position % 2 == 0),
            "hat": tuple(time + step / 2 for time, _ in beats),
            "other": tuple(time + step * 0.25 for time, _ in beats),
        },
        sections=sections,
        energy=energy,
        drops_s=tuple(section.start_s for section in sections if section.label == "drop"),
    )


SONG = made_song(bars=3)


@pytest.fixture(scope="module")
def designs() -> list[Design]:
    return [design(SONG, np.random.default_rng(seed)) for seed in SEEDS]


def level_of(made: Design) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return luminance(rgb8_to_linear(made.rgb8)).mean(axis=1)


def frames_of(start_s: float, end_s: float) -> slice:
    return slice(round(start_s * FPS), round(end_s * FPS))


def test_light_covers_the_song_and_changes_with_the_seed(designs: list[Design]) -> None:
    for made in designs:
        assert made.rgb8.shape[0] == np.ceil(SONG.duration_s * FPS - 1e-6)
        assert 4 <= made.zones <= 12
        assert made.rgb8.dtype == np.uint8
    assert len({made.rgb8.tobytes() for made in designs}) == len(designs)


def test_the_same_seed_gives_the_same_bytes(designs: list[Design]) -> None:
    assert design(SONG, np.random.default_rng(3)).rgb8.tobytes() == designs[3].rgb8.tobytes()


def test_no_design_breaks_the_flash_rules(designs: list[Design]) -> None:
    for made in designs:
        verdict = judge(made.rgb8)
        assert verdict.ok, verdict.line()


def test_a_palette_has_three_to_five_saturated_colours() -> None:
    for seed in range(40):
        wardrobe = dressed(SONG, np.random.default_rng(seed))
        assert 3 <= len(wardrobe.palette) <= 5
        channels = np.array([parse_hex(color) for color in wardrobe.palette])
        assert (channels.max(axis=1) - channels.min(axis=1)).min() > 70, wardrobe.palette


def test_keys_with_a_large_third_are_warmer() -> None:
    warmth = {}
    for mode in MODES:
        key = Key(9, mode)
        warmth[key.minor] = warmth.get(key.minor, set()) | {mood(replace(SONG, key=key.name))[0]}
    assert len(warmth[True]) == len(warmth[False]) == 1
    assert min(warmth[False]) > max(warmth[True]) + 0.4


def test_material_that_returns_wears_its_own_colours(designs: list[Design]) -> None:
    for made in designs:
        worn = made.wardrobe.worn
        assert set(worn) == {"A", "B", "C", "D"}
        slack = 0.25  # the designer's own timing carries a key frame over a boundary
        for section in SONG.sections:
            allowed = {*worn[section.repeat], made.wardrobe.white}
            for key in made.keys:
                if section.start_s + slack < key.time_s < section.end_s - slack:
                    assert key.color in allowed
        leads = [worn[section.repeat][0] for section in SONG.sections]
        assert all(one != other for one, other in itertools.pairwise(leads[:4]))


def test_light_is_pulled_back_before_a_drop_and_opens_with_it(designs: list[Design]) -> None:
    bar = 4 * 60 / SONG.tempo_bpm
    for made in designs:
        level = level_of(made)
        for drop in SONG.drops_s:
            before = level[frames_of(drop - 0.8 * bar, drop - 0.15)].mean()
            after = level[frames_of(drop + 0.15, drop + bar)].mean()
            assert after > 2.5 * before
            assert after > 0.02


def test_light_has_to_do_with_the_beat_of_its_own_song() -> None:
    other = made_song(bpm=113.0)
    own, foreign = [], []
    for seed in SEEDS:
        manner = replace(drawn_manner(np.random.default_rng(seed)), jitter_ms=0.0, grip=0.9, busyness=0.6)
        made = design(SONG, np.random.default_rng(seed), manner=manner)
        own.append(habits_of(made, SONG).near_beat)
        foreign.append(habits_of(made, other).near_beat)
    assert np.mean(own) > np.mean(foreign) + 0.15
    assert np.mean(foreign) < 0.25  # chance is 60 ms in 531 ms


def test_composed_light_keeps_time_with_composed_songs() -> None:
    songs = []
    for seed in range(6):
        score, _ = written(seed)
        songs.append(annotated(score, seed, score.end_s + 1.6, ()))
    beats = [np.array([time for time, _ in song.beats]) for song in songs]
    lights = [Light(rgb8_to_linear(design(song, np.random.default_rng(song.seed)).rgb8)) for song in songs]
    own = [light_beat_f1(times, light) for times, light in zip(beats, lights, strict=True)]
    foreign = [light_beat_f1(beats[place - 1], light) for place, light in enumerate(lights)]
    assert np.mean(own) >= 0.12, own
    assert np.mean(foreign) < 0.06, foreign


@pytest.mark.parametrize("style", [*TRICKY, "trance", "jungle", "chiptune"])
def test_styles_of_every_pulse_can_be_lit(style: str) -> None:
    score, _ = written(2, style=style)
    made = design(annotated(score, 2, score.end_s + 1.6, ()), np.random.default_rng(1))
    level = level_of(made)
    assert judge(made.rgb8).ok
    assert len(level) == np.ceil((score.end_s + 1.6) * FPS - 1e-6)
    assert level.max() > 0.03
    assert np.std(level) > 0.01


def test_a_pump_ties_the_light_to_the_beat() -> None:
    beats = np.array([time for time, _ in SONG.beats])
    tied = []
    for share in (0.0, 0.5):
        manners = [replace(drawn_manner(np.random.default_rng(seed)), pump=share) for seed in range(3)]
        made = [design(SONG, np.random.default_rng(seed), manner=one) for seed, one in enumerate(manners)]
        tied.append(np.mean([light_beat_f1(beats, Light(rgb8_to_linear(one.rgb8))) for one in made]))
        assert all(judge(one.rgb8).ok for one in made)
    assert tied[1] > tied[0] + 0.05


def pumped(latency_ms: float = 0.0, share: float = 0.5) -> Manner:
    return replace(drawn_manner(np.random.default_rng(2)), latency_ms=latency_ms, pump=share)


@pytest.mark.parametrize(
    ("bpm", "meter", "every"),
    [(50, "4/4", 1), (124, "4/4", 1), (164, "4/4", 1), (172, "4/4", 2), (90, "6/8", 1)],
)
def test_the_stage_is_full_on_beats_and_lower_between(bpm: float, meter: str, every: int) -> None:
    song = made_song(bpm, 2, (("verse", "A", 1.0), ("drop", "B", 0.8)), meter)
    view, frames = SongView(song), round(song.duration_s * FPS)
    level = _pump(view, pumped(), frames)
    full = [nearest_frame(float(time)) for time in view.beats[::every]]
    np.testing.assert_allclose(level[full], 1.0, atol=0.04)  # a beat lies up to half a frame before its frame
    rises = np.flatnonzero(np.diff(level) > 0.1) + 1
    assert rises.tolist() == full[1:]
    lows = [level[frame - 1] for frame in full[1:]]
    assert max(lows[: len(lows) // 2 - 1]) < 0.55
    assert max(lows) < 0.65
    assert min(lows) >= 1 - 0.5


def test_calm_and_undriven_parts_do_not_breathe_and_nobody_does_without_a_pump() -> None:
    form = (("intro", "A", 0.3), ("verse", "B", 0.8), ("break", "C", 0.8), ("outro", "D", 0.2))
    song = made_song(120, 2, form)
    held = song.sections[2]
    drums = {
        name: tuple(time for time in times if not held.start_s <= time < held.end_s)
        for name, times in song.onsets.items()
    }
    song = replace(song, onsets=drums)
    breathes = np.zeros(round(song.duration_s * FPS), dtype=bool)
    breathes[frames_of(song.sections[1].start_s, song.sections[1].end_s)] = True
    level = _pump(SongView(song), pumped(), len(breathes))
    assert (level[~breathes] == 1.0).all()
    assert level[breathes].min() < 0.7
    assert (_pump(SongView(song), pumped(share=0.0), len(breathes)) == 1.0).all()
    silent = replace(song, beats=(), energy=(), onsets={})
    assert (_pump(SongView(silent), pumped(), len(breathes)) == 1.0).all()


@pytest.mark.parametrize("late", [-3, 3])
def test_the_breath_of_a_late_designer_is_late_from_the_first_beat_to_the_last(late: int) -> None:
    song = made_song(
        120, 2, (("intro", "A", 0.2), ("verse", "B", 1.0), ("verse", "C", 0.6), ("outro", "A", 0.2))
    )
    prompt, moved = (
        _pump(SongView(song), pumped(1000 * shift / FPS), round(song.duration_s * FPS)) for shift in (0, late)
    )
    np.testing.assert_allclose(np.roll(prompt, late), moved, atol=1e-9)


def test_habits_lie_where_human_designers_lie(designs: list[Design]) -> None:
    habits = [habits_of(made, SONG) for made in designs]

    def mean(name: str) -> float:
        return float(np.nanmean([one.as_dict()[name] for one in habits]))

    assert 1.0 < mean("key_frames_per_s") < 3.0
    assert 0.12 < mean("median_gap_s") < 0.35
    assert 0.2 < mean("fading") < 0.6
    assert mean("grey_share") < 0.05
    assert 2.0 < mean("effective_hues") < 6.0
    assert 0.3 < mean("level_r") < 0.95


def test_a_late_designer_is_late_by_so_much() -> None:
    manner = replace(drawn_manner(np.random.default_rng(1)), jitter_ms=0.0, latency_ms=0.0)
    prompt, late = (
        design(SONG, np.random.default_rng(5), manner=replace(manner, latency_ms=latency))
        for latency in (0.0, 50.0)
    )
    for one, other in zip(prompt.keys, late.keys, strict=True):
        assert other.time_s - one.time_s == pytest.approx(0.05)


@pytest.mark.parametrize(
    "song",
    [
        made_song(60, 2, (("theme", "A", 0.1),)),
        made_song(90, 2, (("verse", "A", 0.4), ("chorus", "B", 0.8)), "6/8"),
        made_song(180, 3, (("verse", "A", 0.4), ("bridge", "B", 0.8)), "3/4"),
        replace(made_song(100, 2), beats=(), energy=(), onsets={}, drops_s=()),
        replace(made_song(100, 1, FORM[:2]), sections=made_song(100, 1, FORM[:1]).sections),
    ],
    ids=["one section", "6/8", "3/4", "no beat", "a section short"],
)
def test_odd_songs_are_lit_too(song: Annotations) -> None:
    for seed in range(3):
        made = design(song, np.random.default_rng(seed))
        assert made.rgb8.max() > 30
        assert judge(made.rgb8).ok


def test_a_beat_of_six_eight_divides_by_three() -> None:
    view = SongView(made_song(90, 2, FORM[:2], "6/8"))
    assert len(view.grid(0.0, 60 / 90, view.parts)) == 3


TIMES = st.floats(0, 1.0)
KEYS = st.lists(
    st.builds(
        KeyFrame,
        TIMES,
        st.sampled_from([(0,), (1,), (0, 1)]),
        st.integers(0, 2),
        st.floats(0, 1),
        st.sampled_from([0.0, 0.1, 0.5]),
    ),
    max_size=8,
)
RAMPS = np.linspace(0, 1, 3 * 3 * RAMP_STEPS * 3).reshape(3, 3, RAMP_STEPS, 3)


def obvious(
    keys: list[KeyFrame], zone: int, frames: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """One light, frame by frame, as one would explain it."""
    plan = {int(np.floor(key.time_s * FPS + 0.5)): key for key in keys if zone in key.zones}
    light = np.zeros((frames, 3))
    key: KeyFrame | None = None
    color, level, came_from, began = 0, 0.0, 0.0, 0
    first = plan[min(plan)].color if plan and min(plan) < frames else 0
    color = first
    share = 1.0
    for frame in range(frames):
        if frame in plan:
            if key is not None:
                color = key.color if share > 0.5 else color
            key, came_from, began = plan[frame], level, frame
            if level < 0.05:
                color = key.color
        if key is None:
            continue
        share = 1.0 if key.fade_s * FPS <= 1 else min((frame - began + 1) / (key.fade_s * FPS), 1.0)
        level = came_from + (key.level - came_from) * share
        light[frame] = RAMPS[color, key.color, round(share * (RAMP_STEPS - 1))] * level**2
    return light


@settings(max_examples=60, deadline=None)
@given(KEYS)
def test_key_frames_become_light_as_one_would_explain_it(keys: list[KeyFrame]) -> None:
    frames = 50
    light = drawn(keys, RAMPS, frames, 2, np.ones(frames))
    for zone in (0, 1):
        np.testing.assert_allclose(light[:, zone], obvious(keys, zone, frames), atol=1e-12)
    half = drawn(keys, RAMPS, frames, 2, np.full(frames, 0.5))
    np.testing.assert_allclose(half, light / 4)


def test_changes_in_one_sixtieth_are_one_key_frame() -> None:
    keys = [KeyFrame(1.0, (0,), 0, 1.0), KeyFrame(1.004, (1,), 0, 1.0), KeyFrame(1.5, (0,), 0, 0.0)]
    np.testing.assert_allclose(key_times(keys), [1.0, 1.5])
