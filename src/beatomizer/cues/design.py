"""The director: from sections and beats to cues.

Colour is decided rarely (by section, out of the palette) and looks by phrase; between two phrases one or two things
change, not everything. Before a drop the stage draws breath: faster pulses, a moment of strobe, then dark. The drop
itself gets the biggest look. Everything random comes from the seed, and a part that returns looks as it did.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.beat_grid import PULSE_NEEDED, BeatGrid
from beatomizer.cues.cuelist import Cue, Look, Section
from beatomizer.cues.phrases import Phrase, phrases
from beatomizer.cues.repertoire import DROP, SMALLEST_COMBINED, TIERS, Layer, Picture, fitted, tier_of
from beatomizer.cues.style import Style
from beatomizer.cues.wardrobe import luminance_of, wardrobe

IDLE_INTENSITY = 0.4
"""Of a silent stage. Two thirds follow the loudness, which is nothing: 2 % of the light is left, alive, not lit."""

_MODESTY = (0.3, 0.25, 0.12, 0.0, 0.0)
"""How far a luminous colour gives way in each tier of drive, as a power of ``_PLAIN_LUMINANCE`` / its luminance.

At one intensity amber is eight times as light as blue; without this a quiet verse in amber outshines a blue chorus.
"""

_PLAIN_LUMINANCE = 0.1
"""A colour this light (violet, crimson) needs no correction."""

_BUILD_FLOOR = 0.25
"""What stays lit while the stage draws breath: the dark belongs to the last beats before the drop."""

_FREE_BEAT_S = 0.6
_BIG_TIER = 3
_CALM_TIER = 1
_DRIVE_BY_KIND = {"drop": 0.35, "build": 0.05, "intro": -0.15, "outro": -0.2}
_LAST_FADE_S = 3.0


@dataclass(frozen=True)
class Score:
    """All that the director looks at.

    Attributes:
        sections, bars_s, grid: the song's form and time; ``bars_s`` ends with the end of the song.
        palette: three to five colours.
        style: the wishes.
        last_sound_s: where the last sound ends.
        song: a number that tells this song from others, so that one seed has another idea for each.
    """

    sections: tuple[Section, ...]
    bars_s: F64
    grid: BeatGrid
    palette: tuple[str, ...]
    style: Style
    last_sound_s: float
    song: int = 0

    @property
    def beat_s(self) -> float:
        """Seconds a beat."""
        return 60.0 / self.grid.tempo_bpm if self.grid.tempo_bpm > 0 else _FREE_BEAT_S

    @property
    def duration_s(self) -> float:
        """Length of the song."""
        return float(self.bars_s[-1])


def design(score: Score) -> tuple[Cue, ...]:
    """The cues of a show, in order of time."""
    worn = wardrobe(score.sections, score.palette)
    bars_each = 8 if score.style.energy < 0.3 else 4
    cues: list[Cue] = []
    for phrase in phrases(score.sections, score.bars_s, score.grid, bars_each):
        cues += _phrase_cues(phrase, score, worn)
    cues += _ending(score, cues)
    return tuple(sorted(cues, key=lambda cue: cue.time_s))


def _phrase_cues(phrase: Phrase, score: Score, worn: dict[str, tuple[str, str]]) -> Iterator[Cue]:
    """The picture of one phrase, and the breath drawn at its end if a drop follows."""
    section = score.sections[phrase.section]
    if section.kind == "silence":
        if phrase.number == 0:
            yield _silent(phrase, worn[section.label][0], score)
        return
    drive = _drive(phrase, section, score.style)
    picture = fitted(_picture(phrase, section, drive, score), score.style.zones)
    height = _height(phrase, section, score)
    colors: Sequence[str] = _colors(phrase, worn[section.label], score.palette)
    fade_s = _fade(phrase, section, drive, score)
    modesty = _MODESTY[tier_of(drive)]
    if tier_of(drive) <= _CALM_TIER or picture[0].look == "hold":
        colors = [*sorted(colors[:2], key=luminance_of), colors[2]]
    for layer in picture:
        yield _cue(layer, phrase.start_s, colors, height, fade_s, score, modesty)
    if _drop_follows(phrase, score):
        yield from _pull_back(phrase, colors, height, score)


def _drive(phrase: Phrase, section: Section, style: Style) -> float:
    """How busy the stage is, 0..1: the section's energy, the wish, what the part is for, what the beat allows."""
    drive = 0.15 + 0.55 * section.energy + 0.8 * (style.energy - 0.5) + _DRIVE_BY_KIND.get(section.kind, 0.0)
    if section.kind == "break":
        drive -= 0.35 * (1.0 - section.energy)
    if section.kind == "build":
        drive += 0.1 * phrase.number
    if section.kind == "drop" and phrase.number:
        drive -= 0.1
    most = 1.0 if phrase.pulse >= PULSE_NEEDED else 0.19
    if section.kind in ("break", "intro", "outro"):
        most = min(most, 0.59)
    return float(np.clip(drive, 0.0, most))


