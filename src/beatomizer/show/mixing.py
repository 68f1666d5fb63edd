"""Mixing light: dimming that keeps the hue, and fades that never cross grey.

Dimming scales linear light by the square of the intensity, the square law of stage dimmers: even steps of a fader
look even enough, low settings still give light, and hue and saturation are exactly kept down to black.

Two hues that are neighbours fade along the hue circle, at full chroma. Two that lie far apart would lead through
grey (straight) or through hues that nobody chose (around); they fade through dark instead, as a lighting desk's
split fade does. Between 60° and 120° one turns into the other.
"""

from functools import lru_cache

import numpy as np

from beatomizer.arrays import F64
from beatomizer.color import (
    linear_to_oklab,
    luminance,
    oklab_to_oklch,
    oklch_to_linear,
    parse_hex,
    rgb8_to_linear,
)

NEAR_HUE, FAR_HUE = np.deg2rad(60), np.deg2rad(120)
"""Hues nearer than the first fade along the circle, farther than the second through dark."""

RAMP_STEPS = 33
"""Colours in a ramp: neighbours differ by at most 180°/32, which the eye takes for continuous."""

GREY_CHROMA = 0.02
"""Below this OKLCh chroma a hue is noise, and the other colour's is taken."""


def smoothstep(x: F64) -> F64:
    """0 below 0, 1 above 1, and a soft S between."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def light_of(intensity: F64) -> F64:
    """Share of its light that a lamp gives at an intensity 0..1."""
    return np.square(intensity)


def intensity_of(light: F64) -> F64:
    """The intensity 0..1 at which a lamp gives that share of its light."""
    return np.sqrt(light)


def dim(linear: F64, intensity: F64) -> F64:
    """Linear light ``[..., 3]`` at ``intensity`` ``[...]`` 0..1."""
    return np.asarray(linear * light_of(intensity)[..., None])


def fade(before: F64, after: F64, progress: F64) -> F64:
    """Light ``[..., 3]`` on its way from ``before`` (progress 0) to ``after`` (progress 1), all in linear light."""
    progress = np.asarray(progress, dtype=np.float64)
    return _travel(before, after, progress, dark=True)


@lru_cache(maxsize=256)
def _ramp(first: str, second: str) -> F64:
    ends = color_of(first), color_of(second)
    ramp = _travel(ends[0][None], ends[1][None], np.linspace(0.0, 1.0, RAMP_STEPS), dark=False)
    ramp.setflags(write=False)
    return ramp


def ramp(first: str, second: str) -> F64:
    """Linear light ``[RAMP_STEPS, 3]`` along the hue circle from one ``#rrggbb`` to another, never dark or grey."""
    return _ramp(first, second)


@lru_cache(maxsize=256)
def color_of(text: str) -> F64:
    """Linear light ``[3]`` of ``#rrggbb``."""
    linear = rgb8_to_linear(np.array(parse_hex(text), dtype=np.uint8))
    linear.setflags(write=False)
    return linear


def _travel(before: F64, after: F64, progress: F64, *, dark: bool) -> F64:
    """The way between two colours: along the hue circle, dipping into the dark where that is long and asked for."""
    start, end = (oklab_to_oklch(linear_to_oklab(np.asarray(end))) for end in (before, after))
    start, end, progress = np.broadcast_arrays(start, end, progress[..., None])
    progress = progress[..., 0]
    colored = (start[..., 1] > GREY_CHROMA) & (end[..., 1] > GREY_CHROMA)
    hue_from = np.where(start[..., 1] > GREY_CHROMA, start[..., 2], end[..., 2])
    hue_to = np.where(end[..., 1] > GREY_CHROMA, end[..., 2], start[..., 2])
    turn = (hue_to - hue_from + np.pi) % (2 * np.pi) - np.pi
    far = np.where(colored, smoothstep((np.abs(turn) - NEAR_HUE) / (FAR_HUE - NEAR_HUE)), 0.0) * dark
    # Far hues change over in the dark middle fifth of the fade; near ones take all of it.
    gone = progress + far * (np.clip(5.0 * progress - 2.0, 0.0, 1.0) - progress)
    shine = 1.0 - far * (1.0 - np.abs(2.0 * progress - 1.0))
    path = start + (end - start) * gone[..., None]
    lch = np.stack([path[..., 0] * shine, path[..., 1] * shine, hue_from + turn * gone], axis=-1)
    return oklch_to_linear(lch)


def per_luminance(linear: F64) -> F64:
    """Colours ``[..., 3]`` scaled to a relative luminance of one (beyond what a screen shows; to be scaled down)."""
    return linear / np.maximum(luminance(linear), 1e-9)[..., None]
