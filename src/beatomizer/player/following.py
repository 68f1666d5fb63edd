"""The live leader: sound in, light frames into the ring, the newest first.

One loop, nothing queued: a block is heard as soon as it is there, and its light is due at once. Where the computer
cannot keep up, sound is left out rather than light made late.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.capture.block import EndOfSoundError
from beatomizer.audio.capture.watched import WatchedCapture
from beatomizer.live.follower import LEAD_MS, LiveFollower
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.hands import Hands
from beatomizer.player.ring import Timed
from beatomizer.timebase import FPS, HOP

LATE_S = 0.25
"""Sound so old is not listened to any more: its light would be late."""

APART_S, MOST_WAIT_S = 0.012, 0.025
"""Frames that complete together (a device hands over long blocks) are shown at least so far apart, and none of them
later than that for it."""

_READ_S = 0.05
_WISH_S = 0.02
_WARM_FRAMES = 12
_FLOOR_DB = -90.0


def leads(offsets_s: Iterable[float], delay_s: float) -> tuple[float, float]:
    """How far ahead the follower draws, and how much all light is held back, in seconds.

    Light should be seen ``LEAD_MS`` before the sound, and a frame of it is drawn when that frame's sound is over, a
    frame late already. An output whose offset is negative needs its light sooner still, and sound that is played
    ``delay_s`` later gives that much time. What the sound's delay does not give, the follower must foresee; what is too
    much, the outputs wait.

    Returns:
        ``(lead_s, wait_s)``: the follower's lead, and the wait of an output without offset.
    """
    needed_s = LEAD_MS / 1000.0 + 1.0 / FPS
    earliest_s = min(0.0, *offsets_s, 0.0)
    lead_s = max(0.0, needed_s - delay_s - earliest_s)
    return lead_s, delay_s - needed_s + lead_s


class Frames(Protocol):
    """Where live frames go: ``FrameRing``, or something before it."""

    def write(self, timed: Timed) -> None:
        """Add a frame. Never waits."""


class LiveOutput(Protocol):
    """What a live show drives: ``OutputProcess``, or something before it."""

    @property
    def ring(self) -> Frames | None:
        """For frames."""

    @property
    def lights(self) -> list[dict[str, Any]]:
        """What each output says of itself."""

    def poke(self) -> None:
        """There is a new frame."""

    def wish(self, wishes: Wishes) -> None:
        """Say what is wanted now."""

    def check(self) -> None:
        """Hear how it does; raises if it is gone."""


class Level:
    """How loud the last tenth of a second was."""

    def __init__(self) -> None:
        self._power, self._peak = 0.0, 0.0

    def push(self, samples: F32) -> None:
        """Take in mono samples at 24 kHz."""
        if not len(samples):
            return
        share = min(1.0, len(samples) / (0.1 * FPS * HOP))
        self._power += share * (float(np.mean(np.square(samples))) - self._power)
        self._peak = max(float(np.abs(samples).max()), self._peak * (1.0 - 0.5 * share))

    @property
    def level_db(self) -> float:
        """Against full scale."""
        return _decibels(self._power**0.5)

    @property
    def peak_db(self) -> float:
        """Against full scale."""
        return _decibels(self._peak)


@dataclass(frozen=True)
class Heard:
    """What a person may want to see.

    Attributes:
        level_db, peak_db: of the last tenth of a second, against full scale.
        clipped: whether the input overloads.
        lost: whether the source is gone.
        tempo_bpm, beat, position: as in ``LightFrame``.
        skipped_s: sound left out because the computer was too slow.
        hands, lights: as in ``session.Now``.
    """

    level_db: float
    peak_db: float
    clipped: bool
    lost: bool
    tempo_bpm: float
    beat: int
    position: int
    skipped_s: float
    hands: Hands
    lights: list[dict[str, Any]]


@dataclass
class Following:
    """Follows a source until it ends or a person says so.

    Attributes:
        capture: open.
        follower: fresh.
        output: started, live.
        hands: of the person.
        wait_s: of an output without offset; see ``leads``.
        keys, show: as in ``Session``.
        until_s: stop after so many seconds.
    """

    capture: WatchedCapture
    follower: LiveFollower
    output: LiveOutput
    hands: Hands
    wait_s: float = 0.0
    keys: Callable[[], Iterable[str]] = lambda: ()
    show: Callable[[Heard], None] = lambda heard: None
    until_s: float = float("inf")
    _number: int = 0
    _due_s: float = field(default=float("-inf"), repr=False)
    _wished_s: float = field(default=float("-inf"), repr=False)
    _skipped: int = 0
    _level: Level = field(default_factory=Level, repr=False)

    def run(self) -> None:
        """Follow."""
        started_s = time.monotonic()
        while time.monotonic() - started_s < self.until_s:
            try:
                found = self.capture.read(_READ_S)
            except EndOfSoundError:
                return
            if found is not None:
                self.hear(*found)
            now_s = time.monotonic()
            if now_s - self._wished_s >= _WISH_S:
                self._wished_s = now_s
                if not self._attend(now_s):
                    return

    def hear(self, samples: F32, at_s: float) -> None:
        """Listen to a block, and have its light shown."""
        self._level.push(samples)
        if time.monotonic() - at_s > LATE_S:
            self._skipped += len(samples)
            return
        light = self.follower.push(samples)
        if not len(light):
            return
        moment = self.follower.decider.known
        for rgb8 in light:
            frame = LightFrame(
                rgb8,
                time_s=self._number / FPS,
                beat=moment.beat,
                position=moment.position,
                tempo_bpm=round(moment.tempo_bpm, 2),
                intensity=moment.intensity,
                palette=moment.palette,
                look=moment.look,
                level=moment.level,
            )
            now_s = time.monotonic()
            self._due_s = min(max(now_s, self._due_s + APART_S), now_s + MOST_WAIT_S)
            self.output.ring.write(Timed(self._number, self._due_s, frame))  # type: ignore[union-attr]
            self._number += 1
        self.output.poke()

    def _attend(self, now_s: float) -> bool:
        """Keys, wishes, what the outputs say; whether to go on."""
        for key in self.keys():
            if key == "q":
                return False
            self.hands.take(key)
        hands = self.hands
        self.output.wish(
            Wishes(
                line=Anchor(now_s, 0.0, 0.0),
                lead_s=-self.wait_s,
                beat_s=now_s,
                master=hands.master,
                blackout=hands.blackout,
                idle=self.capture.is_lost,
                offsets_s=tuple(hands.offsets_s),
            )
        )
        self.output.check()
        moment = self.follower.decider.known
        self.show(
            Heard(
                level_db=self._level.level_db,
                peak_db=self._level.peak_db,
                clipped=self.capture.clipped > 0.0,
                lost=self.capture.is_lost,
                tempo_bpm=moment.tempo_bpm,
                beat=moment.beat,
                position=moment.position,
                skipped_s=self._skipped / (FPS * HOP),
                hands=hands,
                lights=self.output.lights,
            )
        )
        return True


def warm(follower: LiveFollower) -> None:
    """Let everything run once: the first frames of a model take longer than a frame lasts."""
    follower.push(np.zeros(_WARM_FRAMES * HOP, dtype=np.float32))


def _decibels(value: float) -> float:
    return max(_FLOOR_DB, 20.0 * float(np.log10(max(value, 1e-9))))
