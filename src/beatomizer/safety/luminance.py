"""Two ways to count changes of luminance; each sees what the other misses.

``Zigzag`` follows peaks and valleys: a change counts when the light has moved far enough away from its last extreme,
however it wobbled on the way (a staircase with micro-reversals is one change). ``Runs`` adds up steps of one sign and
starts again at every reversal, as frame-difference tools do: it counts a second rise that follows a first one, which
peaks and valleys do not see.

Each has two forms that agree to the last bit: ``event`` and ``commit`` for one frame, ``advance`` for a block.
"""

from math import inf

from beatomizer.safety.budget import Log
from beatomizer.safety.curves import Curve
from beatomizer.safety.profiles import Thresholds
from beatomizer.safety.signals import Light


class Zigzag:
    """Changes between adjacent peaks and valleys (WCAG's "pair of opposing changes").

    A change is dated again (``Log.peaks``) when the light comes back over the level at which it was counted: who
    misses frames, or rounds differently, may count it only then.
    """

    __slots__ = (
        "_bright", "_direction", "_fall_at", "_high", "_last", "_low", "_mark", "_rise_at", "_thresholds", "log"
    )  # fmt: skip

    def __init__(self, thresholds: Thresholds, first: Light) -> None:
        self.log = Log()
        self._thresholds = thresholds
        self._direction = 0
        self._bright = False  # the last transition is a fall whose lower end is still above ``dark``
        self._last = self._mark = (
            first.luminance
        )  # the mark is the level at which the last transition was counted
        self._set_low(first.luminance)
        self._set_high(first.luminance)

    def copy(self) -> "Zigzag":
        """An independent copy."""
        twin = Zigzag.__new__(Zigzag)
        twin.log = self.log.copy()
        twin._thresholds, twin._direction = self._thresholds, self._direction
        twin._low, twin._high = self._low, self._high
        twin._last, twin._mark = self._last, self._mark
        twin._rise_at, twin._fall_at, twin._bright = self._rise_at, self._fall_at, self._bright
        return twin

    def event(self, light: Light) -> int:
        """The transition that ``light`` would be: 1 upward, −1 downward, 0 none."""
        value = light.luminance
        if self._direction <= 0 and value >= self._rise_at:
            return 1
        if self._direction >= 0 and value <= self._fall_at:
            return -1
        return 0

    def levels(self) -> tuple[float, float]:
        """At or below the first luminance a fall would count, at or above the second a rise."""
        return (
            self._fall_at if self._direction >= 0 else -inf,
            self._rise_at if self._direction <= 0 else inf,
        )

    def commit(self, light: Light, frame: int) -> None:
        """``light`` was shown at ``frame``."""
        value, last = light.luminance, self._last
        if (last > self._mark >= value) if self._direction < 0 else (last < self._mark <= value):
            self._date_again(frame)
        self._move_to(value, frame, frame)
        self._last = value

    def advance(self, curve: Curve, first_frame: int) -> list[bool]:
        """A block was shown from ``first_frame`` on; returns which of the new transitions rise."""
        known = len(self.log.crossings)
        at, values = 0, curve.values
        for knot in curve.knots:
            value = values[knot]
            crossing = knot
            if value > values[at]:
                if self._direction <= 0 and value >= self._rise_at:
                    crossing = curve.first_at_least(self._rise_at, at + 1, knot)
                elif self._direction > 0 and values[at] < self._mark <= value:
                    self._date_again(first_frame - 1 + curve.first_at_least(self._mark, at + 1, knot))
            elif self._direction >= 0 and value <= self._fall_at:
                crossing = curve.first_at_most(self._fall_at, at + 1, knot)
                self._move_to(values[crossing], first_frame - 1 + crossing, first_frame - 1 + crossing)
                at = crossing
            elif self._direction < 0 and values[at] > self._mark >= value:
                self._date_again(first_frame - 1 + curve.first_at_most(self._mark, at + 1, knot))
            if self._bright and value < values[at]:
                self._follow(curve, at, knot, first_frame)
            self._move_to(value, first_frame - 1 + crossing, first_frame - 1 + knot)
            at = knot
        self._last = values[-1]
        count = len(self.log.crossings) - known
        last_rises = self._direction > 0
        return [last_rises == ((count - 1 - i) % 2 == 0) for i in range(count)]

    def _follow(self, curve: Curve, at: int, knot: int, first_frame: int) -> None:
        """A fall that began in bright light goes on from ``at`` to ``knot``, frame by frame while it is bright."""
        for index in range(at + 1, knot + 1):
            self._move_to(curve.values[index], first_frame - 1 + index, first_frame - 1 + index)
            if not self._bright:
                return

    def _move_to(self, value: float, crossing: int, arrival: int) -> None:
        direction = self._direction
        if direction <= 0 and value >= self._rise_at:
            self._turn(1, value, crossing, arrival)
        elif direction >= 0 and value <= self._fall_at:
            self._turn(-1, value, crossing, arrival)
        elif value > self._high and direction >= 0:
            self._set_high(value)
            if direction:
                self.log.peaks[-1] = arrival
        elif value < self._low and direction <= 0:
            self._set_low(value)
            if self._bright:
                self.log.peaks[-1] = arrival
                self._bright = value >= self._thresholds.dark

    def _date_again(self, frame: int) -> None:
        if self._direction and frame > self.log.peaks[-1]:
            self.log.peaks[-1] = frame

    def _turn(self, direction: int, value: float, crossing: int, arrival: int) -> None:
        self._mark = self._rise_at if direction > 0 else self._fall_at
        self._direction = direction
        self.log.add(crossing)
        if direction > 0:
            self.log.peaks[-1] = arrival
            self._set_high(value)
            self._bright = False
        else:
            self._set_low(value)
            self._bright = value >= self._thresholds.dark

    def _set_low(self, value: float) -> None:
        self._low = value
        self._rise_at = self._thresholds.rising_level(value)

    def _set_high(self, value: float) -> None:
        self._high = value
        self._fall_at = self._thresholds.falling_level(value)


