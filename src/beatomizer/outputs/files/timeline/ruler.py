"""Seconds along the picture: where they lie, which are worth a mark, how they are written."""

from dataclasses import dataclass

from beatomizer.outputs.files.timeline.sheet import Box
from beatomizer.timebase import clock

_STEPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True)
class Ruler:
    """The stretch of paper that stands for the whole show.

    Attributes:
        x, width: in points.
        duration_s: greater than 0.
    """

    x: float
    width: float
    duration_s: float

    def at(self, time_s: float) -> float:
        """Where a time lies, in points; times outside lie on the edge."""
        return self.x + self.width * min(max(time_s / self.duration_s, 0.0), 1.0)

    def span(self, start_s: float, end_s: float, y: float, height: float) -> Box:
        """The box between two times."""
        left = self.at(start_s)
        return Box(left, y, max(0.0, self.at(end_s) - left), height)

    def marks(self, room: float = 90.0) -> list[float]:
        """Round times at least ``room`` points apart, from 0."""
        fits = (step for step in _STEPS_S if step / self.duration_s * self.width >= room)
        step = next(fits, 7200.0)
        return [index * step for index in range(int(self.duration_s / step + 1e-9) + 1)]


def written(time_s: float, fine: bool = False) -> str:
    """``3:07``, ``1:02:03``, or ``0.25 s`` where tenths matter."""
    return f"{time_s:g} s" if fine else clock(time_s)
