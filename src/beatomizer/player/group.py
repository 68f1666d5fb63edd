"""The outputs that share an offset: one reader, one pair of hands, one limiter, and then each light's own pace.

The limiter is the last thing before the lights and lives as long as they do: songs, seeks, pauses and blackouts pass
it, and it goes on from what was really shown.
"""

import copy
from dataclasses import dataclass, replace

from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.resample import Resampler
from beatomizer.player.board import Wishes
from beatomizer.player.fader import Fader
from beatomizer.player.idle import Idle
from beatomizer.player.sources import Reader
from beatomizer.safety.limiter import Limiter
from beatomizer.timebase import FPS

_MOST_AT_ONCE = 6.0
"""Sixtieths of a second that hands may move in one step where frames were skipped: a third of a blackout."""


@dataclass
class Desk:
    """One light, its number among the outputs, and what thins frames out for it."""

    number: int
    light: Light
    resampler: Resampler


@dataclass
class Group:
    """Lights with one offset."""

    offset_s: float
    desks: list[Desk]
    reader: Reader
    fader: Fader
    idle: Idle
    limiter: Limiter
    shown_s: float = float("-inf")
    dark: int = 0

    def due_s(self, wishes: Wishes) -> float:
        """When the next frame is due."""
        return self.reader.due_s(wishes, self.offset_s)

    def show(self, now_s: float, wishes: Wishes, ending: bool) -> LightFrame:
        """Show the frame of now on all of them."""
        frame = self.reader.frame(now_s, wishes, self.offset_s)
        frames = min(max((now_s - self.shown_s) * FPS, 0.5), _MOST_AT_ONCE)
        rgb8 = self.idle.step(frame.rgb8, self.reader.is_stale(now_s, wishes), frames)
        rgb8 = self.fader.step(rgb8, wishes.master, wishes.blackout or ending, frames)
        rgb8 = self.limiter.step(rgb8)
        share = self.fader.share  # sound sync and the like are dark when the stage is
        spectrum = tuple(share * band for band in frame.spectrum)
        frame = replace(frame, rgb8=rgb8, level=share * frame.level, spectrum=spectrum)
        for desk in self.desks:
            due = desk.resampler.push(frame)
            if due is not None:
                desk.light.send(due)
            desk.light.idle()
        self.shown_s = now_s
        self.dark = 0 if rgb8.any() else self.dark + 1
        return frame

    def split(self, wishes: Wishes) -> "list[Group]":
        """Itself, or as many groups as there are different offsets now; each goes on from the same light."""
        by_offset: dict[float, list[Desk]] = {}
        for desk in self.desks:
            by_offset.setdefault(wishes.offset_s(desk.number), []).append(desk)
        (self.offset_s, self.desks), *others = by_offset.items()
        return [self, *(self._twin(offset_s, desks) for offset_s, desks in others)]

    def _twin(self, offset_s: float, desks: list[Desk]) -> "Group":
        fader, idle = copy.copy(self.fader), copy.copy(self.idle)
        return Group(offset_s, desks, self.reader.copy(), fader, idle, self.limiter.copy())
