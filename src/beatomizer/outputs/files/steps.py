"""From 60 frames a second to whole-millisecond steps, without losing a flash and without making one.

60 fps cannot be written in whole milliseconds: relabelled as 16 or 17 ms a song of three minutes drifts by 7.2 or
3.6 s. So step ``n`` is the light at ``n * step_ms`` exactly, and shows one of the frames that are on at some moment
of it: the one in which the whole stage gives most light, the earliest of equals. A pulse of one frame thus never
falls between two steps; it is held.

Whole frames are picked, in order, and never mixed. So what comes out is the safe show with frames dropped or
repeated, and has no colour that the safe show has not. It may still count one transition more: a dropped frame can
join two rises that were too small alone. So the steps are judged again, and limited again if they fail.
"""

import numpy as np

from beatomizer.arrays import U8, Int
from beatomizer.color import LINEAR_OF_RGB8, LUMINANCE_WEIGHTS
from beatomizer.errors import ResourceLimitError
from beatomizer.safety.judge import judge_signals
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import profile_named
from beatomizer.safety.safe_show import SafeShow
from beatomizer.safety.signals import signals_of, with_stage
from beatomizer.timebase import FPS

MOST_ROUNDS = 8
"""How often the steps are limited again before they are refused; of 225 adversarial shows one needed 5."""

_LUMINANCE_OF_RGB8 = LINEAR_OF_RGB8[:, None] * LUMINANCE_WEIGHTS
"""``[256, 3]``: what each 8-bit value of each channel adds to the luminance."""

_TICKS_PER_S = 3000
"""60 frames and 1000 milliseconds a second both are whole numbers of ticks: 50 and 3."""
_TICKS_PER_FRAME = _TICKS_PER_S // FPS
_TICKS_PER_MS = _TICKS_PER_S // 1000


def stepped(show: SafeShow, step_ms: int) -> U8:
    """The show on the grid, ``[N, Z, 3]``, as safe there as it was at 60 frames a second.

    Raises:
        ResourceLimitError: it still flashes too much after the last round.
    """
    profile = profile_named(show.report.profile)
    steps = show.rgb8[picked_frames(show.rgb8, step_ms)]
    for limited in range(MOST_ROUNDS + 1):
        seen = watched(steps, step_ms, show.frames)
        # Every zone and the whole stage, as the limiter judges them.
        if judge_signals(signals_of(with_stage(LINEAR_OF_RGB8[seen])), profile).ok:
            return steps
        if limited < MOST_ROUNDS:
            # On the one real song that failed, one round sufficed and changed 2 % of the steps by 0.015.
            steps = Limiter(show.zones, profile).run(seen)[_first_looks(len(steps), step_ms, show.frames)]
    raise ResourceLimitError(
        f"in steps of {step_ms} ms the show still flashes too much after {MOST_ROUNDS} corrections",
        "choose --safety calm",
    )


def watched(steps: U8, step_ms: int, frames: int) -> U8:
    """What an eye that looks 60 times a second sees of lamps that hold each step: ``[frames, Z, 3]``."""
    return steps[np.arange(frames) * _TICKS_PER_FRAME // (step_ms * _TICKS_PER_MS)]


def _first_looks(steps: int, step_ms: int, frames: int) -> Int:
    """The first frame at which each step is seen."""
    looks = -(-np.arange(steps, dtype=np.int64) * (step_ms * _TICKS_PER_MS) // _TICKS_PER_FRAME)
    return np.minimum(looks, frames - 1)


def step_count(frames: int, step_ms: int) -> int:
    """Steps that cover ``frames`` frames; the last one may reach past the end."""
    return -(-frames * _TICKS_PER_FRAME // (step_ms * _TICKS_PER_MS))


def picked_frames(rgb8: U8, step_ms: int) -> Int:
    """Which frame each step shows, ``[N]``, never descending.

    Args:
        rgb8: the show, ``[T, Z, 3]``.
        step_ms: length of a step, whole milliseconds.
    """
    frames = len(rgb8)
    start = np.arange(step_count(frames, step_ms), dtype=np.int64) * (step_ms * _TICKS_PER_MS)
    first = start // _TICKS_PER_FRAME
    last = np.minimum((start + step_ms * _TICKS_PER_MS - 1) // _TICKS_PER_FRAME, frames - 1)
    light = _stage_light(rgb8)
    picked = first.copy()
    for ahead in range(1, int((last - first).max(initial=0)) + 1):
        later = np.minimum(first + ahead, last)
        picked = np.where(light[later] > light[picked], later, picked)
    return picked


def _stage_light(rgb8: U8) -> Int:
    """Light of the whole stage at each frame ``[T]``, in whole millionths so that equal light compares equal."""
    light = np.zeros(len(rgb8))
    for channel in range(3):
        light += _LUMINANCE_OF_RGB8[rgb8[:, :, channel], channel].sum(axis=1)
    return np.round(light * 1e6).astype(np.int64)
