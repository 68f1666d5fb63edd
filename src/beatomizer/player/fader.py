"""Master and blackout: slow hands on the light, before the limiter.

Both are factors on linear light. They move at a limited speed, so that no key makes an edge; what they make still
passes the limiter, which has the last word.
"""

import numpy as np

from beatomizer.arrays import U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.timebase import FPS

MASTER_S = 2.0
"""From dark to full and back by the master, in seconds."""

BLACKOUT_S = 0.3
"""The panic key: from any light to none. And back: the same way, slower."""

RETURN_S = 1.0


class Fader:
    """Two factors on their way to where they are wanted, a step each frame.

    Args:
        master: where to begin, 0..1.
        dark: whether to begin in blackout; then the light fades in.
    """

    def __init__(self, master: float = 1.0, *, dark: bool = False) -> None:
        self._master, self._open = master, 0.0 if dark else 1.0

    @property
    def is_dark(self) -> bool:
        """Whether nothing gets through."""
        return self._open <= 0.0

    @property
    def share(self) -> float:
        """Of linear light that gets through."""
        return (self._master * self._open) ** 2

    def step(self, rgb8: U8, master: float, blackout: bool, frames: float = 1.0) -> U8:
        """One frame ``[Z, 3]`` behind both hands; ``master`` is the square root of a share of linear light.

        ``frames`` is the time since the last step, in sixtieths of a second: more than one where some were skipped.
        """
        self._master = _moved(self._master, master, frames / (MASTER_S * FPS))
        if blackout:
            self._open = _moved(self._open, 0.0, frames / (BLACKOUT_S * FPS))
        else:
            self._open = _moved(self._open, 1.0, frames / (RETURN_S * FPS))
        share = self.share
        if share >= 1.0:
            return rgb8
        if share <= 0.0:
            return np.zeros_like(rgb8)
        return linear_to_rgb8(LINEAR_OF_RGB8[rgb8] * share)


def _moved(now: float, wanted: float, most: float) -> float:
    moved = now + min(max(wanted - now, -most), most)
    return 0.0 if moved < 1e-9 else min(moved, 1.0)
