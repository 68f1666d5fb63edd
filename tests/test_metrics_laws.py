"""What every metric of the table promises, whoever wrote it. A new entry is held to these without another line."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.metrics.case import Case, measure
from beatomizer.metrics.combined import better, hits, merit
from beatomizer.metrics.light import Light
from beatomizer.metrics.song import Song
from beatomizer.metrics.table import DOWN, FLAT, GAIN, GROUPS, INTO, LATE, METRICS, SEEN, TIMELESS, UP
from tests.made_cases import FRAMES, lit, made_light, of_other_song, perfect_case, reversed_case

ALL = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
JUDGED = [metric for metric in METRICS if metric.direction != SEEN]
GOOD = pytest.mark.parametrize("metric", JUDGED, ids=lambda metric: metric.name)
SMALL = 1e-9


def having(law):
    chosen = [metric for metric in METRICS if law in metric.laws]
    assert chosen
    return pytest.mark.parametrize("metric", chosen, ids=lambda metric: metric.name)


@pytest.fixture(scope="module")
def perfect():
    return perfect_case()


@pytest.fixture(scope="module")
def others(perfect):
    """The same song under lights that a metric must survive; each is analysed once for all metrics."""
    noise = np.random.default_rng(3).random((FRAMES, 1, 3))
    flash = np.zeros((FRAMES, 1, 3))
    flash[FRAMES // 2] = 1.0
    lights = {
        "black": np.zeros((FRAMES, 1, 3)),
        "grey": np.full((FRAMES, 1, 3), 0.18),
        "white": np.ones((FRAMES, 1, 3)),
        "blue": np.broadcast_to([0.0, 0.0, 1.0], (FRAMES, 1, 3)),
        "noise": noise,
        "strobe": np.tile([[[0.0, 0, 0]], [[1.0, 1, 1]]], (FRAMES // 2, 1, 1)),
        "one flash": flash,
        "hardly any light": noise * 1e-5,
        "late": np.roll(perfect.light.linear, 9, axis=0),
        "a quarter of the level": perfect.light.linear * 0.25,
        "a fiftieth of the level": perfect.light.linear * 0.02,
    }
    return {name: lit(perfect, linear) for name, linear in lights.items()}


@pytest.fixture(scope="module")
def wrong(perfect):
    return of_other_song(perfect)


@pytest.fixture(scope="module")
def backwards(perfect):
    return reversed_case(perfect)


@pytest.fixture(scope="module")
def three_lamps(perfect):
    return replace(perfect, light=Light(made_light(zones=3)), label=Light(made_light(zones=3)))


@ALL
def test_a_value_is_finite_and_in_range_for_every_light(metric, others):
    for name, case in others.items():
        value = measure(metric, case)
        assert np.isfinite(value), name
        assert metric.range[0] - SMALL <= value <= metric.range[1] + SMALL, (name, value)


@GOOD
def test_nothing_beats_the_perfect_light_by_being_constant(metric, perfect, others):
    best = measure(metric, perfect)
    for name in ("black", "grey", "white"):
        value = measure(metric, others[name])
        if FLAT in metric.laws:
            assert not better(metric, best, value), (name, value)
        else:
            assert better(metric, best, value), (name, value)


MERE_FOLLOWER = "loudness_r_4s"
"""The perfect light follows the loudness more than people do, and misses this target as a mere follower should."""


@pytest.mark.parametrize(
    "metric", [m for m in METRICS if m.target and m.name != MERE_FOLLOWER], ids=lambda metric: metric.name
)
def test_the_perfect_light_reaches_the_target(metric, perfect):
    assert hits(metric, measure(metric, perfect))


@having(LATE)
def test_late_light_is_worse(metric, perfect, others):
    assert better(metric, measure(metric, perfect), measure(metric, others["late"]))


@pytest.mark.parametrize("metric", [m for m in METRICS if m.belongs], ids=lambda metric: metric.name)
def test_the_wrong_song_is_worse(metric, perfect, wrong):
    own, other = measure(metric, perfect), measure(metric, wrong)
    assert own > other + 0.1


@pytest.mark.parametrize(
    "metric",
    [m for m in JUDGED if m.group == "structure" or "label" in m.needs],
    ids=lambda metric: metric.name,
)
def test_form_and_label_of_another_song_are_not_matched_either(metric, perfect, wrong):
    assert better(metric, measure(metric, perfect), measure(metric, wrong))


@having(GAIN)
def test_the_level_of_the_light_does_not_matter(metric, perfect, others):
    for name in ("a quarter of the level", "a fiftieth of the level"):
        assert measure(metric, others[name]) == pytest.approx(measure(metric, perfect), abs=1e-6)


@having(TIMELESS)
def test_the_direction_of_time_does_not_matter(metric, perfect, backwards):
    assert measure(metric, backwards) == pytest.approx(measure(metric, perfect), abs=1e-6)


@ALL
def test_the_same_light_on_more_lamps_is_the_same_show(metric, perfect, three_lamps):
    assert measure(metric, three_lamps) == pytest.approx(measure(metric, perfect), abs=1e-9)


@ALL
def test_the_gain_of_the_song_does_not_matter(metric, perfect):
    louder = replace(perfect.song, loudness_db=perfect.song.loudness_db + 6.0, onset=perfect.song.onset * 2.0)
    assert measure(metric, replace(perfect, song=louder)) == pytest.approx(measure(metric, perfect), abs=1e-9)


@ALL
def test_what_is_not_known_does_not_apply(metric, perfect):
    song = Song(perfect.song.onset, perfect.song.loudness_db, perfect.song.chroma)
    unknown = {"beats_s", "downbeats_s", "parts", "drops_s", "label", "unsafe"} & set(metric.needs)
    bare = Case(song, perfect.light)
    assert np.isnan(measure(metric, bare)) == bool(unknown)


@ALL
def test_songs_without_events_do_not_apply_and_do_not_fail(metric, perfect):
    none = np.zeros(0)
    song = replace(perfect.song, beats_s=none, downbeats_s=none, drops_s=none, parts=perfect.song.parts[:1])
    value = measure(metric, replace(perfect, song=song))
    of_events = {"beats_s", "downbeats_s", "drops_s", "parts"} & set(metric.needs)
    assert np.isnan(value) == bool(of_events)


@ALL
def test_a_label_without_light_or_without_usable_frames_does_not_fail(metric, perfect):
    dark = replace(perfect, label=Light(np.zeros((FRAMES, 1, 3))))
    unseen = replace(perfect, seen=np.zeros(FRAMES, dtype=bool))
    for case in (dark, unseen):
        value = measure(metric, case)
        assert np.isfinite(value) or "label" in metric.needs


@ALL
@pytest.mark.parametrize("frames", [1, 2, 5, 61])
def test_very_short_shows_do_not_fail(metric, frames, perfect):
    song = replace(
        perfect.song,
        onset=np.ones(frames),
        loudness_db=np.ones(frames),
        chroma=np.ones((frames, 12)),
        parts=(),
    )
    light = Light(np.random.default_rng(0).random((frames, 2, 3)))
    value = measure(metric, Case(song, light, light, unsafe=np.zeros(frames, dtype=bool)))
    assert np.isnan(value) or metric.range[0] - SMALL <= value <= metric.range[1] + SMALL


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), zones=st.integers(1, 3), dark=st.floats(0, 1))
def test_every_metric_is_finite_and_in_range_for_any_light(seed, zones, dark):
    perfect = perfect_case()
    rng = np.random.default_rng(seed)
    linear = np.clip(np.cumsum(rng.normal(0, 0.1, (FRAMES, zones, 3)), axis=0), 0, 1)
    linear[rng.random(FRAMES) < dark * 0.5] = 0.0
    for metric in METRICS:
        value = measure(metric, lit(perfect, linear))
        assert metric.range[0] - SMALL <= value <= metric.range[1] + SMALL, metric.name


def test_names_are_unique_and_groups_known():
    assert (
        len({metric.name for metric in METRICS}) == len({metric.title for metric in METRICS}) == len(METRICS)
    )
    assert {metric.group for metric in METRICS} <= set(GROUPS)
    for metric in METRICS:
        assert metric.direction in (UP, DOWN, INTO, SEEN)
        assert metric.function.__doc__
        assert (metric.direction != INTO) or metric.target


@GOOD
def test_merit_grows_with_goodness(metric):
    low, high = max(metric.range[0], -50.0), min(metric.range[1], 50.0)
    values = np.linspace(low, high, 41)
    for one, other in pairwise(values):
        if better(metric, one, other):
            assert merit(metric, one) >= merit(metric, other)
        elif better(metric, other, one):
            assert merit(metric, other) >= merit(metric, one)
