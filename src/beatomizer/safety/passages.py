"""Where a song asks for more flashes than allowed, and which of them it may keep."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Bool
from beatomizer.cues.cuelist import CueList
from beatomizer.safety.budget import Log
from beatomizer.safety.profiles import Profile, Rules
from beatomizer.timebase import nearest_frame

_KEPT_SPACING_FRAMES = {"broadcast": 36, "venue": 36, "strict": 68}
"""Least distance of the flashes that stay. At 36 frames (100 a minute) or more a second holds four transitions for
at most two thirds of the time, whatever the pulses' lengths, and the extended rule allows four fifths; ``strict``
needs its whole (slack) second for one flash. A profile that is not named here keeps none."""

_ON_BEAT_FRAMES = 5


@dataclass(frozen=True)
class Passage:
    """Transitions that follow each other within a second and break a rule together: places in a log, end excluded."""

    first: int
    end: int


@dataclass(frozen=True)
class Importance:
    """How much a flash at a frame would be missed: downbeats most, then strong beats, then everything else."""

    frames: tuple[int, ...]
    weights: tuple[float, ...]

    def at(self, frame: int) -> float:
        """The weight of a flash that begins at ``frame``."""
        place = bisect_right(self.frames, frame)
        near = [
            self.weights[i]
            for i in (place - 1, place)
            if 0 <= i < len(self.frames) and abs(self.frames[i] - frame) <= _ON_BEAT_FRAMES
        ]
        return max(near, default=0.5)


def importance_of(cues: CueList | None) -> Importance:
    """The weights that a cue list's beats give."""
    if cues is None:
        return Importance((), ())
    accents = {nearest_frame(accent.time_s): accent.strength for accent in cues.accents}
    frames = [nearest_frame(beat.time_s) for beat in cues.beats]
    weights = []
    for frame, beat in zip(frames, cues.beats):
        accent = max((accents.get(frame + near, 0.0) for near in (-1, 0, 1)), default=0.0)
        place_in_bar = {1: 0.8, 3: 0.3}.get(beat.position, 0.0)
        weights.append(1.0 + place_in_bar + 0.5 * beat.strength + 0.2 * accent)
    order = np.argsort(frames, kind="stable").tolist()
    return Importance(tuple(frames[i] for i in order), tuple(weights[i] for i in order))


def passages_over_budget(log: Log, rules: Rules, frames: int) -> list[Passage]:
    """Passages of a log in which a rule is broken."""
    crossings = np.array(log.crossings, dtype=np.int64)
    if crossings.size == 0:
        return []
    broken = _broken(crossings, rules, frames)
    breaks = np.flatnonzero(np.diff(crossings) > rules.window_frames) + 1
    bounds = [0, *breaks.tolist(), crossings.size]
    return [
        Passage(first, end)
        for first, end in zip(bounds, bounds[1:])
        if broken[crossings[first] : crossings[end - 1] + rules.window_frames].any()
    ]


def _broken(crossings: np.ndarray[tuple[int], np.dtype[np.int64]], rules: Rules, frames: int) -> Bool:
    counts = _windowed(np.bincount(crossings, minlength=frames).astype(np.float64), rules.window_frames)
    broken: Bool = counts > rules.transitions
    if rules.extended is not None:
        busy = (counts >= rules.extended.busy_from).astype(np.float64)
        broken |= _windowed(busy, rules.extended.span_frames) >= rules.extended.busy_frames
    return broken


def _windowed(values: F64, frames: int) -> F64:
    sums = np.cumsum(values)
    return np.concatenate([sums[:frames], sums[frames:] - sums[:-frames]])


def kept_flashes(begins: list[int], weigh: Callable[[int], float], profile: Profile, more: int = 0) -> set[int]:
    """Which flashes stay: the heaviest selection with enough distance, by dynamic programming.

    Args:
        begins: frames at which flashes begin, ascending.
        weigh: place in ``begins`` → weight.
        profile: gives the distance.
        more: frames added to the distance.

    Returns:
        places in ``begins``.
    """
    spacing = _KEPT_SPACING_FRAMES.get(profile.name)
    if spacing is None:
        return set()
    best, takes = [0.0], list[int]()  # best[i]: of the first i flashes; takes[i]: how many precede flash i if it stays
    for i, begin in enumerate(begins):
        takes.append(bisect_right(begins, begin - spacing - more))
        best.append(max(best[i], best[takes[i]] + weigh(i)))
    kept, i = set[int](), len(begins)
    while i > 0:
        if best[i] > best[i - 1]:
            kept.add(i - 1)
            i = takes[i - 1]
        else:
            i -= 1
    return kept
