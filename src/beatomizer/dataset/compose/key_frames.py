"""Key frames: what a designer writes down, and how it becomes light.

A key frame says at a time: these lights go to this colour and this intensity, at once or by a fade. Between key
frames nothing happens. That is how lighting desks work, and how the habits of human designers were counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.dataset.compose.colours import RAMP_STEPS
from beatomizer.timebase import FPS, nearest_frame


@dataclass(frozen=True)
class KeyFrame:
    """One line of the designer's plan.

    Attributes:
        time_s: when the change begins.
        zones: the lights it is for.
        color: place in the palette; the place after the last is white.
        level: the intensity 0..1 it goes to (light is its square, as on stage dimmers).
        fade_s: how long the way there takes; 0 snaps.
    """

    time_s: float
    zones: tuple[int, ...]
    color: int
    level: float
    fade_s: float = 0.0


def drawn(keys: Sequence[KeyFrame], ramps: F64, frames: int, zones: int, master: F64) -> F64:
    """The light of a plan.

    Args:
        keys: in any order; of two for one light at one frame the later in the list counts.
        ramps: colour to colour, ``[C, C, RAMP_STEPS, 3]`` linear.
        frames: T.
        zones: Z.
        master: ``[T]`` 0..1, multiplies every intensity.

    Returns:
        linear light ``[T, Z, 3]``, 0..1. Lights without a key frame are dark.
    """
    light = np.zeros((frames, zones, 3))
    of_zone: list[dict[int, KeyFrame]] = [{} for _ in range(zones)]
    for key in keys:
        frame = max(0, nearest_frame(key.time_s))
        if frame < frames:
            for zone in key.zones:
                of_zone[zone][frame] = key
    for zone, plan in enumerate(of_zone):
        _draw_zone(light[:, zone], plan, ramps)
    return np.asarray(light * np.square(master)[:, None, None])


def _draw_zone(light: F64, plan: dict[int, KeyFrame], ramps: F64) -> None:
    if not plan:
        return
    starts = sorted(plan)
    color, level = plan[starts[0]].color, 0.0
    for start, end in zip(starts, [*starts[1:], len(light)], strict=True):
        key = plan[start]
        share = _progress(key.fade_s, end - start)
        if level < 0.05:
            color = key.color  # from the dark a light comes up in its new colour
        levels = level + (key.level - level) * share
        steps = np.round(share * (RAMP_STEPS - 1)).astype(np.int64)
        light[start:end] = ramps[color, key.color, steps] * np.square(levels)[:, None]
        level = float(levels[-1])
        color = key.color if share[-1] > 0.5 else color


def _progress(fade_s: float, frames: int) -> F64:
    """How far a fade is in each of ``frames`` frames from its key frame on."""
    if fade_s * FPS <= 1:
        return np.ones(frames)
    return np.asarray(np.minimum(np.arange(1, frames + 1) / (fade_s * FPS), 1.0))


def key_times(keys: Sequence[KeyFrame]) -> F64:
    """Distinct times of a plan: changes in the same 1/60 s are one key frame, whatever they move."""
    frames = sorted({nearest_frame(key.time_s) for key in keys})
    return np.array(frames) / FPS
