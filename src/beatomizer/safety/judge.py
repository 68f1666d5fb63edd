"""Judge finished light: whole songs at once, or frame by frame, with the same verdict for every frame."""

import numpy as np

from beatomizer.arrays import U8, Bool, Int
from beatomizer.safety.budget import Log
from beatomizer.safety.counters import RULE_NAMES, Counters
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile, Rules, judging_rules, profile_named
from beatomizer.safety.signals import LINEAR, Signals, light_of, signals_of_rgb8
from beatomizer.safety.verdict import Failure, Verdict

EXTENDED_SUFFIX = " (lasting)"
"""Added to a detector's rule where not one second but five are at fault."""


def judge(rgb8: U8, profile: str | Profile = DEFAULT_PROFILE) -> Verdict:
    """Judge 8-bit colours ``[T, R, 3]`` at 60 frames a second.

    Args:
        rgb8: the regions (zones, or parts of a picture), each judged on its own.
        profile: the rules.

    Raises:
        UsageError: no profile has that name.
    """
    chosen = profile_named(profile)
    return judge_signals(signals_of_rgb8(rgb8), chosen)


def judge_signals(signals: Signals, profile: Profile) -> Verdict:
    """``judge`` for signals that were computed before."""
    rules = judging_rules(profile)
    shape = (signals.frames, signals.regions)
    counts: dict[str, Int] = {name: np.zeros(shape, dtype=np.int64) for name in RULE_NAMES.values()}
    broken: dict[str, Bool] = {}
    for name in RULE_NAMES.values():
        broken[name] = np.zeros(shape, dtype=np.bool_)
        if rules.extended is not None:
            broken[name + EXTENDED_SUFFIX] = np.zeros(shape, dtype=np.bool_)
    for region in range(signals.regions if signals.frames else 0):
        counters = Counters(rules, signals.light(0, region))
        counters.advance(signals, region, 0, known_allowed=True)
        for detector in counters.detectors:
            crossings = detector.log.crossings
            if not crossings:
                continue
            name = RULE_NAMES[type(detector)]
            counts[name][:, region] = _in_window(
                np.bincount(crossings, minlength=shape[0]), rules.window_frames
            )
            broken[name][:, region] = counts[name][:, region] > rules.transitions
            if rules.extended is not None:
                broken[name + EXTENDED_SUFFIX][:, region] = _lasting(counts[name][:, region], rules)
    return Verdict(profile.name, counts, broken)


def _in_window(values: Int, frames: int) -> Int:
    """Sum over the last ``frames`` values, at every value."""
    sums = np.cumsum(values)
    sums[frames:] -= sums[:-frames].copy()
    return np.asarray(sums)


def _lasting(counts: Int, rules: Rules) -> Bool:
    assert rules.extended is not None
    busy = counts >= rules.extended.busy_from
    long_busy = _in_window(busy.astype(np.int64), rules.extended.span_frames) >= rules.extended.busy_frames
    return np.asarray(busy & long_busy)


class StreamingJudge:
    """The same judge, one frame at a time.

    Args:
        regions: R.
        profile: the rules.
    """

    def __init__(self, regions: int, profile: str | Profile = DEFAULT_PROFILE) -> None:
        self.rules = judging_rules(profile_named(profile))
        self.frame = 0
        self._counters: list[Counters] = []
        self._busy: list[dict[str, list[int]]] = [{} for _ in range(regions)]

    def step(self, rgb8: U8) -> list[Failure]:
        """Look at the next frame ``[R, 3]``; returns the rules that are broken at it."""
        lights = [light_of(LINEAR[red], LINEAR[green], LINEAR[blue]) for red, green, blue in rgb8.tolist()]
        if not self._counters:
            self._counters = [Counters(self.rules, light) for light in lights]
        failures: list[Failure] = []
        for region, (counters, light) in enumerate(zip(self._counters, lights)):
            counters.commit(light, self.frame)
            for detector in counters.detectors:
                name = RULE_NAMES[type(detector)]
                broken = self._broken(detector.log, self._busy[region].setdefault(name, []))
                failures += [Failure(self.frame, region, name + suffix) for suffix in broken]
        self.frame += 1
        return failures

    def counts(self, region: int) -> dict[str, int]:
        """Transitions in the second that ends with the last frame."""
        return {
            RULE_NAMES[type(detector)]: self._in_second(detector.log, self.frame - 1)
            for detector in self._counters[region].detectors
        }

    def _in_second(self, log: Log, frame: int) -> int:
        return sum(crossing > frame - self.rules.window_frames for crossing in log.crossings)

    def _broken(self, log: Log, busy_frames: list[int]) -> list[str]:
        count = self._in_second(log, self.frame)
        broken = [""] if count > self.rules.transitions else []
        extended = self.rules.extended
        if extended is None or count < extended.busy_from:
            return broken
        busy_frames.append(self.frame)
        while busy_frames[0] <= self.frame - extended.span_frames:
            del busy_frames[0]
        return [*broken, EXTENDED_SUFFIX] if len(busy_frames) >= extended.busy_frames else broken
