"""The looks: how light moves while a cue lasts. Each is a function of a scene → linear light ``[n, k, 3]``.

They are built to survive a flash limiter (``docs/safety.md``), because light that needs no limiting looks as it was
meant: a pulse lights the stage in full on few beats and answers the others quietly, under the counted step though
plain to the eye (``pulse.py``, ``quiet.py``); each light of a moving look has three quarters of a second or more from
one flash to the next, and hands its light on so that the stage as a whole does not flicker.
"""

from collections.abc import Callable

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.color import luminance
from beatomizer.cues.cuelist import Look
from beatomizer.show.envelopes import breath, decay
from beatomizer.show.mixing import RAMP_STEPS, dim, intensity_of, light_of, smoothstep
from beatomizer.show.pulse import pulse
from beatomizer.show.quiet import QUIET_SWING, unseen_share
from beatomizer.show.scene import Scene
from beatomizer.show.twinkle import sparkle
from beatomizer.show.zones import outwardness
from beatomizer.timebase import FPS

TURN_SHORTEST_S = 0.72
"""Least time from one turn of a group of lights to its next; two groups manage 166 BPM, above that there are three."""

ONE_LIGHT_TOP = 0.16
"""Luminance at which a single light alternates: the most at which a step of ``QUIET_SWING`` is ΔL* 10."""

AFTERGLOW, AFTERGLOW_TAU_FRAMES = 0.15, 4.0
"""What is left of a light in the frame in which the other group has taken over: a fiftieth of its light."""

DEEPEST_FALL = 0.75
"""Share of its light that a lit group loses at most before its next swap; more, and the stage is dark too long."""

COMET_TAU = 0.13
"""Time constant of a comet's light, in cycles: one light in eight is bright, three more are seen."""

PASS_SHORTEST_S = 1.0
"""Least time between two visits of a comet."""

SWELL_SHORTEST_S = 2.0
"""A breath below two seconds is a pulse."""

STROBE_SHORTEST_S = 4 / FPS
"""Two frames on, two off: the fastest a 60 Hz screen shows evenly."""

MOST_BLOCKS = 16
"""Blocks of lights that alternate side by side: more are not told apart, and look like one dull light from afar."""

PHRASE_BARS = 4
"""After so many bars comets turn round and groups change colours."""