def _picture(phrase: Phrase, section: Section, drive: float, score: Score) -> Picture:
    """One picture of the right height; a letter's phrases keep theirs, neighbours differ."""
    choices = TIERS[tier_of(drive)]
    letter = zlib.crc32(section.label.encode())
    chance = np.random.default_rng([score.style.seed, score.song, letter, tier_of(drive)])
    order = chance.permutation(len(choices))
    if section.kind == "drop" and phrase.number == 0 and tier_of(drive) >= _BIG_TIER:
        return DROP if score.style.zones >= SMALLEST_COMBINED else DROP[:1]
    opening = phrase.section == 0 and phrase.number == 0
    ordered = [choices[place] for place in order]
    if opening:  # the first light a viewer sees should be more than one lamp in eight
        ordered.sort(key=lambda picture: picture[0].look == "chase")
    return ordered[phrase.number % len(ordered)]


def _height(phrase: Phrase, section: Section, score: Score) -> float:
    """Intensity of the phrase: by energy, and by how far the intro has come or the outro has gone."""
    wish = 0.85 + 0.15 * score.style.energy
    height = (0.72 + 0.28 * section.energy) * wish
    length = max(section.end_s - section.start_s, 1e-6)
    passed = (phrase.start_s - section.start_s) / length
    if section.kind == "drop":
        height = 1.0
    elif section.kind == "build":
        height = (0.7 + 0.25 * passed) * wish
    elif section.kind == "break":
        height = min(height, 0.75)
    elif section.kind == "intro":
        height *= 0.85 + 0.15 * passed
    elif section.kind == "outro":
        height *= 0.9 - 0.45 * passed
    return float(np.clip(height, 0.15, 1.0))


def _colors(phrase: Phrase, pair: tuple[str, str], palette: tuple[str, ...]) -> tuple[str, str, str]:
    """Lead, answer and accent; lead and answer change places every second phrase of a long section."""
    lead, answer = pair if phrase.number // 2 % 2 == 0 else pair[::-1]
    accent = next((color for color in palette[::-1] if color not in pair), answer)
    return lead, answer, accent


def _fade(phrase: Phrase, section: Section, drive: float, score: Score) -> float:
    """Hits come at once; calm parts take two beats, the song's first light longer."""
    if phrase.section == 0 and phrase.number == 0:
        return min(2.0 * score.beat_s, 1.0) if section.kind == "intro" else 0.0
    tier = tier_of(drive)
    if section.kind == "drop" or tier >= 3:
        return 0.0
    return min((2.0 if tier <= 1 else 1.0) * score.beat_s, 2.0)


