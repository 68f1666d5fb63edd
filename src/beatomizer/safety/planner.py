"""Before the limiter, while the whole song is known: turn flashes that would be refused into something that still
shows the beat.

In a passage that asks for too many flashes the most important ones stay. The others become dark pulses: the same
shape and colour, valley to valley, scaled to just under what counts (from near black that is still L* 0 to 33).
Saturated reds that flash too often lose some of their saturation. Everything stays in motion; nothing is held.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import LINEAR_OF_RGB8, lightness, linear_to_rgb8
from beatomizer.cues.cuelist import CueList
from beatomizer.safety.curves import Curve
from beatomizer.safety.envelope import floor_of, less_red, luminance_of, moving_mean, with_luminance
from beatomizer.safety.luminance import Zigzag
from beatomizer.safety.passages import Importance, importance_of, kept_flashes, passages_over_budget
from beatomizer.safety.profiles import Profile, Rules, limiting_rules
from beatomizer.safety.red import RedHue, RedSwing
from beatomizer.safety.report import VISIBLE_LIGHTNESS_STEP
from beatomizer.safety.signals import BLACK, signals_of

_SHARE_OF_THRESHOLD = 0.9
"""A dark pulse's height, as a share of the lowest threshold at which a change counts."""

_VISIBLE_FLOOR = 0.015
"""Brighter floors come down to it: above it a dark pulse is L* 13 to 35, above 0.1 only 38 to 48."""

_LEAD_FRAMES = 3
"""A kept flash opens this much before it begins, so that its first frame is untouched by the slope."""

_SLOPE_FRAMES = 2
_FLOOR_SLOPE_FRAMES = 20
_CALM_RED_SHARE = 0.72


@dataclass(frozen=True)
class _Plan:
    """What the light above the floor is scaled by, and what the floor is; ``[T]`` each, 1 = as it was."""

    gain: F64
    floor_gain: F64


def plan(rgb8: U8, cues: CueList | None, profile: Profile, round: int = 1) -> U8:
    """Change passages with too many flashes; every other frame keeps its exact bytes.

    Args:
        rgb8: ``[T, Z, 3]``.
        cues: tell which flashes matter.
        profile: the budget.
        round: 1, or more to be stricter where the round before was not enough.
    """
    rules = limiting_rules(profile)
    importance = importance_of(cues)
    linear = LINEAR_OF_RGB8[rgb8]
    zones = linear.shape[1]
    touched = np.zeros((len(rgb8), zones), dtype=np.bool_)
    for region in [zones, *range(zones)] if zones > 1 else [0]:
        part = slice(None) if region == zones else slice(region, region + 1)
        watched = linear.mean(axis=1) if region == zones else linear[:, region]
        made = _plan_luminance(luminance_of(watched), rules, profile, importance, round)
        if made is not None:
            linear[:, part] = _scaled(linear[:, part], made)
            touched[:, part] |= ((made.gain != 1.0) | (made.floor_gain != 1.0))[:, None]
    for region in [zones, *range(zones)] if zones > 1 else [0]:
        part = slice(None) if region == zones else slice(region, region + 1)
        watched = linear.mean(axis=1) if region == zones else linear[:, region]
        amount = _plan_red(watched, rules, profile, importance, round)
        if amount is not None:
            linear[:, part] = less_red(linear[:, part], _CALM_RED_SHARE, amount[:, None])
            touched[:, part] |= (amount > 0.0)[:, None]
    if not touched.any():
        return rgb8
    return np.where(touched[..., None], linear_to_rgb8(linear), rgb8)


def _plan_luminance(
    luminance: F64, rules: Rules, profile: Profile, importance: Importance, round: int
) -> _Plan | None:
    frames = len(luminance)
    zigzag = Zigzag(rules.members[0], BLACK)
    rises = zigzag.advance(Curve(0.0, luminance), 0)
    passages = passages_over_budget(zigzag.log, rules, rises)
    if not passages:
        return None
    floor = floor_of(luminance)
    ceiling = rules.members[0].luminance * _SHARE_OF_THRESHOLD * 0.8 ** (round - 1)
    gain, floor_gain = np.ones(frames), np.ones(frames)
    for passage in passages:
        pulses = _pulses(luminance, zigzag, rises, passage.first, passage.end)
        if not pulses:
            continue
        heights = [float((luminance[a : b + 1] - floor[a : b + 1]).max()) for a, b in pulses]
        stays = kept_flashes(
            [begin for begin, _ in pulses],
            [importance.at(a + 1) * (0.5 + height) for (a, _), height in zip(pulses, heights)],
            profile,
            12 * (round - 1),
        )
        start, end = max(0, pulses[0][0] - _LEAD_FRAMES), pulses[-1][1] + 1
        lowered = _lowered_floor(floor[start:end], float(np.median(heights)), ceiling)
        floor_gain[start:end] = lowered
        for i, (a, b) in enumerate(pulses):
            opens = max(start, a - _LEAD_FRAMES)
            gain[opens:end] = min(1.0, ceiling / max(heights[i], 1e-9))
            if i in stays:  # what its floor lost, its height gains: the peak stays where it was
                lost = float((floor[a:b] * (1.0 - lowered[a - start : b - start])).mean())
                gain[opens:end] = 1.0 + lost / max(heights[i], 0.05)
    return _Plan(moving_mean(gain, _SLOPE_FRAMES), moving_mean(floor_gain, _FLOOR_SLOPE_FRAMES))


