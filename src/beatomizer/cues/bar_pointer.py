"""Beats, bars and tempo decided together: the best path of a pointer that walks round the bar.

A state is a tempo and a place in the bar of four, three or two beats; from beat to beat the tempo may drift a little,
the bar goes on, and at a price the tempo jumps, a bar begins too early, or the meter changes (Whiteley et al. 2006;
Krebs, Böck and Widmer 2015, "An efficient state-space model for joint tempo and meter tracking"). Unlike theirs the
program steps from beat to beat, not from frame to frame, so that the evidence of a whole interval counts at once, and
as many frames as the shortest interval has are computed together.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64, Bool, Int
from beatomizer.cues.bar_evidence import (
    INTERVALS,
    LEEWAY,
    LONGEST,
    PERIODS,
    Evidence,
    agreement,
)
from beatomizer.cues.tempo_evidence import TEMPI
from beatomizer.timebase import FPS

METERS = (4, 3, 2)
"""Beats in a bar. Two are those of 6/8, or of a march."""

METER_OF: Int = np.repeat(METERS, METERS)
PLACE_OF: Int = np.concatenate([np.arange(meter) for meter in METERS])
FIRSTS: Int = np.flatnonzero(PLACE_OF == 0)
BEFORE: Int = np.where(PLACE_OF == 0, np.arange(len(PLACE_OF)) + METER_OF - 1, np.arange(len(PLACE_OF)) - 1)
"""State → the one before it in a whole bar."""

RARE: F32 = np.select([METER_OF == 4, METER_OF == 3], [0.0, -0.15], -0.5).astype(np.float32)
"""What each beat of a rarer meter costs."""

_NOT_FIRST = 0.55
"""Share of a downbeat's evidence that speaks against the other places of the bar."""

_RESTART_COST, _JUMP_COST = np.float32(10.0), np.float32(40.0)
"""Of a bar that begins too early or in another meter, and of a tempo from nowhere."""

_DRIFT_COST = {-2: 4.0, -1: 1.2, 1: 1.2, 2: 4.0}
"""Of a tempo so many candidates (3 % each) from the last beat's."""

_LEAST_MISS, _USUAL_MISS = 0.8, 0.025
"""Standard deviation of an interval: frames, and share of the period, whichever is more."""

_CHUNK, _AHEAD = 300 * FPS, 30 * FPS
"""Long songs are decided in pieces, with that much of the following piece in view."""

_BELIEVED = 6 * FPS
"""Frames over which a tempo is believed in."""

_NEVER = np.float32(-1e9)
_NONE = np.uint8(255)


@dataclass(frozen=True)
class BarPath:
    """Every beat of a song.

    Attributes:
        frames: int64 ``[B]``, where it falls.
        positions: int64 ``[B]``, its place in the bar from 1.
        meters: int64 ``[B]``, beats in that bar.
        periods: float64 ``[B]``, frames a beat of the tempo that the pointer had there.
    """

    frames: Int
    positions: Int
    meters: Int
    periods: F64


def walk(heard: Evidence) -> BarPath:
    """The best path through a whole song; beats cover it from end to end."""
    count = len(heard)
    padded = heard.padded(LONGEST, LONGEST)
    tempi = _worth_trying(heard)
    frames, states, kept = [], [], []
    start: Start | None = None
    first = 0
    while True:
        last = min(first + _CHUNK + _AHEAD, len(padded))
        last = len(padded) if len(padded) - last < _AHEAD else last
        found = Piece(padded.cut(first, last), tempi, start).path()
        final = last == len(padded)
        own = [beat for beat in found if final or beat[0] < _CHUNK]
        frames += [beat[0] + first for beat in own]
        kept += [beat[1] for beat in own]
        states += [beat[2] for beat in own]
        if final or len(own) < 2:
            break
        # The next piece begins with the last beat of this one, so that the pointer goes on as it was.
        first = frames.pop()
        start = Start(kept.pop(), states.pop())
    at, state = np.array(frames) - LONGEST, np.array(states)
    inside = (at >= 0) & (at < count)
    return BarPath(
        at[inside],
        PLACE_OF[state][inside] + 1,
        METER_OF[state][inside],
        PERIODS[tempi[np.array(kept)]][inside],
    )


def beat_worths(beat: F32, downbeat: F32) -> F64:
    """What beats on these frames are worth in each state, ``[T, 9]``, from the evidence for beat and downbeat."""
    against = -_NOT_FIRST * np.maximum(downbeat, 0.0)
    bar = np.where(PLACE_OF == 0, downbeat[:, None], against[:, None])
    return np.asarray(beat[:, None] + bar + RARE, dtype=np.float64)


def _worth_trying(heard: Evidence) -> Int:
    """Candidate tempi that the tempo head believes in for some seconds, their octaves, and what lies beside them."""
    half = min(_BELIEVED, len(heard)) // 2
    totals = np.array(list(heard.tempo.blocks(half)))
    said = totals[:-1] + totals[1:]
    tops = (said - said.min(axis=1, keepdims=True)).max(axis=0)
    alive: Bool = tops > 0.5 * max(float(tops.max()), 1e-6)
    octave = round(np.log(2.0) / np.log(TEMPI[1] / TEMPI[0]))
    wide = np.pad(alive, octave)
    alive = alive | wide[: -2 * octave] | wide[2 * octave :]
    return np.flatnonzero(np.lib.stride_tricks.sliding_window_view(np.pad(alive, 2), 5).any(axis=1))


@dataclass(frozen=True)
class Start:
    """A beat on the first frame, its tempo (place among those tried) and its state."""

    tempo: int
    state: int


