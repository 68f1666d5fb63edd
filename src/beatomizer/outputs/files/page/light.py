"""The show's light for a page: each zone's colours as differences in time, and a calm version of them."""

import zlib
from collections.abc import Iterator

import numpy as np

from beatomizer.arrays import F32, U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.timebase import FPS

CALM_STEP = 15
"""Frames from one point of the calm light to the next; the page joins them by straight lines."""

CALM_WINDOW_S = 4.0
"""Each calm colour is the mean over this long, twice (a triangle): nothing in it rises or falls faster."""

CALM_SHARE = 0.8
"""Calm light is a little dimmer than the mean of the show."""

_LEVEL = 6


def packed(rgb8: U8) -> bytes:
    """``[T, Z, 3]`` as zlib of its planes ``[Z * 3, T]``: differences in time, modulo 256."""
    squeeze = zlib.compressobj(_LEVEL)
    parts = [squeeze.compress(plane.tobytes()) for plane in _differences(rgb8)]
    return b"".join([*parts, squeeze.flush()])


def _differences(rgb8: U8) -> Iterator[U8]:
    for zone in range(rgb8.shape[1]):
        plane = np.ascontiguousarray(rgb8[:, zone].T)
        plane[:, 1:] -= plane[:, :-1].copy()
        yield plane


def calm(rgb8: U8) -> U8:
    """A slow version of a show, uint8 ``[P, Z, 3]``, one point each ``CALM_STEP`` frames from frame 0.

    The light is averaged as light over seconds, so that beats vanish and the colours of the parts remain.
    """
    points = -(-len(rgb8) // CALM_STEP) + 1
    slow = np.empty((points, rgb8.shape[1], 3), dtype=np.uint8)
    for zone in range(rgb8.shape[1]):
        linear = LINEAR_OF_RGB8[rgb8[:, zone]].astype(np.float32)
        padded = np.pad(linear, ((0, points * CALM_STEP - len(linear)), (0, 0)), mode="edge")
        steps = padded.reshape(points, CALM_STEP, 3).mean(axis=1)
        window = max(1, round(CALM_WINDOW_S * FPS / CALM_STEP))
        slow[:, zone] = linear_to_rgb8(np.float64(CALM_SHARE) * _mean_over(_mean_over(steps, window), window))
    return slow


def _mean_over(values: F32, window: int) -> F32:
    """Running mean over ``window`` points about each one, edges repeated."""
    padded = np.pad(values, ((window // 2, window - 1 - window // 2), (0, 0)), mode="edge")
    total = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    return np.asarray((total[window:] - total[:-window]) / window, dtype=np.float32)
