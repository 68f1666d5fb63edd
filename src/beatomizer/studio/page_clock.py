"""Where the page's song is, by what the page says now and then; and what lights do when it falls silent.

The sound plays in the browser. The page knows how far its clock is from ours (it pings) and says "at your moment m my
song is at p" several times a second; a line through that is what lights follow. A line that nobody confirms is
followed a little longer, for a page that is busy; then lights breathe, and if the page is gone they go dark.
"""

from dataclasses import replace
from enum import Enum

from beatomizer.player.clock import Anchor, SlowClock

FOLLOW_S = 3.0
"""So long the clock alone is trusted. The page speaks at least four times a second."""

GONE_S = 1.5
"""A page that is being loaded again, or whose network stumbles, is back within this time."""

SILENT_S = 60.0
"""A page that is there and says nothing for so long has been put to sleep."""

JUMP_S = 0.06
"""A position so far from the line is a seek, not jitter: page clocks and pings are good to some milliseconds."""

_OLDEST_S, _NEWEST_S = 2.0, 0.1
"""A moment that the page names may lie so long before and after its message is heard; else the latter counts."""


class Mood(Enum):
    """What the page's silence means."""

    FOLLOWS = "follows"
    BREATHES = "breathes"
    DARK = "dark"


class PageClock:
    """Follows one page at a time: the one that speaks. All times are seconds of the monotonic clock."""

    def __init__(self, now_s: float) -> None:
        self._clock, self._line = SlowClock(), Anchor(now_s, 0.0, 0.0)
        self._heard_s = now_s
        self._gone_s: float | None = None
        self.leader: object = None

    def said(
        self, page: object, position_s: float, playing: bool, at_s: float | None, heard_s: float
    ) -> bool:
        """A page says where its song is; whether it is the one that is followed.

        Args:
            page: who.
            position_s: where.
            playing: whether it moves.
            at_s: the moment for which it is true, if the page knows our clock.
            heard_s: the moment at which this was heard.
        """
        if not self._may_lead(page, playing, heard_s):
            return False
        self.leader, self._heard_s, self._gone_s = page, heard_s, None
        if at_s is None or not heard_s - _OLDEST_S <= at_s <= heard_s + _NEWEST_S:
            at_s = heard_s
        if not playing:
            self._clock.restart()
            self._line = Anchor(at_s, position_s, 0.0)
            return True
        if self._line.rate == 0.0 or abs(position_s - self._line.position(at_s)) > JUMP_S:
            self._clock.restart()
        self._clock.observe(at_s, position_s)
        assert self._clock.line is not None
        self._line = self._clock.line
        return True

    def left(self, page: object, now_s: float) -> None:
        """A page is gone."""
        if page == self.leader and self._gone_s is None:
            self._gone_s = now_s

    @property
    def is_playing(self) -> bool:
        """Whether the song moves, as far as is known."""
        return self._line.rate > 0.0

    def mood(self, now_s: float) -> Mood:
        """What lights should do."""
        silent_s = now_s - self._heard_s
        if silent_s > SILENT_S or (self._gone_s is not None and now_s - self._gone_s > GONE_S):
            return Mood.DARK
        return Mood.BREATHES if silent_s > FOLLOW_S else Mood.FOLLOWS

    def line(self, now_s: float) -> Anchor:
        """From the clock to the song; it stands still where the page has been silent for too long."""
        end_s = self._heard_s + FOLLOW_S
        if self._line.rate > 0.0 and now_s > end_s:
            return replace(self._line, at_s=now_s, position_s=self._line.position(end_s), rate=0.0)
        return self._line

    def _may_lead(self, page: object, playing: bool, now_s: float) -> bool:
        """Two pages may be open: the one that plays leads, and the leader keeps the lead while it speaks."""
        if self.leader is None or page == self.leader or self._gone_s is not None:
            return True
        return now_s - self._heard_s > 1.0 or (playing and not self.is_playing)
