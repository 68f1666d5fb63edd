"""Sample-rate conversion in a stream, with an exact length.

The filter's delay is taken out by soxr, so sample 0 stays at time 0. How many samples come out depends on the total
time alone, never on how the sound was cut into blocks: ``ceil(seconds · rate)``.
"""

from fractions import Fraction

import numpy as np
import soxr

from beatomizer.arrays import F32
from beatomizer.timebase import SAMPLE_RATE

SLOWEST_RATE, FASTEST_RATE = 1_000, 768_000
"""Sample rates that are believed, in Hz."""


def sample_count(seconds: Fraction, sample_rate: int) -> int:
    """Samples that cover ``seconds`` at ``sample_rate``, the same time for every rate.

    The length in memory (24 kHz) decides; another rate covers exactly that length, so that a stereo copy for an
    output and the mono that the lights follow end together.
    """
    in_memory = _ceil(seconds * SAMPLE_RATE)
    return _ceil(Fraction(in_memory * sample_rate, SAMPLE_RATE))


class Resampler:
    """Blocks ``[n, C]`` of one rate → blocks ``[m, C]`` of another. The source's rate may change on the way.

    Args:
        sample_rate: of what comes out, in Hz.
        channels: C.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self._elapsed = Fraction(0)
        self._made = 0
        self._rate = 0
        self._taken = 0
        self._stream: soxr.ResampleStream | None = None

    @property
    def seconds(self) -> Fraction:
        """Time taken in so far, exactly."""
        return self._elapsed + (Fraction(self._taken, self._rate) if self._rate else 0)

    def push(self, block: F32, rate: int) -> list[F32]:
        """Take ``block [n, C]`` at ``rate`` Hz; return what is ready."""
        ready = []
        if rate != self._rate:
            ready = self.finish()
            self._rate, self._taken = rate, 0
            if rate != self.sample_rate:
                self._stream = soxr.ResampleStream(rate, self.sample_rate, self.channels, dtype="float32")
        self._taken += len(block)
        ready.append(self._resampled(np.ascontiguousarray(block), last=False))
        return ready

    def finish(self) -> list[F32]:
        """What is left, cut or filled up to the exact length."""
        if not self._rate:
            return []
        rest = self._resampled(np.zeros((0, self.channels), np.float32), last=True)
        self._elapsed, self._rate, self._taken, self._stream = self.seconds, 0, 0, None
        missing = sample_count(self._elapsed, self.sample_rate) - self._made
        self._made += missing
        if missing <= 0:
            return []
        return [
            np.concatenate(
                [rest[:missing], np.zeros((max(0, missing - len(rest)), self.channels), np.float32)]
            )
        ]

    def _resampled(self, block: F32, last: bool) -> F32:
        out = block if self._stream is None else self._stream.resample_chunk(block, last=last)
        if last:
            return out
        most = sample_count(self.seconds, self.sample_rate) - self._made
        out = out[:most]
        self._made += len(out)
        return out


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
