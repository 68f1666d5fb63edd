"""Phrases: the four or eight bars between which a look may change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.beat_grid import BeatGrid, sure_beats
from beatomizer.cues.cuelist import Section
from beatomizer.inference.engine import TEMPI_BPM, Scores
from beatomizer.timebase import FPS

_MOSTLY = 0.6
"""Share of the song from which on one letter is no longer a reason to look the same."""

_BEATLESS = 0.5
"""Mean chance that there is no beat, from which on a passage is lit as one without."""


@dataclass(frozen=True)
class Phrase:
    """A few bars of one section.

    Attributes:
        start_s, end_s: when.
        section: which section, counted from 0.
        number: which phrase of the section, counted from 0.
        turn: which phrase of all those that are lit in turn: as ``number``, but counted on through the song where it
            has hardly any other letter, which would look the same all the time.
        again: which section of its letter, counted from 0, where there is hardly any other; else 0.
        bars_s: beginnings of its bars.
        pulse: share of its beats that are sure, 0..1; under a half there is nothing to pulse on.
    """

    start_s: float
    end_s: float
    section: int
    number: int
    bars_s: tuple[float, ...]
    pulse: float
    turn: int = 0
    again: int = 0


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
            found.append(Phrase(start_s, end_s, place, number, tuple(inside[first:last]), pulse, number))
    return _counted_on(found, sections)


def _counted_on(found: list[Phrase], sections: tuple[Section, ...]) -> list[Phrase]:
    """The phrases, those of a letter that makes up most of the song counted on from section to section."""
    length: dict[str, float] = {}
    for section in sections:
        length[section.label] = length.get(section.label, 0.0) + section.end_s - section.start_s
    total = max(sum(length.values()), 1e-9)
    common = {label for label, seconds in length.items() if seconds > _MOSTLY * total}
    turn, again, counted = 0, -1, []
    for phrase in found:
        if sections[phrase.section].label not in common:
            counted.append(phrase)
            continue
        again += phrase.number == 0
        counted.append(replace(phrase, turn=turn, again=again))
        turn += 1
    return counted


def without_doubtful(found: Sequence[Phrase], heard: Scores) -> Sequence[Phrase]:
    """The phrases, those that the engine takes for beatless (talk, applause, free time) without a pulse."""
    if heard.tempo is None or not len(heard.tempo):
        return found
    beatless = np.nan_to_num(np.asarray(heard.tempo[:, len(TEMPI_BPM)], dtype=np.float64))
    return [replace(phrase, pulse=0.0) if _mean(beatless, phrase) > _BEATLESS else phrase for phrase in found]


def _mean(values: F64, phrase: Phrase) -> float:
    """Mean of ``[T]`` over a phrase."""
    first = min(round(phrase.start_s * FPS), len(values) - 1)
    return float(values[first : max(round(phrase.end_s * FPS), first + 1)].mean())
