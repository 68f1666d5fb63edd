"""Twinkles: single lights that flare by chance, seeded; as a look of their own, and on accents.

Chance comes from ``envelopes.unit_hash`` of the seed, the cycle and the zone, so that any stretch can be drawn alone.
"""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.show.envelopes import decay, unit_hash
from beatomizer.show.mixing import dim, intensity_of
from beatomizer.show.quiet import off_red, unseen_share
from beatomizer.show.scene import Scene

EACH_SHORTEST_S = 1.0
"""Time in which each light twinkles once, at least: on average no light flashes more than once a second."""

LATE = 0.6
"""Share of an eighth by which a twinkle may come late; most come nearly on it."""

ACCENT_SHARE = 0.4
"""Share of the lights that answer the strongest accent."""

ACCENT_FRAMES, ACCENT_TAU_FRAMES = 40, 8.0

_ACCENT_CHANCE = 9
"""Keeps the dice of accents apart from those of the look."""


def sparkle(scene: Scene) -> F64:
    """Twinkles: every light once a cycle at a moment of its own, in a colour of its own, more of them on accents."""
    cycles = scene.cycles(EACH_SHORTEST_S)
    now = cycles.current(scene.frames)
    span = np.diff(cycles.frame)
    eighths = max(1, round(2 * cycles.beats))

    def chance(kind: int) -> F64:
        return unit_hash(scene.song.seed, np.array(kind), cycles.number[:-1, None], scene.zones)

    # Shared out evenly over the eighths, some a little late: lights that twinkle together would be one flash.
    order = np.argsort(np.argsort(chance(0), axis=1), axis=1)
    moment = (order * eighths // len(scene.zones) + LATE * chance(1) ** 2) / eighths
    start = cycles.frame[:-1, None] + np.floor(moment * span[:, None]).astype(np.int64)
    tau = 6.0 + 12.0 * chance(2)
    colors = off_red(scene.colors())
    pick = np.floor(chance(4) * len(colors)).astype(np.int64)
    most = np.ones(len(colors))
    if len(scene.zones) > 1:
        most = intensity_of(np.minimum(1.0, len(scene.zones) * unseen_share(colors)))
    height = (0.6 + 0.4 * chance(3)) * most[pick]
    frames = scene.frames[:, None]
    begun = np.where(frames >= start[now], now[:, None], now[:, None] - 1)
    zone = np.arange(len(scene.zones))
    since = frames - start[begun, zone]
    shape = decay(np.maximum(since, 0), 5 * tau[begun, zone], tau[begun, zone])
    shape = np.maximum(shape * height[begun, zone], accent_twinkles(scene))
    return dim(colors[pick[begun, zone]], scene.above_floor(shape))


def accent_twinkles(scene: Scene) -> F64:
    """Intensity ``[n, k]`` of the twinkles that the last accent before each frame set off."""
    starts, strength = scene.song.accent_frame, scene.song.accent
    if not len(starts):
        return np.zeros((len(scene.frames), len(scene.zones)))
    last = np.searchsorted(starts, scene.frames, side="right") - 1
    heard = np.maximum(last, 0)
    dice = unit_hash(scene.song.seed, np.array(_ACCENT_CHANCE), heard[:, None], scene.zones)
    chosen = dice < ACCENT_SHARE * strength[heard][:, None]
    since = np.maximum(scene.frames - starts[heard], 0)
    return np.where(
        chosen & (last >= 0)[:, None], decay(since, ACCENT_FRAMES, ACCENT_TAU_FRAMES)[:, None], 0.0
    )
