"""From scores to a cue list: the one function that the line calls."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beatomizer.cues.accents import find_accents
from beatomizer.cues.bar_view import bar_view
from beatomizer.cues.beat_grid import BeatGrid, sure_beats, track_beats
from beatomizer.cues.cuelist import Cue, CueList, Level, Section
from beatomizer.cues.design import design, phrases_of
from beatomizer.cues.format import rounded
from beatomizer.cues.level import light_level
from beatomizer.cues.mood import Mood, song_mood, song_palette
from beatomizer.cues.opinions import opinions
from beatomizer.cues.phrases import without_doubtful
from beatomizer.cues.schemes import palette_for
from beatomizer.cues.score import Score
from beatomizer.cues.structure import find_sections
from beatomizer.cues.style import Style
from beatomizer.features.features import Features
from beatomizer.inference.engine import TAUGHT_LOOKS, Scores
from beatomizer.timebase import SAMPLE_RATE

FLASH_COLOR = "#ffffff"
FLASH = Cue(0.0, "pulse", (FLASH_COLOR,), 1.0, beats=1.0, floor=0.0)


def decide(
    heard: Scores,
    features: Features,
    style: Style,
    *,
    title: str = "",
    artist: str = "",
    model: str = "",
    look: str = "director",
) -> CueList:
    """All decisions of a show, rounded as they are written: an unedited cue list draws the same show again.

    Args:
        heard: what an engine heard.
        features: what it heard it from, for loudness, mood and form.
        style: what a person wishes for.
        title: written into the cue list.
        artist: likewise.
        model: likewise; the engine's name.
        look: ``"director"`` designs; ``"flasher"`` answers every beat with the same white pulse and does nothing else.
    """
    duration_s = len(features.samples) / SAMPLE_RATE
    grid = track_beats(heard, duration_s)
    plain = CueList(
        duration_s=duration_s,
        beats=grid.beats,
        title=title,
        artist=artist,
        tempo_bpm=grid.tempo_bpm,
        model=model,
        seed=style.seed,
        safety=style.safety,
        zones=style.zones,
    )
    if look == "flasher":
        return rounded(replace(plain, palette=(FLASH_COLOR,), cues=(FLASH,)))
    return rounded(_designed(plain, heard, features, grid, style))


def _designed(plain: CueList, heard: Scores, features: Features, grid: BeatGrid, style: Style) -> CueList:
    """The cue list with everything that the director adds."""
    bars = bar_view(heard, features, grid, plain.duration_s)
    sections = find_sections(bars)
    level = light_level(features, grid, heard.light)
    # Two songs of one seed should not get the same ideas. Length and tempo tell them apart, and unlike the samples they
    # come out the same from another decoder or processor.
    song = zlib.crc32(f"{plain.duration_s:.1f} s, {grid.tempo_bpm:.0f} BPM".encode())
    chance = np.random.default_rng([style.seed, song])
    mood = song_mood(features, grid.tempo_bpm)
    empty = Score(sections, bars.edges_s, grid, (), style, last_sound_s(level, plain.duration_s), song)
    score = informed(empty, heard, mood, chance)
    sure_s = np.array([beat.time_s for beat in grid.beats])[sure_beats(grid.beats)]
    accents = find_accents(heard, features, sure_s, style.energy, follow_stretches(score))
    return replace(
        plain, sections=sections, palette=score.palette, cues=design(score), accents=accents, level=level
    )


def informed(score: Score, heard: Scores, mood: Mood, chance: np.random.Generator) -> Score:
    """The score with phrases, with what a learned model thinks of them, and with a palette."""
    found = tuple(without_doubtful(phrases_of(score), heard))
    said = opinions(heard, score.sections, found)
    weight = seconds_of(score.sections)
    if score.style.palette is None and said.hue:
        palette = palette_for(said.hue, weight, mood, chance, said.taste)
    else:
        palette = song_palette(mood, score.style, chance)
    return replace(score, palette=palette, opinions=said, phrases=found)


def follow_stretches(score: Score) -> tuple[tuple[float, float], ...]:
    """From, until: phrases in which the model would answer each sound."""
    follow = TAUGHT_LOOKS.index("follow")
    found = []
    for phrase in score.phrases:
        look = score.opinions.about(score.sections[phrase.section].label, phrase.number).look
        if look is not None and int(look.argmax()) == follow:
            found.append((phrase.start_s, phrase.end_s))
    return tuple(found)


def seconds_of(sections: Sequence[Section]) -> dict[str, float]:
    """Seconds that each letter lasts in the song."""
    total: dict[str, float] = {}
    for section in sections:
        total[section.label] = total.get(section.label, 0.0) + section.end_s - section.start_s
    return total


def last_sound_s(level: Level, duration_s: float) -> float:
    """Where the last sound ends, by the level; the end of the song if it is silent throughout."""
    lit = np.flatnonzero(np.asarray(level.values) > 0.02)
    return min(float(lit[-1] + 1) * level.step_s, duration_s) if len(lit) else duration_s
