"""The stage cut into a grid of zones, each the mean light of its part of the picture."""

import numpy as np

from beatomizer.arrays import F32, F64, Int
from beatomizer.color import LINEAR_OF_RGB8, linear_to_srgb
from beatomizer.dataset.observed import GRID_COLUMNS, GRID_ROWS, Observed
from beatomizer.errors import UsageError


def zone_light(observed: Observed, *, cuts_s: F64, grid: tuple[int, int]) -> F32:
    """``[K, columns · rows, 3]``: mean of the zone in linear light, sRGB-encoded.

    Zones run from left to right, row after row from the top; where the grid's cells do not divide evenly, borders lie
    on whole cells.

    Args:
        observed: the pictures.
        cuts_s: does not matter.
        grid: columns (1..32) and rows (1..18) of zones.

    Raises:
        UsageError: a grid that does not fit the small picture.
    """
    columns, rows = grid
    if not (1 <= columns <= GRID_COLUMNS and 1 <= rows <= GRID_ROWS):
        raise UsageError(
            f"a grid of {columns}×{rows} zones", f"at most {GRID_COLUMNS} columns and {GRID_ROWS} rows"
        )
    down, across = _borders(GRID_ROWS, rows), _borders(GRID_COLUMNS, columns)
    table = LINEAR_OF_RGB8.astype(np.float32)
    zones = np.empty((len(observed.grid), rows, columns, 3), np.float32)
    for start in range(0, len(zones), _PICTURES):
        linear = table[observed.grid[start : start + _PICTURES]]
        for row in range(rows):
            for column in range(columns):
                part = linear[:, down[row] : down[row + 1], across[column] : across[column + 1]]
                zones[start : start + _PICTURES, row, column] = part.mean(axis=(1, 2))
    return linear_to_srgb(zones.reshape(len(zones), rows * columns, 3).astype(np.float64)).astype(np.float32)


_PICTURES = 1024
"""Pictures worked on at once: 21 MB of floats."""


def _borders(cells: int, parts: int) -> Int:
    return np.asarray(np.arange(parts + 1) * cells // parts)
