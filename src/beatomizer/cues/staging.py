"""What both directors do alike, the one who knows the whole song and the one who follows it live: how busy the stage
is, how much light a moment asks for, and how a picture becomes cues in its colours and as bright as that.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from beatomizer.color import linear_to_oklab, parse_hex, rgb8_to_linear
from beatomizer.cues.brightness import attainable_light, gains_for, glow_for, luminance_of, usual_luminance
from beatomizer.cues.cuelist import Cue
from beatomizer.cues.opinions import Opinion
from beatomizer.cues.repertoire import SWAPPING, Layer, Picture, fitted
from beatomizer.cues.style import Style
from beatomizer.inference.engine import TAUGHT_LOOKS

DIMMEST, WAY_UP = 0.07, 0.42
"""Light of the song's quietest and, added to it, its loudest phrase, beside a steady light of the palette."""

_CALM_LIGHT = 0.4
"""Light at energy 0 beside that at 0.5; at 1 there is as much more, where lamps can."""

_PLAIN_LUMINANCE = 0.1
"""A colour this light (violet, crimson) needs no correction of what glows between pulses."""

BIG_TIER, CALM_TIER = 3, 1
"""Heights of ``repertoire.TIERS`` from which hits come at once, and up to which everything goes softly."""

_KIND_DRIVE = {"drop": 0.35, "build": 0.05, "intro": -0.15, "outro": -0.2}

UNSURE_DRIVE = 0.19
"""The most where no beat is sure: breath, nothing that would move with a beat."""

_AT_THE_EDGE = ("break", "intro", "outro")
_EDGE_DRIVE = 0.59

_STILL = [TAUGHT_LOOKS.index(look) for look in ("hold", "swell", "sparkle")]
_USUAL_STILL, _LOOK_SAY = 0.45, 0.25
"""Share of looks without a beat among all that teachers chose, and how far a model that wants more of them calms."""


def drive_of(energy: float, kind: str, opinion: Opinion, wild: float) -> float:
    """How busy the stage is, about 0..1: energy, what the part is for, the model's opinion, and the wish.

    Args:
        energy: of the part, 0..1.
        kind: as in ``Section``.
        opinion: on the phrase.
        wild: the wish, ``Style.energy``.
    """
    drive = 0.28 + 0.58 * energy + 0.9 * (wild - 0.5) + _KIND_DRIVE.get(kind, 0.0)
    if opinion.light is not None:
        drive += 0.2 * (opinion.light - 0.6)
    if opinion.look is not None:
        drive += _LOOK_SAY * (_USUAL_STILL - float(opinion.look[_STILL].sum()))
    if kind == "break":
        drive -= 0.35 * (1.0 - energy)
    return drive


def allowed_drive(drive: float, kind: str, *, sure: bool) -> float:
    """The drive within what the part and, where no beat is ``sure``, the beat allows, 0..1."""
    most = 1.0 if sure else UNSURE_DRIVE
    if kind in _AT_THE_EDGE:
        most = min(most, _EDGE_DRIVE)
    return float(np.clip(drive, 0.0, most))


def wished_light(share: float, wild: float) -> float:
    """A share of light as the wish would have it: calm shows are dimmer, wild ones brighter."""
    return float(share * (_CALM_LIGHT + 2.0 * (1.0 - _CALM_LIGHT) * wild))


def soft_fade_s(tier: int, beat_s: float) -> float:
    """How long a picture that does not come at once takes: one beat, two in calm parts."""
    return min((2.0 if tier <= CALM_TIER else 1.0) * beat_s, 2.0)


