"""One decoded picture → the mean of its pixels and a small copy, without turning it into RGB as a whole.

A video picture is luma and two colour differences. Their means give the mean RGB by one matrix, exactly as far as no
pixel leaves 0..1; what clipping adds is estimated on a sample of evenly spread pixels, which also is the small copy.
So nearly all pixels are only added up. Pictures of other kinds (RGB, grey, palette) are converted first.

The matrices are ITU-R BT.601, BT.709 and BT.2020, by their luma weights; the codes are those of ITU-T H.273.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from beatomizer.arrays import F32, F64, U8, Int
from beatomizer.color import linear_to_srgb, srgb_to_linear, srgb_to_rgb8
from beatomizer.dataset.observed import GRID_COLUMNS, GRID_ROWS

_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
"""Luma weights of red and blue by H.273 code: 709, FCC, 601 (625 and 525 lines), 240M, 2020."""

_HD_LINES = 720
"""A picture that does not say is BT.709 from here on, and BT.601 below: what coders and browsers assume."""

_PLANAR = re.compile(r"yuv(?:j|a)?(420|422|444|440|411|410)p(?:(9|10|12|14|16)le)?")
_SHIFTS = {"420": (1, 1), "422": (1, 0), "444": (0, 0), "440": (0, 1), "411": (2, 0), "410": (2, 2)}
"""Halvings of the colour planes across and down."""

_ALL_PIXELS = 20_000
"""Pictures up to 188 × 106 are converted as a whole."""

_SAMPLES_A_CELL, _SAMPLES_A_CELL_OF_HD = 4, 3
"""Samples of a grid cell across and down: every 10th pixel of 720p, every 20th of 1080p, where time counts."""

_LEVELS, _FINE_LEVELS = 4095, 16383
"""Steps of the two tables, to linear light and back; the way back needs more of them for the dark."""

_LINEAR: F32 = srgb_to_linear(np.arange(_LEVELS + 1) / _LEVELS).astype(np.float32)
_ENCODED: U8 = srgb_to_rgb8(linear_to_srgb(np.arange(_FINE_LEVELS + 1) / _FINE_LEVELS))
_SUMMED_PIXELS = 1 << 16
"""65,536 values of 16 bits add up to less than 2³²."""


@dataclass(frozen=True)
class Seen:
    """One picture: ``mean_rgb`` float ``[3]`` sRGB 0..1, and ``grid`` uint8 ``[18, 32, 3]``."""

    mean_rgb: F64
    grid: U8


@dataclass(frozen=True)
class _Plan:
    """How to read all pictures of one kind: which planes mean what, and where to sample."""

    width: int
    height: int
    shift: tuple[int, int] | None  # None: packed RGB
    dtype: np.dtype[Any]
    matrix: F32  # [3, 3] rgb = matrix @ planes + bias
    bias: F32  # [3]
    rows: Int
    columns: Int
    whole: bool


def see(picture: VideoFrame, turns: int = 0) -> Seen:
    """Look at a decoded picture of any format.

    Args:
        picture: 8 to 16 bits, any kind.
        turns: how often the small copy is turned anticlockwise by 90° (see ``quarter_turns``).
    """
    plan, planes = _read(picture, turns)
    raw = _sampled(plan, planes, plan.rows, plan.columns)
    clipped = np.clip(raw, 0.0, 1.0)
    if plan.whole:
        everything = _sampled(plan, planes, np.arange(plan.height), np.arange(plan.width))
        mean = np.clip(everything, 0.0, 1.0).mean(axis=1, dtype=np.float64)
    else:
        means = np.array([_mean(plan, planes, channel) for channel in range(3)])
        clipping = clipped.mean(axis=1, dtype=np.float64) - raw.mean(axis=1, dtype=np.float64)
        mean = plan.matrix.astype(np.float64) @ means + plan.bias + clipping
    small = clipped.reshape(3, len(plan.rows), len(plan.columns))
    return Seen(np.clip(mean, 0.0, 1.0), _grid(small, turns))


def quarter_turns(picture: VideoFrame) -> int:
    """How often the picture must be turned anticlockwise by 90° to stand upright, 0..3."""
    return round(picture.rotation / 90) % 4


def _read(picture: VideoFrame, turns: int) -> tuple[_Plan, list[np.ndarray[Any, Any]]]:
    kind = _PLANAR.fullmatch(picture.format.name)
    if kind is None:
        picture = _as_rgb(picture)
    plan = _plan(
        picture.format.name,
        picture.width,
        picture.height,
        int(picture.colorspace),
        int(picture.color_range),
        turns % 2 == 1,
    )
    return plan, [_pixels(plan, picture, index) for index in range(3 if kind else 1)]


def _as_rgb(picture: VideoFrame) -> VideoFrame:
    unmarked = int(picture.colorspace) in (0, 2) and not picture.format.is_rgb
    assumed = Colorspace.ITU709 if picture.height >= _HD_LINES else Colorspace.ITU601
    converted: VideoFrame = VideoReformatter().reformat(
        picture,
        format="rgb24",
        src_colorspace=assumed if unmarked else None,
        dst_color_range=ColorRange.JPEG,
    )
    return converted


@lru_cache(maxsize=16)
def _plan(name: str, width: int, height: int, colorspace: int, color_range: int, turned: bool) -> _Plan:
    across, down = (GRID_ROWS, GRID_COLUMNS) if turned else (GRID_COLUMNS, GRID_ROWS)
    finer = _SAMPLES_A_CELL if width * height <= 1280 * 720 else _SAMPLES_A_CELL_OF_HD
    rows, columns = _spread(height, down * finer), _spread(width, across * finer)
    whole = width * height <= _ALL_PIXELS
    kind = _PLANAR.fullmatch(name)
    if kind is None:
        identity = np.eye(3, dtype=np.float32) / np.float32(255)
        bias = np.zeros(3, np.float32)
        return _Plan(width, height, None, np.dtype(np.uint8), identity, bias, rows, columns, whole)
    bits = int(kind[2] or 8)
    full = color_range == int(ColorRange.JPEG) or name.startswith("yuvj")
    weights = _WEIGHTS.get(colorspace) or _WEIGHTS[1 if height >= _HD_LINES else 6]
    matrix, bias = _matrix(weights, bits, full)
    dtype = np.dtype(np.uint8) if bits == 8 else np.dtype("<u2")
    return _Plan(width, height, _SHIFTS[kind[1]], dtype, matrix, bias, rows, columns, whole)


def _spread(size: int, count: int) -> Int:
    """``count`` places spread evenly over ``size`` pixels, each in the middle of its part."""
    return np.asarray(((2 * np.arange(count) + 1) * size) // (2 * count))


def _matrix(weights: tuple[float, float], bits: int, full: bool) -> tuple[F32, F32]:
    """RGB 0..1 = matrix @ (Y, Cb, Cr as stored) + bias."""
    red, blue = weights
    green = 1 - red - blue
    unit = 2.0 ** (bits - 8)
    top = 2.0**bits - 1
    black, luma, chroma = (0.0, top, top) if full else (16 * unit, 219 * unit, 224 * unit)
    colour = np.array(
        [
            [1, 0, 2 * (1 - red)],
            [1, -2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green],
            [1, 2 * (1 - blue), 0],
        ]
    )
    matrix = colour / np.array([luma, chroma, chroma])
    bias = -matrix @ np.array([black, 128 * unit, 128 * unit])
    return matrix.astype(np.float32), bias.astype(np.float32)


def _pixels(plan: _Plan, picture: VideoFrame, index: int) -> np.ndarray[Any, Any]:
    """A plane as it lies in memory, ``[H, W]`` (packed RGB: ``[H, 3 W]``), without a copy."""
    plane: Any = picture.planes[index]
    shift = plan.shift or (0, 0)
    width, height = plan.width * (1 if plan.shift else 3), plan.height
    if index:  # odd sizes: the last colour sample serves one pixel
        width, height = -(-width // (1 << shift[0])), -(-height // (1 << shift[1]))
    size = plan.dtype.itemsize
    return np.ndarray((height, width), plan.dtype, plane, 0, (plane.line_size, size))


def _sampled(plan: _Plan, planes: list[np.ndarray[Any, Any]], rows: Int, columns: Int) -> F32:
    """RGB before clipping at every crossing of ``rows`` and ``columns``: float32 ``[3, n]``."""
    if plan.shift is None:
        lines = planes[0][rows].reshape(len(rows), plan.width, 3)
        stored = lines[:, columns].reshape(-1, 3).T.astype(np.float32)
    else:
        across, down = plan.shift
        stored = np.empty((3, len(rows) * len(columns)), np.float32)
        stored[0] = planes[0][rows][:, columns].ravel()
        for index in (1, 2):
            stored[index] = planes[index][rows >> down][:, columns >> across].ravel()
    return np.asarray(plan.matrix @ stored + plan.bias[:, None], dtype=np.float32)


def _mean(plan: _Plan, planes: list[np.ndarray[Any, Any]], channel: int) -> float:
    """Mean of all stored values of one plane (or channel of packed RGB)."""
    values = planes[channel] if plan.shift else planes[0][:, channel::3]
    rows = max(1, _SUMMED_PIXELS // values.shape[1])
    if plan.dtype.itemsize == 1:
        rows <<= 8
    total = 0
    for start in range(0, len(values), rows):
        total += int(np.add.reduce(values[start : start + rows], axis=None, dtype=np.uint32))
    return total / values.size


def _grid(small: F32, turns: int) -> U8:
    """Sampled sRGB ``[3, rows, columns]`` → uint8 ``[18, 32, 3]``, cells averaged in linear light."""
    linear = _LINEAR[(small * np.float32(_LEVELS) + np.float32(0.5)).astype(np.int16)]
    linear = np.rot90(linear, turns, axes=(1, 2))
    down, across = linear.shape[1] // GRID_ROWS, linear.shape[2] // GRID_COLUMNS
    lines = linear.reshape(3, GRID_ROWS, down, GRID_COLUMNS, across).sum(
        axis=2
    )  # twice is faster than at once
    cells = lines.sum(axis=3) * np.float32(_FINE_LEVELS / (down * across))
    return np.asarray(_ENCODED[(cells + np.float32(0.5)).astype(np.int16)].transpose(1, 2, 0))