def _cue(
    layer: Layer,
    time_s: float,
    colors: Sequence[str],
    height: float,
    fade_s: float,
    score: Score,
    modesty: float,
) -> Cue:
    worn = [colors[place] for place in layer.colors]
    if layer.look == "chase":
        worn.sort(
            key=luminance_of, reverse=True
        )  # a bright comet with a deep tail, never the other way round
    plain = min(1.0, _PLAIN_LUMINANCE / max(luminance_of(worn[0]), 1e-3))
    height *= plain**modesty
    wild = score.style.energy
    # What glows between pulses is as dark in yellow as in violet (a dimmed yellow would be mustard), but a calm stage
    # stays lit.
    floor = (layer.floor + 0.15 * max(0.0, 0.5 - wild)) * plain ** min(0.5, wild)
    return Cue(
        time_s=time_s,
        look=layer.look,
        colors=tuple(dict.fromkeys(worn)),
        intensity=float(np.clip(height * layer.intensity, 0.0, 1.0)),
        fade_s=fade_s,
        beats=_in_meter(layer.beats, score.grid.meter),
        zones=layer.zones,
        floor=float(np.clip(floor, 0.0, 0.6)) if layer.look != "hold" else 0.0,
    )


def _in_meter(beats: float, meter: int) -> float:
    """Pictures are written in four; in three, a cycle of half a bar or more takes whole bars."""
    return beats if meter == 4 or beats < 2 else float(meter * max(1, round(beats / 4)))


def _silent(phrase: Phrase, color: str, score: Score) -> Cue:
    """A stage that breathes while nothing sounds; after the song it goes dark."""
    if phrase.section and phrase.section == len(score.sections) - 1:
        fade_s = min(_LAST_FADE_S, 0.9 * (phrase.end_s - phrase.start_s))
        return Cue(phrase.start_s, "blackout", (color,), 0.0, fade_s)
    return Cue(phrase.start_s, "swell", (color,), IDLE_INTENSITY, fade_s=2.0, beats=16, floor=0.4)


def _drop_follows(phrase: Phrase, score: Score) -> bool:
    following = phrase.section + 1
    return (
        following < len(score.sections)
        and score.sections[following].kind == "drop"
        and phrase.end_s >= score.sections[phrase.section].end_s - 1e-6
        and len(phrase.bars_s) >= 2
    )


def _pull_back(phrase: Phrase, colors: Sequence[str], height: float, score: Score) -> Iterator[Cue]:
    """The bar before a drop: faster, a moment of strobe if the wish is wild, then dark for the last beats."""
    beat_s = min(score.beat_s, (phrase.end_s - phrase.start_s) / 8)
    last_bar_s = phrase.end_s - score.grid.meter * beat_s
    wild = score.style.energy
    moves = phrase.pulse >= PULSE_NEEDED
    if wild >= 0.4 and moves and len(phrase.bars_s) >= 4:
        yield _build_cue("pulse", phrase.bars_s[-3], colors, height * 0.9, 1.0)
        yield _build_cue("pulse", phrase.bars_s[-2], colors, height, 0.5)
    dark_beats = 2 if wild >= 0.6 else 1
    if wild >= 0.7 and moves:
        yield _build_cue("strobe", last_bar_s, colors, 0.9, 0.5)
    elif moves:
        yield replace(_build_cue("hold", last_bar_s, colors, 0.35, 1.0), fade_s=beat_s)
    if wild >= 0.25:
        yield Cue(phrase.end_s - dark_beats * beat_s, "blackout", (colors[0],), 0.0, 0.0, 1.0)
    else:
        yield Cue(phrase.end_s - 2 * beat_s, "hold", (colors[0],), 0.2, beat_s, 4.0)


def _build_cue(look: Look, time_s: float, colors: Sequence[str], intensity: float, beats: float) -> Cue:
    floor = _BUILD_FLOOR if look == "pulse" else 0.0
    return Cue(time_s, look, tuple(dict.fromkeys(colors[:2])), min(1.0, intensity), 0.0, beats, floor=floor)


def _ending(score: Score, cues: list[Cue]) -> Iterator[Cue]:
    """Dark at the end, faded over what is left after the last sound, or over the last moment."""
    if not cues:
        return
    end_s = score.duration_s
    fade_s = float(np.clip(end_s - score.last_sound_s, min(0.5, end_s / 4), _LAST_FADE_S))
    start_s = end_s - fade_s
    if start_s > cues[0].time_s and score.sections[-1].kind != "silence":
        yield Cue(start_s, "blackout", (cues[-1].colors[0],), 0.0, fade_s * 0.9, 1.0)
