"""From pictures to regions that can be judged: the whole frame, and a grid of overlapping parts of it.

A light show fills the field of view, so the area rule of WCAG (a quarter of ten degrees) excuses nothing here: every
quarter of the frame's area is judged on its own, and the frame as a whole.
"""

from typing import Literal

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8

GRID = 4
"""The frame is cut into 4 × 4 cells; 2 × 2 neighbouring cells make one of 9 overlapping quarters."""

Layout = Literal["whole", "quarters", "grid"]


def region_means(pictures: U8, layout: Layout = "quarters") -> U8:
    """Mean colours of regions of RGB pictures, averaged in linear light.

    Args:
        pictures: uint8 sRGB ``[T, H, W, 3]``, or one picture ``[H, W, 3]``; at least 4 × 4.
        layout: ``"whole"`` 1 region; ``"quarters"`` that and 9 overlapping quarter areas, R = 10; ``"grid"`` those
            and the 16 cells, R = 26.

    Returns:
        uint8 ``[T, R, 3]``, the whole frame first.
    """
    stacked = pictures if pictures.ndim == 4 else pictures[None]
    return np.concatenate([_of_cells(_cells(picture), layout)[None] for picture in stacked])


def region_names(layout: Layout = "quarters") -> list[str]:
    """What each region of ``region_means`` is called in a report."""
    names = ["the whole frame"]
    if layout != "whole":
        names += [f"the quarter at row {y + 1}, column {x + 1}" for y in range(GRID - 1) for x in range(GRID - 1)]
    if layout == "grid":
        names += [f"the cell at row {y + 1}, column {x + 1}" for y in range(GRID) for x in range(GRID)]
    return names


def rgb8_of_yuv(luma: U8, cb: U8, cr: U8, *, full_range: bool = False) -> U8:
    """BT.709 Y'CbCr planes of one size to sRGB pictures ``[..., 3]``; chroma planes as large as luma."""
    if full_range:
        y, spread = luma / 255.0, 255.0
    else:
        y, spread = (luma - 16.0) / 219.0, 224.0
    u, v = (cb - 128.0) / spread, (cr - 128.0) / spread
    rgb = np.stack([y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u], axis=-1)
    return np.asarray(np.round(np.clip(rgb, 0.0, 1.0) * 255.0).astype(np.uint8))


def _cells(picture: U8) -> F64:
    """Mean linear light of the 4 × 4 cells, ``[4, 4, 3]``, and how many pixels they hold is made equal by weights."""
    height, width = picture.shape[:2]
    rows = (np.arange(GRID + 1) * height) // GRID
    columns = (np.arange(GRID + 1) * width) // GRID
    linear = LINEAR_OF_RGB8[picture]
    sums = np.add.reduceat(np.add.reduceat(linear, rows[:-1], axis=0), columns[:-1], axis=1)
    return np.asarray(sums / (np.diff(rows)[:, None, None] * np.diff(columns)[None, :, None]))


def _of_cells(cells: F64, layout: Layout) -> U8:
    regions = [cells.mean(axis=(0, 1), keepdims=False)[None]]
    if layout != "whole":
        quarters = (cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]) / 4.0
        regions.append(quarters.reshape(-1, 3))
    if layout == "grid":
        regions.append(cells.reshape(-1, 3))
    return linear_to_rgb8(np.concatenate(regions))
