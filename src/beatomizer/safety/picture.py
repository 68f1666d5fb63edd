"""From pictures to regions that can be judged: the whole frame, and parts of it.

A light show fills the field of view, so the area rule of WCAG (a quarter of ten degrees of vision; 341 × 256 pixels
of 1024 × 768) excuses nothing here: besides the whole frame, nine overlapping quarters of its area and nine ninths
are judged, each on its own. Light is averaged as light, in linear values.
"""

from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np

from beatomizer.arrays import F32, F64, U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8

_CELLS = 12
"""The frame is cut into 12 × 12 cells, a number that both halves and thirds divide."""

Layout = Literal["whole", "parts"]

_LINEAR = LINEAR_OF_RGB8.astype(np.float32)


def region_names(layout: Layout = "parts") -> list[str]:
    """What each region of ``region_means`` is called in a report."""
    names = ["whole frame"]
    if layout == "parts":
        for part in ("quarter", "ninth"):
            names += [f"{part} at row {y + 1}, column {x + 1}" for y in range(3) for x in range(3)]
    return names


def region_means(pictures: U8, layout: Layout = "parts") -> U8:
    """Mean colours of regions of RGB pictures, averaged in linear light.

    Args:
        pictures: uint8 sRGB ``[T, H, W, 3]``, BT.709 primaries.
        layout: ``"whole"``, R = 1; or ``"parts"``: that, nine overlapping quarters and nine ninths, R = 19.

    Returns:
        uint8 ``[T, R, 3]``, the whole frame first.
    """
    if len(pictures) == 0:
        return np.empty((0, len(region_names(layout)), 3), dtype=np.uint8)
    cells = _cells(pictures).reshape(len(pictures), _CELLS * _CELLS, 3)
    return linear_to_rgb8(np.matmul(_shares(layout), cells, dtype=np.float64))


def rgb8_of_yuv(luma: U8, blue_difference: U8, red_difference: U8) -> U8:
    """BT.709 Y'CbCr planes in video range, all of one size ``[...]``, to sRGB ``[..., 3]``."""
    y = (luma - np.float32(16.0)) / np.float32(219.0)
    u = (blue_difference - np.float32(128.0)) / np.float32(224.0)
    v = (red_difference - np.float32(128.0)) / np.float32(224.0)
    rgb = np.stack([y + 1.5748 * v, y - 0.187324 * u - 0.468124 * v, y + 1.8556 * u], axis=-1)
    return np.asarray(np.round(np.clip(rgb, 0.0, 1.0) * 255.0).astype(np.uint8))


def yuv_of_rgb8(rgb8: U8) -> tuple[U8, U8, U8]:
    """SRGB ``[..., 3]`` to BT.709 Y'CbCr planes in video range, as an 8-bit video stores flat colour."""
    red, green, blue = (rgb8[..., channel] / 255.0 for channel in range(3))
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    planes = 16.0 + 219.0 * y, 128.0 + 224.0 * (blue - y) / 1.8556, 128.0 + 224.0 * (red - y) / 1.5748
    luma, blue_difference, red_difference = (np.round(plane).astype(np.uint8) for plane in planes)
    return luma, blue_difference, red_difference


def _cells(pictures: U8) -> F32:
    """Mean linear light of 12 × 12 cells, ``[T, 12, 12, 3]``; smaller pictures are enlarged by repetition."""
    height, width = pictures.shape[1:3]
    if height < _CELLS or width < _CELLS:
        pictures = pictures.repeat(-(-_CELLS // height), axis=1).repeat(-(-_CELLS // width), axis=2)
        height, width = pictures.shape[1:3]
    rows, columns = (np.arange(_CELLS + 1) * height) // _CELLS, (np.arange(_CELLS + 1) * width) // _CELLS
    linear = np.take(_LINEAR, pictures)
    sums = np.add.reduceat(np.add.reduceat(linear, rows[:-1], axis=1), columns[:-1], axis=2)
    areas = np.diff(rows)[:, None, None] * np.diff(columns)[None, :, None]
    return np.asarray((sums / areas).astype(np.float32))


@lru_cache(maxsize=2)
def _shares(layout: Layout) -> F64:
    """How much each cell adds to each region, ``[R, 144]``; a row sums to one."""
    regions = [np.ones((_CELLS, _CELLS))]
    if layout == "parts":
        for size, step in ((_CELLS // 2, _CELLS // 4), (_CELLS // 3, _CELLS // 3)):
            for y, x in product(range(3), range(3)):
                part = np.zeros((_CELLS, _CELLS))
                part[y * step : y * step + size, x * step : x * step + size] = 1.0
                regions.append(part)
    shares = np.array([region.ravel() / region.sum() for region in regions])
    shares.setflags(write=False)
    return shares
