"""What the tempo head says for each candidate tempo, worked out where it is asked for.

Sixty numbers a frame, in double precision, of a song of two hours are several hundred megabytes; nobody needs them
all at once. The bar pointer asks for a piece, the machine's grid for the whole song's total.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.inference.engine import TEMPI_BPM
from beatomizer.timebase import FPS

_RATIO = 1.03
"""From one candidate tempo to the next; what lies between is within the leeway of an interval."""

TEMPI: F64 = np.asarray(40.0 * _RATIO ** np.arange(-1, 62), dtype=np.float64)
"""Candidate tempi, 38.8 to 243 BPM."""

_WEIGHT, _FLOOR = 1.0 / FPS, 0.02
_LIKED_BPM, _LIKED_OCTAVES, _LIKING = 112.0, 0.8, 0.08 / FPS
"""Where people tap (log-normal), as weak as a prior may be: what is heard always outweighs it."""

_AT_ONCE = 60 * FPS

_PLACE: F64 = np.log(TEMPI / TEMPI_BPM[0]) / np.log(TEMPI_BPM[1] / TEMPI_BPM[0])
_BELOW = np.clip(np.floor(_PLACE).astype(int), 0, len(TEMPI_BPM) - 2)
_SHARE: F64 = np.clip(_PLACE - _BELOW, 0.0, 1.0)
_LIKED: F64 = -((np.log2(TEMPI / _LIKED_BPM) / _LIKED_OCTAVES) ** 2)


@dataclass(frozen=True)
class TempoEvidence:
    """Of frames ``first`` to ``last`` (excluded) of a song; before it and after it nothing is known.

    Attributes:
        tempo: float32 ``[T, 49]``, as in ``Scores``, of the whole song.
        first, last: may lie outside.
    """

    tempo: F32
    first: int
    last: int

    @classmethod
    def of(cls, tempo: F32) -> "TempoEvidence":
        """Of a whole song."""
        return cls(tempo, 0, len(tempo))

    def __len__(self) -> int:
        return self.last - self.first

    def widened(self, before: int, after: int) -> "TempoEvidence":
        """The same between frames about which nothing is known."""
        return TempoEvidence(self.tempo, self.first - before, self.last + after)

    def cut(self, first: int, last: int) -> "TempoEvidence":
        """Frames ``first`` to ``last`` (excluded), counted from the first one here."""
        return TempoEvidence(self.tempo, self.first + first, self.first + last)

    def sums(self) -> F64:
        """Running sums, ``[n + 1, K]``, of what is for each of ``TEMPI``, from 0."""
        out = np.zeros((len(self) + 1, len(TEMPI)))
        low, high = np.clip([self.first, self.last], 0, len(self.tempo))
        if low == high:
            return out
        inside = slice(1 + low - self.first, 1 + high - self.first)
        np.cumsum(worth(self.tempo[low:high]), axis=0, out=out[inside])
        out[inside.stop :] = out[inside.stop - 1]
        return out

    @cached_property
    def total(self) -> F64:
        """What is for each of ``TEMPI`` in all, ``[K]``."""
        return np.asarray(sum(self.blocks(_AT_ONCE), start=np.zeros(len(TEMPI))))

    def blocks(self, frames: int) -> Iterator[F64]:
        """Totals of each ``frames`` frames in turn, ``[K]``; the last may be of fewer."""
        for first in range(self.first, self.last, frames):
            low, high = np.clip([first, min(first + frames, self.last)], 0, len(self.tempo))
            yield worth(self.tempo[low:high]).sum(axis=0)


def pulse_chance(tempo: F32) -> F64:
    """Chance that there is a beat at all, ``[T]``, by the tempo head's last column."""
    return np.asarray(1.0 - np.clip(np.nan_to_num(tempo[:, -1].astype(np.float64)), 0.0, 1.0))


def worth(tempo: F32) -> F64:
    """Weighted log chances of ``TEMPI``, ``[T, K]``, less what all of them have in common."""
    known = np.nan_to_num(np.asarray(tempo, dtype=np.float64))
    there = pulse_chance(tempo)
    chances = known[:, _BELOW] * (1.0 - _SHARE) + known[:, _BELOW + 1] * _SHARE
    said = np.log(chances / np.maximum(there, 0.05)[:, None] + _FLOOR) - np.log(_FLOOR)
    return np.asarray(_WEIGHT * there[:, None] * said + _LIKING * _LIKED)
