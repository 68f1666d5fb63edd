"""A show seen from far away: its frames gathered into as many columns as a picture is wide."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, U8, Int
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8

_LINEAR = LINEAR_OF_RGB8.astype(np.float32)

_VALUES_AT_ONCE = 4_000_000
"""Colour values held as floats at a time (16 MB): an hour of 512 zones has 330 million."""


@dataclass(frozen=True)
class Columns:
    """What the stage does in each of W equal stretches of the show.

    Attributes:
        ribbon: uint8 sRGB ``[Z, W, 3]``, each zone's mean light (averaged as light, not as code values).
        mean, low, high: float32 ``[W, 3]``, the stage's mean colour over the zones, 0..255 sRGB: its average, least
            and most within the column.
    """

    ribbon: U8
    mean: F32
    low: F32
    high: F32


def column_starts(length: int, width: int) -> Int:
    """First item of each of ``width`` columns over ``length`` items (some repeat when there are too few)."""
    return np.arange(width, dtype=np.int64) * length // width


def gather(rgb8: U8, width: int) -> Columns:
    """Gather ``[T, Z, 3]`` into ``width`` columns; an empty show is one dark frame."""
    frames = rgb8 if len(rgb8) else np.zeros((1, max(rgb8.shape[1], 1), 3), dtype=np.uint8)
    starts = column_starts(len(frames), width)
    ends = np.append(starts[1:], len(frames))
    ribbon = np.empty((frames.shape[1], width, 3), dtype=np.uint8)
    stage = np.empty((3, width, 3), dtype=np.float32)
    per_column = max(1, len(frames) // width) * frames.shape[1] * 3
    step = max(1, _VALUES_AT_ONCE // per_column)
    for first in range(0, width, step):
        part = slice(first, min(first + step, width))
        inside = frames[starts[part][0] : max(int(ends[part][-1]), int(starts[part][-1]) + 1)]
        at = starts[part] - starts[part][0]
        counts = np.maximum(ends[part] - starts[part], 1).astype(np.float32)
        light = np.add.reduceat(_LINEAR[inside], at, axis=0) / counts[:, None, None]
        ribbon[:, part] = linear_to_rgb8(light).swapaxes(0, 1)
        mean = inside.mean(axis=1, dtype=np.float32)
        stage[0, part] = np.add.reduceat(mean, at, axis=0) / counts[:, None]
        stage[1, part] = np.minimum.reduceat(mean, at, axis=0)
        stage[2, part] = np.maximum.reduceat(mean, at, axis=0)
    return Columns(ribbon, *stage)
