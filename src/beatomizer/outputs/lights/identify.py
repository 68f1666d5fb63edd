"""A pattern to find one's lamps by: each zone in turn, then red, green, blue and white everywhere, all of it slow.

It goes through a limiter of the strict profile for rooms like everything else, and asks it for nothing: no zone rises
more than once in three seconds.
"""

import math
from collections.abc import Iterator

import numpy as np

from beatomizer.arrays import U8
from beatomizer.color import linear_to_rgb8
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import PROFILES
from beatomizer.timebase import FPS

SWELL_S = 1.5
LIMITS = PROFILES["strict"].for_rooms()
_DIM = np.array([0.004, 0.004, 0.006])
_EVERYWHERE = (np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, 1.0]), np.array([1.0, 1.0, 1.0]))


def pattern(zones: int, seconds: float) -> Iterator[U8]:
    """Frames, uint8 ``[Z, 3]``, at 60 a second, for so long; from the start again when all was shown."""
    limiter = Limiter(zones, LIMITS)
    swell = round(SWELL_S * FPS)
    for number in range(round(seconds * FPS)):
        turn, at = divmod(number, swell)
        height = 0.5 - 0.5 * math.cos(2 * math.pi * at / swell)
        linear = np.tile(_DIM, (zones, 1))
        turn %= zones + len(_EVERYWHERE)
        if turn < zones:
            linear[turn] += height * (1 - _DIM)
        else:
            linear += height * 0.6 * _EVERYWHERE[turn - zones]
        yield limiter.step(linear_to_rgb8(linear))
