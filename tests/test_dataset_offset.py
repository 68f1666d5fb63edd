"""How late the picture is, and when not to believe it."""

import numpy as np
import pytest

from beatomizer.arrays import F32, F64
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.offset import estimate_offset
from beatomizer.dataset.onset_trace import TRACE_HZ, onset_trace
from beatomizer.timebase import SAMPLE_RATE

SECONDS = 20


def hits(bpm: float, seed: int = 0, jitter_s: float = 0.0) -> F64:
    """Times of hits: beats and some of the eighths between them, as a drummer plays."""
    rng = np.random.default_rng(seed)
    grid = np.arange(0.5, SECONDS - 0.5, 30 / bpm)
    played = grid[(np.arange(len(grid)) % 2 == 0) | (rng.random(len(grid)) < 0.3)]
    return np.asarray(played + rng.normal(0, jitter_s, len(played)))


def sound(times: F64, seed: int = 0) -> F32:
    """Noisy hits over a drone."""
    rng = np.random.default_rng(seed)
    t = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    samples = 0.05 * np.sin(2 * np.pi * 110 * t) + 0.002 * rng.standard_normal(len(t))
    burst = rng.standard_normal(4800) * np.exp(-np.arange(4800) / 900)
    for time in times:
        start = round(time * SAMPLE_RATE)
        samples[start : start + 4800] += 0.4 * burst[: len(samples) - start]
    return samples.astype(np.float32)


def film(
    times: F64, fps: float, offset_s: float, *, start_s: float = 0.0, noise: int = 2, seed: int = 0
) -> Observed:
    """A lamp that flares up at ``times + offset_s`` and decays, in a dim noisy room; shutter open half the time."""
    rng = np.random.default_rng(seed)
    pts_s = start_s + np.arange(int(SECONDS * fps)) / fps
    fine = pts_s[:, None] + (np.arange(8) - 3.5) / 8 * 0.5 / fps
    flared = np.concatenate([[-100.0], np.sort(times + offset_s)])
    age = fine - flared[np.searchsorted(flared, fine, side="right") - 1]
    level = np.exp(-age / 0.15).mean(axis=1).astype(np.float32)
    shape = np.exp(-(((np.mgrid[0:18, 0:32][1] - 16) / 6) ** 2)).astype(np.float32)
    lamp = shape[..., None] * np.array([180, 72, 126], np.float32)
    grid = (20 + level[:, None, None, None] * lamp).astype(np.uint8)
    grid += rng.integers(0, 2 * noise + 1, grid.shape, dtype=np.uint8)
    return Observed(pts_s, np.zeros((len(grid), 3), np.float32), grid, (320, 180), str(fps))


@pytest.mark.parametrize(
    ("fps", "bpm", "offset_s"),
    [
        (24, 97.3, 0.0),
        (25, 128.7, 0.113),
        (30000 / 1001, 121.1, -0.187),
        (30, 88.9, 0.031),
        (50, 140.3, -0.06),
        (60, 103.7, 0.2),
    ],
)
def test_the_offset_is_found_to_ten_milliseconds(fps: float, bpm: float, offset_s: float) -> None:
    times = hits(bpm)
    found = estimate_offset(film(times, fps, offset_s), sound(times), ())
    assert found.trusted
    assert abs(found.seconds - offset_s) < 0.010


def test_a_scattered_hand_averages_out() -> None:
    rng = np.random.default_rng(8)
    times = hits(117.3)
    found = estimate_offset(film(times + rng.normal(0, 0.03, len(times)), 30, 0.09), sound(times))
    assert found.trusted
    assert abs(found.seconds - 0.09) < 0.012


def test_a_designer_who_is_late_is_part_of_the_offset() -> None:
    times = hits(117.3)
    found = estimate_offset(film(times + 0.04, 30, 0.05), sound(times))
    assert abs(found.seconds - 0.09) < 0.010


def test_cuts_and_telephones_do_not_matter() -> None:
    times = hits(109.9)
    seen = film(times, 30, 0.08)
    rng = np.random.default_rng(1)
    grid = seen.grid.copy()
    cuts = np.sort(rng.choice(np.arange(40, len(grid) - 40), 14, replace=False))
    for number, cut in enumerate(cuts):
        grid[cut:] = np.roll(grid[cut:], 7 * (number + 1), axis=2)
    for start in rng.integers(0, len(grid), 40):  # telephones in the crowd
        row, column = rng.integers(14, 18), rng.integers(0, 32)
        grid[start : start + 3, row, column] = 250
    disturbed = Observed(seen.pts_s, seen.mean_rgb, grid, seen.size, seen.fps)
    found = estimate_offset(disturbed, sound(times), seen.pts_s[cuts])
    assert found.trusted
    assert abs(found.seconds - 0.08) < 0.010


def test_light_that_follows_nothing_is_not_trusted() -> None:
    rng = np.random.default_rng(2)
    trusted = 0
    for seed in range(4):
        free = np.sort(rng.uniform(0.5, SECONDS - 0.5, 40))
        trusted += estimate_offset(
            film(free, 30, 0.0, seed=seed), sound(hits(100 + 7 * seed, seed)), ()
        ).trusted
    assert trusted == 0


def test_nothing_to_go_by_is_not_trusted() -> None:
    still = film(np.zeros(0), 30, 0.0, noise=0)
    silence = np.zeros(SECONDS * SAMPLE_RATE, np.float32)
    times = hits(120)
    for seen, samples in ((still, sound(times)), (film(times, 30, 0.0), silence), (still, silence)):
        found = estimate_offset(seen, samples, ())
        assert not found.trusted
        assert np.isfinite([found.seconds, found.significance]).all()
    empty = Observed(
        np.zeros(0), np.zeros((0, 3), np.float32), np.zeros((0, 18, 32, 3), np.uint8), (2, 2), "30"
    )
    assert not estimate_offset(empty, sound(times)).trusted
    assert not estimate_offset(film(times, 30, 0.0), np.zeros(100, np.float32)).trusted


def test_light_on_the_half_beats_fits_in_two_places() -> None:
    """Sound and light on every eighth of 240 BPM: 125 ms late or early is the same."""
    times = np.arange(0.5, SECONDS - 0.5, 0.125)
    found = estimate_offset(film(times, 60, 0.03), sound(times), ())
    assert not found.trusted


@pytest.mark.parametrize("where", [0.0, 0.0013, 0.0029, 0.0083])
def test_a_click_is_heard_where_it_is(where: float) -> None:
    samples = np.zeros(SAMPLE_RATE * 4, np.float32)
    times = np.arange(0.5, 3.5, 0.31) + where
    samples[(times * SAMPLE_RATE).astype(int)] = 0.8
    trace = onset_trace(samples)
    for time in times:
        middle = round(time * TRACE_HZ)
        peak = (middle - 5 + trace[middle - 5 : middle + 6].argmax()) / TRACE_HZ
        assert abs(peak - time) < 0.008
    assert trace.max() > 5
