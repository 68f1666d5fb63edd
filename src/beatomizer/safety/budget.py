"""How many transitions there were, and whether one more is allowed.

The proof of the limiter rests on this file. Holding a colour makes no transition, so under a hold the counts of every
window only fall, and the busy time of the extended rule grows only until the last transitions have left the window.
``refuses`` looks at that last moment, so a transition that is allowed can be held forever without breaking a rule.
"""

import numpy as np

from beatomizer.arrays import Bool
from beatomizer.safety.profiles import Rules


class Log:
    """The transitions one detector has counted, oldest first.

    Attributes:
        crossings: frames at which they were counted.
        peaks: when judges that date changes differently agree that they are over: a rise of luminance or
            redness at its peak (so far, for the last one), a fall in bright light when it is dark, a change of
            chromaticity when it is beyond doubt; else as ``crossings``.
    """

    __slots__ = ("crossings", "peaks")

    def __init__(self) -> None:
        self.crossings: list[int] = []
        self.peaks: list[int] = []

    def add(self, frame: int) -> None:
        """Count a transition."""
        self.crossings.append(frame)
        self.peaks.append(frame)

    def copy(self) -> "Log":
        """An independent copy."""
        twin = Log()
        twin.crossings = self.crossings[:]
        twin.peaks = self.peaks[:]
        return twin

    def forget(self, rules: Rules, frame: int) -> None:
        """Drop what can no longer matter from ``frame`` on, so that a log stays small however long the show."""
        span = rules.extended.span_frames if rules.extended else 0
        oldest = frame - span - 2 * rules.window_frames
        keep_at_least = max(rules.transitions, rules.extended.busy_from if rules.extended else 0)
        drop = 0
        while drop < len(self.crossings) - keep_at_least and self.peaks[drop] < oldest:
            drop += 1
        if drop:
            del self.crossings[:drop], self.peaks[:drop]


def refuses(log: Log, rules: Rules, frame: int, rising: bool, before: int | None = None) -> bool:
    """Whether one more transition at ``frame`` could ever break a rule.

    Args:
        log: what was counted.
        rules: the budget.
        frame: when the transition would be counted.
        rising: whether it starts a flash; then its opposite must be allowed on the next frame too.
        before: judge as if only the first ``before`` transitions had been counted yet (all if ``None``).
    """
    count = len(log.crossings) if before is None else before
    leaves = log.peaks if rules.from_peak else log.crossings
    window, most = rules.window_frames, rules.transitions
    if count >= most and frame - leaves[count - most] < window:
        return True
    opposite_too = rising and rules.reserve
    if opposite_too and count >= most - 1 and frame + 1 - leaves[count - most + 1] < window:
        return True
    if rules.extended is None:
        return False
    # The busy time ends when the transition that makes it busy leaves the window: the ``busy_from``-th latest one.
    back = rules.extended.busy_from - (2 if opposite_too else 1)
    if count < back:
        return False
    last_busy = log.crossings[count - back] + window - 1
    if last_busy < frame:
        return False
    span_start = last_busy - rules.extended.span_frames
    past = _busy_frames(log.crossings, count, rules, span_start, frame)
    return past + last_busy - frame + 1 >= rules.extended.busy_frames


def first_refused(log: Log, rules: Rules, rises: list[bool]) -> int | None:
    """The first of a log's last ``len(rises)`` transitions that ``refuses`` would not have allowed: its frame.

    The same answer as asking one by one, each with the transitions before it; ``None`` if all were allowed.
    """
    fewest = min(rules.transitions, rules.extended.busy_from if rules.extended else rules.transitions) - 1
    if not rises or len(log.crossings) < fewest:
        return None
    refused = all_refused(log, rules, rises)
    place = int(refused.argmax())
    return log.crossings[len(log.crossings) - len(rises) + place] if refused[place] else None


def all_refused(log: Log, rules: Rules, rises: list[bool]) -> Bool:
    """Which of a log's last ``len(rises)`` transitions ``refuses`` would not have allowed, ``[len(rises)]``."""
    crossings = np.array(log.crossings)
    leaves = np.array(log.peaks) if rules.from_peak else crossings
    window, most = rules.window_frames, rules.transitions
    places = np.arange(len(crossings) - len(rises), len(crossings))
    frames = crossings[places]
    opposite_too = np.array(rises) & rules.reserve
    refused: Bool = (places >= most) & (frames - leaves[np.maximum(places - most, 0)] < window)
    refused |= (
        opposite_too & (places >= most - 1) & (frames + 1 - leaves[np.maximum(places - most + 1, 0)] < window)
    )
    if rules.extended is None:
        return refused
    back = rules.extended.busy_from - 1
    if len(crossings) <= back - 1:
        return refused
    last_busy = crossings[np.maximum(places - np.where(opposite_too, back - 1, back), 0)] + window - 1
    asked = (places >= np.where(opposite_too, back - 1, back)) & (last_busy >= frames)
    if not asked.any():
        return refused
    # busy_before[i]: busy frames before frame ``origin + i``; a frame before all transitions stands at both ends
    origin = int(crossings[0]) - 1
    marks = np.zeros(int(crossings[-1]) + window - origin + 2, dtype=np.int64)
    if len(crossings) > back:
        starts, ends = (
            crossings[back:] - origin,
            np.maximum(crossings[:-back] + window, crossings[back:]) - origin,
        )
        np.add.at(marks, starts, 1)
        np.add.at(marks, ends, -1)
    busy_before = np.concatenate([[0], np.cumsum(np.cumsum(marks) > 0)])
    span_start = np.maximum(last_busy - rules.extended.span_frames + 1 - origin, 0)
    past = busy_before[frames - origin] - busy_before[np.minimum(span_start, frames - origin)]
    lasting = past + last_busy - frames + 1 >= rules.extended.busy_frames
    return np.asarray(refused | (asked & lasting))


def _busy_frames(crossings: list[int], count: int, rules: Rules, after: int, before: int) -> int:
    """Busy frames between ``after`` and ``before``, both excluded, made by the first ``count`` transitions.

    The ``i``-th transition makes busy from its own frame until the one ``busy_from - 1`` before it leaves the
    window. Both ends grow with ``i``, so the union is summed from the newest one backwards.
    """
    assert rules.extended is not None
    back, window = rules.extended.busy_from - 1, rules.window_frames
    total, upper = 0, before
    for i in range(count - 1, back - 1, -1):
        end = crossings[i - back] + window
        if end <= after + 1:
            break
        start = max(crossings[i], after + 1)
        if end > upper:
            end = upper
        if end > start:
            total += end - start
            upper = start
    return total
