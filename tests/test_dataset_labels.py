"""Labels: the cycle of repeated pictures, time, flags, and the colour that the lights had."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.arrays import F64, U8
from beatomizer.color import (
    linear_to_oklab,
    linear_to_rgb8,
    linear_to_srgb,
    oklch_to_linear,
    srgb_to_linear,
)
from beatomizer.dataset.clip import CUT, MISSING, REPEAT
from beatomizer.dataset.hue_path import BINS, bin_hue, hue_histograms, steady_path
from beatomizer.dataset.labels import LABELS, label
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.rate import describe_cycle, duplication_cycle, to_frames
from beatomizer.errors import UsageError

RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60)]


def observed(grid: U8, fps: Fraction | float = 30, start_s: float = 0.0) -> Observed:
    """Small pictures as an observation; their mean is the mean of their values."""
    mean = grid.reshape(len(grid), 18 * 32, 3).mean(axis=1) / 255
    pts_s = start_s + np.arange(len(grid)) / float(fps)
    return Observed(pts_s, mean.astype(np.float32), grid, (320, 180), str(fps))


def ramp(count: int, fps: Fraction | float = 30, start_s: float = 0.0) -> Observed:
    """Every picture has another grey: its number."""
    grid = np.broadcast_to((np.arange(count) % 256)[:, None, None, None], (count, 18, 32, 3))
    return observed(grid.astype(np.uint8), fps, start_s)


def test_the_papers_cycles() -> None:
    assert duplication_cycle(Fraction(24)) == (2, 3)
    assert duplication_cycle(Fraction(25)) == (2, 2, 3, 2, 3)
    assert duplication_cycle(Fraction(30)) == (2,)
    assert duplication_cycle(Fraction(50)) == (1, 1, 1, 1, 2)
    assert duplication_cycle(Fraction(60)) == (1,)
    assert duplication_cycle(Fraction(120)) == (0, 1)
    assert describe_cycle(Fraction(24)) == "24 → 60: 2, 3"
    assert "499 × 2, 1 × 3 in 500" in describe_cycle(Fraction(30000, 1001))
    with pytest.raises(UsageError):
        duplication_cycle(Fraction(0))


@given(st.integers(1, 240), st.sampled_from([1, 1001]))
@settings(max_examples=60, deadline=None)
def test_a_cycle_fills_whole_seconds_evenly(rate: int, base: int) -> None:
    fps = Fraction(rate * (1000 if base > 1 else 1), base)
    cycle = duplication_cycle(fps)
    assert sum(cycle) * fps == 60 * len(cycle)
    assert max(cycle) - min(cycle) <= 1


@pytest.mark.parametrize("fps", RATES)
def test_duplication_follows_the_cycle(fps: Fraction) -> None:
    """What the times of the pictures give is the cycle, also when a container rounds them to a millisecond."""
    seen = ramp(200, fps)
    rounded = Observed(np.round(seen.pts_s, 3), seen.mean_rgb, seen.grid, seen.size, seen.fps)
    cycle = duplication_cycle(fps)
    wanted = np.repeat(np.arange(200), [cycle[k % len(cycle)] for k in range(200)])[:190]
    for each in (seen, rounded):
        labels = label(each, duration_s=190 / 60)
        assert np.array_equal(np.round(labels.rgb[:, 0, 0] * 255), wanted)
        assert np.array_equal(labels.flags, np.where(np.diff(wanted, prepend=-1) == 0, REPEAT, 0))


def test_a_duplicated_frame_shows_the_picture_of_its_time() -> None:
    """The slow, obvious way: for each frame, the last picture that appears before the frame ends."""
    rng = np.random.default_rng(4)
    pts_s = np.cumsum(rng.uniform(0.02, 0.09, 100))
    colours = rng.uniform(0, 1, (100, 2, 3))
    timed = to_frames(colours, pts_s, float(pts_s[-1]) + 0.05, frames=300, offset_s=0.031)
    for frame in range(300):
        before = [k for k, pts in enumerate(pts_s) if pts - 0.031 < (frame + 0.95) / 60]
        if before and not timed.flags[frame] & MISSING:
            assert np.allclose(timed.rgb[frame], colours[before[-1]], atol=1e-6)


@given(st.floats(-0.25, 0.25))
@settings(max_examples=40, deadline=None)
def test_an_offset_moves_the_label_and_nothing_else(offset_s: float) -> None:
    seen = ramp(90, 30)
    moved = Observed(seen.pts_s + offset_s, seen.mean_rgb, seen.grid, seen.size, seen.fps)
    one = label(seen, duration_s=3.5)
    other = label(moved, duration_s=3.5, offset_s=offset_s)
    assert np.array_equal(one.rgb, other.rgb)
    assert np.array_equal(one.flags, other.flags)


def test_frames_without_a_picture_are_missing() -> None:
    seen = ramp(60, 30, start_s=0.5)
    flags = label(seen, duration_s=4.0).flags
    assert (flags[:30] == MISSING).all()
    assert not (flags[30:150] & MISSING).any()
    assert (flags[150:] == MISSING).all()
    hole = np.delete(np.arange(300), np.arange(60, 200))
    holed = Observed(seen_all.pts_s[hole], seen_all.mean_rgb[hole], seen_all.grid[hole], (32, 18), "30")
    missing = label(holed, duration_s=10.0).flags & MISSING
    assert not missing[: 118 + 60].any()  # the last picture before the hole is believed for a second
    assert missing[182:400].all()
    assert not missing[400:].any()


seen_all = ramp(300, 30)


def test_cuts_are_marked_three_frames_around() -> None:
    flags = label(ramp(90, 30), duration_s=3.0, cuts_s=[1.0]).flags
    assert np.array_equal(np.flatnonzero(flags & CUT), np.arange(57, 64))


def test_faster_sources_are_averaged_in_linear_light() -> None:
    colours = np.zeros((240, 1, 3))
    colours[1::2] = 1.0
    timed = to_frames(colours, np.arange(240) / 120, 2.0, frames=120)
    assert np.allclose(timed.rgb, linear_to_srgb(np.array(0.5)), atol=1e-4)
    assert not timed.flags.any()


def test_interpolation_is_straight_in_linear_light_and_stops_at_cuts() -> None:
    colours = np.zeros((30, 1, 3))
    colours[15:] = 1.0
    pts_s = np.arange(30) / 15
    timed = to_frames(colours, pts_s, 2.0, frames=120, rate="interpolate")
    linear = srgb_to_linear(timed.rgb[:, 0, 0].astype(np.float64))
    assert np.allclose(linear[56:61], [0, 0.25, 0.5, 0.75, 1.0], atol=1e-5)
    assert not (timed.flags & REPEAT).any()
    held = to_frames(colours, pts_s, 2.0, frames=120, rate="interpolate", cuts_s=(1.0,))
    assert np.array_equal(held.rgb[:60, 0, 0], np.zeros(60))
    assert np.array_equal(held.rgb[60:, 0, 0], np.ones(60))


def test_sixty_pictures_a_second_are_left_alone() -> None:
    seen = ramp(120, 60)
    for rate in ("duplicate", "interpolate"):
        labels = label(seen, duration_s=2.0, rate=rate)
        assert np.allclose(labels.rgb[:, 0], seen.mean_rgb, atol=1e-5)
        assert not labels.flags.any()


def test_zones_run_from_left_to_right_and_top_to_bottom() -> None:
    grid = np.zeros((2, 18, 32, 3), np.uint8)
    grid[:, :9, 16:] = (255, 0, 0)
    grid[:, 9:, :16] = (0, 0, 255)
    rgb = label(observed(grid), "zones", duration_s=1 / 60, grid=(2, 2)).rgb[0]
    assert np.allclose(rgb, [[0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    for shape in ((0, 1), (33, 1), (1, 19)):
        with pytest.raises(UsageError):
            label(observed(grid), "zones", duration_s=1.0, grid=shape)


def test_zones_of_uneven_grids_cover_every_cell_once() -> None:
    rng = np.random.default_rng(2)
    grid = rng.integers(0, 256, (3, 18, 32, 3)).astype(np.uint8)
    rgb = label(observed(grid), "zones", duration_s=1 / 60, grid=(5, 4)).rgb[0]
    assert rgb.shape == (20, 3)
    left = grid[0][:4, :6].astype(np.float64) / 255
    assert np.allclose(
        srgb_to_linear(rgb[0].astype(float)), srgb_to_linear(left).mean(axis=(0, 1)), atol=1e-5
    )


def room(light: F64, seed: int = 0) -> U8:
    """A dim warm room with a banner, lit by coloured lamps: linear light ``[K, Z, 3]`` → small pictures."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:18, 0:32]
    ambient = 0.02 * rng.uniform(0.5, 1, (18, 32, 1)) * np.array([1.0, 0.8, 0.5])
    ambient[2:4, 12:20] += (0.02, 0.1, 0.03)
    linear = np.broadcast_to(ambient, (len(light), 18, 32, 3)).copy()
    zones = light.shape[1]
    for zone in range(zones):
        away = ((x - 32 * (zone + 0.5) / zones) / 3) ** 2 + ((y - 8) / 5) ** 2
        linear += np.exp(-away)[None, :, :, None] * light[:, zone, None, None, :] * 0.7
    return linear_to_rgb8(np.clip(linear, 0, 1))


