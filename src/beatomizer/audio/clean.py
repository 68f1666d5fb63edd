"""Cleaning: what a decoder gives is not always sound.

Two kinds of repair. Samples that are no numbers become silence at once, block by block. The offset and the level are
a property of the whole song: they are measured first (offline) and mended afterwards, in the same way for the mono
that the lights follow and for the stereo that people hear.
"""

from dataclasses import dataclass, field

import numpy as np

from beatomizer.arrays import F32, Int

_HUGE = np.float32(2.0**100)
"""Nothing that was ever sound is larger (32-bit integers written as floats reach 2**31); keeps filters finite."""

_TINY = np.float32(1e-20)
"""−400 dB: below it floats get denormal and slow, and nobody hears it."""

_GROSS_PEAK = 2.0
"""Lossy decoders overshoot full scale by up to about 6 dB on loud masters; that is clipped as any player does."""

_LOUD_SHARE = 0.001
"""Sound is out of range if more than this share of it is; fewer loud samples are a defect, and are clipped."""

_SIGNIFICANT_OFFSET = 0.01
_SILENT_PEAK = 10 ** (-80 / 20)

_BIN_EDGES = np.concatenate([[0.0], 2.0 ** (np.arange(0, 110 * 8 + 1) / 8), [np.inf]])
"""Levels from 1 to 2**110 in eighths of an octave."""


def without_nonsense(block: F32) -> int:
    """Mend ``block [n, C]`` in place: NaN and infinity to 0, lone absurd values clipped, denormals to 0.

    A lone absurd value has to go before the sound is resampled: the filter would ring with it for milliseconds.

    Returns:
        How many of its ``n`` samples were no numbers.
    """
    bad = 0
    largest = _largest(block)
    if not np.isfinite(largest):
        nonsense = ~np.isfinite(block)
        bad = int(nonsense.any(axis=1).sum())
        block[nonsense] = 0.0
        largest = _largest(block)
    if largest > _GROSS_PEAK:
        lone = np.count_nonzero(np.abs(block) > _GROSS_PEAK) <= max(1, _LOUD_SHARE * block.size)
        limit = np.float32(1.0) if lone else _HUGE
        np.clip(block, -limit, limit, out=block)
    if 0 < largest < _TINY:
        block[:] = 0.0
    return bad


def _largest(block: F32) -> float:
    return float(np.maximum(block.max(initial=0.0), -block.min(initial=0.0)))  # NaN wins in both


@dataclass(frozen=True)
class Repair:
    """What is done to every sample of a song: ``(sample − offset) · gain``, then clipped to ±1."""

    offset: float = 0.0
    gain: float = 1.0

    def apply(self, block: F32) -> None:
        """Mend ``block`` in place."""
        if self.offset:
            block -= np.float32(self.offset)
        if self.gain != 1.0:
            block *= np.float32(self.gain)
        np.clip(block, -1.0, 1.0, out=block)


@dataclass
class Level:
    """Measures a song block by block: its mean and how its loud samples are spread."""

    samples: int = 0
    total: float = 0.0
    low: float = 0.0
    high: float = 0.0
    loud: Int = field(default_factory=lambda: np.zeros(len(_BIN_EDGES) - 1, dtype=np.int64))

    def hear(self, block: F32) -> None:
        """Take a block of mono sound ``[n]`` into account."""
        if not len(block):
            return
        low, high = float(block.min()), float(block.max())
        self.samples += len(block)
        self.total += float(block.sum(dtype=np.float64))
        self.low, self.high = min(self.low, low), max(self.high, high)
        if max(high, -low) > 1.0:
            self.loud += np.histogram(np.abs(block), bins=_BIN_EDGES)[0]

    @property
    def gain(self) -> float:
        """What brings a song that is far over full scale back to it, else 1."""
        return 1.0 / self._usual_peak() if max(self.high, -self.low) > _GROSS_PEAK else 1.0

    @property
    def offset(self) -> float:
        """The song's mean, if it is large enough to matter, else 0."""
        mean = self.total / max(1, self.samples)
        return mean if abs(mean) * self.gain > _SIGNIFICANT_OFFSET else 0.0

    @property
    def peak(self) -> float:
        """The largest sample, apart from the offset."""
        return max(self.high - self.offset, self.offset - self.low)

    def repair(self) -> tuple[Repair, list[str]]:
        """What to do, and a line for each thing that a person should know."""
        notes = []
        if self.offset:
            notes.append(f"a constant offset of {self.offset:.3g} was removed")
        if self.peak > _GROSS_PEAK:
            what = "the level was lowered" if self.gain < 1 else "they were clipped"
            notes.append(f"samples reach {self.peak:.3g} times full scale; {what}")
        if self.peak < _SILENT_PEAK:
            notes.append("the song is silent")
        return Repair(self.offset, self.gain), notes

    def _usual_peak(self) -> float:
        """The level that all but ``_LOUD_SHARE`` of the samples stay below; at least 1."""
        above = self.loud[::-1].cumsum()[::-1]
        reached = np.flatnonzero(above > _LOUD_SHARE * self.samples)
        if not len(reached) or _BIN_EDGES[reached[-1]] < _GROSS_PEAK:
            return 1.0
        return float(_BIN_EDGES[min(reached[-1] + 1, len(_BIN_EDGES) - 2)])
