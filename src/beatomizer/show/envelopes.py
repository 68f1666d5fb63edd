"""Shapes of light in time, 0..1, as pure functions of frames since and until something happens.

All are shapes of *intensity* (``mixing.dim`` turns that into light), so that a straight line looks straight.
"""

import numpy as np

from beatomizer.arrays import F64, Int


def decay(since: Int | F64, span: Int | F64 | float, tau: Int | F64 | float) -> F64:
    """One at ``since`` = 0, falling like a lamp with time constant ``tau``, exactly zero at ``span`` frames."""
    end = np.exp(-np.asarray(span, dtype=np.float64) / tau)
    return np.clip((np.exp(-np.asarray(since, dtype=np.float64) / tau) - end) / (1.0 - end), 0.0, 1.0)


def breath(cycle: F64) -> F64:
    """Raised cosine: zero at whole numbers of ``cycle``, one half-way between."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.asarray(cycle))


def unit_hash(seed: int, *parts: Int) -> F64:
    """Numbers 0..1 that depend on ``seed`` and whole-number arrays alone: chance without a state.

    SplitMix64's finaliser (Steele, Lea, Flood 2014) over the parts in turn; broadcasts like numpy.
    """
    value = np.asarray(seed & 0xFFFF_FFFF_FFFF_FFFF, dtype=np.uint64)
    for part in (np.zeros(1, dtype=np.int64), *parts):
        value = np.asarray(value + np.asarray(part).astype(np.uint64) + _GOLDEN)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value = value ^ (value >> np.uint64(31))
    return (value >> np.uint64(11)).astype(np.float64) / 2.0**53


_GOLDEN = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
