"""The colour that the lights must have had, from a picture that is mostly dark room, crowd and haze.

The mean of a picture is grey because most of it is not light. So: what is always there is taken away; cells that are
clipped or dark have no say; the rest vote for a hue with their chroma, and the strongest hue wins (one committed
colour instead of a mixture nobody saw); the intensity is that of the brightest twentieth of the picture.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64, U8, Int
from beatomizer.color import LINEAR_OF_RGB8, LUMINANCE_WEIGHTS, linear_to_oklab, linear_to_srgb
from beatomizer.dataset.hue_path import bin_hue, hue_histograms, steady_path
from beatomizer.dataset.observed import GRID_COLUMNS, GRID_ROWS, Observed

_ALWAYS_THERE = 5.0
"""Percentile over time of a cell that counts as background."""

_BACKGROUND_SHARE = 0.12
"""Of the take's brightest light: what is always there and brighter than this is a lamp that is never off."""

_SHORTEST_SHOT_S = 3.0
_MOST_PICTURES = 2_000
_CLIPPED = 250
_DARK = 0.004
"""Linear luminance, twice the noise of a video's black; one part in 250 of white."""

_BRIGHT = 0.95
_NEAR = np.deg2rad(25.0)
_WHITE_CHROMA = 0.012
"""OKLab chroma: where the light as a whole has less in its strongest hue, it is white (grey is under 0.04)."""

_WHITE = 0.25
"""Saturation (1 − least/greatest channel, linear) under which light is white, and stays as it is."""

_COMMIT = 0.85
"""Share of the white part that is taken out of coloured light: haze, ambient light and coding put it there."""

_BLOCK = 512


@dataclass(frozen=True)
class _Cells:
    """Light of the cells of some pictures, without the background."""

    light: F32  # [k, C, 3] linear
    luminance: F32  # [k, C]
    hue: F32  # [k, C]
    say: F32  # [k, C] 0..1, how far a cell's colour can be believed
    weight: F32  # [k, C] say × chroma


def implied_light(observed: Observed, *, cuts_s: F64, grid: tuple[int, int]) -> F32:
    """``[K, 1, 3]``: a committed colour for each picture, black where the stage is dark. ``grid`` does not matter."""
    pictures = observed.grid.reshape(len(observed.grid), GRID_ROWS * GRID_COLUMNS, 3)
    if len(pictures) == 0:
        return np.zeros((0, 1, 3), np.float32)
    ground = _backgrounds(pictures, observed.pts_s, cuts_s)
    starts = range(0, len(pictures), _BLOCK)
    histograms = []
    for start in starts:
        cells = _cells(pictures, ground, start)
        histograms.append(hue_histograms(cells.hue, cells.weight))
    steps = np.diff(observed.pts_s, append=observed.end_s)
    hue = bin_hue(steady_path(np.concatenate(histograms), steps))
    out = np.empty((len(pictures), 3))
    for start in starts:
        block = slice(start, start + _BLOCK)
        out[block] = _committed(_cells(pictures, ground, start), hue[block])
    return linear_to_srgb(out)[:, None, :].astype(np.float32)


@dataclass(frozen=True)
class _Ground:
    """Which background ``[S, C, 3]`` (linear) each picture has: ``shot`` ``[K]``."""

    light: F32
    shot: Int


def _backgrounds(pictures: U8, pts_s: F64, cuts_s: F64) -> _Ground:
    """The darkest that each cell becomes in each shot; in short ones, in the whole take."""
    shot = np.searchsorted(np.sort(cuts_s), pts_s, side="right")
    whole = _darkest(pictures)
    peak = float(np.percentile(_some(pictures).max(axis=(1, 2)), 95))
    most = _BACKGROUND_SHARE * LINEAR_OF_RGB8[int(peak)]
    light = np.empty((int(shot.max()) + 1, *whole.shape), np.float32)
    for index in range(len(light)):
        inside = np.flatnonzero(shot == index)
        long = len(inside) > 1 and pts_s[inside[-1]] - pts_s[inside[0]] >= _SHORTEST_SHOT_S
        light[index] = _darkest(pictures[inside[0] : inside[-1] + 1]) if long else whole
    brightest = light.max(axis=2, keepdims=True)
    light *= np.minimum(1.0, most / np.maximum(brightest, 1e-6))
    return _Ground(light, shot)


def _some(pictures: U8) -> U8:
    return pictures[:: -(-len(pictures) // _MOST_PICTURES)]


def _darkest(pictures: U8) -> F32:
    levels = np.percentile(_some(pictures), _ALWAYS_THERE, axis=0, method="lower").astype(np.uint8)
    return LINEAR_OF_RGB8.astype(np.float32)[levels]


def _cells(pictures: U8, ground: _Ground, start: int) -> _Cells:
    part = pictures[start : start + _BLOCK]
    seen = LINEAR_OF_RGB8.astype(np.float32)[part]
    light = np.maximum(seen - ground.light[ground.shot[start : start + _BLOCK]], 0.0)
    luminance = light @ LUMINANCE_WEIGHTS.astype(np.float32)
    lab = linear_to_oklab(light)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.arctan2(lab[..., 2], lab[..., 1])
    clipped = part.max(axis=-1) >= _CLIPPED
    # The brighter, the further a camera has bent the hue on its way to white: dimmer cells know it better.
    trust = 1.0 - (part.max(axis=-1) / np.float32(255)) ** 2
    say = np.where((light.max(axis=-1) < _DARK) | clipped, np.float32(0), trust)
    return _Cells(
        light, luminance.astype(np.float32), hue.astype(np.float32), say, (say * chroma).astype(np.float32)
    )


def _committed(cells: _Cells, hue: F64) -> F64:
    """Linear ``[k, 3]`` from the cells of each picture that agree with its hue."""
    away = np.abs((cells.hue - hue[:, None] + np.pi) % (2 * np.pi) - np.pi)
    votes = np.where(away < _NEAR, cells.weight, 0.0)
    shade = cells.light / np.maximum(cells.light.max(axis=-1, keepdims=True), 1e-6)
    own = np.einsum("kc,kcn->kn", votes, shade)
    every = cells.light.sum(axis=1)
    chroma = (votes * cells.luminance).sum(axis=1)
    coloured = chroma > _WHITE_CHROMA * (cells.say * cells.luminance).sum(axis=1)
    colour = np.where(coloured[:, None], own, every).astype(np.float64)
    colour /= np.maximum(colour.max(axis=1, keepdims=True), 1e-9)
    white = colour.min(axis=1, keepdims=True)
    committed = coloured[:, None] & (1 - white > _WHITE)
    colour = np.where(committed, colour - _COMMIT * white, colour)
    colour /= np.maximum(colour.max(axis=1, keepdims=True), 1e-9)
    bright = np.quantile(cells.luminance, _BRIGHT, axis=1)
    scale = np.minimum(bright / np.maximum(colour @ LUMINANCE_WEIGHTS, 1e-6), 1.0)
    scale[bright < _DARK / 4] = 0.0
    return np.asarray(colour * scale[:, None])
