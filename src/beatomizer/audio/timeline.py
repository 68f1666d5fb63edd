"""Time by the file's own clock: where each decoded frame belongs.

Time 0 is the beginning of the presentation: the first sound, or the first picture of a video that starts before its
sound (then silence comes first). A hole in the clock is filled with silence and an overlap is cut, so that light
stays with the sound that a player would play at that moment.

Clocks also lie. One stamp that its neighbour contradicts is noise (Vorbis stamps the frame between a long and a
short block 10 to 60 ms late, in every song). A leap too large to be a pause is a restarted clock. A clock that needs
cutting again and again is not believed any longer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Generic, NamedTuple, TypeVar

TOLERANCE_S = 0.010
"""Clocks are rounded (Matroska and FLV to 1 ms); below the shortest frame of MP3, AAC and Opus (20 ms)."""

LONGEST_GAP_S = 600.0
"""A longer hole is a broken clock, not a pause."""

LONGEST_OVERLAP_S = 0.5
"""A longer overlap is a clock that was set back (joined recordings)."""

MOST_CUT_S = 2.0
"""Sound that may be cut out of one file before its clock counts as noise."""

Sound = TypeVar("Sound")


class Stamped(NamedTuple, Generic[Sound]):
    """A frame of sound: ``samples`` samples at ``rate`` Hz beginning at ``clock_s`` on the file's clock."""

    sound: Sound
    clock_s: float | None
    samples: int
    rate: int


@dataclass(frozen=True, slots=True)
class Placement:
    """What to do before a frame is appended: add ``silence`` samples, or drop the frame's first ``cut`` samples."""

    silence: int = 0
    cut: int = 0


_AS_IT_COMES = Placement()


class Timeline:
    """Follows the clock of one sound track.

    Args:
        picture_start_s: time of the first picture on the file's clock; ``None`` without pictures.

    Attributes:
        silences, leaps: holes filled and restarts of the clock so far.
        cut_s: seconds of overlapping sound cut out so far.
    """

    def __init__(self, picture_start_s: float | None = None) -> None:
        self.silences = 0
        self.cut_s = 0.0
        self.leaps = 0
        self._picture_start_s = picture_start_s
        self._origin_s: float | None = None
        self._rate = 0
        self._rate_start_s = 0.0
        self._samples = 0

    @property
    def now_s(self) -> float:
        """Seconds appended so far."""
        return self._rate_start_s + (self._samples / self._rate if self._rate else 0.0)

    def placed(self, frames: Iterable[Stamped[Sound]]) -> Iterator[tuple[Stamped[Sound], Placement]]:
        """Say for each frame how to append it. Looks one frame ahead."""
        for frame, following in pairwise(chain(frames, [None])):
            assert frame is not None  # only the last one is
            if frame.rate != self._rate:
                self._rate_start_s, self._rate, self._samples = self.now_s, frame.rate, 0
            placement = self._placement(frame, following)
            self._samples += frame.samples + placement.silence - placement.cut
            yield frame, placement

    def _placement(self, frame: Stamped[Sound], following: Stamped[Sound] | None) -> Placement:
        if frame.clock_s is None:
            return _AS_IT_COMES
        first = self._origin_s is None
        if self._origin_s is None:
            self._origin_s = self._first(frame.clock_s)
        late_s = frame.clock_s - self._origin_s - self.now_s
        if -TOLERANCE_S <= late_s <= TOLERANCE_S or self.cut_s > MOST_CUT_S:
            return _AS_IT_COMES
        if not first and not _confirmed(frame, following):
            return _AS_IT_COMES
        if late_s > LONGEST_GAP_S or late_s < -LONGEST_OVERLAP_S:
            self.leaps += 1
            self._origin_s += late_s
            return _AS_IT_COMES
        if late_s > 0:
            self.silences += not first  # sound that starts after the picture is no damage
            return Placement(silence=round(late_s * self._rate))
        cut = min(frame.samples, round(-late_s * self._rate))
        self.cut_s += cut / self._rate
        return Placement(cut=cut)

    def _first(self, clock_s: float) -> float:
        picture_s = self._picture_start_s
        if picture_s is None or not 0 < clock_s - picture_s <= LONGEST_GAP_S:
            return clock_s
        return picture_s


def _confirmed(frame: Stamped[Sound], following: Stamped[Sound] | None) -> bool:
    """Whether the next stamp agrees with this one."""
    if following is None or following.clock_s is None or frame.clock_s is None:
        return False
    return abs(following.clock_s - frame.clock_s - frame.samples / frame.rate) <= TOLERANCE_S
