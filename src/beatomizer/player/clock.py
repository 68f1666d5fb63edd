"""The sound's position is the clock; everything else asks it.

A sound card's crystal and the computer's differ by up to some hundred parts in a million: 0.7 s an hour. So nothing
adds up sixtieths of a second. The sound says now and then where it is (``SlowClock.observe``), a slow loop draws a
straight line through that, and lights read the line (``Anchor``): it has no jitter, and it never wanders off.
"""

from dataclasses import dataclass

SETTLE_S = 2.0
"""Time constant of the loop. Reports jitter by some milliseconds (a sound card asks for blocks, not for samples), and
crystals change over minutes."""

MOST_DRIFT = 0.002
"""Crystals of sound cards are off by up to 0.0005; what is beyond four times that is no drift."""

JUMP_S = 0.080
"""A report so far off the line is a break in the sound (an underrun, a sleeping computer), not jitter,"""

JUMPS = 3
"""if so many in a row say it."""


@dataclass(frozen=True)
class Anchor:
    """A straight line from the computer's monotonic clock to the position in the song.

    Attributes:
        at_s: a moment, seconds of ``time.monotonic``.
        position_s: where the song is at that moment.
        rate: seconds of song in a second; 0 while paused.
    """

    at_s: float
    position_s: float
    rate: float = 1.0

    def position(self, now_s: float) -> float:
        """Where the song is at a moment."""
        return self.position_s + self.rate * (now_s - self.at_s)

    def when(self, position_s: float) -> float:
        """The moment at which the song is there; infinitely late while paused."""
        if self.rate <= 0.0:
            return float("inf")
        return self.at_s + (position_s - self.position_s) / self.rate


class SlowClock:
    """Follows reports of a position with a second-order loop, critically damped."""

    def __init__(self) -> None:
        self._line: Anchor | None = None
        self._odd = 0

    @property
    def line(self) -> Anchor | None:
        """The line as it is now; ``None`` before the first report."""
        return self._line

    def restart(self) -> None:
        """Forget the position: the sound was sent elsewhere. The next report is believed at once."""
        self._line = None if self._line is None else Anchor(float("-inf"), 0.0, self._line.rate)
        self._odd = 0

    def observe(self, now_s: float, position_s: float) -> None:
        """A report: at ``now_s`` (monotonic) the sound that is heard is at ``position_s``."""
        line = self._line
        if line is None or line.at_s == float("-inf"):
            self._line = Anchor(now_s, position_s, 1.0 if line is None else line.rate)
            return
        error = position_s - line.position(now_s)
        if abs(error) > JUMP_S:
            self._odd += 1
            if self._odd >= JUMPS:
                self._line, self._odd = Anchor(now_s, position_s, line.rate), 0
            return
        self._odd = 0
        self._line = _pulled(line, now_s, error)


def _pulled(line: Anchor, now_s: float, error: float) -> Anchor:
    """The line, a little nearer to a report: gains of a critically damped loop with time constant ``SETTLE_S``."""
    share = min(max(now_s - line.at_s, 0.0) / SETTLE_S, 0.5)
    rate = line.rate + error * share / SETTLE_S
    rate = min(max(rate, 1.0 - MOST_DRIFT), 1.0 + MOST_DRIFT)
    return Anchor(now_s, line.position(now_s) + 2.0 * share * error, rate)


class SteadyTransport:
    """A player without sound: the computer's clock is the song's.

    ``now_s`` is passed in everywhere, so that an hour can be simulated in a moment.
    """

    def __init__(self) -> None:
        self._line = Anchor(0.0, 0.0, 0.0)

    def line(self, now_s: float) -> Anchor:
        """From the clock to the song."""
        return self._line

    def play(self, now_s: float) -> None:
        """Go on."""
        self._line = Anchor(now_s, self._line.position(now_s), 1.0)

    def pause(self, now_s: float) -> None:
        """Stand still."""
        self._line = Anchor(now_s, self._line.position(now_s), 0.0)

    def seek(self, now_s: float, position_s: float) -> None:
        """Go elsewhere."""
        self._line = Anchor(now_s, position_s, self._line.rate)

    def close(self) -> None:
        """Nothing to let go."""
