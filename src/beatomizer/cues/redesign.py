"""Other wishes for a show that a person has edited: the director begins again, the person's own work stays.

The edited list is the song's form from now on: its beats, bars and sections are what the person says they are, not
what was heard. Stretches that are *kept* come through cue by cue.
"""

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.accents import find_accents
from beatomizer.cues.bar_view import bar_edges
from beatomizer.cues.beat_grid import BeatGrid, sure_beats
from beatomizer.cues.cuelist import Cue, CueList, Section
from beatomizer.cues.decide import follow_stretches, informed, last_sound_s
from beatomizer.cues.design import design
from beatomizer.cues.format import rounded
from beatomizer.cues.mood import song_mood
from beatomizer.cues.score import Score
from beatomizer.cues.style import Style
from beatomizer.features.features import Features
from beatomizer.inference.engine import Scores

_SAME_S = 1e-3
"""Cue lists are rounded to a tenth of a millisecond; nearer than this is the same moment."""

_SAME_BAR = 0.4
"""Share of a bar within which a section's beginning takes the place of a bar's."""


def redesign(
    edited: CueList,
    heard: Scores,
    features: Features,
    style: Style,
    kept: Sequence[tuple[float, float]] = (),
) -> CueList:
    """Design the edited song anew.

    Args:
        edited: beats, sections, level, title and model are taken from here.
        heard: what an engine heard of the song.
        features: what it heard it from.
        style: the new wishes.
        kept: from, until, in seconds: stretches whose cues stay as they are.
    """
    grid = grid_of(edited)
    sections = edited.sections or (Section(0.0, edited.duration_s, "A"),)
    song = zlib.crc32(f"{edited.duration_s:.1f} s, {grid.tempo_bpm:.0f} BPM".encode())
    chance = np.random.default_rng([style.seed, song])
    bars_s = bars_of(sections, grid, edited.duration_s)
    empty = Score(sections, bars_s, grid, (), style, last_sound_s(edited.level, edited.duration_s), song)
    score = informed(empty, heard, song_mood(features, grid.tempo_bpm), chance)
    sure_s = np.array([beat.time_s for beat in grid.beats])[sure_beats(grid.beats)]
    accents = find_accents(heard, features, sure_s, style.energy, follow_stretches(score))
    return rounded(
        replace(
            edited,
            palette=score.palette,
            cues=with_kept(design(score), edited.cues, kept),
            accents=accents,
            seed=style.seed,
            safety=style.safety,
            zones=style.zones,
        )
    )


def grid_of(cues: CueList) -> BeatGrid:
    """The beat grid that a cue list's beats make: bars as long as most of them are."""
    lengths = [before.position for before, beat in zip(cues.beats, cues.beats[1:]) if beat.position == 1]
    meter = max(set(lengths), key=lengths.count) if lengths else 4
    return BeatGrid(cues.beats, cues.tempo_bpm, meter)


def bars_of(sections: Sequence[Section], grid: BeatGrid, duration_s: float) -> F64:
    """Beginnings of bars and the end of the song; each section begins one, wherever a person has put it."""
    bars_s = bar_edges(grid, duration_s)
    near_s = _SAME_BAR * float(np.median(np.diff(bars_s)))
    for section in sections:
        if not _SAME_S < section.start_s < duration_s - _SAME_S:
            continue
        free = np.abs(bars_s - section.start_s) >= near_s
        free[0] = free[-1] = True
        bars_s = np.append(bars_s[free], section.start_s)
        bars_s.sort()
    return bars_s


def with_kept(new: Sequence[Cue], old: Sequence[Cue], kept: Sequence[tuple[float, float]]) -> tuple[Cue, ...]:
    """The new cues, but in the kept stretches the old ones, in order of time."""

    def inside(cue: Cue) -> bool:
        return any(start_s - _SAME_S <= cue.time_s < end_s - _SAME_S for start_s, end_s in kept)

    chosen = [cue for cue in new if not inside(cue)] + [cue for cue in old if inside(cue)]
    return tuple(sorted(chosen, key=lambda cue: cue.time_s))
