"""From 60 frames a second to what a light can show: flashes are held, never missed, and stay within the limits.

Point-sampling loses a pulse of one frame as often as not. So each zone shows, of the frames since the last packet,
the one in which it gave most light: a colour that the show really has (no mixing, the hue stays).

Picking can break a limit that the full stream kept: a dropped frame can join two rises that were too small alone,
and zones that pick different frames give the whole stage a mean that it never had. So can rounding: near black a
linear lamp of eight bits has few steps, and a dim amber may come out red. So what the lamps then show, each picture
held until the next, goes through a limiter of its own, sixty times a second: between packets it is stepped
with what is held, which is always allowed. What leaves is therefore as safe as any limiter's output, by the same
proof, and not by luck: a picture that the limiter would change is sent as it changed it, if the lamps can show that,
and not at all otherwise.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import LINEAR_OF_RGB8, LUMINANCE_WEIGHTS
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile
from beatomizer.timebase import FPS

_LUMINANCE_OF_RGB8 = LINEAR_OF_RGB8[:, None] * LUMINANCE_WEIGHTS


def _as_it_is(rgb8: U8) -> U8 | None:
    return None


class Resampler:
    """Sixty frames a second in, at most ``max_fps`` out, none of it late by more than one frame.

    Args:
        zones: Z.
        max_fps: of the light; from 60 on, and where lamps show colours as they are, nothing is changed.
        profile: the limits that the frames obey already and must go on obeying.
        seen: of the light: what its lamps show of a frame.
    """

    def __init__(
        self,
        zones: int,
        max_fps: float,
        profile: str | Profile = DEFAULT_PROFILE,
        seen: Callable[[U8], U8 | None] = _as_it_is,
    ) -> None:
        self.max_fps = min(float(max_fps), float(FPS))
        self._seen, self._zones = seen, zones
        dark: U8 = np.zeros((zones, 3), dtype=np.uint8)
        shown = seen(dark)
        self._rows = zones if shown is None else len(shown)  # more where lamps of several kinds show one zone
        self._profile = profile
        self._limiter = Limiter(self._rows, profile) if self.max_fps < FPS else None
        self._credit = 1.0
        self._sent: U8 = dark
        self._held: U8 = np.zeros((self._rows, 3), dtype=np.uint8)  # what lamps show of it
        self._best: U8 | None = None
        self._best_light: F64 = np.zeros(zones)

    def push(self, frame: LightFrame) -> LightFrame | None:
        """Take the frame of this tick; what to send now, or ``None`` if it is not this light's turn.

        Call it once for each frame that is shown. Beats, spectrum and the rest are those of the newest frame.
        """
        if self.max_fps >= FPS:
            rgb8 = self._allowed(frame.rgb8)
            return frame if rgb8 is frame.rgb8 else replace(frame, rgb8=rgb8)
        self._keep_peak(frame.rgb8)
        if self._credit < 1.0 - 1e-9:
            self._credit += self.max_fps / FPS
        if self._credit < 1.0 - 1e-9 or self._best is None:
            assert self._limiter is not None
            self._limiter.step(self._held)
            return None
        self._credit -= 1.0
        best, self._best = self._best, None
        return replace(frame, rgb8=self._allowed(best))

    def _allowed(self, rgb8: U8) -> U8:
        """The colours, or what may be sent instead: what the lamps show of it is within the limits."""
        seen = self._seen(rgb8)
        if seen is None:
            if self._limiter is not None:
                rgb8 = self._held = self._sent = self._limiter.step(rgb8)
            return rgb8
        self._limiter = self._limiter or Limiter(self._rows, self._profile)
        trial = self._limiter.copy()
        shown = trial.step(seen)
        if np.array_equal(shown, seen):
            self._limiter, self._held, self._sent = trial, seen, rgb8
            return rgb8
        nearest, trial = self._seen(shown[: self._zones]), self._limiter.copy()
        if nearest is not None and np.array_equal(trial.step(nearest), nearest):
            self._limiter, self._held, self._sent = trial, nearest, shown[: self._zones]
        else:
            self._limiter.step(self._held)
        return self._sent

    def _keep_peak(self, rgb8: U8) -> None:
        light = sum(_LUMINANCE_OF_RGB8[rgb8[:, channel], channel] for channel in range(3))
        if self._best is None:
            self._best, self._best_light = rgb8.copy(), np.asarray(light)
            return
        brighter = light > self._best_light
        self._best[brighter] = rgb8[brighter]
        self._best_light = np.maximum(self._best_light, light)
