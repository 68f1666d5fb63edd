"""When a frame is due: at the moment the song gets there, once, and never two at a time.

Deadlines are absolute: frame ``t`` belongs to the moment at which the song, seen from this output, reaches ``t/60`` s.
Who comes late shows the newest frame and forgets the ones between; nothing is queued.
"""

import copy
import math

from beatomizer.player.clock import Anchor
from beatomizer.timebase import FPS

_BURST = 3.0
"""Frames that may follow each other sooner than a sixtieth of a second (one late, the next in time)."""

_FASTEST_FPS = 1.005 * FPS
"""A little more than drift can ask for. The limiter counts frames for seconds, so they must not come faster."""

_AT_BOUNDARY = 0.02
"""A third of a millisecond before its moment a frame is in time: sleeps may end early by rounding."""


class Credit:
    """Lets frames through at little more than sixty a second, and a few at once after a late one."""

    def __init__(self) -> None:
        self._frames, self._counted_s = _BURST, float("-inf")

    def free_s(self) -> float:
        """The moment (monotonic) from which another frame may go."""
        return self._counted_s + max(0.0, 1.0 - self._frames) / _FASTEST_FPS

    def spend(self, now_s: float) -> None:
        """A frame goes."""
        earned = min(_BURST, (now_s - self._counted_s) * _FASTEST_FPS)
        self._frames, self._counted_s = min(_BURST, self._frames + earned) - 1.0, now_s

    def copy(self) -> "Credit":
        """As much credit, on its own."""
        return copy.copy(self)


class Pace:
    """The deadlines of the outputs that share an offset."""

    def __init__(self) -> None:
        self._frame: int | None = None
        self._met_s = float("-inf")
        self._credit = Credit()

    def due_s(self, line: Anchor, lead_s: float) -> float:
        """The moment (monotonic) at which the next frame is due.

        Args:
            line: where the song is.
            lead_s: by how much this output is ahead of the song; negative is behind.
        """
        if self._frame is None:
            return float("-inf")
        due_s = line.when((self._frame + 1) / FPS - lead_s)
        if due_s > self._met_s + 1.5 / FPS:  # paused, or sent back
            due_s = self._met_s + 1.0 / FPS
        return max(due_s, self._credit.free_s())

    def frame(self, now_s: float, line: Anchor, lead_s: float) -> int:
        """The frame to show now; may be negative before the song. Call it when one is due."""
        due_s = self.due_s(line, lead_s)
        self._credit.spend(now_s)
        self._met_s = due_s if 0.0 <= now_s - due_s < 1.0 / FPS else now_s
        self._frame = math.floor((line.position(now_s) + lead_s) * FPS + _AT_BOUNDARY)
        return self._frame

    def copy(self) -> "Pace":
        """The same place, on its own."""
        twin = copy.copy(self)
        twin._credit = self._credit.copy()
        return twin
