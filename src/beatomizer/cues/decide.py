"""From scores to a cue list: the one function that the line calls."""

import zlib
from dataclasses import replace

import numpy as np

from beatomizer.cues.accents import find_accents
from beatomizer.cues.bar_view import bar_view
from beatomizer.cues.beat_grid import BeatGrid, sure_beats, track_beats
from beatomizer.cues.cuelist import Cue, CueList, Level
from beatomizer.cues.design import Score, design
from beatomizer.cues.format import rounded
from beatomizer.cues.level import light_level
from beatomizer.cues.mood import song_mood, song_palette
from beatomizer.cues.structure import find_sections
from beatomizer.cues.style import Style
from beatomizer.features.features import Features
from beatomizer.inference.engine import Scores
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
    level = light_level(features)
    # Two songs of one seed should not get the same ideas. Length and tempo tell them apart, and unlike the samples they
    # come out the same from another decoder or processor.
    song = zlib.crc32(f"{plain.duration_s:.1f} s, {grid.tempo_bpm:.0f} BPM".encode())
    chance = np.random.default_rng([style.seed, song])
    palette = song_palette(song_mood(features, grid.tempo_bpm), style, chance)
    score = Score(sections, bars.edges_s, grid, palette, style, last_sound_s(level, plain.duration_s), song)
    sure_s = np.array([beat.time_s for beat in grid.beats])[sure_beats(grid.beats)]
    return replace(
        plain,
        sections=sections,
        palette=palette,
        cues=design(score),
        accents=find_accents(heard, features, sure_s, style.energy),
        level=level,
    )


def last_sound_s(level: Level, duration_s: float) -> float:
    """Where the last sound ends, by the level; the end of the song if it is silent throughout."""
    lit = np.flatnonzero(np.asarray(level.values) > 0.02)
    return min(float(lit[-1] + 1) * level.step_s, duration_s) if len(lit) else duration_s
