"""Light that moves on every beat and that no flash rule counts.

The rules count opposing changes of luminance from a tenth of full white on, and changes of saturated red from far
less. Both leave room that the eye can use: near black a rise of 0.07 in luminance is a third of the way to white in
lightness, and hues may change freely at one luminance. What moves with the beat here keeps to that room; full flashes
are few and chosen (``clock.FULL_FLASH_GAP_S``). The limiter then has nothing to do (``docs/safety.md``).
"""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.color import linear_to_oklab, luminance, oklab_to_oklch

QUIET_SWING = 0.068
"""Relative luminance by which the stage may rise on a beat that no rule is to count.

The rules count from 0.1; judges here use 0.08 for margin, and video encoding moves luminance by up to 0.014. From
black this is L* 0 → 31.
"""

QUIETEST = 0.4
"""Share of ``QUIET_SWING`` that is left at the lowest intensity: from black L* 0 → 19, still plain to see."""

QUIET_RED = 0.03
"""Linear R − G − B of a saturated red by which the stage may move likewise; the strictest judge counts 12/320."""

RED_SHARE = 0.74
"""Largest R/(R+G+B) of light that moves with every beat: red begins at 0.8, and what a zone held before adds to it."""

GOLD, MAGENTA = np.array([1.0, 0.7, 0.0]), np.array([1.0, 0.0, 0.88])
"""Light added to held red: ``QUIET_SWING`` of it raises R − G − B by ``QUIET_RED``."""

_PINK_HUE = np.deg2rad(31)
"""Reds with an OKLCh hue below this (pure red has 29°) leave red by way of pink, those above by way of amber."""


def unseen_share(colors: F64) -> F64:
    """Share of its light by which each colour ``[..., 3]`` may move on every beat, stage-wide, uncounted."""
    excess = colors[..., 0] - colors[..., 1] - colors[..., 2]
    swing = QUIET_SWING / np.maximum(luminance(colors), 1e-9)
    return np.minimum(1.0, np.minimum(swing, QUIET_RED / np.maximum(excess, 1e-9)))


def off_red(colors: F64) -> F64:
    """Colours ``[..., 3]`` that no red rule counts: reds lean to pink or amber until ``RED_SHARE``, others stay."""
    colors = np.asarray(colors, dtype=np.float64)
    missing = np.maximum(0.0, colors[..., 0] * (1.0 / RED_SHARE - 1.0) - colors[..., 1] - colors[..., 2])
    pink = _hue(colors) < _PINK_HUE
    zero = np.zeros_like(missing)
    return np.asarray(
        colors + np.stack([zero, np.where(pink, zero, missing), np.where(pink, missing, zero)], axis=-1)
    )


def is_saturated_red(color: F64) -> bool:
    """Whether a red rule takes this colour ``[3]`` for red, with the margin of ``RED_SHARE``."""
    total = float(np.sum(color))
    return total > 0 and float(color[0]) > RED_SHARE * total


def beside_red(color: F64) -> F64:
    """Light that can be added to a held red on every beat: magenta for pinkish reds, gold for orange ones."""
    return MAGENTA if _hue(color) < _PINK_HUE else GOLD


def _hue(colors: F64) -> F64:
    return oklab_to_oklch(linear_to_oklab(colors))[..., 2]
