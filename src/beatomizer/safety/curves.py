"""A signal reduced to its turning points, which is all that the batch form of a detector has to visit."""

from bisect import bisect_left, bisect_right
from functools import cached_property
from operator import neg

import numpy as np

from beatomizer.arrays import F64


class Curve:
    """One signal of one region over a block of frames, with the value before the block in front.

    Attributes:
        values: ``n + 1`` plain floats; ``values[0]`` is the one before the block.
        knots: indices where the signal first reaches each local extreme, ascending, the last value included; between
            two knots it only rises or only falls.
    """

    def __init__(self, before: float, block: F64) -> None:
        array = np.concatenate([[before], block])
        self._steps = np.diff(array)
        self.values: list[float] = array.tolist()

    @cached_property
    def knots(self) -> list[int]:
        moving = np.flatnonzero(self._steps)
        if moving.size == 0:
            return []
        rises = self._steps[moving] > 0
        turns = np.flatnonzero(rises[1:] != rises[:-1])
        knots: list[int] = (moving[turns] + 1).tolist()
        knots.append(int(moving[-1]) + 1)
        return knots

    @cached_property
    def stills(self) -> list[int]:
        """Indices at which the signal is what it was one frame before."""
        stills: list[int] = (np.flatnonzero(self._steps == 0.0) + 1).tolist()
        return stills

    def next_still(self, index: int) -> int:
        """The first still index after ``index``; past the end if there is none."""
        place = bisect_right(self.stills, index)
        return self.stills[place] if place < len(self.stills) else len(self.values)

    def first_at_least(self, level: float, start: int, end: int) -> int:
        """The first index in ``start..end`` of a rising stretch with a value of at least ``level``."""
        return bisect_left(self.values, level, start, end + 1)

    def first_at_most(self, level: float, start: int, end: int) -> int:
        """The first index in ``start..end`` of a falling stretch with a value of at most ``level``."""
        return bisect_left(self.values, -level, start, end + 1, key=neg)

    def first_above(self, level: float, start: int, end: int) -> int:
        """The first index in ``start..end`` of a rising stretch with a value over ``level``."""
        return bisect_right(self.values, level, start, end + 1)

    def first_below(self, level: float, start: int, end: int) -> int:
        """The first index in ``start..end`` of a falling stretch with a value under ``level``."""
        return bisect_right(self.values, -level, start, end + 1, key=neg)
