"""Two ways to count flashes of saturated red: by redness (WCAG 2.0 and 2.1) and by chromaticity (WCAG 2.2).

Both count changes in which at least one of the two states is a saturated red, and both remember every state since
the last counted change, because the farthest one decides. As in ``luminance`` there is a form for one frame and a
form for a block, equal to the last bit.
"""

from math import inf
from operator import gt, lt, sub

import numpy as np

from beatomizer.arrays import F64, Bool
from beatomizer.safety.budget import Log
from beatomizer.safety.curves import Curve
from beatomizer.safety.profiles import Thresholds
from beatomizer.safety.signals import AXES, AXES_ACCURACY, Light, Signals, along_axes, block_along_axes


class RedSwing:
    """Changes of ``320 * max(0, R - G - B)`` to or from a saturated red.

    The first change of all may be a rise from one earlier state and a fall from another. It then leaves open which it
    was, and whatever comes next counts as its opposite.
    """

    __slots__ = ("_direction", "_high", "_high_red", "_low", "_low_red", "_share", "_swing", "log")

    def __init__(self, thresholds: Thresholds, first: Light) -> None:
        self.log = Log()
        self._swing, self._share = thresholds.red, thresholds.red_share
        self._direction = 0
        self._restart(first.redness, first.red_share >= self._share)

    def copy(self) -> "RedSwing":
        """An independent copy."""
        twin = RedSwing.__new__(RedSwing)
        twin.log = self.log.copy()
        twin._swing, twin._share, twin._direction = self._swing, self._share, self._direction
        twin._low, twin._high = self._low, self._high
        twin._low_red, twin._high_red = self._low_red, self._high_red
        return twin

    def event(self, light: Light) -> int:
        """The transition that ``light`` would be: 1 towards red, −1 away from it, 0 none."""
        value, is_red = light.redness, light.red_share >= self._share
        if self._direction <= 0 and value > self._rise_over(is_red):
            return 1
        if self._direction >= 0 and value < self._fall_under(is_red):
            return -1
        return 0

    def commit(self, light: Light, frame: int) -> None:
        """``light`` was shown at ``frame``."""
        value, is_red = light.redness, light.red_share >= self._share
        direction = self.event(light)
        if direction:
            self._turn(self._sense(direction, value, is_red), value, is_red, frame)
        else:
            self._include(value, is_red, frame)

    def advance(self, curve: Curve, red_share: F64, first_frame: int) -> list[bool]:
        """A block was shown from ``first_frame`` on; returns which of the new transitions rise.

        Args:
            curve: redness.
            red_share: ``[n + 1]``, with the value before the block in front, as in ``curve``.
            first_frame: frame of the block's first value.
        """
        values, rises = curve.values, list[bool]()
        red = red_share >= self._share
        at = 0
        for knot in self._knots(curve, red):
            value, is_red = values[knot], bool(red[knot])
            if self._direction <= 0 and value > self._rise_over(is_red):
                crossing = curve.first_above(self._rise_over(is_red), at + 1, knot)
                sense = self._sense(1, values[crossing], is_red)
                self._turn(sense, values[crossing], is_red, first_frame - 1 + crossing)
                rises.append(True)
            elif self._direction >= 0 and value < self._fall_under(is_red):
                crossing = curve.first_below(self._fall_under(is_red), at + 1, knot)
                self._turn(-1, values[crossing], is_red, first_frame - 1 + crossing)
                rises.append(False)
            self._include(value, is_red, first_frame - 1 + knot)
            at = knot
        return rises

    def _knots(self, curve: Curve, red: Bool) -> list[int]:
        """Turning points, and both sides of every change between saturated red and not."""
        flips = np.flatnonzero(red[1:] != red[:-1]) + 1
        if flips.size == 0:
            return curve.knots
        both = np.concatenate([curve.knots, flips, flips - 1]).astype(np.int64)
        knots: list[int] = np.unique(both[both > 0]).tolist()
        return knots

    def _rise_over(self, is_red: bool) -> float:
        return (min(self._low, self._low_red) if is_red else self._low_red) + self._swing

    def _fall_under(self, is_red: bool) -> float:
        return (max(self._high, self._high_red) if is_red else self._high_red) - self._swing

    def _sense(self, direction: int, value: float, is_red: bool) -> int:
        open_still = self._direction == 0 and direction > 0 and value < self._fall_under(is_red)
        return 0 if open_still else direction

    def _turn(self, direction: int, value: float, is_red: bool, frame: int) -> None:
        self._direction = direction
        self.log.add(frame)
        self._restart(value, is_red)

    def _restart(self, value: float, is_red: bool) -> None:
        self._low = self._high = value
        self._low_red, self._high_red = (value, value) if is_red else (inf, -inf)

    def _include(self, value: float, is_red: bool, frame: int) -> None:
        if value < self._low:
            self._low = value
        if value > self._high:
            self._high = value
            if self._direction > 0:
                self.log.peaks[-1] = frame
        if is_red:
            if value < self._low_red:
                self._low_red = value
            if value > self._high_red:
                self._high_red = value


