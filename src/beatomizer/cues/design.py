"""The director: from sections and beats to cues.

Colour is decided rarely (by section, out of the palette) and looks by phrase; between two phrases one or two things
change, not everything. Before a drop the stage draws breath; the drop itself gets the biggest look (``moments.py``).
A learned model's opinions, where there are any, weigh in on looks, light and colours (``opinions.py``). Everything
random comes from the seed, and a part that returns looks as it did.
"""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from beatomizer.cues import moments
from beatomizer.cues.beat_grid import PULSE_NEEDED
from beatomizer.cues.cuelist import Cue, Section
from beatomizer.cues.opinions import Opinion
from beatomizer.cues.palettes import FEWEST_COLORS
from beatomizer.cues.phrases import Phrase, phrases
from beatomizer.cues.repertoire import DROP, Picture, drawn, tier_of
from beatomizer.cues.score import Score
from beatomizer.cues.staging import (
    BIG_TIER,
    CALM_TIER,
    DIMMEST,
    WAY_UP,
    allowed_drive,
    calm_colors,
    drive_of,
    soft_fade_s,
    staged,
    wished_light,
)
from beatomizer.cues.style import Style
from beatomizer.cues.wardrobe import wardrobe

_UNSURE_LIGHT = 0.75
"""Of passages without a sure beat: nothing is asked of the light there but to be with the sound."""

_LIGHT_SAY = 0.45
"""How much a model's opinion on the light counts beside the section's energy."""


def design(score: Score) -> tuple[Cue, ...]:
    """The cues of a show, in order of time."""
    worn = wardrobe(score.sections, score.palette, score.opinions.hue, score.opinions.chorus)
    cues: list[Cue] = []
    for phrase in score.phrases or phrases_of(score):
        cues += _phrase_cues(phrase, score, worn)
    cues += moments.ending(score, cues)
    return tuple(sorted(cues, key=lambda cue: cue.time_s))


def phrases_of(score: Score) -> tuple[Phrase, ...]:
    """The phrases of the song at this energy: calm shows change half as often."""
    bars_each = 8 if score.style.energy < 0.3 else 4
    return tuple(phrases(score.sections, score.bars_s, score.grid, bars_each))


def _phrase_cues(phrase: Phrase, score: Score, worn: dict[str, tuple[str, str]]) -> Iterator[Cue]:
    """The picture of one phrase, and the breath drawn at its end if a drop follows."""
    section = score.sections[phrase.section]
    if section.kind == "silence":
        if phrase.number == 0:
            yield moments.silent(phrase, worn[section.label][0], score)
        return
    opinion = score.opinions.about(section.label, phrase.number)
    drive = _drive(phrase, section, opinion, score.style)
    colors: Sequence[str] = _colors(phrase, worn[section.label], score.palette)
    if tier_of(drive) <= CALM_TIER:
        colors = calm_colors(colors)
    start_s, fade_s = phrase.start_s, _fade(phrase, section, drive, score)
    if section.kind == "drop" and phrase.number == 0 and tier_of(drive) >= BIG_TIER:
        picture = DROP
        yield moments.hit(phrase, colors, score)
        start_s, fade_s = start_s + score.beat_s, 0.0
    else:
        picture = _picture(phrase, section, drive, score)
    light = _light(phrase, section, opinion, score)
    yield from staged(
        picture,
        start_s,
        colors,
        light,
        fade_s,
        palette=score.palette,
        style=score.style,
        meter=score.grid.meter,
        depth=opinion.depth,
    )
    if moments.drop_follows(phrase, score):
        yield from moments.pull_back(phrase, colors, score)


def _drive(phrase: Phrase, section: Section, opinion: Opinion, style: Style) -> float:
    """How busy the stage is, 0..1: the section's energy, the wish, what the part is for, what the beat allows."""
    drive = drive_of(section.energy, section.kind, opinion, style.energy)
    if section.kind == "build":
        drive += 0.1 * phrase.number
    if section.kind == "drop" and phrase.number:
        drive -= 0.1
    return allowed_drive(drive, section.kind, sure=phrase.pulse >= PULSE_NEEDED)


def _picture(phrase: Phrase, section: Section, drive: float, score: Score) -> Picture:
    """One picture of the right height; a letter's phrases keep theirs, neighbours differ."""
    tier = tier_of(drive)
    letter = zlib.crc32(section.label.encode())
    chance = np.random.default_rng([score.style.seed, score.song, letter, tier])
    about = score.opinions.about(section.label, phrase.number).look
    picture = drawn(tier, about, phrase.turn, chance)
    if phrase.section == 0 and phrase.number == 0 and picture.layers[0].look == "chase":
        # The first light a viewer sees should be more than one lamp in eight.
        picture = drawn(tier, about, phrase.turn + 1, chance)
    return picture


def _light(phrase: Phrase, section: Section, opinion: Opinion, score: Score) -> float:
    """How much light the phrase gives beside a steady light of the palette: by energy, purpose, opinion and wish."""
    height = section.energy
    if opinion.light is not None:
        height += _LIGHT_SAY * (opinion.light - height)
    length = max(section.end_s - section.start_s, 1e-6)
    passed = (phrase.start_s - section.start_s) / length
    share = DIMMEST + WAY_UP * height
    if section.kind == "drop":
        share = DIMMEST + WAY_UP
    elif section.kind == "build":
        share *= 0.7 + 0.3 * passed
    elif section.kind == "break":
        share = min(share, DIMMEST + 0.4 * WAY_UP)
    elif section.kind == "intro":
        share *= 0.8 + 0.2 * passed
    elif section.kind == "outro":
        share *= 0.9 - 0.6 * passed
    if phrase.pulse < PULSE_NEEDED:
        share *= _UNSURE_LIGHT
    return wished_light(share, score.style.energy)


def _colors(phrase: Phrase, pair: tuple[str, str], palette: tuple[str, ...]) -> tuple[str, str, str]:
    """Lead, answer and accent; lead and answer change places every second phrase of a long section.

    A song of one letter goes through three leading colours, section by section, instead.
    """
    if phrase.again:
        first = (palette.index(pair[0]) + phrase.again) % min(len(palette), FEWEST_COLORS)
        pair = palette[first], palette[(first + 1) % len(palette)]
    lead, answer = pair if phrase.number // 2 % 2 == 0 else pair[::-1]
    accent = next((color for color in palette[::-1] if color not in pair), answer)
    return lead, answer, accent


def _fade(phrase: Phrase, section: Section, drive: float, score: Score) -> float:
    """Hits come at once; calm parts take two beats, the song's first light longer."""
    if phrase.section == 0 and phrase.number == 0:
        return min(2.0 * score.beat_s, 1.0) if section.kind == "intro" else 0.0
    tier = tier_of(drive)
    if section.kind == "drop" or tier >= BIG_TIER:
        return 0.0
    return soft_fade_s(tier, score.beat_s)
