"""The law of each look, and the promise that together they leave a limiter little to do."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.color import linear_to_oklab, linear_to_rgb8, luminance, oklab_to_oklch, rgb8_to_linear
from beatomizer.cues.cuelist import LOOKS, Accent, Beat, CueList
from beatomizer.cues.palettes import PALETTES
from beatomizer.safety.judge import judge
from beatomizer.safety.report import beats_visible
from beatomizer.safety.signals import with_stage
from beatomizer.show.clock import FULL_FLASH_GAP_S, beat_clock
from beatomizer.show.draw import draw_show
from beatomizer.show.mixing import dim, fade, ramp
from beatomizer.show.quiet import QUIET_SWING, off_red
from beatomizer.show.scene import first_frame
from tests.made_cues import COLORS, one_cue

LIT_LOOKS = [look for look in LOOKS if look != "blackout"]


def light(cues: CueList) -> np.ndarray:
    """Luminance ``[T, Z]``."""
    return luminance(rgb8_to_linear(draw_show(cues).rgb8))


def beat_frames(cues: CueList) -> np.ndarray:
    """The frames in which the light of each beat begins: one before the beat itself."""
    return np.array([first_frame(beat.time_s) for beat in cues.beats])


@pytest.mark.parametrize("zones", [1, 2, 3, 5, 64])
@pytest.mark.parametrize("look", LIT_LOOKS)
def test_every_look_lights_every_zone_of_any_stage(look, zones: int) -> None:
    assert (light(one_cue(look, zones=zones, beats=2)).max(axis=0) > 0.01).all()


def test_blackout_is_dark_whatever_the_cue_says() -> None:
    assert not draw_show(one_cue("blackout", floor=1.0)).rgb8.any()


def test_hold_holds_its_colours_the_first_in_the_middle() -> None:
    rgb8 = draw_show(one_cue("hold")).rgb8
    assert (rgb8 == rgb8[0]).all()
    assert (rgb8[0, 3:5] == [255, 47, 176]).all()
    assert (rgb8[0, [0, 7]] == [0, 208, 232]).all()


@pytest.mark.parametrize("zones", [1, 8])
@pytest.mark.parametrize("bpm", [90, 128, 178])
def test_pulses_peak_on_the_beat_and_only_fall_until_the_next(bpm: float, zones: int) -> None:
    cues = one_cue("pulse", bpm=bpm, zones=zones)
    stage = light(cues).mean(axis=1)
    frames = beat_frames(cues)
    for this, following in pairwise(frames):
        assert this - 3 + np.argmax(stage[this - 3 : this + 4]) == this, "there at once"
        assert (np.diff(stage[this:following]) <= 1e-4).all()
        assert stage[following - 1] < 0.004, "real dark between pulses"


def test_downbeats_are_the_strongest_pulses() -> None:
    cues = one_cue("pulse", bpm=120)
    peaks = light(cues).mean(axis=1)[beat_frames(cues)].reshape(-1)[:12].reshape(3, 4)
    assert (peaks[:, 0] > 1.5 * peaks[:, 2]).all(), "beat three flashes too at this tempo, lower"
    assert (peaks[:, 2] > 1.5 * peaks[:, [1, 3]].max(axis=1)).all()


def test_quiet_pulses_stay_under_the_counted_step_and_take_turns_across_the_stage() -> None:
    cues = one_cue("pulse", bpm=150, duration_s=20.0)
    zones = light(cues)
    frames = beat_frames(cues)
    quiet = frames[[beat.position != 1 for beat in cues.beats]]
    assert zones.mean(axis=1)[quiet].max() < QUIET_SWING + 0.003
    assert set(np.argmax(zones[quiet], axis=1)) >= {0, 1, 2, 3}, "every band leads in its turn"


def test_a_single_lights_beat_is_seen_though_it_is_not_counted() -> None:
    cues = one_cue("pulse", bpm=174, zones=1, duration_s=20.0)
    assert beats_visible(draw_show(cues).rgb8, list(beat_frames(cues))).mean() == 1.0


def test_alternate_lights_one_half_at_a_time_and_swaps_on_the_beat() -> None:
    cues = one_cue("alternate", colors=COLORS[:1])
    zones, frames = light(cues), beat_frames(cues)
    even, odd = zones[:, 0::2], zones[:, 1::2]
    assert (even == even[:, :1]).all()
    assert (odd == odd[:, :1]).all()
    lit_halves = []
    for frame in frames[:-1]:
        lit, dark = (even, odd) if even[frame + 8, 0] > odd[frame + 8, 0] else (odd, even)
        assert lit[frame + 8, 0] > 10 * dark[frame + 8, 0]
        assert (lit[frame : frame + 20, 0] > dark[frame : frame + 20, 0]).all()
        lit_halves.append(lit is even)
    assert all(one != other for one, other in pairwise(lit_halves))


@pytest.mark.parametrize(
    ("look", "groups"),
    [
        ("bounce", [[0, 1, 2, 3], [4, 5, 6, 7]]),
        ("ripple", [[2, 3, 4, 5], [0, 1, 6, 7]]),
        ("step", [[0, 1], [2, 3], [4, 5], [6, 7]]),
    ],
)
def test_groups_of_the_stage_take_turns_on_the_beat(look, groups: list[list[int]]) -> None:
    cues = one_cue(look, colors=COLORS[:1])
    zones = light(cues)
    lit = [
        [group for group in groups if zones[frame, group].min() > 0.5 * zones[frame].max()]
        for frame in beat_frames(cues)[:-1] + 8
    ]
    assert all(len(now) == 1 for now in lit), "one group at a time"
    order = [groups.index(now[0]) for now in lit]
    assert all((after - before) % len(groups) == 1 for before, after in pairwise(order[:8]))


def test_a_walk_turns_round_after_four_bars() -> None:
    cues = one_cue("step", colors=COLORS[:1], duration_s=24.0)
    zones = light(cues)
    places = [int(zones[frame + 8].argmax()) // 2 for frame in beat_frames(cues)[:40]]
    steps = [(after - before) % 4 for before, after in pairwise(places)]
    assert steps.count(1) > 10 < steps.count(3)


@pytest.mark.parametrize("look", ["pulse", "alternate", "bounce", "ripple", "step"])
def test_the_beat_is_seen_on_the_stage_as_a_whole(look) -> None:
    """From afar a stage is one light: its change from one frame to the next is largest where the beat is."""
    cues = one_cue(look, bpm=124, duration_s=16.0)
    stage = rgb8_to_linear(draw_show(cues).rgb8).mean(axis=1)
    change = np.maximum(np.diff(luminance(stage)), 0)
    change += 0.5 * np.linalg.norm(np.diff(linear_to_oklab(stage)[:, 1:], axis=0), axis=1)
    frames = beat_frames(cues)[1:-1] - 1
    between = np.setdiff1d(np.arange(frames[0], frames[-1]), frames)
    assert change[frames].min() > 2 * change[between].max()


@pytest.mark.parametrize("zones", [17, 64, 170])
def test_many_lights_alternate_in_blocks(zones: int) -> None:
    cues = one_cue("alternate", colors=COLORS[:1], zones=zones)
    lit = light(cues)[beat_frames(cues)[0] + 8] > 0.02
    assert 7 <= np.count_nonzero(np.diff(lit)) <= 15
    assert 0.3 < lit.mean() < 0.7


def test_groups_keep_their_colours_for_four_bars_whatever_the_meter() -> None:
    for meter in (3, 4):
        cues = one_cue("alternate", bpm=120, duration_s=20.0)
        beats = tuple(replace(beat, position=n % meter + 1) for n, beat in enumerate(cues.beats))
        cues = replace(cues, beats=beats)
        rgb8 = draw_show(cues).rgb8
        reds = [rgb8[frame + 8, 0, 0] > rgb8[frame + 8, 0, 2] for frame in beat_frames(cues)[: 8 * meter : 2]]
        assert len(set(reds[: 2 * meter])) == 1
        assert len(set(reds[2 * meter :])) == 1
        assert reds[0] != reds[-1]


def test_alternate_on_a_single_light_changes_its_colour() -> None:
    cues = one_cue("alternate", zones=1)
    rgb8, frames = draw_show(cues).rgb8[:, 0].astype(int), beat_frames(cues)
    on = rgb8[frames[:-1] + 3]
    assert (on[0] == on[2]).all()
    assert (on[1] == on[3]).all()
    assert np.abs(on[0] - on[1]).max() > 50


@pytest.mark.parametrize("zones", [1, 2, 3, 8, 30])
def test_chase_visits_every_light_once_a_cycle_in_order(zones: int) -> None:
    cues = one_cue("chase", zones=zones, beats=4, colors=COLORS[:1], duration_s=8.0)
    bar = light(cues)[beat_frames(cues)[0] : beat_frames(cues)[4]]
    peaks = np.argmax(bar, axis=0)
    assert (bar.max(axis=0) > 0.7 * bar.max()).all()
    steps = np.diff(peaks)
    assert (steps > 0).all() or (steps < 0).all()


def test_chase_turns_round_after_four_bars_and_does_not_flicker() -> None:
    cues = one_cue("chase", beats=4, colors=COLORS[:1], duration_s=24.0)
    zones, frames = light(cues), beat_frames(cues)
    directions = []
    for bar in range(0, 40, 4):
        peaks = np.argmax(zones[frames[bar] + 2 : frames[bar + 4] - 8], axis=0)
        directions.append(np.sign(np.diff(peaks[1:-1])).sum())
    changes = np.flatnonzero(np.diff(np.sign(directions)))
    assert list(changes) in ([3], [3, 7])
    stage = zones[120:960].mean(axis=1)
    assert stage.max() - stage.min() < 0.4 * stage.mean()


@pytest.mark.parametrize("floor", [0.0, 0.3])
def test_swell_is_smooth_and_reaches_both_ends(floor: float) -> None:
    cues = one_cue("swell", beats=8, floor=floor, duration_s=16.0, colors=COLORS)
    zones = light(cues)
    assert np.abs(np.diff(zones, axis=0)).max() < 0.03
    assert zones.max(axis=0).min() > 0.15
    assert zones.min() < 0.04
    assert (zones.min() > 0.005) == (floor > 0)


def test_sparkle_lights_each_zone_about_once_a_cycle_and_more_on_accents() -> None:
    cues = one_cue("sparkle", duration_s=60.0, zones=16, beats=2)
    zones = light(cues)
    rising = np.diff(zones, axis=0) > 0.01
    rises = (rising[1:] & ~rising[:-1]).sum(axis=0)
    assert 45 <= rises.mean() <= 75, "a cycle of two beats is a second"
    accents = tuple(Accent(1.0 + i * 1.37, 1.0) for i in range(40))
    more = luminance(rgb8_to_linear(draw_show(replace(cues, accents=accents)).rgb8))
    assert more.mean() > 1.1 * zones.mean()


def test_strobe_is_on_and_off_by_halves() -> None:
    zones = light(one_cue("strobe", beats=0.25, duration_s=4.0, colors=("#ffffff",)))
    assert set(np.unique(zones.round(6))) == {0.0, 1.0}
    assert 0.4 < zones.mean() < 0.6
    assert np.abs(np.diff(zones[:, 0])).sum() == pytest.approx(2 * 8 * 4, abs=4)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(LIT_LOOKS), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.8), st.sampled_from([1, 8])
)
def test_more_intensity_is_never_less_light(look, one: float, other: float, floor: float, zones: int) -> None:
    low, high = (
        light(one_cue(look, intensity=value, floor=floor, zones=zones, duration_s=2.0))
        for value in sorted((one, other))
    )
    assert (high - low).min() > -0.004, "a step of eight bits"


@pytest.mark.parametrize("look", [look for look in LIT_LOOKS if look != "hold"])
def test_the_floor_stays_on_and_more_floor_is_more_light(look) -> None:
    least = [light(one_cue(look, floor=floor, zones=8, duration_s=4.0)).min() for floor in (0.0, 0.3, 0.7)]
    assert least[0] < 0.004
    assert least[0] < least[1] < least[2]


@pytest.mark.parametrize("name", sorted(PALETTES))
def test_dimmed_light_keeps_its_hue(name: str) -> None:
    colors = PALETTES[name].colors
    for intensity in (0.15, 0.3, 0.6):
        full, dimmed = (
            oklab_to_oklch(
                linear_to_oklab(
                    rgb8_to_linear(draw_show(one_cue("hold", colors=colors, intensity=i)).rgb8[0])
                )
            )
            for i in (1.0, intensity)
        )
        turn = np.abs((dimmed[:, 2] - full[:, 2] + np.pi) % (2 * np.pi) - np.pi)
        assert (turn * (full[:, 1] > 0.05)).max() < np.deg2rad(8)
        assert (dimmed[:, 1] / dimmed[:, 0] > 0.85 * full[:, 1] / full[:, 0] - 0.01).all(), (
            "and its saturation"
        )


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_dimming_twice_is_dimming_once_by_the_product(one: float, other: float) -> None:
    color = np.array([0.2, 0.5, 0.9])
    assert np.allclose(dim(dim(color, np.array(one)), np.array(other)), dim(color, np.array(one * other)))


def test_ramps_are_coloured_all_the_way_and_fades_keep_their_ends() -> None:
    every = sorted(
        {color for palette in PALETTES.values() if palette.name != "mono" for color in palette.colors}
    )
    for first, second in zip(every, every[::-1]):
        path = ramp(first, second)
        lch = oklab_to_oklch(linear_to_oklab(path))
        assert lch[:, 1].min() > 0.05
        assert np.allclose(fade(path[0], path[-1], np.array(0.0)), path[0], atol=1e-3)
        assert np.allclose(fade(path[0], path[-1], np.array(1.0)), path[-1], atol=1e-3)


def test_what_moves_with_the_beat_is_never_saturated_red() -> None:
    every = rgb8_to_linear(np.random.default_rng(1).integers(0, 256, (2000, 3)).astype(np.uint8))
    shown = off_red(every)
    total = shown.sum(axis=1)
    assert (shown[:, 0] <= 0.8 * total).all()
    kept = every[:, 0] < 0.7 * every.sum(axis=1)
    assert np.allclose(shown[kept], every[kept])


@settings(deadline=None)
@given(st.lists(st.floats(0.15, 2.0), max_size=30), st.floats(0, 30), st.floats(0, 300))
def test_the_clock_runs_forwards_over_the_whole_song_and_full_flashes_keep_apart(gaps, first, bpm) -> None:
    times = np.cumsum([first, *gaps]) if gaps else []
    beats = [Beat(float(time), i % 4 + 1) for i, time in enumerate(times)]
    clock = beat_clock(beats, 40.0, bpm)
    moments = np.linspace(0, 40, 500)
    assert (np.diff(clock.beat_at(moments)) > 0).all()
    assert clock.time_s[0] < 0 < 40 < clock.time_s[-1]
    for time in times:
        beat = clock.beat_at(np.array(time))
        assert beat == pytest.approx(round(float(beat)), abs=1e-5)
    full = clock.time_s[clock.full]
    assert len(full)
    assert np.diff(full).min(initial=9.0) >= FULL_FLASH_GAP_S - 1e-9


@pytest.mark.parametrize("palette", ["ember", "neon", "christmas", "mono"])
@pytest.mark.parametrize("bpm", [90, 120, 150, 178])
@pytest.mark.parametrize(
    ("look", "floor", "beats"),
    [("pulse", 0.0, 1), ("pulse", 0.3, 1), ("alternate", 0.0, 1), ("chase", 0.0, 2)],
)
def test_looks_on_the_beat_are_seen_and_leave_the_judge_nothing(look, floor, beats, bpm, palette) -> None:
    colors = PALETTES[palette].colors[:2]
    cues = one_cue(look, bpm=bpm, duration_s=12.0, colors=colors, floor=floor, beats=beats)
    rgb8 = draw_show(cues).rgb8
    assert beats_visible(rgb8, list(beat_frames(cues))).mean() >= 0.98
    verdict = judge(np.concatenate([rgb8, stage_of(rgb8)], axis=1))
    assert verdict.ok, verdict.line()


def stage_of(rgb8: np.ndarray) -> np.ndarray:
    """The stage as one light ``[T, 1, 3]``: the mean of its zones in linear light."""
    return linear_to_rgb8(with_stage(rgb8_to_linear(rgb8))[:, -1:])