class Piece:
    """The dynamic program over one piece of a song."""

    def __init__(self, heard: Evidence, tempi: Int, start: Start | None) -> None:
        self.intervals = INTERVALS[tempi]
        self.tempi = tempi
        self.count = len(heard)
        shape = (self.count, len(tempi), len(PLACE_OF))
        self.interval_of = np.zeros(shape, dtype=np.uint8)
        self.tempo_from = np.zeros(shape, dtype=np.uint8)
        self.state_from = np.zeros((*shape[:2], len(FIRSTS)), dtype=np.uint8)
        self.offer = np.full((LONGEST + self.count, *shape[1:]), _NEVER, dtype=np.float32)
        self.total = np.full(shape, _NEVER, dtype=np.float32)
        self._moves()
        self._worth(heard)
        self._run(start)

    def _moves(self) -> None:
        """Which tempi lead to which, by small steps, and at what cost."""
        place = np.full(len(TEMPI) + 4, -1)
        place[self.tempi + 2] = np.arange(len(self.tempi))
        self.sources = np.stack([place[self.tempi + 2 + move] for move in _DRIFT_COST])
        self.costs = np.where(self.sources >= 0, np.array([*_DRIFT_COST.values()])[:, None], -_NEVER)
        self.sources = np.maximum(self.sources, 0)

    def _worth(self, heard: Evidence) -> None:
        """What each interval that ends on a frame is worth ``[T, 5, K]``, and each state on it ``[T, 9]``."""
        period = PERIODS[self.tempi]
        usual = np.maximum(_LEAST_MISS, _USUAL_MISS * period)
        sums, column = heard.tempo.sums()[:, self.tempi], np.arange(len(self.tempi))
        said = {int(each): agreement(heard.phase, int(each)) for each in np.unique(self.intervals)}
        self.interval_worth = np.empty((self.count, len(LEEWAY), len(self.tempi)), dtype=np.float32)
        for number, intervals in enumerate(self.intervals.T):  # one at a time: together they fill 200 MB
            back = np.maximum(np.arange(1, self.count + 1)[:, None] - intervals, 0)
            worth = sums[1:] - sums[back, column] - 0.5 * ((intervals - period) / usual) ** 2
            worth += np.stack([said[int(each)] for each in intervals], axis=1)
            self.interval_worth[:, number] = worth
        self.beat_worth = beat_worths(heard.beat, heard.downbeat).astype(np.float32)

    def _run(self, start: Start | None) -> None:
        """Fill the tables, as many frames at once as the shortest interval has."""
        begin = np.full((1, 1, 1), _NEVER, dtype=np.float32)
        if start is None:
            self.total[:LONGEST] = begin = np.zeros_like(begin)
        else:
            self.total[0, start.tempo, start.state] = 0.0
        column = np.arange(len(self.tempi))
        at_once = int(self.intervals.min())
        for low in range(0, self.count, at_once):
            rows = slice(low, min(low + at_once, self.count))
            ends = LONGEST + np.arange(rows.start, rows.stop)[:, None]
            best = np.full(self.total[rows].shape, _NEVER, dtype=np.float32)
            choice = self.interval_of[rows]
            for number in range(len(LEEWAY)):
                reached = self.offer[ends - self.intervals[:, number], column]
                reached += self.interval_worth[rows, number, :, None]
                np.copyto(choice, np.uint8(number), where=reached > best)
                np.maximum(best, reached, out=best)
            best += self.beat_worth[rows, None]
            if low < LONGEST:
                np.copyto(choice, _NONE, where=self.total[rows] >= best)
                np.maximum(best, self.total[rows], out=best)
            self.total[rows] = best
            self._offer(rows, best)

    def _offer(self, rows: slice, total: F32) -> None:
        """What the beats on these frames offer to the next ones: after the tempo's drift, in the next place."""
        value, source = total.copy(), self.tempo_from[rows]
        source[:] = np.arange(total.shape[1], dtype=np.uint8)[:, None]
        for sources, costs in zip(self.sources, self.costs):
            moved = total[:, sources] - costs[:, None]
            np.copyto(source, sources.astype(np.uint8)[:, None], where=moved > value)
            np.maximum(value, moved, out=value)
        jumped = total.max(axis=1, keepdims=True) - _JUMP_COST
        if (jumped > value).any():
            np.copyto(source, total.argmax(axis=1)[:, None].astype(np.uint8), where=jumped > value)
            np.maximum(value, jumped, out=value)
        ready = value[:, :, BEFORE]
        afresh = value.max(axis=2, keepdims=True) - _RESTART_COST
        whole = ready[:, :, FIRSTS]
        came = np.broadcast_to(BEFORE[FIRSTS].astype(np.uint8), whole.shape)
        self.state_from[rows] = np.where(afresh > whole, value.argmax(axis=2)[:, :, None], came)
        ready[:, :, FIRSTS] = np.maximum(whole, afresh)
        self.offer[LONGEST + rows.start : LONGEST + rows.stop] = ready

    def path(self) -> list[tuple[int, int, int]]:
        """Frame, tempo (place among those tried) and state of each beat, from the best end."""
        tail = max(0, self.count - LONGEST)
        frame, tempo, state = np.unravel_index(self.total[tail:].argmax(), self.total[tail:].shape)
        frame += tail
        beats = []
        while True:
            beats.append((int(frame), int(tempo), int(state)))
            number = int(self.interval_of[frame, tempo, state])
            if number == _NONE:
                break
            frame = frame - self.intervals[tempo, number]
            before = BEFORE[state]
            if PLACE_OF[state] == 0:
                before = self.state_from[frame, tempo, int(np.searchsorted(FIRSTS, state))]
            tempo, state = self.tempo_from[frame, tempo, before], before
        return beats[::-1]