def hold(scene: Scene) -> F64:
    """Steady light: the first colour in the middle of the stage, the others around it."""
    count = len(scene.cue.colors)
    across = scene.colors()[outwardness(len(scene.zones)) * count // len(scene.zones)]
    return dim(across[None], scene.gain(scene.frames)[:, None])


def alternate(scene: Scene) -> F64:
    """Two groups, every other light, that swap on the beat (three at high tempo); one light changes colour instead.

    Where there are more than ``MOST_BLOCKS`` lights, neighbours go together.
    """
    count = len(scene.zones)
    return _turns(scene, 2, lambda groups: np.arange(count) // -(-count // MOST_BLOCKS) % groups)


def bounce(scene: Scene) -> F64:
    """As ``alternate``, but the sides of the stage swap: left and right, at high tempo thirds."""
    count = len(scene.zones)
    return _turns(scene, 2, lambda groups: np.arange(count) * groups // count)


def ripple(scene: Scene) -> F64:
    """As ``alternate``, but from the middle outwards: the middle and the edges swap, at high tempo three rings."""
    count = len(scene.zones)
    return _turns(scene, 2, lambda groups: outwardness(count) * groups // count)


def step(scene: Scene) -> F64:
    """A quarter of the stage walks across it, a step a beat, and turns round after a phrase; or a third of it."""
    count = len(scene.zones)
    most = 4 if count >= 4 else 3
    return _turns(scene, most, lambda groups: np.arange(count) * groups // count, turns_round=True)


def _turns(scene: Scene, fewest: int, group_of: Callable[[int], Int], *, turns_round: bool = False) -> F64:
    """Groups of lights that take turns, a group a cycle.

    Args:
        scene: as for every look.
        fewest: groups; one more where a light's turns would come too soon.
        group_of: number of groups → the group of each light.
        turns_round: whether the order of turns is reversed every other phrase.
    """
    count = len(scene.zones)
    if count == 1 and len(scene.cue.colors) > 1:
        return _alternate_colors(scene)
    cycles = scene.cycles(TURN_SHORTEST_S / min(max(count, 2), fewest + 1))
    length_s = cycles.beats * scene.song.clock.period_s
    groups = fewest if fewest * length_s >= TURN_SHORTEST_S else fewest + 1
    now = cycles.current(scene.frames)
    since, span = scene.frames - cycles.frame[now], cycles.frame[now + 1] - cycles.frame[now]
    phrase = max(2, round(PHRASE_BARS * scene.song.clock.bar / cycles.beats))
    group, number = group_of(groups)[None], cycles.number[now][:, None]
    turns_ago = (number - group) % groups
    if turns_round:
        back = (number // phrase % 2 == 1) & np.ones_like(group, dtype=np.bool_)
        turns_ago = np.where(back, (number + group) % groups, turns_ago)
    colors = scene.colors()
    index = (group + (number - turns_ago) // phrase) % len(colors)
    # The stage as a whole is to move by no more than a quiet pulse, though half of its lights go on and off.
    lit = colors[index] * light_of(scene.gain(scene.frames))[:, None, None]
    rest = intensity_of(1.0 - np.minimum(DEEPEST_FALL, groups * unseen_share(lit)))
    body = rest + (1.0 - rest) * decay(since, span, np.maximum(1.0, 0.3 * span))[:, None]
    gone = np.where(turns_ago == 1, AFTERGLOW * decay(since, span, AFTERGLOW_TAU_FRAMES)[:, None], 0.0)
    return dim(colors[index], scene.above_floor(np.where(turns_ago == 0, body, gone)))


def _alternate_colors(scene: Scene) -> F64:
    """One light: colours in turn at one luminance, with a quiet kick at each change; no flash rule counts either."""
    cycles = scene.cycles(TURN_SHORTEST_S / 3)
    colors = scene.colors()
    now = cycles.current(scene.frames)
    since, span = scene.frames - cycles.frame[now], cycles.frame[now + 1] - cycles.frame[now]
    top = min(ONE_LIGHT_TOP, float(luminance(colors).min()))
    shown = top - min(QUIET_SWING, 0.7 * top) * (1.0 - light_of(decay(since, span, 18.0)))
    index = cycles.number[now] % len(colors)
    even = intensity_of(np.minimum(1.0, shown / np.maximum(luminance(colors), 1e-9)[index]))
    return dim(colors[index], scene.gain(scene.frames) * even)[:, None]


def chase(scene: Scene) -> F64:
    """A comet that crosses the stage once a cycle, its tail drifting to the second colour; it turns round by phrase."""
    cycles = scene.cycles(PASS_SHORTEST_S)
    count = len(scene.zones)
    now = cycles.current(scene.frames)
    span = np.maximum(1, cycles.frame[now + 1] - cycles.frame[now])
    progress = ((scene.frames - cycles.frame[now]) / span)[:, None]
    phrase = cycles.number // max(1, round(PHRASE_BARS * scene.song.clock.bar / cycles.beats))
    backwards = (phrase + scene.song.seed) % 2 == 1
    place = np.arange(count) / count
    visit = np.where(backwards[:, None], place[::-1], place)
    here, last, following = visit[now], visit[now - 1], visit[now + 1]
    since = np.where(progress >= here, progress - here, progress + 1.0 - last)
    until = np.where(progress < here, here - progress, 1.0 - progress + following)
    comet = _comet(since, until, 1.0 / count if count > 2 else 0.1)
    beat = scene.song.clock.beat_at(scene.frames / FPS)
    throb = 0.94 + 0.06 * np.exp(-4.0 * (beat - np.floor(beat)))
    tail = np.where(until * count < 1.0, 0.0, smoothstep(since / 0.5))
    return dim(_along(scene.ramp(), tail), scene.above_floor(comet * throb[:, None]))


def _comet(since: F64, until: F64, front: F64 | float) -> F64:
    """Intensity of a comet that came by ``since`` cycles ago and is ``until`` cycles away.

    The front rises as the tail falls, both exponential in linear light, so that a comet between two lights gives as
    much light as on one: the stage as a whole does not flicker.
    """
    end = np.exp(-1.0 / COMET_TAU)
    tail = (np.exp(-since / COMET_TAU) - end) / (1.0 - end)
    head = (1.0 - np.exp(-(1.0 - until / front) * front / COMET_TAU)) / (1.0 - np.exp(-front / COMET_TAU))
    return np.asarray(intensity_of(np.clip(tail + np.maximum(head, 0.0), 0.0, 1.0)))


def swell(scene: Scene) -> F64:
    """Breathing: a raised cosine a cycle, the edges a little later than the middle, a new colour each breath."""
    cycles = scene.cycles(SWELL_SHORTEST_S)
    count = len(scene.zones)
    lag = 0.12 * outwardness(count) / count
    local = cycles.now[:, None] - lag
    breath_number = np.floor(local).astype(np.int64)
    x = local - breath_number
    kinds = len(scene.cue.colors)
    ramps = np.stack([scene.ramp(index, index + 1) for index in range(kinds)])
    # Colours change where a breath is nearly out: half of the way before its end, half after.
    turn = 0.5 * smoothstep((x - 0.88) / 0.12) - 0.5 * (1.0 - smoothstep(x / 0.12))
    pair = (breath_number - (turn < 0)) % kinds
    step = np.round((turn - np.floor(turn)) * (RAMP_STEPS - 1)).astype(np.int64)
    return dim(ramps[pair, step], scene.above_floor(breath(x)))


def strobe(scene: Scene) -> F64:
    """Hard on and off, half of the cycle each. The limiter decides how much of it leaves."""
    cycles = scene.cycles(STROBE_SHORTEST_S)
    now = cycles.current(scene.frames)
    since, span = scene.frames - cycles.frame[now], cycles.frame[now + 1] - cycles.frame[now]
    lit = np.where(2 * since < span, 1.0, 0.0)[:, None] * np.ones(len(scene.zones))
    return dim(scene.color(0), scene.above_floor(lit))


def blackout(scene: Scene) -> F64:
    """Dark."""
    return np.zeros((len(scene.frames), len(scene.zones), 3))


LOOKS: dict[Look, Callable[[Scene], F64]] = {
    "hold": hold,
    "pulse": pulse,
    "alternate": alternate,
    "bounce": bounce,
    "ripple": ripple,
    "step": step,
    "chase": chase,
    "swell": swell,
    "sparkle": sparkle,
    "strobe": strobe,
    "blackout": blackout,
}
"""How each look of a cue list is drawn."""


def _along(ramp: F64, position: F64) -> F64:
    """Colours at ``position`` 0..1 of a ramp."""
    return np.asarray(ramp[np.round(position * (RAMP_STEPS - 1)).astype(np.int64)])