def pulses(hue: F64, count: int = 240) -> F64:
    """Linear light ``[K, 1, 3]`` of a hue that pulses twice a second, dark in between."""
    colour = oklch_to_linear(np.stack([np.full(count, 0.6), np.full(count, 0.3), hue], axis=-1))
    level = np.exp(-6 * ((np.arange(count) / 15) % 1))
    return colour[:, None, :] * level[:, None, None]


def hue_of(rgb: Any) -> F64:
    lab = linear_to_oklab(srgb_to_linear(np.asarray(rgb, dtype=np.float64)))
    return np.asarray(np.arctan2(lab[..., 2], lab[..., 1]))


def away_deg(one: F64, other: F64) -> F64:
    return np.asarray(np.degrees(np.abs((one - other + np.pi) % (2 * np.pi) - np.pi)))


@pytest.mark.parametrize("hue", np.linspace(-3, 3, 7))
def test_implied_is_the_colour_of_the_light_not_of_the_room(hue: float) -> None:
    light = pulses(np.full(240, hue))
    seen = observed(room(light))
    lit = np.repeat(light.max(axis=(1, 2)) > 0.1, 2)
    implied = label(seen, "implied", duration_s=8.0).rgb[lit, 0]
    mean = label(seen, "mean", duration_s=8.0).rgb[lit, 0]
    assert away_deg(hue_of(implied), np.array(hue)).mean() < 12
    chroma = [
        np.hypot(*linear_to_oklab(srgb_to_linear(rgb.astype(float)))[:, 1:].T) for rgb in (implied, mean)
    ]
    assert (chroma[0] > 0.04).mean() > 0.95
    assert chroma[0].mean() > 2.5 * chroma[1].mean()


