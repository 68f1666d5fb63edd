"""Where a song asks for more flashes than allowed, and which of them it may keep."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from beatomizer.cues.cuelist import CueList
from beatomizer.safety.budget import Log, all_refused
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


def passages_over_budget(log: Log, rules: Rules, rises: list[bool]) -> list[Passage]:
    """Passages of a log in which the limiter would refuse something; ``rises`` tells the sense of each transition."""
    if not log.crossings:
        return []
    refused = all_refused(log, rules, rises)
    breaks = np.flatnonzero(np.diff(log.crossings) > rules.window_frames) + 1
    bounds = [0, *breaks.tolist(), len(log.crossings)]
    return [Passage(first, end) for first, end in pairwise(bounds) if refused[first:end].any()]


def kept_flashes(begins: list[int], weights: list[float], profile: Profile, more: int = 0) -> set[int]:
    """Which flashes stay: the heaviest selection with enough distance, by dynamic programming.

    Args:
        begins: frames at which flashes begin, ascending.
        weights: how much each would be missed.
        profile: gives the distance.
        more: frames added to the distance.

    Returns:
        places in ``begins``.
    """
    spacing = _KEPT_SPACING_FRAMES.get(profile.name)
    if spacing is None:
        return set()
    best, takes = (
        [0.0],
        list[int](),
    )  # best[i]: of the first i flashes; takes[i]: how many precede flash i if it stays
    for i, begin in enumerate(begins):
        takes.append(bisect_right(begins, begin - spacing - more))
        best.append(max(best[i], best[takes[i]] + weights[i]))
    kept, i = set[int](), len(begins)
    while i > 0:
        if best[i] > best[i - 1]:
            kept.add(i - 1)
            i = takes[i - 1]
        else:
            i -= 1
    return kept
