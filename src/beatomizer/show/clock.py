"""Where in the beat a moment is: the beat list as a clock that also runs before the first beat and after the last.

Looks count in beats, so that a comet crosses the stage in a bar and a pulse meets the kick. Between two beats the
clock is a straight line; outside the list it goes on at the pace of the nearest beats.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from beatomizer.arrays import F64, Bool, Int
from beatomizer.cues.cuelist import Beat
from beatomizer.timebase import FPS

PERIOD_S = (0.2, 3.0)
"""Shortest and longest beat the clock extrapolates with: 300 to 20 BPM."""

CALM_PERIOD_S = 1.0
"""Beat of a song in which none was heard: looks go on, slowly (60 a minute, a resting pulse)."""

FULL_FLASH_GAP_S = 0.9
"""Least time between two beats that light the whole stage in full: beats one and three up to 133 BPM, then downbeats.

Two a second, for longer than four seconds, fail the extended rule of broadcast practice even though each second
complies. At 0.9 s one second in ten sees four transitions, which leaves room for the other lights.
"""

_EDGE_BEATS = 8
"""Beats whose median interval sets the pace outside the list."""


@dataclass(frozen=True)
class BeatClock:
    """Beats that cover the whole song, known ones and extrapolated ones; ``[n]`` each.

    Attributes:
        time_s: ascending.
        position: of the bar, 1 is the downbeat.
        strength: 0..1.
        full: beats on which a pulse may flash the stage in full, at least ``FULL_FLASH_GAP_S`` apart.
        period_s: the usual length of a beat.
        bar: beats in a bar.
    """

    time_s: F64
    position: Int
    strength: F64
    full: Bool
    period_s: float
    bar: int

    def earlier(self, by_s: float) -> "BeatClock":
        """The same beats, each ``by_s`` seconds sooner."""
        return replace(self, time_s=self.time_s - by_s)

    def beat_at(self, time_s: F64) -> F64:
        """Moments in seconds → beats, whole numbers on the beats."""
        beyond = time_s - np.clip(time_s, self.time_s[0], self.time_s[-1])
        return np.interp(time_s, self.time_s, np.arange(len(self.time_s))) + beyond / self.period_s

    def frame_of(self, beat: F64) -> Int:
        """Beats → the frames nearest to them."""
        beyond = beat - np.clip(beat, 0, len(self.time_s) - 1)
        seconds = np.interp(beat, np.arange(len(self.time_s)), self.time_s) + beyond * self.period_s
        return np.floor(seconds * FPS + 0.5).astype(np.int64)

    def nearest_beat(self, beat: F64) -> Int:
        """Beats, whole or not → index of the nearest whole one."""
        return np.clip(np.floor(np.asarray(beat) + 0.5), 0, len(self.time_s) - 1).astype(np.int64)

    def downbeat_near(self, time_s: float) -> int:
        """Index of the downbeat nearest to a moment; of the nearest beat where the song has no downbeats."""
        candidates = np.flatnonzero(self.position == 1)
        if not len(candidates):
            candidates = np.arange(len(self.time_s))
        return int(candidates[np.argmin(np.abs(self.time_s[candidates] - time_s))])


def beat_clock(beats: Sequence[Beat], duration_s: float, tempo_bpm: float = 0.0) -> BeatClock:
    """The clock of a song; ``tempo_bpm`` counts only where fewer than two beats are known."""
    known = sorted({round(beat.time_s, 6): beat for beat in beats}.items())
    times = np.array([time for time, _ in known]) if known else np.zeros(1)
    position = np.array([beat.position for _, beat in known] or [1])
    strength = np.array([beat.strength for _, beat in known] or [1.0])
    steps = np.diff(times)
    fallback = 60.0 / tempo_bpm if tempo_bpm > 0 else CALM_PERIOD_S
    before_s, usual_s, after_s = (
        float(np.clip(np.median(part) if len(part) else fallback, *PERIOD_S))
        for part in (steps[:_EDGE_BEATS], steps, steps[-_EDGE_BEATS:])
    )
    # Two beats beyond each end: an attack needs the beat to come, a decay the one that was.
    n_before = max(0, int(np.ceil(times[0] / before_s))) + 2
    n_after = max(0, int(np.ceil((duration_s - times[-1]) / after_s))) + 2
    bar = int(position.max()) if position.max() > 1 else 4
    ahead, behind = np.arange(-n_before, 0), np.arange(1, n_after + 1)
    time_s = np.concatenate([times[0] + ahead * before_s, times, times[-1] + behind * after_s])
    position = np.concatenate(
        [(position[0] - 1 + ahead) % bar + 1, position, (position[-1] - 1 + behind) % bar + 1]
    )
    strength = np.concatenate([np.full(n_before, 0.5), strength, np.full(n_after, 0.5)])
    return BeatClock(time_s, position, strength, _full_flashes(time_s, position, strength), usual_s, bar)


def _full_flashes(time_s: F64, position: Int, strength: F64) -> Bool:
    """Beats that may flash in full: downbeats before others, strong before weak, early before late."""
    chosen = np.zeros(len(time_s), dtype=np.bool_)
    worth = np.where(position == 1, 2.0, 0.0) + strength
    for index in np.argsort(-worth, kind="stable"):
        first = np.searchsorted(time_s, time_s[index] - FULL_FLASH_GAP_S, side="right")
        last = np.searchsorted(time_s, time_s[index] + FULL_FLASH_GAP_S, side="left")
        if not chosen[first:last].any():
            chosen[index] = True
    return chosen
