"""The slow light under the fast one, and contrast taken out between them without freezing or chopping anything."""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.color import LUMINANCE_WEIGHTS

FLOOR_REACH_FRAMES = 32
"""Half the stretch over which the floor is looked for: valleys nearer than 65 frames to each other share one floor."""

_DARK = 1e-9

_ALMOST_BLACK = 0.002
"""Luminance of the 8-bit grey 6."""


def luminance_of(linear: F64) -> F64:
    """Relative luminance of linear colours ``[..., 3]``."""
    return np.asarray(linear @ LUMINANCE_WEIGHTS)


def floor_of(luminance: F64, reach: int = FLOOR_REACH_FRAMES) -> F64:
    """The light that stays on between pulses: a smooth curve that is nowhere above ``luminance`` ``[T, ...]``."""
    return moving_mean(_moving_minimum(luminance, reach), reach)


def moving_mean(values: F64, reach: int) -> F64:
    """Mean over ``2 * reach + 1`` frames around each, the edges repeated; along the first axis."""
    padded = np.concatenate([_repeat(values[:1], reach + 1), values, _repeat(values[-1:], reach)])
    sums = np.cumsum(padded, axis=0)
    return np.asarray((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1))


def moving_maximum(values: F64, reach: int) -> F64:
    """Largest of ``2 * reach + 1`` values around each; along the first axis."""
    return -_moving_minimum(-values, reach)


def _moving_minimum(values: F64, reach: int) -> F64:
    padded = np.concatenate([_repeat(values[:1], reach), values, _repeat(values[-1:], reach)])
    width = 1
    while 2 * width <= 2 * reach + 1:  # windows of 1, 2, 4, … values
        padded = np.minimum(padded[:-width], padded[width:])
        width *= 2
    rest = 2 * reach + 1 - width
    return padded if rest == 0 else np.minimum(padded[:-rest], padded[rest:])


def with_luminance(linear: F64, now: F64, wanted: F64) -> F64:
    """Colours ``[..., 3]`` dimmed from luminance ``now`` to ``wanted``, the hue kept; black stays black."""
    ratio = np.divide(wanted, now, out=np.zeros_like(now), where=now > _DARK)
    return np.asarray(linear * ratio[..., None])


def less_red(linear: F64, share: float, amount: F64) -> F64:
    """Saturated reds turned towards the neighbour they lean to, magenta or amber, at the same luminance.

    Almost black colours become grey: at 8 bits their share of red is a matter of rounding, and would flicker.

    Args:
        linear: ``[..., 3]``.
        share: ``R / (R + G + B)`` that is reached where ``amount`` is 1; colours below it stay.
        amount: ``[...]``, 0 nothing … 1 all of it.
    """
    now = luminance_of(linear)
    missing = np.maximum(linear[..., 0] / share - linear.sum(axis=-1), 0.0) * amount
    turned = linear.copy()
    to_amber = linear[..., 1] > linear[..., 2]
    turned[..., 1] += np.where(to_amber, missing, 0.0)
    turned[..., 2] += np.where(to_amber, 0.0, missing)
    turned = with_luminance(turned, luminance_of(turned), now)
    greyness = np.clip((_ALMOST_BLACK - now) / _ALMOST_BLACK * 2.0, 0.0, 1.0) * amount
    return np.asarray(turned + (now[..., None] - turned) * greyness[..., None])


def _repeat(edge: F64, times: int) -> F64:
    return np.repeat(edge, times, axis=0)
