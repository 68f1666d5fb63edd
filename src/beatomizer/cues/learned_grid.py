"""Beats from learned scores: the bar pointer's path, placed between frames, with a confidence for every beat."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.cues import machine_time, tempo
from beatomizer.cues.bar_evidence import Evidence, evidence
from beatomizer.cues.bar_pointer import BarPath, walk
from beatomizer.cues.steady_bars import path_worth, steady_bars
from beatomizer.cues.tempo_evidence import TEMPI, pulse_chance
from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS

_FARTHEST = 3.0
"""Frames by which a beat may be moved to where the scores say that it lies."""

_TRUSTED_PHASE = 0.25
"""Length of the phase from which on it helps to place a beat."""

_SMOOTH_BEATS = 7
_PHASE_SHARE = 0.55
"""Of a beat's confidence; the rest is how well the beats hit peaks."""

_CHANCE_PHASE, _SURE_PHASE, _SURE_HITS = 0.15, 0.7, 1.2
"""A path through speech finds a phase that agrees by 0.1 to 0.35 and mean log odds of −0.2 to 0.6, music 0.4 to 1 and
0.8 to 1.5."""

_GRID_TRUST = 0.3
"""On a machine's grid so much of the missing confidence is given, where anything stands out."""

_GRID_LEAST = 0.4
"""What must speak for a machine's grid beside what speaks for the pointer's own beats. Right grids have 0.69 to 1.01 of
it on thirty composed and thirty-seven real songs, those found by chance in what is no machine −0.34 to 0.11."""

_AUDIBLE = 0.25
"""Before the first and after the last beat with so much of a pulse there is nothing to count."""


@dataclass(frozen=True)
class LearnedBeats:
    """Beats of a whole song.

    Attributes:
        times: float64 ``[B]``, seconds.
        positions: int64 ``[B]``, place in the bar from 1.
        confidence: float64 ``[B]``, 0..1.
        meter: beats in most bars.
        rate: beats a second if all beats lie on one exact grid, else ``None``.
    """

    times: F64
    positions: Int
    confidence: F64
    meter: int
    rate: float | None


def learned_beats(heard: Scores) -> LearnedBeats:
    """Beats, bars and tempo of a whole song.

    Args:
        heard: with ``tempo`` and ``phase``.
    """
    said = evidence(heard)
    path = walk(said)
    if not len(path.frames):
        return LearnedBeats(np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0), 4, None)
    times = placed(heard, path)
    rate = None
    grids = [steady_bars(said, *one) for one in steady(heard, times, confidence(heard, said, path))]
    grid = max(grids, key=lambda one: one.worth, default=None)
    if grid is not None and grid.worth >= _GRID_LEAST * path_worth(said, path):
        rate, times = grid.rate, grid.times
        frames = np.minimum(np.round(times * FPS).astype(np.int64), len(said) - 1)
        path = BarPath(frames, grid.positions, grid.meters, np.full(len(times), FPS / rate))
    sure = confidence(heard, said, path)
    if rate is not None:
        sure = sure + _GRID_TRUST * (1.0 - sure) * _pulse_on(heard, path) * (
            np.abs(said.beat[path.frames]) > 0.05
        )
    heard_well = np.flatnonzero(_pulse_on(heard, path) >= _AUDIBLE)
    kept = slice(heard_well[0], heard_well[-1] + 1) if len(heard_well) else slice(0, len(times))
    meter = int(np.bincount(path.meters[kept]).argmax())
    return LearnedBeats(times[kept], path.positions[kept], sure[kept], meter, rate)


def steady(heard: Scores, times: F64, sure: F64) -> list[tuple[float, float]]:
    """Beats a second and a time on the grid, of each grid that a machine may have played; none for people.

    Either the beats lie on one line, or, where they were pulled about, the peaks keep in phase through the song.
    """
    line = machine_time.steady_line(times, sure)
    if line is not None:
        return [line]
    sharp = tempo.sharpened(np.nan_to_num(np.asarray(heard.beat, dtype=np.float64)))
    rates = machine_time.steady_rates(sharp, TEMPI[0] / 60.0, TEMPI[-1] / 60.0)
    return [(rate, float(machine_time.steady_grid(sharp, rate, times)[0])) for rate in rates]


def placed(heard: Scores, path: BarPath) -> F64:
    """Beat times in seconds, finer than a frame: between what the peak says and what the phase around it says."""
    by_peak, height = _by_peak(np.asarray(heard.beat, dtype=np.float64), path.frames)
    turn = _phase_at(heard, path)
    by_phase = np.clip(-np.angle(turn) / (2 * np.pi) * path.periods, -_FARTHEST, _FARTHEST)
    trust = np.maximum(np.abs(turn) - _TRUSTED_PHASE, 0.0)
    times = (path.frames + (height * by_peak + trust * by_phase) / np.maximum(height + trust, 1e-6)) / FPS
    return np.asarray(np.maximum.accumulate(np.maximum(times, 0.0) + 1e-6 * np.arange(len(times))))


def _by_peak(beat: F64, frames: Int) -> tuple[F64, F64]:
    """Frames from each beat to the middle of the score's weight within two frames of it, and the peak's height."""
    near = np.arange(-2, 3)
    values = np.pad(np.nan_to_num(beat), 2)[frames[:, None] + near + 2]
    weight = values**2
    middle = (weight * near).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    return np.asarray(middle), np.asarray(values.max(axis=1))


def _phase_at(heard: Scores, path: BarPath) -> np.ndarray[tuple[int, ...], np.dtype[np.complex128]]:
    """The phase on each beat, averaged over a quarter of a beat to either side; its length 0..1 is the trust in it."""
    assert heard.phase is not None
    phase = 2.0 * np.nan_to_num(np.asarray(heard.phase, dtype=np.float64)) - 1.0
    turning = phase[:, 0] + 1j * phase[:, 1]
    reach = np.linspace(-0.25, 0.25, 9)
    near = np.round(path.frames[:, None] + reach * path.periods[:, None]).astype(int)
    ahead = (near - path.frames[:, None]) / path.periods[:, None]
    turned = turning[np.clip(near, 0, len(turning) - 1)] * np.exp(-2j * np.pi * ahead)
    return np.asarray(turned.mean(axis=1))


def _pulse_on(heard: Scores, path: BarPath) -> F64:
    """Chance that there is a pulse on each beat."""
    assert heard.tempo is not None
    return np.asarray(pulse_chance(heard.tempo)[path.frames])


def confidence(heard: Scores, said: Evidence, path: BarPath) -> F64:
    """How sure each beat is, 0..1: is there a pulse at all, does the phase agree, are peaks hit?"""
    if not len(path.frames):
        return np.zeros(0)
    agrees = (_smooth(_phase_at(heard, path).real) - _CHANCE_PHASE) / (_SURE_PHASE - _CHANCE_PHASE)
    hits = _smooth(said.beat[path.frames].astype(np.float64)) / _SURE_HITS
    sure = _PHASE_SHARE * np.clip(agrees, 0.0, 1.0) + (1.0 - _PHASE_SHARE) * np.clip(hits, 0.0, 1.0)
    return np.asarray(np.clip(_pulse_on(heard, path) * sure, 0.0, 1.0))


def _smooth(values: F64) -> F64:
    """Means over ``_SMOOTH_BEATS`` beats, at the ends over what there is."""
    return tempo.moving_mean(values, _SMOOTH_BEATS)
