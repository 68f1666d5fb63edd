"""How many transitions there were, and whether one more is allowed.

The proof of the limiter rests on this file. Holding a colour makes no transition, so under a hold the counts of every
window only fall, and the busy time of the extended rule grows only until the last transitions have left the window.
``refuses`` looks at that last moment, so a transition that is allowed can be held forever without breaking a rule.
"""

from beatomizer.safety.profiles import Rules


class Log:
    """The transitions one detector has counted, oldest first.

    Attributes:
        crossings: frames at which they were counted.
        arrivals: frames at which the swing they belong to reached its extreme (so far, for the last one).
    """

    __slots__ = ("arrivals", "crossings")

    def __init__(self) -> None:
        self.crossings: list[int] = []
        self.arrivals: list[int] = []

    def add(self, frame: int) -> None:
        """Count a transition."""
        self.crossings.append(frame)
        self.arrivals.append(frame)

    def copy(self) -> "Log":
        """An independent copy."""
        twin = Log()
        twin.crossings = self.crossings[:]
        twin.arrivals = self.arrivals[:]
        return twin

    def forget(self, rules: Rules, frame: int) -> None:
        """Drop what can no longer matter from ``frame`` on, so that a log stays small however long the show."""
        span = rules.extended.span_frames if rules.extended else 0
        oldest = frame - span - 2 * rules.window_frames
        keep_at_least = max(rules.transitions, rules.extended.busy_from if rules.extended else 0)
        drop = 0
        while drop < len(self.crossings) - keep_at_least and self.arrivals[drop] < oldest:
            drop += 1
        if drop:
            del self.crossings[:drop], self.arrivals[:drop]


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
    leaves = log.arrivals if rules.from_arrival else log.crossings
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


def _busy_frames(crossings: list[int], count: int, rules: Rules, after: int, before: int) -> int:
    """Frames in ``after < frame < before`` whose second holds at least ``busy_from`` of the first ``count`` transitions.

    The ``i``-th transition makes busy from its own frame until the one ``busy_from - 1`` before it leaves the window.
    Both ends grow with ``i``, so the union is summed from the newest one backwards.
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
