"""A sequenced song is one grid from end to end: which of its possible grids, and where its bars begin.

The bar pointer may be pulled off the beat where a passage is syncopated, and come back later. A machine never does:
so the whole song votes for one level (half, same, double) and one of four phases, with everything that is known.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.cues.bar_evidence import Evidence
from beatomizer.cues.bar_pointer import BEFORE, FIRSTS, METER_OF, PLACE_OF, BarPath, beat_worths
from beatomizer.cues.tempo_evidence import TEMPI
from beatomizer.timebase import FPS

_LEVELS = (1.0, 0.5, 2.0)
_PHASES = 4
_RESTART_COST = 24.0
"""Sequencers hardly ever drop a beat."""


@dataclass(frozen=True)
class SteadyBars:
    """Beats of a machine.

    Attributes:
        rate: beats a second.
        times: float64 ``[B]``, seconds.
        positions, meters: int64 ``[B]``, place in the bar from 1, and beats in that bar.
        worth: the evidence for all of it, log odds.
    """

    rate: float
    times: F64
    positions: Int
    meters: Int
    worth: float


def steady_bars(heard: Evidence, rate: float, first_s: float) -> SteadyBars:
    """The best grid of a machine at ``rate`` beats a second, at its half or its double, on a quarter of ``first_s``."""
    found = []
    for level in _LEVELS:
        if TEMPI[0] <= 60.0 * rate * level <= TEMPI[-1]:
            quarter = 1.0 / (rate * max(level, 1.0) * _PHASES)
            count = round(_PHASES * max(level, 1.0) / level)
            found += [_judged(heard, rate * level, first_s + number * quarter) for number in range(count)]
    return max(found, key=lambda one: one.worth)


def path_worth(heard: Evidence, path: BarPath) -> float:
    """What speaks for the beats of a bar pointer, in the same currency as ``SteadyBars.worth``."""
    worth, _ = counted(beat_worths(heard.beat[path.frames], heard.downbeat[path.frames]))
    inside = np.arange(path.frames[0], path.frames[-1] + 1)
    angle = 2 * np.pi * np.interp(inside, path.frames, np.arange(len(path.frames)))
    phase = float((heard.phase[inside] * np.exp(-1j * angle)).real.sum())
    bpm = 60.0 * FPS / float(np.median(path.periods))
    return worth + phase + float(np.interp(bpm, TEMPI, heard.tempo.total))


def _judged(heard: Evidence, rate: float, first_s: float) -> SteadyBars:
    """One grid, its bars, and what speaks for it."""
    first_s = (first_s + 0.5 / FPS) % (1.0 / rate) - 0.5 / FPS
    times = np.arange(first_s, len(heard) / FPS, 1.0 / rate)
    frames = np.clip(np.round(times * FPS).astype(np.int64), 0, len(heard) - 1)
    angle = 2 * np.pi * (np.arange(len(heard)) / FPS - first_s) * rate
    phase = float((heard.phase * np.exp(-1j * angle)).real.sum())
    tempo = float(np.interp(60.0 * rate, TEMPI, heard.tempo.total))
    worth, states = counted(beat_worths(heard.beat[frames], heard.downbeat[frames]))
    return SteadyBars(
        rate, np.maximum(times, 0.0), PLACE_OF[states] + 1, METER_OF[states], worth + phase + tempo
    )


def counted(worths: F64) -> tuple[float, Int]:
    """The best counting of beats into bars: its worth and the state of each beat.

    Args:
        worths: ``[B, 9]``, what each beat is worth in each state of the bar pointer.
    """
    score = worths[0].astype(np.float64)
    came_from = np.zeros(worths.shape, dtype=np.int64)
    for beat in range(1, len(worths)):
        onward, source = score[BEFORE], BEFORE.copy()
        best = int(score.argmax())
        afresh = FIRSTS[onward[FIRSTS] < score[best] - _RESTART_COST]
        onward[afresh], source[afresh] = score[best] - _RESTART_COST, best
        came_from[beat], score = source, onward + worths[beat]
    states = np.zeros(len(worths), dtype=np.int64)
    states[-1] = int(score.argmax())
    for beat in range(len(worths) - 1, 0, -1):
        states[beat - 1] = came_from[beat, states[beat]]
    return float(score.max()), states
