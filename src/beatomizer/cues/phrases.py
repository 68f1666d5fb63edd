"""Phrases: the four or eight bars between which a look may change."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.beat_grid import BeatGrid, sure_beats
from beatomizer.cues.cuelist import Section


@dataclass(frozen=True)
class Phrase:
    """A few bars of one section.

    Attributes:
        start_s, end_s: when.
        section: which section, counted from 0.
        number: which phrase of the section, counted from 0.
        bars_s: beginnings of its bars.
        pulse: share of its beats that are sure, 0..1; under a half there is nothing to pulse on.
    """

    start_s: float
    end_s: float
    section: int
    number: int
    bars_s: tuple[float, ...]
    pulse: float


def phrases(sections: tuple[Section, ...], bars_s: F64, grid: BeatGrid, bars_each: int) -> list[Phrase]:
    """All phrases of a song in order, without gaps; a rest shorter than half a phrase joins the one before it.

    Args:
        sections: in order, beginning and ending on bars.
        bars_s: ``[N + 1]`` beginnings of bars and the end of the song.
        grid: for the share of sure beats.
        bars_each: bars in a phrase.
    """
    times = np.array([beat.time_s for beat in grid.beats])
    sure = sure_beats(grid.beats).astype(np.float64)
    found = []
    for place, section in enumerate(sections):
        inside = bars_s[(bars_s >= section.start_s - 1e-6) & (bars_s < section.end_s - 1e-6)].tolist()
        starts = list(range(0, len(inside), bars_each)) or [0]
        if len(starts) > 1 and len(inside) - starts[-1] <= bars_each // 2:
            starts.pop()
        for number, first in enumerate(starts):
            last = starts[number + 1] if number + 1 < len(starts) else len(inside)
            start_s = inside[first] if number else section.start_s
            end_s = inside[last] if last < len(inside) else section.end_s
            within = (times >= start_s) & (times < end_s)
            pulse = float(sure[within].mean()) if within.any() else 0.0
            found.append(Phrase(start_s, end_s, place, number, tuple(inside[first:last]), pulse))
    return found
