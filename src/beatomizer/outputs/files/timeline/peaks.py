"""The waveform as columns, read from the song block by block: memory does not grow with the song."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64, Int
from beatomizer.timebase import HOP


@dataclass(frozen=True)
class Peaks:
    """How far the sound swings about its middle in each column.

    Attributes:
        peak: float32 ``[W]``, largest distance from the song's mean.
        rms: float32 ``[W]``, root of the mean square of it.
    """

    peak: F32
    rms: F32


def waveform(blocks: Iterable[F32], frames: int, width: int) -> Peaks:
    """Peaks of mono 24 kHz blocks ``[n]`` over a show of ``frames`` frames in ``width`` columns.

    Sound that goes on after the show is left out, and missing sound counts as silence. A constant offset of the song
    is taken out, which is why all four sums below are kept until its end.
    """
    total = max(1, frames * HOP)
    edges = np.arange(width + 1, dtype=np.int64) * total // width
    sums = _Sums(edges, np.zeros(width), np.zeros(width), np.zeros(width), np.zeros(width), np.zeros(width))
    position = 0
    for block in blocks:
        heard = block[: total - position]
        if not len(heard):
            break
        sums.add(heard, position)
        position += len(heard)
    return sums.peaks()


@dataclass(frozen=True)
class _Sums:
    """What each column has heard so far; ``edges`` ``[W + 1]`` are the columns' first samples."""

    edges: Int
    low: F64
    high: F64
    total: F64
    squares: F64
    count: F64

    def add(self, block: F32, position: int) -> None:
        """Add the samples that begin at ``position`` to the columns they fall into."""
        first = int(np.searchsorted(self.edges, position, side="right")) - 1
        last = int(np.searchsorted(self.edges, position + len(block), side="left"))
        begins = np.clip(self.edges[first:last] - position, 0, len(block) - 1)
        ends = np.clip(self.edges[first + 1 : last + 1] - position, 0, len(block))
        inside = slice(first, last)
        known = self.count[inside] > 0
        low, high = np.minimum.reduceat(block, begins), np.maximum.reduceat(block, begins)
        self.low[inside] = np.where(known, np.minimum(self.low[inside], low), low)
        self.high[inside] = np.where(known, np.maximum(self.high[inside], high), high)
        exact = block.astype(np.float64)
        self.total[inside] += np.add.reduceat(exact, begins)
        self.squares[inside] += np.add.reduceat(exact * exact, begins)
        self.count[inside] += np.maximum(ends - begins, 1)

    def peaks(self) -> Peaks:
        """Take the song's mean out of everything."""
        mean = float(self.total.sum() / max(1.0, self.count.sum()))
        count = np.maximum(self.count, 1)
        heard = self.count > 0
        peak = np.where(heard, np.maximum(self.high - mean, mean - self.low), 0.0)
        power = self.squares / count - 2 * mean * self.total / count + mean * mean
        rms = np.sqrt(np.where(heard, np.maximum(power, 0.0), 0.0))
        return Peaks(peak.astype(np.float32), rms.astype(np.float32))
