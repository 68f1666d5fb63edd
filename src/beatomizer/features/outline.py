"""The song from afar, five looks a second, not normalised: what sections and repeats are told apart by.

Offline only. The frames of ``bank`` forget levels on purpose (a live show has only the past); whether the chorus
comes back is asked of these.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.bank import BANK
from beatomizer.features.filterbanks import MAX_ROWS, Bands, chroma_weights, mel_weights
from beatomizer.timebase import SAMPLE_RATE, exact_div

STEPS_PER_S = 5
STEP_SAMPLES = exact_div(SAMPLE_RATE, STEPS_PER_S)
WINDOW = 4096
HALVES = 2
"""Windows in one step, spread evenly; their powers are averaged."""
MEL_BANDS = 32
_RANGE_DB = 70.0


@dataclass(frozen=True)
class Outline:
    """Coarse pictures of a song; ``U`` steps of 1/5 s, the last one may be partly past the end.

    Attributes:
        mel_db: ``[U, 32]`` level of each mel band, dB under a full-scale sine, floored 70 dB under the loudest.
        chroma: ``[U, 12]`` pitch classes from C, each row of unit length (zero in silence).
    """

    mel_db: F32
    chroma: F32

    @property
    def steps(self) -> int:
        """U."""
        return len(self.mel_db)


def outline(samples: F32) -> Outline:
    """Look at mono 24 kHz samples ``[N]``."""
    steps = -(-len(samples) // STEP_SAMPLES)
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    weights = _weights() / (window.sum() / 2) ** 2
    banded = Bands(weights)
    hop = exact_div(STEP_SAMPLES, HALVES)
    lead = (WINDOW - hop) // 2
    bands = np.empty((steps * HALVES, weights.shape[1]), dtype=np.float32)
    for start in range(0, len(bands), MAX_ROWS):
        stop = min(start + MAX_ROWS, len(bands))
        around = _padded(samples, start * hop - lead, (stop - 1) * hop - lead + WINDOW)
        looks = np.lib.stride_tricks.sliding_window_view(around, WINDOW)[::hop]
        spectrum = np.fft.rfft(looks * window).view(np.float32)
        np.square(spectrum, out=spectrum)
        bands[start:stop] = banded.of(spectrum[:, 0::2] + spectrum[:, 1::2])
    return _outline(bands.reshape(steps, HALVES, weights.shape[1]).mean(axis=1))


def _padded(samples: F32, start: int, stop: int) -> F32:
    """Samples ``start`` up to ``stop``, with silence before the first and after the last one of the song."""
    inside = samples[max(0, start) : max(0, stop)]
    before = max(0, -start)
    return np.pad(inside, (before, stop - start - before - len(inside)))


def _outline(bands: F32) -> Outline:
    chroma, mel = np.sqrt(bands[:, :12]), bands[:, 12:]
    loudest = max(float(mel.max(initial=0.0)), 1e-9)
    floor = np.float32(loudest * 10.0 ** (-_RANGE_DB / 10.0))
    length = np.sqrt(np.sum(chroma**2, axis=1, keepdims=True))
    return Outline(
        np.asarray(10.0 * np.log10(mel + floor), dtype=np.float32), chroma / (length + np.sqrt(floor))
    )


def _weights() -> F64:
    mel = mel_weights(WINDOW, SAMPLE_RATE, MEL_BANDS, BANK.mel_low_hz, BANK.mel_high_hz)
    chroma = chroma_weights(WINDOW, SAMPLE_RATE, 80.0, BANK.chroma_high_hz, BANK.tuning_hz)
    return np.hstack([chroma, mel])
