"""The pulse: a flare on the beat that decays like a lamp. The look that carries most shows.

A stage that flashed in full on every beat would fail the flash rules at any dance tempo. So each beat is one of two
kinds. *Full* beats (downbeats, and others where there is time) light every zone in the first colour, the head of the
flare leaning to the second. On the other beats the whole stage together rises by no more than ``QUIET_SWING`` in
relative luminance, which no rule counts and every eye sees: one band of the stage takes most of it, the next band on
the next such beat, in the second colour. Heights are therefore set in luminance, not in intensity.

Saturated red has a rule of its own, stricter by far. It appears on full beats and where it is held; on the others it
leans to pink or amber, or, where red is held by the floor, light is added to it that hardly changes the excess of
red (R ≈ G + B: gold or magenta).
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Bool, Int
from beatomizer.color import luminance
from beatomizer.show.envelopes import decay
from beatomizer.show.mixing import RAMP_STEPS, light_of, per_luminance
from beatomizer.show.quiet import QUIET_SWING, QUIETEST, beside_red, is_saturated_red, off_red
from beatomizer.show.scene import Cycles, Scene
from beatomizer.show.twinkle import accent_twinkles
from beatomizer.show.zones import BANDS, bands

SHORTEST_S = 0.25
"""Pulses faster than 4 Hz are no longer seen as belonging to the sound."""

TAU_SPAN, TAU_LONGEST_FRAMES = 0.45, 30.0
"""Time constant of the decay: a share of the time to the next pulse, and no more than a lamp's half second."""

HEAD = 0.25
"""How far the head of a full flare leans to the second colour."""

HEAD_TAU_FRAMES = 4.0

DARKEST = 0.002
"""Luminance below which a pulse is out (L* 2): in eight bits a last glow of amber is red, and is counted."""

WEAKEST = 0.7
"""Intensity of a full flash on the weakest beat, where a downbeat has 1: half the light."""

BAND_SHARE = 0.75
"""Share of a quiet beat's light that the leading band takes."""


@dataclass(frozen=True)
class _Moment:
    """Where in which pulse each frame lies, ``[n]`` each."""

    event: Int
    since: Int
    shape: F64


def pulse(scene: Scene) -> F64:
    """Linear light ``[n, k, 3]``: a flare on each cycle, in full on some beats, quiet on the others."""
    cycles = scene.cycles(SHORTEST_S)
    moment = _moment(cycles, scene.frames)
    full = cycles.full[moment.event][:, None]
    base = luminance(scene.color(0)) * light_of(scene.gain(scene.frames) * scene.cue.floor)[:, None]
    colors, rising = _colors(scene, moment, full)
    peak = _peaks(scene, cycles)[moment.event]
    height = np.maximum(0.0, peak - base) * light_of(moment.shape)[:, None]
    if rising is not None:
        held = per_luminance(scene.color(0)) * base[..., None]
        flare = np.where(full[..., None], per_luminance(scene.color(0)), rising) * height[..., None]
        return np.clip(held + flare, 0.0, 1.0)
    shown = np.minimum(base + height, luminance(colors))
    shown = np.where(shown < DARKEST, 0.0, shown)
    return _with_accents(scene, per_luminance(colors) * shown[..., None], shown)


def _with_accents(scene: Scene, light: F64, shown: F64) -> F64:
    """Light with a quiet twinkle in the third colour wherever an accent is stronger than the pulse's own light."""
    if not len(scene.song.accent_frame):
        return light
    color = off_red(scene.color(2))
    twinkle = np.minimum(QUIET_SWING, luminance(color)) * light_of(accent_twinkles(scene))
    return np.where((twinkle > shown)[..., None], per_luminance(color) * twinkle[..., None], light)


def _moment(cycles: Cycles, frames: Int) -> _Moment:
    """The pulse each frame belongs to. It is there at once: a rise over two frames is half the beat to the eye."""
    now = cycles.current(frames)
    since = frames - cycles.frame[now]
    span = np.maximum(1, cycles.frame[now + 1] - cycles.frame[now])
    return _Moment(now, since, decay(since, span, np.minimum(TAU_SPAN * span, TAU_LONGEST_FRAMES)))


def _peaks(scene: Scene, cycles: Cycles) -> F64:
    """Luminance ``[m, k]`` to which each pulse rises in each zone."""
    count = len(scene.zones)
    height = WEAKEST + (1.0 - WEAKEST) * np.maximum(cycles.strength * 0.6, cycles.downbeat)
    wanted = light_of(scene.gain(cycles.frame) * height)
    full = np.repeat((luminance(scene.color(0)) * wanted)[:, None], count, axis=1)
    base = luminance(scene.color(0)) * light_of(scene.gain(cycles.frame) * scene.cue.floor)
    swing = QUIET_SWING * (QUIETEST + (1.0 - QUIETEST) * np.minimum(1.0, scene.gain(cycles.frame)))
    quiet = base[:, None] + swing[:, None] * _shares(cycles.number, count)
    return np.where(cycles.full[:, None], full, np.minimum(quiet, wanted[:, None]))


def _shares(number: Int, count: int) -> F64:
    """How the light of a quiet pulse is divided among the zones, ``[m, k]``, one on average."""
    band = bands(count)
    if count < BANDS:
        return np.ones((len(number), count))
    # From the middle outwards within a bar, and one band further out each bar, so that all have their turn.
    leads = band == (number + number // BANDS - 1)[:, None] % BANDS
    size = leads.sum(axis=1, keepdims=True)
    return np.asarray(np.where(leads, BAND_SHARE * count / size, (1.0 - BAND_SHARE) * count / (count - size)))


def _colors(scene: Scene, moment: _Moment, full: Bool) -> tuple[F64, F64 | None]:
    """Colours ``[n, 1, 3]`` of the frames; where red is held, also the light that quiet pulses add to it."""
    first = scene.color(0)
    if scene.cue.floor > 0 and is_saturated_red(first):
        return first[None, None], per_luminance(beside_red(first))
    quiet = off_red(scene.ramp())
    bright = scene.ramp() if is_saturated_red(first) else quiet
    head = HEAD * np.exp(-moment.since / HEAD_TAU_FRAMES)
    answer = moment.shape if scene.cue.floor > 0 else np.ones(len(moment.shape))
    step = np.round(np.where(full[:, 0], head, answer) * (RAMP_STEPS - 1)).astype(np.int64)
    return np.where(full, bright[step], quiet[step])[:, None], None
