"""What a judge looks at: luminance, redness and chromaticity of each region, a frame at a time or all at once.

Both forms do the same float operations in the same order, so that they agree to the last bit.

Sources: relative luminance and ``R / (R + G + B) >= 0.8``, ``(R - G - B) * 320`` from WCAG 2.1; CIE 1976 u'v' from
WCAG 2.2 with the sRGB matrix of IEC 61966-2-1.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import LINEAR_OF_RGB8

LINEAR: list[float] = LINEAR_OF_RGB8.tolist()
"""Linear light of each 8-bit value, as plain floats."""

_DIRECTIONS = 8
_FIRST_DEG, _STEP_DEG = -42.0, 18.0
AXES: tuple[tuple[float, float], ...] = tuple(
    (math.cos(math.radians(_FIRST_DEG + _STEP_DEG * k)), math.sin(math.radians(_FIRST_DEG + _STEP_DEG * k)))
    for k in range(_DIRECTIONS)
)
"""Directions in the u'v' plane along which saturated reds lie from everything that is farther than 0.17 from them.

The farthest distance from a point to a set is the largest one along any direction; between two neighbours of these
directions (18 degrees apart) the error is below ``1 - AXES_ACCURACY``.
"""

AXES_ACCURACY = math.cos(math.radians(_STEP_DEG / 2))
"""0.988: a distance read along ``AXES`` is at least this share of the true one."""

_AXES_X = np.array([x for x, _ in AXES])
_AXES_Y = np.array([y for _, y in AXES])

_D65 = (0.19784, 0.46834)
"""u'v' of black, which has no chromaticity of its own."""


class Light(NamedTuple):
    """One region at one frame.

    Attributes:
        luminance: relative, 0..1.
        redness: ``320 * max(0, R - G - B)``.
        red_share: ``R / (R + G + B)``, 0 for black.
        linear: linear R, G, B.
    """

    luminance: float
    redness: float
    red_share: float
    linear: tuple[float, float, float]


def light_of(red: float, green: float, blue: float) -> Light:
    """All signals of one linear colour."""
    total = red + green + blue
    excess = red - green - blue
    return Light(
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        320.0 * excess if excess > 0.0 else 0.0,
        red / total if total > 0.0 else 0.0,
        (red, green, blue),
    )


BLACK = light_of(0.0, 0.0, 0.0)


def chromaticity(red: float, green: float, blue: float) -> tuple[float, float]:
    """CIE 1976 u', v' of a linear colour; black counts as D65."""
    weight = 3.6593 * red + 11.4424 * green + 4.1144 * blue
    if weight <= 0.0:
        return _D65
    return (
        (1.6496 * red + 1.4304 * green + 0.722 * blue) / weight,
        (1.9134 * red + 6.4368 * green + 0.6498 * blue) / weight,
    )


def along_axes(linear: tuple[float, float, float]) -> list[float]:
    """The chromaticity of a linear colour, measured along each of ``AXES``."""
    u, v = chromaticity(*linear)
    return [u * x + v * y for x, y in AXES]


@dataclass(frozen=True)
class Signals:
    """All signals of many regions over many frames, ``[T, R]`` each; ``linear`` is ``[T, R, 3]``."""

    linear: F64
    luminance: F64
    redness: F64
    red_share: F64
    _axes: dict[int, F64] = field(default_factory=dict, repr=False, compare=False)

    @property
    def frames(self) -> int:
        """T."""
        return int(self.luminance.shape[0])

    @property
    def regions(self) -> int:
        """R."""
        return int(self.luminance.shape[1])

    def along_axes(self, region: int) -> F64:
        """The chromaticity of one region along each of ``AXES``: ``[T, 8]``."""
        if region not in self._axes:
            self._axes[region] = block_along_axes(self.linear[:, region])
        return self._axes[region]

    def block(self, start: int, end: int) -> "Signals":
        """Frames ``start`` up to ``end``, without copying."""
        part = slice(start, end)
        return Signals(self.linear[part], self.luminance[part], self.redness[part], self.red_share[part])

    def light(self, frame: int, region: int) -> Light:
        """One region at one frame, for the frame-by-frame form."""
        red, green, blue = self.linear[frame, region].tolist()
        return Light(
            float(self.luminance[frame, region]),
            float(self.redness[frame, region]),
            float(self.red_share[frame, region]),
            (red, green, blue),
        )


def signals_of(linear: F64) -> Signals:
    """All signals of linear colours ``[T, R, 3]``."""
    red, green, blue = linear[..., 0], linear[..., 1], linear[..., 2]
    total = red + green + blue
    share = np.divide(red, total, out=np.zeros_like(total), where=total > 0.0)
    return Signals(
        linear,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        320.0 * np.maximum(red - green - blue, 0.0),
        share,
    )


def signals_of_rgb8(rgb8: U8) -> Signals:
    """All signals of 8-bit colours ``[T, R, 3]``."""
    return signals_of(LINEAR_OF_RGB8[rgb8])


def with_stage(linear: F64) -> F64:
    """Zones ``[T, Z, 3]`` with the whole stage (equal areas) as one more region; a single zone is the stage."""
    zones = linear.shape[1]
    if zones == 1:
        return linear
    stage = linear[:, 0].copy()
    for zone in range(1, zones):  # the same order of additions as frame by frame
        stage += linear[:, zone]
    stage *= 1.0 / zones
    return np.concatenate([linear, stage[:, None]], axis=1)


def block_along_axes(linear: F64) -> F64:
    """``along_axes`` for linear colours ``[n, 3]`` → ``[n, 8]``."""
    red, green, blue = linear[:, 0], linear[:, 1], linear[:, 2]
    weight = 3.6593 * red + 11.4424 * green + 4.1144 * blue
    lit = weight > 0.0
    safe = np.where(lit, weight, 1.0)
    u = np.where(lit, (1.6496 * red + 1.4304 * green + 0.722 * blue) / safe, _D65[0])
    v = np.where(lit, (1.9134 * red + 6.4368 * green + 0.6498 * blue) / safe, _D65[1])
    return np.asarray(u[:, None] * _AXES_X + v[:, None] * _AXES_Y)
