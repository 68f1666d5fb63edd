"""When the beats fall: dynamic programming over the beat activation, at the tempo of ``tempo``.

The best sequence of beats maximises the activation it lands on, less a penalty for every interval that differs
from the local period (Ellis, "Beat tracking by dynamic programming", 2007, with a tempo that may drift). If the
intervals turn out to be those of a machine, all beats are put on one exact grid. Every beat says how sure it is:
silence, speech and free rhythm get beats of low confidence, which the designer does not flash on.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Bool, Int
from beatomizer.cues import machine_time, tempo
from beatomizer.cues.bars import bar_positions
from beatomizer.cues.cuelist import Beat
from beatomizer.cues.learned_grid import learned_beats
from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS

TIGHTNESS = 300.0
"""Penalty for one squared natural-log unit of deviation from the period, in units of a typical beat's activation
(Ellis' α of 100 with our activation's scale): 10 % off costs 0.6 of a beat."""

BACKBEAT_WEIGHT = 0.8
"""What a perfect alternation of kick and snare is worth beside a perfect repetition of everything."""

SURE = 0.35
"""Confidence from which on a beat may be flashed on."""

PULSE_NEEDED = 0.5
"""Share of sure beats a passage needs before anything in it moves with the beat."""


@dataclass(frozen=True)
class BeatGrid:
    """Beats of a song.

    Attributes:
        beats: in order of time, within the song.
        tempo_bpm: the typical tempo of the sure beats, 0 if none is sure.
        meter: beats in a bar, 3 or 4.
        constant: all beats lie on one exact grid.
    """

    beats: tuple[Beat, ...]
    tempo_bpm: float
    meter: int = 4
    constant: bool = False


def track_beats(heard: Scores, duration_s: float) -> BeatGrid:
    """Beats with bar positions and confidence.

    Args:
        heard: what the engine heard; only ``beat`` is needed, ``downbeat`` and ``onsets`` help.
        duration_s: length of the song; no beat falls at or after it.
    """
    activation: F64 = np.nan_to_num(np.asarray(heard.beat, dtype=np.float64))
    if len(activation) < FPS or activation.max(initial=0.0) < 1e-3:
        return BeatGrid((), 0.0)
    if heard.tempo is not None and heard.phase is not None:
        found = learned_beats(heard)
        inside = (found.times >= 0.0) & (found.times < duration_s)
        return _grid(
            activation,
            found.times[inside],
            found.positions[inside],
            found.confidence[inside],
            found.meter,
            found.rate,
        )
    sharp = tempo.sharpened(_with_drums(activation, heard))
    path = tempo.tempo_path(sharp, _alternation(heard))
    frames = best_beats(sharp, path.period)
    if len(frames) < 2:
        return BeatGrid((), 0.0)
    times = refined(sharp, frames)
    rate = machine_time.steady_rate(sharp, float(np.median(path.period)))
    if rate is not None:
        times = machine_time.steady_grid(sharp, rate, times)
    sure = confidence(sharp, path, times)
    inside = (times >= 0.0) & (times < duration_s)
    times, sure = times[inside], sure[inside]
    if len(times) < 2:
        return BeatGrid((), 0.0)
    meter, positions = bar_positions(heard, times, rate is not None)
    return _grid(activation, times, positions, sure, meter, rate)


def _grid(activation: F64, times: F64, positions: Int, sure: F64, meter: int, rate: float | None) -> BeatGrid:
    """Beats from times, bar positions and confidences: strengths and the typical tempo added."""
    if len(times) < 2:
        return BeatGrid((), 0.0)
    loud = _peak_near(activation, times)
    strength = np.clip(loud / max(float(np.percentile(loud, 90)), 1e-6), 0.0, 1.0)
    beats = tuple(
        Beat(float(time), int(position), float(confident), float(strong))
        for time, position, confident, strong in zip(times, positions, sure, strength)
    )
    intervals = np.diff(times)[np.minimum(sure[1:], sure[:-1]) >= SURE]
    bpm = 0.0
    if len(intervals) >= 4:
        bpm = 60.0 * rate if rate is not None else 60.0 / _middle_mean(intervals)
    return BeatGrid(beats, bpm, meter, rate is not None)


def _middle_mean(values: F64) -> float:
    """Mean of the middle half: steadier than the median, which knows whole frames only, and as deaf to slips."""
    ordered = np.sort(values)
    quarter = len(ordered) // 4
    return float(ordered[quarter : len(ordered) - quarter].mean())


def _with_drums(activation: F64, heard: Scores) -> F64:
    """The activation, helped by kick and snare where the engine hears them: they carry the beat."""
    if heard.onsets is None:
        return activation
    onsets = np.nan_to_num(np.asarray(heard.onsets, dtype=np.float64))
    return np.asarray(activation + 0.5 * onsets[:, 0] + 0.25 * onsets[:, 1])


def _alternation(heard: Scores) -> F64 | None:
    """Evidence for each tempo from kick and snare taking turns, in the unit of the tempogram."""
    if heard.onsets is None:
        return None
    onsets = np.nan_to_num(np.asarray(heard.onsets, dtype=np.float64))
    return BACKBEAT_WEIGHT * tempo.backbeat(onsets[:, 0], onsets[:, 1])


def best_beats(sharp: F64, period: F64) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Frames of the best sequence of beats, ``[B]``.

    The recursion reaches back at least half a period, so a whole block of that many frames is computed at once.

    Args:
        sharp: sharpened activation ``[T]``.
        period: frames from beat to beat at each frame ``[T]``.
    """
    length = len(sharp)
    nearest, farthest = max(1, int(period.min() / 2)), int(np.ceil(period.max() * 2))
    back = np.arange(nearest, farthest + 1)
    log_back = np.log(back)
    total = np.concatenate([np.full(farthest, -np.inf), np.zeros(length)])
    came_from = np.full(length, -1, dtype=np.int64)
    for start in range(0, length, nearest):
        frames = np.arange(start, min(start + nearest, length))
        deviation = log_back[None, :] - np.log(period[frames])[:, None]
        reached = total[farthest + frames[:, None] - back[None, :]] - TIGHTNESS * deviation**2
        choice = reached.argmax(axis=1)
        gain = reached[np.arange(len(frames)), choice]
        joined = gain > 0.0
        came_from[frames[joined]] = frames[joined] - back[choice[joined]]
        total[farthest + frames] = sharp[frames] + np.where(joined, gain, 0.0)
    return _backtrace(total[farthest:], came_from, period)


