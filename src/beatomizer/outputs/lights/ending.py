"""The last third of a second: from what is shown down to black, within the flash limits.

A fade is one falling transition at most. Whether even that one is allowed depends on what was shown in the last
seconds, so a limiter first sees those again, sixty times a second, and then the fade.
"""

import math
import threading

import numpy as np

from beatomizer.arrays import U8
from beatomizer.color import linear_to_rgb8, rgb8_to_linear
from beatomizer.outputs.lights.light import Light
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import Profile
from beatomizer.timebase import FPS


def fade_frames(
    past: list[tuple[float, U8]], now_s: float, fade_s: float, fps: float, profile: str | Profile
) -> list[U8]:
    """Frames from the last colour to black, one each ``1 / fps`` seconds.

    Args:
        past: what was sent and when, oldest first; not empty.
        now_s: the time at which the fade begins.
        fade_s: how long it takes.
        fps: of the light.
        profile: the limits.

    Returns:
        Each uint8 ``[Z, 3]``; the last one is as dark as the limits allow, mostly black.
    """
    last = past[-1][1]
    limiter = Limiter(len(last), profile)
    limiter.run(_seen(past, now_s))
    steps = max(1, math.ceil(fade_s * FPS))
    linear = rgb8_to_linear(last)
    limited = []
    for step in range(1, steps + 1):
        # The cube of what is left falls evenly in lightness, as eyes see it (CIE L* is near a cube root).
        limited.append(limiter.step(linear_to_rgb8(linear * (1 - step / steps) ** 3)))
    shown = max(1, round(fade_s * fps))
    return [limited[min(steps - 1, (number + 1) * steps // shown - 1)] for number in range(shown)]


def _seen(past: list[tuple[float, U8]], now_s: float) -> U8:
    """What an eye saw at each sixtieth of a second until ``now_s``, each picture held until the next."""
    times = np.array([time_s for time_s, _ in past])
    grid = now_s - np.arange(math.floor((now_s - times[0]) * FPS), -1, -1) / FPS
    index = np.maximum(np.searchsorted(times, grid + 1e-6, side="right") - 1, 0)
    return np.stack([rgb8 for _, rgb8 in past])[index]


def close_all(lights: list[Light], fade_s: float) -> list[str]:
    """Close lights all at once, so that the last is dark as soon as the first; what went wrong, a line each."""
    troubles = list[str]()

    def close(light: Light) -> None:
        try:
            light.close(fade_s)
        except Exception as error:  # a recording may find the disk full; the others must go dark all the same
            troubles.append(str(error) or type(error).__name__)

    hands = [threading.Thread(target=close, args=(light,)) for light in lights]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return troubles
