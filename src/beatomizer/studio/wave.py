"""The waveform for a page: how far the sound swings, a hundred times a second."""

import numpy as np

from beatomizer.arrays import F32
from beatomizer.timebase import SAMPLE_RATE, exact_div

PER_S = 100
_STEP = exact_div(SAMPLE_RATE, PER_S)


def wave_of(samples: F32) -> bytes:
    """Mono 24 kHz ``[N]`` → pairs (peak, root mean square) as bytes 0..255, one a hundredth of a second."""
    count = -(-len(samples) // _STEP)
    padded = np.zeros(count * _STEP, dtype=np.float32)
    padded[: len(samples)] = samples
    steps = padded.reshape(count, _STEP)
    peak = np.abs(steps).max(axis=1, initial=0.0)
    rms = np.sqrt(np.mean(np.square(steps), axis=1))
    pairs = np.stack([peak, rms], axis=1)
    return np.round(np.clip(pairs, 0.0, 1.0) * 255).astype(np.uint8).tobytes()
