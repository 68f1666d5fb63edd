"""All detectors of one region together: a pure state machine, fed by frames or by blocks."""

from math import inf

import numpy as np

from beatomizer.safety.budget import Log, first_refused, refuses
from beatomizer.safety.curves import Curve
from beatomizer.safety.luminance import Runs, Zigzag
from beatomizer.safety.profiles import Rules
from beatomizer.safety.red import RedHue, RedSwing
from beatomizer.safety.signals import Light, Signals

Detector = Zigzag | Runs | RedSwing | RedHue

RULE_NAMES: dict[type[Detector], str] = {
    Zigzag: "luminance",
    Runs: "luminance runs",
    RedSwing: "red",
    RedHue: "red chromaticity",
}
"""What reports call each detector's rule."""

_FORGET_EVERY = 256


class Counters:
    """Every detector at every threshold for one region.

    Args:
        rules: thresholds and budget.
        first: what was shown before the first frame.
    """

    __slots__ = ("_by_luminance", "_by_red", "_hues", "_next_forget", "_swings", "detectors", "last", "rules")

    def __init__(self, rules: Rules, first: Light) -> None:
        self.rules = rules
        self.last = first
        self._take(
            [kind(member, first) for kind in (Zigzag, Runs) for member in rules.members],
            [RedSwing(member, first) for member in rules.members],
            [RedHue(member, first) for member in rules.members],
        )
        self._next_forget = _FORGET_EVERY

    def _take(self, by_luminance: list[Zigzag | Runs], swings: list[RedSwing], hues: list[RedHue]) -> None:
        self._by_luminance, self._swings, self._hues = by_luminance, swings, hues
        self._by_red: list[RedSwing | RedHue] = [*swings, *hues]
        self.detectors: list[Detector] = [*by_luminance, *swings, *hues]

    def copy(self) -> "Counters":
        """An independent copy."""
        twin = Counters.__new__(Counters)
        twin.rules, twin.last, twin._next_forget = self.rules, self.last, self._next_forget
        twin._take(
            [one.copy() for one in self._by_luminance],
            [one.copy() for one in self._swings],
            [one.copy() for one in self._hues],
        )
        return twin

    def refuses(self, light: Light, frame: int) -> bool:
        """Whether showing ``light`` at ``frame`` could ever break a rule, even if it were then held forever."""
        return self.refuses_luminance(light, frame) or self.refuses_red(light, frame)

    def refuses_luminance(self, light: Light, frame: int) -> bool:
        """``refuses`` for the luminance rules alone."""
        if light.luminance == self.last.luminance:
            return False
        for detector in self._by_luminance:
            event = detector.event(light)
            if event and refuses(detector.log, self.rules, frame, event > 0):
                return True
        return False

    def refuses_red(self, light: Light, frame: int) -> bool:
        """``refuses`` for the red rules alone."""
        if light.linear == self.last.linear:
            return False
        for detector in self._by_red:
            event = detector.event(light)
            if event and refuses(detector.log, self.rules, frame, event > 0):
                return True
        return False

    def quiet_band(self, frame: int) -> tuple[float, float]:
        """Luminances between which, both excluded, no luminance rule can refuse anything at ``frame``."""
        low, high = -inf, inf
        for detector in self._by_luminance:
            fall, rise = detector.levels()
            if fall > low and refuses(detector.log, self.rules, frame, False):
                low = fall
            if rise < high and refuses(detector.log, self.rules, frame, True):
                high = rise
        return low, high

    def commit(self, light: Light, frame: int) -> None:
        """``light`` was shown at ``frame``."""
        for one in self._by_luminance:
            one.commit(light, frame)
        if light.linear != self.last.linear:
            for other in self._by_red:
                other.commit(light, frame)
        self.last = light
        if frame >= self._next_forget:
            self.forget(frame)

    def forget(self, frame: int) -> None:
        """Drop transitions that can no longer matter."""
        self._next_forget = frame + _FORGET_EVERY
        for detector in self.detectors:
            detector.log.forget(self.rules, frame)

    def advance(
        self, signals: Signals, region: int, first_frame: int, *, known_allowed: bool = False
    ) -> int | None:
        """A block of ``signals`` was shown from ``first_frame`` on; nobody asks again if it is ``known_allowed``.

        Returns:
            the first frame at which one of the new transitions would have been refused; ``None`` if all were allowed.
        """
        if signals.frames == 0:
            return None
        made: list[tuple[Log, list[bool]]] = []
        luminance = Curve(self.last.luminance, signals.luminance[:, region])
        made += [(one.log, one.advance(luminance, first_frame)) for one in self._by_luminance]
        redness = Curve(self.last.redness, signals.redness[:, region])
        red_share = np.concatenate([[self.last.red_share], signals.red_share[:, region]])
        made += [(swing.log, swing.advance(redness, red_share, first_frame)) for swing in self._swings]
        made += [(hue.log, hue.advance(signals, region, first_frame)) for hue in self._hues]
        self.last = signals.light(-1, region)
        if known_allowed:
            return None
        refused = [first_refused(log, self.rules, rises) for log, rises in made]
        return min((frame for frame in refused if frame is not None), default=None)
