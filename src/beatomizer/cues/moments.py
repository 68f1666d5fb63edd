"""The moments that a show is remembered by: the breath before a drop, the hit, silence, and the end."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from beatomizer.cues.beat_grid import PULSE_NEEDED
from beatomizer.cues.cuelist import Cue, Look
from beatomizer.cues.phrases import Phrase
from beatomizer.cues.score import Score

IDLE_INTENSITY = 0.4
"""Of a silent stage. Two thirds follow the loudness, which is nothing: 2 % of the light is left, alive, not lit."""

_BUILD_INTENSITY, _BUILD_FLOOR = 0.8, 0.25
"""What stays lit while the stage draws breath: the dark belongs to the last beats before the drop."""

_HELD_BREATH = 0.25
"""Intensity of the last bar: a sixteenth of the light, so that the hit finds eyes that are used to little."""

_LAST_FADE_S = 3.0


def silent(phrase: Phrase, color: str, score: Score) -> Cue:
    """A stage that breathes while nothing sounds; after the song it goes dark."""
    if phrase.section and phrase.section == len(score.sections) - 1:
        fade_s = min(_LAST_FADE_S, 0.9 * (phrase.end_s - phrase.start_s))
        return Cue(phrase.start_s, "blackout", (color,), 0.0, fade_s)
    return Cue(phrase.start_s, "swell", (color,), IDLE_INTENSITY, fade_s=2.0, beats=16, floor=0.4)


def hit(phrase: Phrase, colors: Sequence[str], score: Score) -> Cue:
    """The first beat of a drop: everything there is, at once and steady, before it begins to move."""
    return Cue(phrase.start_s, "hold", tuple(dict.fromkeys(colors)), 1.0, 0.0, float(score.grid.meter))


def drop_follows(phrase: Phrase, score: Score) -> bool:
    """Whether this is the last phrase before a drop, and long enough to draw breath."""
    following = phrase.section + 1
    return (
        following < len(score.sections)
        and score.sections[following].kind == "drop"
        and phrase.end_s >= score.sections[phrase.section].end_s - 1e-6
        and len(phrase.bars_s) >= 2
    )


def pull_back(phrase: Phrase, colors: Sequence[str], score: Score) -> Iterator[Cue]:
    """The last bars before a drop: faster, a moment of strobe if the wish is wild, then dim, then dark."""
    beat_s = min(score.beat_s, (phrase.end_s - phrase.start_s) / 8)
    last_bar_s = phrase.end_s - score.grid.meter * beat_s
    wild = score.style.energy
    moves = phrase.pulse >= PULSE_NEEDED
    if wild >= 0.4 and moves and len(phrase.bars_s) >= 4:
        yield _moving("pulse", phrase.bars_s[-3], colors, 0.9 * _BUILD_INTENSITY, 1.0)
        if wild >= 0.7:
            yield _moving("strobe", last_bar_s - 2 * beat_s, colors, 0.9, 0.5)
        else:
            yield _moving("pulse", phrase.bars_s[-2], colors, _BUILD_INTENSITY, 0.5)
    if moves:
        yield replace(_moving("hold", last_bar_s, colors, _HELD_BREATH, 1.0), fade_s=beat_s)
    dark_beats = 2 if wild >= 0.6 else 1
    if wild >= 0.25:
        yield Cue(phrase.end_s - dark_beats * beat_s, "blackout", (colors[0],), 0.0, 0.0, 1.0)
    else:
        yield Cue(phrase.end_s - 2 * beat_s, "hold", (colors[0],), 0.2, beat_s, 4.0)


def _moving(look: Look, time_s: float, colors: Sequence[str], intensity: float, beats: float) -> Cue:
    floor = _BUILD_FLOOR if look == "pulse" else 0.0
    return Cue(time_s, look, tuple(dict.fromkeys(colors[:2])), min(1.0, intensity), 0.0, beats, floor=floor)


def ending(score: Score, cues: Sequence[Cue]) -> Iterator[Cue]:
    """Dark at the end, faded over what is left after the last sound, or over the last moment."""
    if not cues:
        return
    end_s = score.duration_s
    fade_s = float(np.clip(end_s - score.last_sound_s, min(0.5, end_s / 4), _LAST_FADE_S))
    start_s = end_s - fade_s
    if start_s > cues[0].time_s and score.sections[-1].kind != "silence":
        yield Cue(start_s, "blackout", (cues[-1].colors[0],), 0.0, fade_s * 0.9, 1.0)
