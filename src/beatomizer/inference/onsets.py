"""Where sounds begin: a beat activation and four kinds of drum, from the flux of the feature bank. Offline.

The flux of frame ``t`` compares a window that ends with the frame with the one before, and its window is flat
(see ``features.windows``): a click at sample n shows in frame ``n // 400`` and in no other. So the latency of this
chain is ``LATENCY_FRAMES = 0``, and the tests hold it to that.
"""

from collections.abc import Iterator

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.bank import BANK, COLUMNS
from beatomizer.features.filterbanks import mel_edges_hz
from beatomizer.inference.smoothing import moving_max, moving_mean
from beatomizer.timebase import FPS

LATENCY_FRAMES = 0
KINDS = ("kick", "snare", "hat", "other")

_CENTRE_HZ = mel_edges_hz(BANK.flux_bands, BANK.flux_low_hz, BANK.flux_high_hz)[1:-1]
_BACKGROUND_FRAMES = 9
_EVEN_FRAMES = 4 * FPS


def _between(low_hz: float, high_hz: float) -> F64:
    """``[24]`` equal weights, summing to 1, for the flux bands whose centre lies in the range."""
    inside = ((low_hz <= _CENTRE_HZ) & (high_hz > _CENTRE_HZ)).astype(np.float64)
    return np.asarray(inside / inside.sum())


_ROWS = 1 << 14
"""Frames that are turned to float64 at once: the song as a whole, in the precision of sums, would be twice itself."""

_LOW, _BODY = _between(0.0, 150.0), _between(150.0, 450.0)
_MIDDLE, _CRACK, _AIR = _between(450.0, 2_000.0), _between(1_800.0, 6_000.0), _between(6_000.0, 20_000.0)

BEAT_WEIGHTS: F64 = 0.30 * _LOW + 0.20 * _BODY + 0.15 * _MIDDLE + 0.20 * _CRACK + 0.15 * _AIR
"""Kick and body lead, because beats are what feet hear; the top keeps the phase honest where a bass line enters late.
Chosen on real songs: see "beat activation" in the lab notebook."""
NOTE_WEIGHT, NOTE_LAG_FRAMES = 0.5, 2
"""Rise of the fine mel bands over two frames: the notes of a piano or a string section, which have no click."""


def beat_activation(frames: F32) -> F64:
    """Likelihood of a beat, ``[T]`` 0..1: narrow peaks on onsets, even over quiet and loud parts."""
    strength = NOTE_WEIGHT * _note_rise(frames)
    for rows, flux in _flux(frames):
        strength[rows] += flux @ BEAT_WEIGHTS
    return _squashed(_peaks(strength))


def _note_rise(frames: F32) -> F64:
    mel = frames[:, COLUMNS["mel"]]
    rise = np.zeros(len(mel))
    for start in range(NOTE_LAG_FRAMES, len(mel), _ROWS):
        now, then = mel[start : start + _ROWS], mel[start - NOTE_LAG_FRAMES : start + _ROWS - NOTE_LAG_FRAMES]
        np.maximum(now - then[: len(now)], 0.0).mean(axis=1, out=rise[start : start + len(now)])
    return rise


def drum_onsets(frames: F32) -> F64:
    """Likelihood of each of ``KINDS``, ``[T, 4]`` 0..1."""
    onsets = np.empty((len(frames), len(KINDS)))
    for rows, flux in _flux(frames):
        low, body, middle, crack, air = (flux @ part for part in (_LOW, _BODY, _MIDDLE, _CRACK, _AIR))
        onsets[rows, 0] = np.maximum(low - 0.3 * crack, 0.0)
        onsets[rows, 1] = np.sqrt(np.maximum(body, 0.25 * middle) * crack)
        onsets[rows, 2] = np.maximum(air - 0.5 * low - 0.35 * body, 0.0)
        onsets[rows, 3] = np.maximum(middle - 0.4 * crack - 0.2 * low, 0.0)
    for kind in onsets.T:
        kind[:] = _squashed(_peaks(kind))
    return onsets


def _flux(frames: F32) -> Iterator[tuple[slice, F64]]:
    """The flux bands of all frames, ``[n, 24]`` at a time, and which frames those are."""
    for start in range(0, len(frames), _ROWS):
        rows = slice(start, start + _ROWS)
        yield rows, frames[rows, COLUMNS["flux"]].astype(np.float64)


def _peaks(strength: F64) -> F64:
    """``[T]`` onset strength → in units of a typical peak of its neighbourhood, tops kept, slopes removed."""
    if len(strength) == 0:
        return strength
    rising = np.maximum(strength - moving_mean(strength, _BACKGROUND_FRAMES), 0.0)
    near = np.sqrt(moving_mean(rising**2, _EVEN_FRAMES))
    overall = np.sqrt(np.mean(rising**2, axis=0))
    even = rising / (near + 0.25 * overall + 0.02)
    top = moving_max(even, 2)
    return np.asarray(even * (even / np.maximum(top, 1e-9)) ** 2)


def _squashed(peaks: F64) -> F64:
    """Half at a peak of three times the neighbourhood's root mean square; nothing reaches 1."""
    return np.asarray(peaks**2 / (peaks**2 + 9.0))