_NO_RED = [-inf] * len(AXES)
_NO_OTHER = [inf] * len(AXES)
_BLOCK_ROWS = 1 << 15


class RedHue:
    """Changes of chromaticity by more than a distance in u'v', to or from a saturated red.

    All saturated reds lie within that distance of each other, so a change is always between one and another colour:
    it enters red or leaves it. Of the other colours seen since red was last left only the nearest to each of ``AXES``'
    far ends is kept, and of the reds only the farthest.
    """

    __slots__ = (
        "_blocks",
        "_direction",
        "_distance",
        "_last",
        "_others",
        "_reds",
        "_rows",
        "_share",
        "_sure",
        "_unsure",
        "log",
    )

    def __init__(self, thresholds: Thresholds, first: Light) -> None:
        self.log = Log()
        self._sure = thresholds.chromaticity
        self._unsure: list[float] | None = None  # the other side of a change that is not beyond doubt yet
        self._distance = thresholds.chromaticity * AXES_ACCURACY
        self._share = thresholds.red_share
        self._direction = 0
        self._reds, self._others = _NO_RED, _NO_OTHER
        self._rows: list[tuple[float, float, float]] = []  # other colours that nobody had to measure yet
        self._blocks: list[F64] = []
        self._last: tuple[float, float, float] | None = None
        self.commit(first, 0)

    def copy(self) -> "RedHue":
        """An independent copy."""
        twin = RedHue.__new__(RedHue)
        twin.log = self.log.copy()
        twin._distance, twin._share, twin._direction = self._distance, self._share, self._direction
        twin._reds, twin._others = self._reds, self._others
        twin._rows, twin._blocks, twin._last = self._rows[:], self._blocks[:], self._last
        twin._sure, twin._unsure = self._sure, self._unsure
        return twin

    def event(self, light: Light) -> int:
        """The transition that ``light`` would be: 1 enters red, −1 leaves it, 0 none."""
        if light.red_share >= self._share:
            return 1 if self._direction <= 0 and self._enters(along_axes(light.linear)) else 0
        if self._direction < 0 or self._reds is _NO_RED or light.linear == self._last:
            return 0
        return -1 if self._leaves(along_axes(light.linear)) else 0

    def commit(self, light: Light, frame: int) -> None:
        """``light`` was shown at ``frame``."""
        if light.linear == self._last:
            return
        self._last = light.linear
        if light.red_share >= self._share:
            self._commit_red(along_axes(light.linear), frame)
        elif self._direction >= 0 and self._reds is not _NO_RED:
            self._commit_other(light.linear, frame)
        elif self._unsure is not None:
            axes = along_axes(light.linear)
            self._settle(axes, frame)
            self._others = list(map(min, self._others, axes))
        else:
            self._rows.append(light.linear)
            if len(self._rows) > 64:
                self._measure()

    def _commit_red(self, axes: list[float], frame: int) -> None:
        if self._direction <= 0 and self._enters(axes):
            others = self._others
            self._turn(1, frame)
            self._reds = axes
            self._doubt(_farthest(axes, others), others)
        elif self._direction >= 0:
            self._settle(axes, frame)
            self._reds = list(map(max, self._reds, axes))

    def _commit_other(self, linear: tuple[float, float, float], frame: int) -> None:
        axes = along_axes(linear)
        if self._leaves(axes):
            reds = self._reds
            self._turn(-1, frame)
            self._others = axes
            self._doubt(_farthest(reds, axes), reds)
        elif self._direction == 0:
            self._others = list(map(min, self._others, axes))

    def advance(self, signals: Signals, region: int, first_frame: int) -> list[bool]:
        """A block was shown from ``first_frame`` on; returns which of the new transitions rise."""
        red = signals.red_share[:, region] >= self._share
        linear = signals.linear[:, region]
        rises: list[bool] = []
        if self._direction <= 0 and self._reds is _NO_RED and self._unsure is None and not red.any():
            self._keep(linear)
        else:
            self._advance_stretches(signals.along_axes(region), red, first_frame, rises)
        red_, green, blue = linear[-1].tolist()
        self._last = (red_, green, blue)
        return rises

    def _advance_stretches(self, axes: F64, red: Bool, first_frame: int, rises: list[bool]) -> None:
        """Stretches of red and of other colours in turn; only the extremes of a stretch decide, but for its place."""
        starts = np.concatenate([[0], np.flatnonzero(red[1:] != red[:-1]) + 1])
        highs: list[list[float]] = np.maximum.reduceat(axes, starts).tolist()
        lows: list[list[float]] = np.minimum.reduceat(axes, starts).tolist()
        bounds = [*starts.tolist(), len(red)]
        is_red = bool(red[0])
        for start, end, high, low in zip(bounds, bounds[1:], highs, lows):
            if is_red:
                if self._direction <= 0 and self._enters(high):
                    far = ((axes[start:end] - self._others) > self._distance).any(axis=1)
                    start += int(far.argmax())
                    others, first = self._others, axes[start].tolist()
                    self._turn(1, first_frame + start)
                    rises.append(True)
                    self._reds = first
                    self._doubt(_farthest(first, others), others)
                    high = axes[start:end].max(axis=0).tolist()
                if self._direction >= 0:
                    self._settle_all(axes[start:end], first_frame + start)
                    self._reds = list(map(max, self._reds, high))
            else:
                if self._direction >= 0 and self._leaves(low):
                    far = ((np.asarray(self._reds) - axes[start:end]) > self._distance).any(axis=1)
                    start += int(far.argmax())
                    reds, first = self._reds, axes[start].tolist()
                    self._turn(-1, first_frame + start)
                    rises.append(False)
                    self._others = first
                    self._doubt(_farthest(reds, first), reds)
                    low = axes[start:end].min(axis=0).tolist()
                if self._direction <= 0:
                    self._settle_all(axes[start:end], first_frame + start)
                    if self._rows or self._blocks:
                        self._measure()
                    self._others = list(map(min, self._others, low))
            is_red = not is_red

    def _enters(self, axes: list[float]) -> bool:
        if self._rows or self._blocks:
            self._measure()
        distance = self._distance
        for new, other in zip(axes, self._others):  # noqa: SIM110  a generator takes twice the time
            if new - other > distance:
                return True
        return False

    def _leaves(self, axes: list[float]) -> bool:
        if self._reds is _NO_RED:
            return False
        distance = self._distance
        for red, new in zip(self._reds, axes):  # noqa: SIM110  a generator takes twice the time
            if red - new > distance:
                return True
        return False

    def _turn(self, direction: int, frame: int) -> None:
        self._direction = direction
        self.log.add(frame)
        self._reds, self._others = _NO_RED, _NO_OTHER
        self._rows, self._blocks, self._unsure = [], [], None

    def _doubt(self, distance: float, other_side: list[float]) -> None:
        self._unsure = None if distance > self._sure else other_side

    def _settle(self, axes: list[float], frame: int) -> None:
        """A colour on the near side of a doubtful change: if the change went on, date it again or end the doubt."""
        if self._unsure is None:
            return
        if self._direction > 0:
            distance, goes_on = _farthest(axes, self._unsure), any(map(gt, axes, self._reds))
        else:
            distance, goes_on = _farthest(self._unsure, axes), any(map(lt, axes, self._others))
        if goes_on:
            self.log.peaks[-1] = frame
            self._doubt(distance, self._unsure)

    def _settle_all(self, axes: F64, first_frame: int) -> None:
        if self._unsure is None:
            return
        for place, one in enumerate(axes.tolist()):
            self._settle(one, first_frame + place)
            if self._direction > 0:
                self._reds = list(map(max, self._reds, one))
            else:
                self._others = list(map(min, self._others, one))

    def _keep(self, linear: F64) -> None:
        """Remember other colours without measuring them: most songs never turn red after them."""
        self._blocks.append(linear)
        if sum(len(block) for block in self._blocks) > _BLOCK_ROWS:
            self._measure()

    def _measure(self) -> None:
        """Bring the remembered colours into ``_others``."""
        for block in [*self._blocks, *([np.array(self._rows)] if self._rows else [])]:
            self._others = np.minimum(self._others, block_along_axes(block).min(axis=0)).tolist()
        self._rows, self._blocks = [], []


def _farthest(reds: list[float], others: list[float]) -> float:
    distance: float = max(map(sub, reds, others))
    return distance
