"""When sound begins to sound, to a few milliseconds: a trace at 250 a second.

The line's features have one row a frame (16.7 ms), which is right for light but too coarse to measure an offset: a song
of 120 BPM meets the same place in the frame with every beat, so its error would not average out.
"""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.timebase import SAMPLE_RATE, exact_div

TRACE_HZ = 250
_HOP = exact_div(SAMPLE_RATE, TRACE_HZ)
_WINDOW = 512
_EDGES_HZ = np.array([30.0, 120.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 7_000.0, 11_500.0])
_RANGE = 1e-4
"""Of a band's usual power: fainter changes do not count."""

_ROWS = 4096
_LOCAL_S = 1.0


def onset_trace(samples: F32) -> F64:
    """Strength of onsets, float64 ``[n]`` at ``TRACE_HZ``, row ``i`` at ``i / TRACE_HZ`` s.

    Mean 0 and deviation 1 over a neighbourhood of a second, so that loud parts do not decide alone; 0 where nothing
    happens. A click at time ``t`` has its peak within 2 ms of ``t``.

    Args:
        samples: mono 24 kHz, ``[N]``.
    """
    bands = _band_powers(np.asarray(samples, dtype=np.float32))
    if len(bands) < 3:
        return np.zeros(len(bands))
    usual = bands.mean(axis=0) + 1e-12
    level = np.log(bands / usual + _RANGE)
    rise = np.zeros_like(level)
    rise[2:] = np.maximum(level[2:] - level[:-2], 0.0)
    return standardised(rise.sum(axis=1), round(_LOCAL_S * TRACE_HZ))


def standardised(strength: F64, around: int) -> F64:
    """Subtract the mean of ``around`` neighbours and divide by their deviation (or a tenth of the whole's)."""
    local = moving_mean(strength, around)
    centred = strength - local
    spread = np.sqrt(np.maximum(moving_mean(centred**2, 4 * around), 0.0))
    floor = 0.1 * float(np.sqrt(np.mean(centred**2))) + 1e-9
    return np.asarray(centred / np.maximum(spread, floor))


def moving_mean(values: F64, around: int) -> F64:
    """Mean of ``around`` values about each, fewer at the ends."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    low = np.maximum(0, index - around // 2)
    high = np.minimum(len(values), index + around // 2 + 1)
    return np.asarray((sums[high] - sums[low]) / (high - low))


def _band_powers(samples: F32) -> F64:
    """``[n, 8]`` power of bands in windows centred on each row's time."""
    count = len(samples) // _HOP
    padded = np.concatenate([np.zeros(_WINDOW // 2, np.float32), samples, np.zeros(_WINDOW, np.float32)])
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    place = np.searchsorted(_EDGES_HZ, frequencies, side="right") - 1
    weights = np.array([place == band for band in range(len(_EDGES_HZ) - 1)], np.float32).T
    out = np.empty((count, weights.shape[1]))
    for start in range(0, count, _ROWS):
        rows = min(_ROWS, count - start)
        frames = np.lib.stride_tricks.as_strided(
            padded[start * _HOP :], (rows, _WINDOW), (_HOP * padded.itemsize, padded.itemsize)
        )
        spectrum = np.fft.rfft(frames * window)
        out[start : start + rows] = (spectrum.real**2 + spectrum.imag**2) @ weights
    return out