class Runs:
    """Changes that add up while every step has the same sign.

    A rest does not end a run that has not counted yet, and does end one that has: both ways of other tools to treat
    a step of zero are then covered.
    """

    __slots__ = ("_base", "_bright", "_counted", "_direction", "_last", "_level", "_thresholds", "log")

    def __init__(self, thresholds: Thresholds, first: Light) -> None:
        self.log = Log()
        self._thresholds = thresholds
        self._last = self._base = self._level = first.luminance
        self._direction = 0
        self._counted = self._bright = False

    def copy(self) -> "Runs":
        """An independent copy."""
        twin = Runs.__new__(Runs)
        twin.log = self.log.copy()
        twin._thresholds, twin._direction = self._thresholds, self._direction
        twin._last, twin._base, twin._level = self._last, self._base, self._level
        twin._counted, twin._bright = self._counted, self._bright
        return twin

    def event(self, light: Light) -> int:
        """The transition that ``light`` would be: 1 upward, −1 downward, 0 none."""
        value, last = light.luminance, self._last
        if value > last:
            if self._direction > 0:
                return 1 if not self._counted and value >= self._level else 0
            return 1 if value >= self._thresholds.rising_level(last) else 0
        if value < last:
            if self._direction < 0:
                return -1 if not self._counted and value <= self._level else 0
            return -1 if value <= self._thresholds.falling_level(last) else 0
        return 0

    def levels(self) -> tuple[float, float]:
        """At or below the first luminance a fall would count, at or above the second a rise."""
        going_on = inf if self._counted else 0.0
        fall = self._level - going_on if self._direction < 0 else self._thresholds.falling_level(self._last)
        rise = self._level + going_on if self._direction > 0 else self._thresholds.rising_level(self._last)
        return fall, rise

    def commit(self, light: Light, frame: int) -> None:
        """``light`` was shown at ``frame``."""
        value, last = light.luminance, self._last
        if value == last:
            if self._counted:
                self._start(self._direction, value)
            return
        direction = 1 if value > last else -1
        if direction != self._direction:
            self._start(direction, last)
        if not self._counted and self._reached(value):
            self._count(value, frame)
        elif self._bright:
            self._date(value, frame)
        self._last = value

    def advance(self, curve: Curve, first_frame: int) -> list[bool]:
        """A block was shown from ``first_frame`` on; returns which of the new transitions rise."""
        rises: list[bool] = []
        at, values = 0, curve.values
        for knot in curve.knots:
            direction = 1 if values[knot] > values[at] else -1
            if direction != self._direction:
                self._start(direction, values[at])
            self._advance_segment(curve, at, knot, first_frame, rises)
            at = knot
        self._last = values[-1]
        if self._counted and at < len(values) - 1:
            self._start(self._direction, self._last)
        return rises

    def _advance_segment(self, curve: Curve, at: int, knot: int, first_frame: int, rises: list[bool]) -> None:
        """From index ``at`` to ``knot`` the signal only rises, or only falls."""
        values = curve.values
        while True:
            if not self._counted:
                if not self._reached(values[knot]):
                    break
                find = curve.first_at_least if self._direction > 0 else curve.first_at_most
                crossing = find(self._level, at + 1, knot)
                self._follow(curve, at, crossing - 1, first_frame)
                at = crossing
                self._count(values[at], first_frame - 1 + at)
                rises.append(self._direction > 0)
            still = curve.next_still(at)
            if still > knot:
                break
            self._follow(curve, at, still, first_frame)
            at = still
            self._start(self._direction, values[at])
        self._follow(curve, at, knot, first_frame)

    def _follow(self, curve: Curve, at: int, end: int, first_frame: int) -> None:
        """A fall that began in bright light goes on from index ``at`` to ``end``."""
        index, values = at + 1, curve.values
        while self._bright and index <= end:
            if values[index] < values[index - 1]:
                self._date(values[index], first_frame - 1 + index)
            index += 1

    def _count(self, value: float, frame: int) -> None:
        self._counted = True
        self.log.add(frame)
        self._bright = self._direction < 0 and value >= self._thresholds.dark

    def _date(self, value: float, frame: int) -> None:
        """A fall that counts by its ratio goes on: who counts by the difference alone counts it below ``dark``."""
        self.log.peaks[-1] = frame
        self._bright = value >= self._thresholds.dark

    def _reached(self, value: float) -> bool:
        return value >= self._level if self._direction > 0 else value <= self._level

    def _start(self, direction: int, base: float) -> None:
        if direction != self._direction:
            self._bright = False
        self._direction, self._base, self._counted = direction, base, False
        thresholds = self._thresholds
        self._level = thresholds.rising_level(base) if direction > 0 else thresholds.falling_level(base)
