"""The waveform for a page: how far the sound swings, a hundred times a second."""

import numpy as np

from beatomizer.arrays import F32
from beatomizer.timebase import SAMPLE_RATE, exact_div

PER_S = 100
_STEP = exact_div(SAMPLE_RATE, PER_S)
_AT_ONCE = 4096
"""Steps that are looked at together, so that memory does not grow with the song."""


def wave_of(samples: F32) -> bytes:
    """Mono 24 kHz ``[N]`` → pairs (peak, root mean square) as bytes 0..255, one a hundredth of a second."""
    count = -(-len(samples) // _STEP)
    pairs = np.zeros((count, 2), dtype=np.float32)
    for first in range(0, count, _AT_ONCE):
        block = samples[first * _STEP : (first + _AT_ONCE) * _STEP]
        steps = np.pad(block, (0, -len(block) % _STEP)).reshape(-1, _STEP)
        inside = slice(first, first + len(steps))
        pairs[inside, 0] = np.abs(steps).max(axis=1)
        pairs[inside, 1] = np.sqrt(np.mean(np.square(steps), axis=1))
    return bytes(np.round(np.clip(pairs, 0.0, 1.0) * 255).astype(np.uint8).tobytes())
