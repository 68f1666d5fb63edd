"""The idle look: what lights do while nobody says anything. A slow breath in the colours that were there.

It begins where a sound card is gone, or the program that leads stands still, and stays below the change that any
judge counts, so it may last for hours.
"""

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8, luminance
from beatomizer.timebase import FPS

BREATH_S = 8.0
LOWEST, HIGHEST = 0.012, 0.06
"""Relative luminance of the breath's ends: clearly seen in the dark, and a change no rule counts (0.08 and more)."""

TAKE_OVER_S = 1.5
_WARM: F64 = np.array([1.0, 0.45, 0.12])


class Idle:
    """Takes over from a frame, breathes, and hands back; step it each frame whether it is wanted or not.

    Args:
        zones: Z.
    """

    def __init__(self, zones: int) -> None:
        self._share, self._frame = 0.0, 0.0
        self._hue: F64 = np.repeat(_WARM[None], zones, axis=0)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of it is to be seen."""
        return self._share <= 0.0

    def step(self, rgb8: U8, wanted: bool, frames: float = 1.0) -> U8:
        """``rgb8 [Z, 3]``, or on the way from it to the breath, or back; ``frames`` as for ``Fader.step``."""
        step = frames / (TAKE_OVER_S * FPS)
        self._share = min(1.0, self._share + step) if wanted else max(0.0, self._share - 2.0 * step)
        if self.is_quiet:
            self._frame = 0.0
            self._remember(rgb8)
            return rgb8
        self._frame += frames
        phase = 0.5 - 0.5 * np.cos(2.0 * np.pi * self._frame / (BREATH_S * FPS))
        height = LOWEST + (HIGHEST - LOWEST) * phase
        breath = self._hue * (height / np.maximum(luminance(self._hue), 1e-6))[:, None]
        mixed = (1.0 - self._share) * LINEAR_OF_RGB8[rgb8] + self._share * np.minimum(breath, 1.0)
        return linear_to_rgb8(mixed)

    def _remember(self, rgb8: U8) -> None:
        """The colours to breathe in: the last that were bright enough to have one."""
        linear = LINEAR_OF_RGB8[rgb8]
        lit = luminance(linear) > HIGHEST
        if lit.any():
            self._hue = np.where(lit[:, None], linear, linear[lit].mean(axis=0))
