"""From a device's own rate to 24 kHz, causally and at once.

A windowed sinc of 16 zero crossings on each side of a sample, one row of taps for each phase: exact for any ratio of
whole numbers (48 kHz is 1/2, 44.1 kHz is 80/147), the same samples for any blocks, and late by 16 samples of the lower
rate, 0.7 ms at most. A general resampler of high quality (soxr HQ) holds sound back for 4 to 39 ms, in bursts.
"""

import math

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.timebase import SAMPLE_RATE

CROSSINGS = 16
_BETA = 8.0
"""Kaiser's; with 16 crossings −80 dB beyond a transition band of 8 % on each side (Kaiser 1974)."""

_MOST_PHASES = 2000


class StreamResampler:
    """Mono, ``rate`` Hz in, ``SAMPLE_RATE`` out.

    Args:
        rate: of the source, 8,000 to 384,000 Hz.

    Raises:
        ValueError: a rate beyond that, or one that has no small ratio to 24 kHz.
    """

    def __init__(self, rate: int) -> None:
        if not 8_000 <= rate <= 384_000:
            raise ValueError(f"{rate} Hz is not a rate of sound")
        divisor = math.gcd(rate, SAMPLE_RATE)
        self._up, self._down = SAMPLE_RATE // divisor, rate // divisor
        if self._up > _MOST_PHASES:
            raise ValueError(f"{rate} Hz has no small ratio to {SAMPLE_RATE} Hz")
        self._taps = _taps(rate, self._up)
        self._rest: F32 = np.zeros(self._taps.shape[1] - 1, dtype=np.float32)
        self._first = 0  # number of the output that the rest begins with
        self._dropped = 0  # input samples that are gone from the rest

    @property
    def latency_s(self) -> float:
        """By how much the output is late."""
        if self._up == self._down:
            return 0.0
        return float(self._taps.shape[1] // 2) / (SAMPLE_RATE * self._down / self._up)

    def push(self, samples: F32) -> F32:
        """Take samples ``[n]``, give those that they complete ``[m]``."""
        if self._up == self._down:
            return np.asarray(samples, dtype=np.float32)
        joined = np.concatenate([self._rest, np.asarray(samples, dtype=np.float32)])
        width = self._taps.shape[1]
        # Output k needs the inputs that end at floor(k * down / up); `joined` begins width - 1 before `dropped`.
        last = self._dropped + len(joined) - width
        count = max(0, (last + 1) * self._up - 1) // self._down + 1 - self._first if last >= 0 else 0
        if count <= 0:
            self._rest = joined
            return np.zeros(0, dtype=np.float32)
        numbers = np.arange(self._first, self._first + count)
        starts = numbers * self._down // self._up - self._dropped
        windows = np.lib.stride_tricks.sliding_window_view(joined, width)[starts]
        out = (windows * self._taps[numbers * self._down % self._up]).sum(axis=1)
        self._first += count
        keep = self._first * self._down // self._up - self._dropped
        self._rest = joined[keep:].copy()
        self._dropped += keep
        self._shift()
        return np.asarray(out, dtype=np.float32)

    def _shift(self) -> None:
        """Count from a nearer zero: numbers stay small however long the sound."""
        whole = min(self._first // self._up, self._dropped // self._down)
        self._first -= whole * self._up
        self._dropped -= whole * self._down


def _taps(rate: int, phases: int) -> F32:
    """``[phases, width]``; row p gives the sample p/phases of an input sample later than the window's centre."""
    lower = min(rate, SAMPLE_RATE)
    half = math.ceil(CROSSINGS * rate / lower)
    cutoff = 0.92 * lower / rate  # of the input's Nyquist frequency
    place = np.arange(-half, half)[None, :] + 1 - np.arange(phases)[:, None] / phases
    inside: F64 = np.sqrt(np.maximum(0.0, 1.0 - (place / half) ** 2))
    taps = cutoff * np.sinc(cutoff * place) * np.i0(_BETA * inside) / np.i0(_BETA)
    taps /= taps.sum(axis=1, keepdims=True)
    return taps.astype(np.float32)
