"""From 60 frames a second to what a light can show: flashes are held, never missed, and stay within the limits.

Point-sampling loses a pulse of one frame as often as not. So each zone shows, of the frames since the last packet,
the one in which it gave most light: a colour that the show really has (no mixing, the hue stays).

Picking can break a limit that the full stream kept: a dropped frame can join two rises that were too small alone,
and zones that pick different frames give the whole stage a mean that it never had. So what the lamps then show, each
picture held until the next, goes through a limiter of its own, sixty times a second: between packets it is stepped
with what is held, which is always allowed. What leaves is therefore as safe as any limiter's output, by the same
proof, and not by luck.
"""

from dataclasses import replace

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import LINEAR_OF_RGB8, LUMINANCE_WEIGHTS
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile
from beatomizer.timebase import FPS

_LUMINANCE_OF_RGB8 = LINEAR_OF_RGB8[:, None] * LUMINANCE_WEIGHTS


class Resampler:
    """Sixty frames a second in, at most ``max_fps`` out, none of it late by more than one frame.

    Args:
        zones: Z.
        max_fps: of the light; from 60 on nothing is changed.
        profile: the limits that the frames obey already and must go on obeying.
    """

    def __init__(self, zones: int, max_fps: float, profile: str | Profile = DEFAULT_PROFILE) -> None:
        self.max_fps = min(float(max_fps), float(FPS))
        self._limiter = Limiter(zones, profile) if self.max_fps < FPS else None
        self._credit = 1.0
        self._held: U8 = np.zeros((zones, 3), dtype=np.uint8)
        self._best: U8 | None = None
        self._best_light: F64 = np.zeros(zones)

    def push(self, frame: LightFrame) -> LightFrame | None:
        """Take the frame of this tick; what to send now, or ``None`` if it is not this light's turn.

        Call it once for each frame that is shown. Beats, spectrum and the rest are those of the newest frame.
        """
        if self._limiter is None:
            return frame
        self._keep_peak(frame.rgb8)
        if self._credit < 1.0 - 1e-9:
            self._credit += self.max_fps / FPS
        if self._credit < 1.0 - 1e-9 or self._best is None:
            self._held = self._limiter.step(self._held)
            return None
        self._credit -= 1.0
        self._held = self._limiter.step(self._best)
        self._best = None
        return replace(frame, rgb8=self._held)

    def _keep_peak(self, rgb8: U8) -> None:
        light = sum(_LUMINANCE_OF_RGB8[rgb8[:, channel], channel] for channel in range(3))
        if self._best is None:
            self._best, self._best_light = rgb8.copy(), np.asarray(light)
            return
        brighter = light > self._best_light
        self._best[brighter] = rgb8[brighter]
        self._best_light = np.maximum(self._best_light, light)