def staged(
    picture: Picture,
    time_s: float,
    colors: Sequence[str],
    light: float,
    fade_s: float,
    *,
    palette: Sequence[str],
    style: Style,
    meter: int,
    depth: float | None = None,
) -> Iterator[Cue]:
    """The cues of a picture in its colours, as bright as asked for, as far as lamps can.

    Args:
        picture: what to show.
        time_s: as in ``Cue``.
        colors: lead, answer and accent.
        light: beside a steady light of the palette.
        fade_s: as in ``Cue``.
        palette: of the song.
        style: the wishes; zones decide which layers there are.
        meter: beats in a bar.
        depth: how far the light should fall between beats, 0..1, if a model has an opinion.
    """
    layers = fitted(picture, style.zones)
    worn = [_worn(layer, colors, palette) for layer in layers]
    wanted = light * usual_luminance(palette)
    gains, glow = gains_for(wanted, layers, worn), glow_for(wanted, layers, worn)
    for layer, shown, gain in zip(layers, worn, gains, strict=True):
        yield Cue(
            time_s=time_s,
            look=layer.look,
            colors=tuple(dict.fromkeys(shown)),
            intensity=float(np.clip(gain * layer.intensity, 0.0, 1.0)),
            fade_s=fade_s,
            beats=_in_meter(layer.beats, meter),
            zones=layer.zones,
            floor=_floor(layer, shown[0], glow, depth, style.energy),
        )


def light_missed(
    picture: Picture, colors: Sequence[str], light: float, *, palette: Sequence[str], style: Style
) -> float:
    """How far a picture stays under, or goes beyond, the light asked for: 0 is met, 1 is a factor of e.

    Args:
        picture: what could be shown.
        colors: lead, answer and accent.
        light: beside a steady light of the palette.
        palette: of the song.
        style: the wishes.
    """
    layers = fitted(picture, style.zones)
    wanted = light * usual_luminance(palette)
    given = attainable_light(wanted, layers, [_worn(layer, colors, palette) for layer in layers])
    return float(abs(np.log(max(given, 1e-4) / max(wanted, 1e-4))))


def calm_colors(colors: Sequence[str]) -> tuple[str, ...]:
    """Lead and answer so that the deeper one leads, as calm parts have it; the accent stays."""
    return (*sorted(colors[:2], key=luminance_of), *colors[2:])


def _worn(layer: Layer, colors: Sequence[str], palette: Sequence[str]) -> list[str]:
    """The layer's colours. Groups that change places wear the lead and what is least like it in the ``palette``: two
    alike are not seen to change from far away.
    """
    worn = [colors[place] for place in layer.colors]
    # A bright comet with a deep tail, never the other way round; likewise a flare over a wash.
    if layer.look == "chase" or (layer.look == "pulse" and layer.zones != "all"):
        worn.sort(key=luminance_of, reverse=True)
    if layer.look in SWAPPING and len(worn) == 2 and len(palette) > 1:
        worn[1] = max(palette, key=lambda color: _apart(worn[0], color))
    return worn


@lru_cache(maxsize=1024)
def _apart(one: str, other: str) -> float:
    """OKLab distance of two ``#rrggbb``."""
    rgb8 = np.array([parse_hex(one), parse_hex(other)], dtype=np.uint8)
    first, second = linear_to_oklab(rgb8_to_linear(rgb8))
    return float(np.linalg.norm(first - second))


def _floor(layer: Layer, lead: str, glow: float, depth: float | None, wild: float) -> float:
    """What glows between pulses: as dark in yellow as in violet (a dimmed yellow would be mustard), more when calm."""
    if layer.look == "hold":
        return 0.0
    floor = max(layer.floor, glow * (1.0 - 0.5 * wild)) if layer.look == "pulse" else layer.floor
    if depth is not None:
        floor *= 1.4 - 0.8 * depth
    plain = min(1.0, _PLAIN_LUMINANCE / max(luminance_of(lead), 1e-3))
    floor = (floor + 0.15 * max(0.0, 0.5 - wild)) * plain ** float(np.clip(wild, 0.25, 0.5))
    return float(np.clip(floor, 0.0, 0.6))


def _in_meter(beats: float, meter: int) -> float:
    """Pictures are written in four; in three, a cycle of half a bar or more takes whole bars."""
    return beats if meter == 4 or beats < 2 else float(meter * max(1, round(beats / 4)))
