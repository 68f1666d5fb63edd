"""Where an output's frames come from, and when each is due: songs that are known whole, or a live show's ring.

A ``Reader`` belongs to one group of outputs (those that share an offset) and remembers what it showed last.
"""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.cues.format import read_cues
from beatomizer.outputs.lights.light import LightFrame, black
from beatomizer.player.board import Wishes
from beatomizer.player.facts import SongNotes
from beatomizer.player.pace import Credit, Pace
from beatomizer.player.ring import PLACES, FrameRing
from beatomizer.timebase import FPS, frame_time_s

STALE_S = 0.5
"""Without a sign of life for so long the leader stands still, or its sound card is gone."""

_EARLY_S = 0.0005

_GLIDE_S = 0.3
_JUMP_FRAMES = FPS // 2
"""A song that is somewhere else all at once (a seek), or that was drawn anew (an edit), is glided to: no edge."""


class Reader(Protocol):
    """Frames for one group of outputs."""

    def due_s(self, wishes: Wishes, offset_s: float) -> float:
        """The moment (monotonic) at which the next frame is due."""

    def frame(self, now_s: float, wishes: Wishes, offset_s: float) -> LightFrame:
        """The frame to show now."""

    def is_stale(self, now_s: float, wishes: Wishes) -> bool:
        """Whether nothing new comes, and lights should idle."""

    def copy(self) -> "Reader":
        """A reader that stands at the same place."""


class SongShelf:
    """Songs in their folders, opened when they are asked for.

    Args:
        folder: with ``song-0``, ``song-1`` … in it, each with ``show.npy`` (uint8 ``[T, Z, 3]``) and perhaps
            ``cues.json``.
        zones: Z.
    """

    def __init__(self, folder: Path, zones: int) -> None:
        self._folder, self.zones = folder, zones
        self._open: dict[int, tuple[U8, SongNotes]] = {}

    def frame(self, song: int, number: int) -> LightFrame:
        """A frame of a song; dark before it and after it."""
        time_s = frame_time_s(number)
        if song < 0:
            return black(self.zones, time_s)
        rgb8, notes = self._song(song)
        if not 0 <= number < len(rgb8):
            return black(self.zones, time_s)
        return notes.frame(time_s, np.array(rgb8[number]))

    def _song(self, song: int) -> tuple[U8, SongNotes]:
        if song not in self._open:
            home = self._folder / f"song-{song}"
            cues = home / "cues.json"
            notes = SongNotes(read_cues(cues) if cues.exists() else None)
            self._open = {song: (np.load(home / "show.npy", mmap_mode="r"), notes)}
        return self._open[song]


class Glide:
    """From the colours that are shown to others that came all at once: along straight lines in linear light."""

    def __init__(self) -> None:
        self._at: tuple[int, int] | None = None
        self._shown: U8 | None = None
        self._before: F64 | None = None
        self._since_s = 0.0

    def step(self, rgb8: U8, song: int, number: int, now_s: float) -> U8:
        """Frame ``number`` of a song, or what is on the way to it."""
        if self._at is not None and self._shown is not None and self._shown.shape == rgb8.shape:
            before, last = self._at
            if song >= 0 and before >= 0 and (song != before or abs(number - last) > _JUMP_FRAMES):
                self._before, self._since_s = LINEAR_OF_RGB8[self._shown], now_s
        self._at = (song, number)
        if self._before is not None:
            share = (now_s - self._since_s) / _GLIDE_S
            if share >= 1.0:
                self._before = None
            else:
                rgb8 = linear_to_rgb8((1.0 - share) * self._before + share * LINEAR_OF_RGB8[rgb8])
        self._shown = rgb8
        return rgb8


class SongReader:
    """Reads songs at the leader's position."""

    def __init__(self, shelf: SongShelf, pace: Pace | None = None, glide: Glide | None = None) -> None:
        self._shelf, self._pace, self._glide = shelf, pace or Pace(), glide or Glide()

    def due_s(self, wishes: Wishes, offset_s: float) -> float:
        """See ``Reader``."""
        return self._pace.due_s(wishes.line, wishes.lead_s - offset_s)

    def frame(self, now_s: float, wishes: Wishes, offset_s: float) -> LightFrame:
        """See ``Reader``."""
        number = self._pace.frame(now_s, wishes.line, wishes.lead_s - offset_s)
        frame = self._shelf.frame(wishes.song, number)
        return replace(frame, rgb8=self._glide.step(frame.rgb8, wishes.song, number, now_s))

    def is_stale(self, now_s: float, wishes: Wishes) -> bool:
        """See ``Reader``."""
        return wishes.idle or now_s - wishes.beat_s > STALE_S

    def copy(self) -> "SongReader":
        """See ``Reader``."""
        return SongReader(self._shelf, self._pace.copy(), copy.copy(self._glide))


class RingReader:
    """Reads a live show: each frame when it is due, later by the output's offset; the newest wins."""

    def __init__(self, ring: FrameRing, zones: int) -> None:
        self._ring, self._credit = ring, Credit()
        self._shown, self._met_s = -1, float("-inf")
        self._last = black(zones)

    def due_s(self, wishes: Wishes, offset_s: float) -> float:
        """See ``Reader``; without a new frame the last is shown again after two sixtieths."""
        due_s = self._met_s + 2.0 / FPS
        coming = self._ring.read(self._shown + 1)
        if coming is not None:
            due_s = min(due_s, coming.due_s + _delay_s(wishes, offset_s))
        elif self._ring.newest > self._shown:  # overwritten since: far behind
            due_s = float("-inf")
        return max(due_s, self._credit.free_s())

    def frame(self, now_s: float, wishes: Wishes, offset_s: float) -> LightFrame:
        """See ``Reader``."""
        self._credit.spend(now_s)
        self._met_s = now_s
        oldest = max(0, self._ring.newest - PLACES + 2)
        number = max(self._shown + 1, oldest)
        found = self._ring.read(number)
        while found is not None and found.due_s + _delay_s(wishes, offset_s) <= now_s + _EARLY_S:
            self._shown, self._last = number, found.frame
            number += 1
            found = self._ring.read(number)
        return self._last

    def is_stale(self, now_s: float, wishes: Wishes) -> bool:
        """See ``Reader``."""
        if wishes.idle:
            return True
        newest = self._ring.read(self._ring.newest)
        since_s = wishes.line.at_s if newest is None else newest.due_s + max(0.0, -wishes.lead_s)
        return now_s - since_s > STALE_S

    def copy(self) -> "RingReader":
        """See ``Reader``."""
        twin = RingReader(self._ring, len(self._last.rgb8))
        twin._shown, twin._met_s, twin._last, twin._credit = (
            *(self._shown, self._met_s, self._last),
            self._credit.copy(),
        )
        return twin


def _delay_s(wishes: Wishes, offset_s: float) -> float:
    """By how much a live frame is held back; nothing can be shown before it is made."""
    return max(0.0, offset_s - wishes.lead_s)
