"""Flags: each is raised by what it means, and by nothing else in a good take."""

import numpy as np
import pytest

from beatomizer.arrays import F32, U8
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.offset import Offset
from beatomizer.dataset.quality import FLAGS, quality_flags
from beatomizer.timebase import SAMPLE_RATE

GOOD = Offset(0.02, 12.0, True)
RNG = np.random.default_rng(0)
NOISE: F32 = (0.1 * RNG.standard_normal(20 * SAMPLE_RATE, dtype=np.float32)).astype(np.float32)


def take(grid: U8, fps: float = 30.0) -> Observed:
    mean = grid.reshape(len(grid), 18 * 32, 3).mean(axis=1) / 255
    return Observed(np.arange(len(grid)) / fps, mean.astype(np.float32), grid, (320, 180), str(fps))


def show(count: int = 600) -> U8:
    """A lamp of changing colour in a dark room."""
    shape = np.exp(-(((np.mgrid[0:18, 0:32][1] - 16) / 8) ** 2))
    level = np.exp(-3 * ((np.arange(count) / 15) % 1))
    hue = np.arange(count) // 120
    colour = np.stack([hue % 3 == 0, hue % 3 == 1, hue % 3 == 2], axis=-1) * 220.0
    grid = 8 + level[:, None, None, None] * shape[..., None] * colour[:, None, None]
    return np.asarray(grid.astype(np.uint8))


def test_a_good_take_has_no_flags() -> None:
    assert quality_flags(take(show()), NOISE, [5.0, 9.0], GOOD) == ()


def barred() -> U8:
    grid = show()
    grid[:, :2] = grid[:, -2:] = 0
    return grid


def talking() -> U8:
    rng = np.random.default_rng(1)
    room = rng.integers(60, 200, (1, 18, 32, 1)).repeat(3, axis=3)
    grid = np.repeat(room, 600, axis=0)
    grid[:, 6:12, 12:20] = np.clip(grid[:, 6:12, 12:20] + rng.integers(-90, 90, (600, 6, 8, 1)), 0, 255)
    return np.asarray(grid.astype(np.uint8))


CASES: dict[str, U8] = {
    "static": np.repeat(show(10)[:1], 600, axis=0),
    "talking head": talking(),
    "dark": np.full((600, 18, 32, 3), 1, np.uint8),
    "grey": show().max(axis=-1, keepdims=True).repeat(3, axis=-1),
    "letterbox": barred(),
}


@pytest.mark.parametrize("flag", CASES)
def test_pictures_raise_their_flag(flag: str) -> None:
    found = quality_flags(take(CASES[flag]), NOISE, [], GOOD)
    assert flag in found
    expected = {"static": {"static"}, "talking head": {"talking head", "grey"}}.get(flag, {flag})
    assert set(found) <= expected


def test_the_rest_raises_its_flag() -> None:
    seen = take(show())
    assert quality_flags(seen, NOISE, list(np.arange(0, 20, 0.5)), GOOD) == ("many cuts",)
    assert quality_flags(seen, NOISE, [], Offset(0.1, 3.0, False)) == ("no sync",)
    assert quality_flags(seen, NOISE, [], Offset(-0.2, 9.0, True)) == ("far off",)
    half = NOISE.copy()
    half[len(half) // 2 :] = 0
    assert quality_flags(seen, half, [], GOOD) == ("silent",)
    assert quality_flags(take(show(300)), NOISE, [], GOOD) == ("holes",)
    assert quality_flags(take(show(300), 15.0), NOISE, [], GOOD) == ("slow",)
    assert quality_flags(take(show(300)), NOISE[: 10 * SAMPLE_RATE], [], GOOD) == ("short",)


def test_nothing_at_all_is_flagged_without_falling() -> None:
    empty = take(np.zeros((0, 18, 32, 3), np.uint8))
    found = quality_flags(empty, np.zeros(0, np.float32), [], Offset(0.0, 0.0, False))
    assert {"static", "dark", "no sync", "silent", "short"} <= set(found)
    assert set(found) <= set(FLAGS)
