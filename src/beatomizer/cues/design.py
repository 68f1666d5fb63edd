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
from beatomizer.cues.brightness import gains_for, glow_for, luminance_of, usual_luminance
from beatomizer.cues.cuelist import Cue, Section
from beatomizer.cues.opinions import Opinion
from beatomizer.cues.palettes import FEWEST_COLORS
from beatomizer.cues.phrases import Phrase, phrases
from beatomizer.cues.repertoire import DROP, Layer, Picture, drawn, fitted, tier_of
from beatomizer.cues.score import Score
from beatomizer.cues.style import Style
from beatomizer.cues.wardrobe import wardrobe
from beatomizer.inference.engine import TAUGHT_LOOKS

_DIMMEST, _WAY_UP = 0.07, 0.42
"""Light of the song's quietest and, added to it, its loudest phrase, beside a steady light of the palette."""

_CALM_LIGHT = 0.4
"""Light at energy 0 beside that at 0.5; at 1 there is as much more, where lamps can."""

_PLAIN_LUMINANCE = 0.1
"""A colour this light (violet, crimson) needs no correction of what glows between pulses."""

_BIG_TIER, _CALM_TIER = 3, 1
_DRIVE_BY_KIND = {"drop": 0.35, "build": 0.05, "intro": -0.15, "outro": -0.2}
_UNSURE_DRIVE = 0.19
"""The most where no beat is sure: breath, nothing that would move with a beat."""

_UNSURE_LIGHT = 0.75
"""Of passages without a sure beat: nothing is asked of the light there but to be with the sound."""

_STILL = [TAUGHT_LOOKS.index(look) for look in ("hold", "swell", "sparkle")]
_USUAL_STILL, _LOOK_SAY = 0.45, 0.25
"""Share of looks without a beat among all that teachers chose, and how far a model that wants more of them calms."""

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
    if tier_of(drive) <= _CALM_TIER:
        colors = [*sorted(colors[:2], key=luminance_of), colors[2]]
    start_s, fade_s = phrase.start_s, _fade(phrase, section, drive, score)
    if section.kind == "drop" and phrase.number == 0 and tier_of(drive) >= _BIG_TIER:
        picture = DROP
        yield moments.hit(phrase, colors, score)
        start_s, fade_s = start_s + score.beat_s, 0.0
    else:
        picture = _picture(phrase, section, drive, score)
    light = _light(phrase, section, opinion, score)
    yield from _shown(picture, start_s, colors, light, fade_s, opinion, score)
    if moments.drop_follows(phrase, score):
        yield from moments.pull_back(phrase, colors, score)


def _drive(phrase: Phrase, section: Section, opinion: Opinion, style: Style) -> float:
    """How busy the stage is, 0..1: the section's energy, the wish, what the part is for, what the beat allows."""
    drive = 0.28 + 0.58 * section.energy + 0.9 * (style.energy - 0.5) + _DRIVE_BY_KIND.get(section.kind, 0.0)
    if opinion.light is not None:
        drive += 0.2 * (opinion.light - 0.6)
    if opinion.look is not None:
        drive += _LOOK_SAY * (_USUAL_STILL - float(opinion.look[_STILL].sum()))
    if section.kind == "break":
        drive -= 0.35 * (1.0 - section.energy)
    if section.kind == "build":
        drive += 0.1 * phrase.number
    if section.kind == "drop" and phrase.number:
        drive -= 0.1
    most = 1.0 if phrase.pulse >= PULSE_NEEDED else _UNSURE_DRIVE
    if section.kind in ("break", "intro", "outro"):
        most = min(most, 0.59)
    return float(np.clip(drive, 0.0, most))


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
    share = _DIMMEST + _WAY_UP * height
    if section.kind == "drop":
        share = _DIMMEST + _WAY_UP
    elif section.kind == "build":
        share *= 0.7 + 0.3 * passed
    elif section.kind == "break":
        share = min(share, _DIMMEST + 0.4 * _WAY_UP)
    elif section.kind == "intro":
        share *= 0.8 + 0.2 * passed
    elif section.kind == "outro":
        share *= 0.9 - 0.6 * passed
    if phrase.pulse < PULSE_NEEDED:
        share *= _UNSURE_LIGHT
    return float(share * (_CALM_LIGHT + 2.0 * (1.0 - _CALM_LIGHT) * score.style.energy))


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
    if section.kind == "drop" or tier >= _BIG_TIER:
        return 0.0
    return min((2.0 if tier <= _CALM_TIER else 1.0) * score.beat_s, 2.0)


def _shown(
    picture: Picture,
    time_s: float,
    colors: Sequence[str],
    light: float,
    fade_s: float,
    opinion: Opinion,
    score: Score,
) -> Iterator[Cue]:
    """The cues of a picture in its colours, as bright as asked for, as far as lamps can."""
    layers = fitted(picture, score.style.zones)
    worn = [_worn(layer, colors) for layer in layers]
    wanted = light * usual_luminance(score.palette)
    gains, glow = gains_for(wanted, layers, worn), glow_for(wanted, layers, worn)
    for layer, shown, gain in zip(layers, worn, gains, strict=True):
        yield Cue(
            time_s=time_s,
            look=layer.look,
            colors=tuple(dict.fromkeys(shown)),
            intensity=float(np.clip(gain * layer.intensity, 0.0, 1.0)),
            fade_s=fade_s,
            beats=_in_meter(layer.beats, score.grid.meter),
            zones=layer.zones,
            floor=_floor(layer, shown[0], glow, opinion, score.style.energy),
        )


def _worn(layer: Layer, colors: Sequence[str]) -> list[str]:
    worn = [colors[place] for place in layer.colors]
    # A bright comet with a deep tail, never the other way round; likewise a flare over a wash.
    if layer.look == "chase" or (layer.look == "pulse" and layer.zones != "all"):
        worn.sort(key=luminance_of, reverse=True)
    return worn


def _floor(layer: Layer, lead: str, glow: float, opinion: Opinion, wild: float) -> float:
    """What glows between pulses: as dark in yellow as in violet (a dimmed yellow would be mustard), more when calm."""
    if layer.look == "hold":
        return 0.0
    floor = max(layer.floor, glow * (1.0 - 0.5 * wild)) if layer.look == "pulse" else layer.floor
    if opinion.depth is not None:
        floor *= 1.4 - 0.8 * opinion.depth
    plain = min(1.0, _PLAIN_LUMINANCE / max(luminance_of(lead), 1e-3))
    floor = (floor + 0.15 * max(0.0, 0.5 - wild)) * plain ** float(np.clip(wild, 0.25, 0.5))
    return float(np.clip(floor, 0.0, 0.6))


def _in_meter(beats: float, meter: int) -> float:
    """Pictures are written in four; in three, a cycle of half a bar or more takes whole bars."""
    return beats if meter == 4 or beats < 2 else float(meter * max(1, round(beats / 4)))