def _backtrace(
    total: F64, came_from: np.ndarray[tuple[int, ...], np.dtype[np.int64]], period: F64
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Follow the choices back from the best end within the last period."""
    tail = min(len(total), int(period[-1]) + 1)
    frame = len(total) - tail + int(total[-tail:].argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(came_from[frame])
    return np.array(beats[::-1], dtype=np.int64)


def refined(sharp: F64, frames: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> F64:
    """Beat times in seconds, finer than a frame: the top of the parabola through each peak and its neighbours."""
    padded = np.pad(sharp, 1, mode="edge")
    before, at, after = padded[frames], padded[frames + 1], padded[frames + 2]
    bend = 2.0 * at - before - after
    peak = (bend > 1e-9) & (at >= before) & (at >= after)
    offset = np.where(peak, 0.5 * (after - before) / np.where(peak, bend, 1.0), 0.0)
    return np.asarray((frames + offset) / FPS)


def confidence(sharp: F64, path: tempo.TempoPath, times: F64) -> F64:
    """How sure each beat is, 0..1: how clearly the sound repeats there, and how well the beats hit it."""
    hit = _peak_near(sharp, times)
    around = np.interp(times * FPS, np.arange(len(sharp)), tempo.moving_mean(sharp, 4 * FPS))
    width = 9
    hit_mean = tempo.moving_mean(hit, width)
    contrast = hit_mean / np.maximum(tempo.moving_mean(around, width), 1e-6)
    clarity = np.interp(times * FPS, np.arange(len(sharp)), path.clarity)
    repeats = np.clip((clarity - 0.10) / 0.30, 0.0, 1.0)
    hits = np.clip((contrast - 1.5) / 2.5, 0.0, 1.0)
    alive = np.clip(hit_mean / 0.5, 0.0, 1.0)
    return np.asarray(np.sqrt(repeats * hits) * alive)


def _peak_near(values: F64, times: F64) -> F64:
    """The largest value within two frames of each time."""
    frames = np.clip(np.round(times * FPS).astype(int), 0, len(values) - 1)
    near = np.clip(frames[:, None] + np.arange(-2, 3)[None, :], 0, len(values) - 1)
    return np.asarray(values[near].max(axis=1))


def sure_beats(beats: tuple[Beat, ...]) -> Bool:
    """Which beats may be flashed on, ``[B]``."""
    return np.array([beat.confidence >= SURE for beat in beats], dtype=np.bool_)