def _lowered_floor(floor: F64, height: float, ceiling: float) -> F64:
    """The floor's gain: below 1 where pulses of ``height`` are seen above the floor and dark ones would not be."""
    level = np.array([float(np.median(floor))])
    seen = [float((lightness(level + rise) - lightness(level))[0]) for rise in (height, ceiling)]
    if seen[0] < VISIBLE_LIGHTNESS_STEP or seen[1] >= 1.5 * VISIBLE_LIGHTNESS_STEP:
        return np.ones_like(floor)
    return np.minimum(1.0, _VISIBLE_FLOOR / np.maximum(floor, 1e-9))


def _pulses(luminance: F64, zigzag: Zigzag, rises: list[bool], first: int, end: int) -> list[tuple[int, int]]:
    """Frames of each pulse in a passage, from the last one in the valley before it to the first in the valley after."""
    crossings = zigzag.log.crossings
    pulses = []
    for place in range(first, end):
        if not rises[place]:
            continue
        valley = _valley(luminance, crossings[place - 1] if place else 0, crossings[place])
        begin = crossings[place]
        low = luminance[valley] + 0.02
        while begin > valley and luminance[begin] > low:
            begin -= 1
        falls = crossings[place + 1] if place + 1 < len(crossings) else len(luminance) - 1
        again = crossings[place + 2] if place + 2 < len(crossings) else min(falls + 60, len(luminance) - 1)
        pulses.append((begin, _valley(luminance, falls, again)))
    return pulses


def _valley(luminance: F64, start: int, end: int) -> int:
    """The first frame from ``start`` to ``end`` with the least luminance."""
    return start + int(luminance[start : end + 1].argmin())


def _scaled(linear: F64, made: _Plan) -> F64:
    """Zones ``[T, n, 3]`` after a plan."""
    luminance = luminance_of(linear)
    floor = floor_of(luminance)
    wanted = floor * made.floor_gain[:, None] + (luminance - floor) * made.gain[:, None]
    return with_luminance(linear, luminance, np.minimum(wanted, luminance))


def _plan_red(linear: F64, rules: Rules, profile: Profile, importance: Importance, round: int) -> F64 | None:
    """How much of its saturation red gives up, ``[T]``, 0..1; ``None`` if none anywhere."""
    frames = len(linear)
    signals = signals_of(linear[:, None])
    if not (signals.red_share >= rules.members[0].red_share).any():
        return None
    amount = np.zeros(frames)
    swing, hue = RedSwing(rules.members[0], BLACK), RedHue(rules.members[0], BLACK)
    share = np.concatenate([[0.0], signals.red_share[:, 0]])
    for detector, rises in (
        (swing, swing.advance(Curve(0.0, signals.redness[:, 0]), share, 0)),
        (hue, hue.advance(signals, 0, 0)),
    ):
        crossings = detector.log.crossings
        for passage in passages_over_budget(detector.log, rules, rises):
            places = [place for place in range(passage.first, passage.end) if rises[place]]
            begins = [crossings[place] for place in places]
            stays = kept_flashes(
                begins, [importance.at(begin) for begin in begins], profile, 12 * (round - 1)
            )
            wanted = np.ones(crossings[passage.end - 1] + 30 - max(0, crossings[passage.first] - 30))
            origin = max(0, crossings[passage.first] - 30)
            for i in stays:
                over = crossings[places[i] + 1] if places[i] + 1 < len(crossings) else begins[i] + 20
                wanted[max(0, begins[i] - _LEAD_FRAMES - origin) : over + 1 - origin] = 0.0
            stretch = amount[origin : origin + len(wanted)]
            np.maximum(stretch, wanted[: len(stretch)], out=stretch)
    return moving_mean(amount, _SLOPE_FRAMES) if amount.any() else None