def test_implied_is_dark_when_the_lights_are() -> None:
    light = pulses(np.zeros(240))
    light[100:160] = 0.0
    implied = label(observed(room(light)), "implied", duration_s=8.0).rgb[:, 0]
    assert implied[202:318].max() < 0.1
    assert implied[:200].max() > 0.6


def test_implied_says_white_where_the_light_is_white() -> None:
    light = np.ones((120, 1, 3)) * np.exp(-6 * ((np.arange(120) / 15) % 1))[:, None, None] * 0.7
    seen = observed(room(light))
    rgb = label(seen, "implied", duration_s=4.0).rgb[:, 0].astype(np.float64)
    lab = linear_to_oklab(srgb_to_linear(rgb[rgb.max(axis=1) > 0.5]))
    assert np.hypot(lab[:, 1], lab[:, 2]).max() < 0.08


def test_two_equal_hues_do_not_flicker() -> None:
    """Red left and blue right, with a noise that would tip the mode every other picture."""
    rng = np.random.default_rng(5)
    light = np.zeros((240, 2, 3))
    light[:, 0, 0] = light[:, 1, 2] = 0.8
    light *= 1 + 0.05 * rng.standard_normal((240, 2, 1))
    light[::40] = 0.0
    rgb = label(observed(room(light)), "implied", duration_s=8.0).rgb[:, 0]
    lit = rgb.max(axis=1) > 0.3
    assert (away_deg(hue_of(rgb[1:]), hue_of(rgb[:-1]))[lit[1:] & lit[:-1]] > 30).sum() <= 2


def test_a_real_change_of_hue_is_followed_at_once() -> None:
    hue = np.where(np.arange(240) < 120, 0.5, -2.0)
    rgb = label(observed(room(pulses(hue))), "implied", duration_s=8.0).rgb[:, 0]
    assert away_deg(hue_of(rgb[212:216]), np.array(0.5)).max() < 20
    assert away_deg(hue_of(rgb[241:244]), np.array(-2.0)).max() < 20


def test_the_path_is_the_best_of_all_paths() -> None:
    """Against trying every path, on a few bins and pictures."""
    from itertools import pairwise, product

    from beatomizer.dataset.hue_path import CHANGE_S

    rng = np.random.default_rng(6)
    for _ in range(20):
        histograms = rng.uniform(0, 1, (5, 3)).astype(np.float32)
        steps = np.full(5, 0.04)
        total = histograms.sum(axis=1, keepdims=True)
        gain = np.sqrt(total / total.max()) * histograms / histograms.max(axis=1, keepdims=True) * 0.04

        def score(path: tuple[int, ...], gain: F64 = gain) -> float:
            changes = sum(a != b for a, b in pairwise(path))
            return sum(float(gain[k, place]) for k, place in enumerate(path)) - CHANGE_S * changes

        best = max(product(range(3), repeat=5), key=score)
        assert score(tuple(steady_path(histograms, steps))) == pytest.approx(score(best))


def test_histograms_wrap_around() -> None:
    hue = np.array([[-0.01, 0.01]], np.float32)
    histogram = hue_histograms(hue, np.ones((1, 2), np.float32))[0]
    assert histogram.sum() == pytest.approx(2, rel=1e-5)
    assert {int(place) for place in np.argsort(-histogram)[:2]} == {0, BINS - 1}
    assert away_deg(bin_hue(np.array([0])), np.array(0.0))[0] < 360 / BINS


@pytest.mark.parametrize("mode", LABELS.names())
def test_every_kind_of_label_takes_the_ugly_ones(mode: str) -> None:
    for seen in (ramp(0), ramp(1), observed(np.zeros((40, 18, 32, 3), np.uint8))):
        labels = label(seen, mode, duration_s=1.0, cuts_s=[0.2, 0.5])
        assert labels.rgb.shape == (60, 8 if mode == "zones" else 1, 3)
        assert labels.rgb.dtype == np.float32
        assert np.isfinite(labels.rgb).all()
    assert (label(ramp(0), mode, duration_s=1.0).flags & MISSING).all()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError):
        label(ramp(3), "median", duration_s=1.0)
    rate: Any = "blend"
    with pytest.raises(UsageError):
        label(ramp(3), duration_s=1.0, rate=rate)
