"""Music made by a machine keeps one tempo to the sample: find it, and put every beat on its grid.

If quarter beats of one exact rate stay in phase through the whole song, the song is sequenced, whatever the beats
themselves seem to do: a syncopated verse may pull a beat tracker off the beat, but not off the grid of quarters.
"""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.timebase import FPS

SUBDIVISION = 4
"""Sixteenth notes where the beat is a quarter: what sequencers place notes on."""

IN_PHASE = 0.9
"""Agreement of the windows' phases: 1 is a machine. Real sequenced tracks reach 0.92–1.00, rubato 0.46–0.55."""

LEAST_STRENGTH = 0.1
SHORTEST_S = 12.0
_WINDOW = 8 * FPS
_AROUND = 0.015


def steady_rate(sharp: F64, rough_period: float) -> float | None:
    """Beats a second if the song keeps one exact tempo near ``rough_period`` frames a beat, else ``None``.

    Args:
        sharp: sharpened beat activation ``[T]``.
        rough_period: frames a beat, right to about one per cent.
    """
    if len(sharp) < SHORTEST_S * FPS or sharp.sum() <= 0:
        return None
    size = 1 << int(np.ceil(np.log2(8 * len(sharp))))
    magnitude = np.abs(np.fft.rfft(sharp, size))
    resolution = FPS / size
    fine = SUBDIVISION * FPS / rough_period / resolution
    bins = np.arange(int(fine * (1 - _AROUND)), int(fine * (1 + _AROUND)) + 2)
    bins = bins[bins < len(magnitude)]
    agreement = sum(magnitude[np.round(bins / share).astype(int)] for share in (1, 2, SUBDIVISION))
    rate = float(bins[np.argmax(agreement)]) * resolution / SUBDIVISION
    in_phase, strength = _coherence(sharp, rate * SUBDIVISION)
    return rate if in_phase >= IN_PHASE and strength >= LEAST_STRENGTH else None


def _coherence(sharp: F64, rate: float) -> tuple[float, float]:
    """How well windows agree on the phase of ``rate``, and how much of the sound follows it, each 0..1."""
    turning = sharp * np.exp(-2j * np.pi * rate * np.arange(len(sharp)) / FPS)
    width = min(_WINDOW, len(sharp) // 4)
    windows = turning[: len(sharp) // width * width].reshape(-1, width).sum(axis=1)
    total = float(np.abs(windows).sum())
    return float(np.abs(windows.sum())) / max(total, 1e-9), total / max(float(sharp.sum()), 1e-9)


def steady_grid(sharp: F64, rate: float, tracked_s: F64) -> F64:
    """Beat times in seconds over the whole song, at ``rate`` beats a second.

    The fine phase comes from the quarters of the beat; which quarter is the beat, from the sound on it and from how
    many of the tracked beats lie there.
    """
    seconds = np.arange(len(sharp)) / FPS
    fine = rate * SUBDIVISION
    angle = float(np.angle((sharp * np.exp(-2j * np.pi * fine * seconds)).sum()))
    first = -angle / (2 * np.pi * fine)
    best, best_worth = first, -np.inf
    for quarter in range(SUBDIVISION):
        phase = (first + quarter / fine) % (1 / rate)
        times = np.arange(phase, len(sharp) / FPS, 1 / rate)
        votes = np.abs((tracked_s - phase) * rate - np.round((tracked_s - phase) * rate)) < 0.13
        worth = (0.25 + float(votes.mean())) * float(_peaks(sharp, times).mean())
        if worth > best_worth:
            best, best_worth = phase, worth
    return np.arange(best, len(sharp) / FPS, 1 / rate)


def _peaks(sharp: F64, times: F64) -> F64:
    frames = np.clip(np.round(times * FPS).astype(int), 1, len(sharp) - 2)
    return np.asarray(np.maximum(np.maximum(sharp[frames - 1], sharp[frames]), sharp[frames + 1]))
