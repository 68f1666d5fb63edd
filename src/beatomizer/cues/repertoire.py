"""What the stage can do at each height of energy: pictures of one or two cues, from breath to blaze.

A picture is a wash over the whole stage and, on stages of four zones and more, at times an accent on some of them.
All colours are written as places: 0 is the part's leading colour, 1 its answer, 2 the song's accent.

From the third height on every picture has something that moves on each beat: a comet over a wash is pretty, but a
viewer who looks for the beat in it finds none. How often each height moves was measured: see ``docs/decisions.md``.
"""

from dataclasses import dataclass, replace

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.cuelist import Look, ZoneGroup
from beatomizer.inference.engine import TAUGHT_LOOKS


@dataclass(frozen=True)
class Layer:
    """One cue of a picture, colours still open.

    Attributes:
        look, beats, floor, zones: as in ``Cue``.
        colors: places: 0 leads, 1 answers, 2 is the song's accent.
        intensity: beside the picture's other layer.
    """

    look: Look
    beats: float
    floor: float
    colors: tuple[int, ...] = (0, 1)
    zones: ZoneGroup = "all"
    intensity: float = 1.0


@dataclass(frozen=True)
class Picture:
    """What the stage does for a phrase.

    Attributes:
        taught: which of ``TAUGHT_LOOKS`` it answers: what a designer would call it.
        layers: the cues, the wash first.
    """

    taught: str
    layers: tuple[Layer, ...]


def _picture(taught: str, *layers: Layer) -> Picture:
    return Picture(taught, layers)


BREATH = (
    _picture("swell", Layer("swell", 8, 0.35, (0, 1))),
    _picture("swell", Layer("swell", 16, 0.4, (0, 1))),
    _picture(
        "sparkle", Layer("hold", 4, 0.4, (0,), intensity=0.8), Layer("sparkle", 4, 0.35, (0, 1), "edges")
    ),
    _picture("hold", Layer("hold", 4, 0.4, (0,), intensity=0.8), Layer("swell", 8, 0.3, (1,), "center")),
    _picture("hold", Layer("hold", 4, 0.4, (0, 1), intensity=0.8)),
)
"""Nothing moves with the beat: this is also what songs without one get."""

FLOW = (
    _picture("swell", Layer("swell", 4, 0.3, (0, 1)), Layer("pulse", 2, 0.2, (1,), "center")),
    _picture("chase", Layer("chase", 8, 0.35, (0, 1)), Layer("alternate", 2, 0.2, (1, 0), "edges")),
    _picture("chase", Layer("step", 1, 0.35, (0, 1))),
    _picture("alternate", Layer("ripple", 2, 0.3, (0, 1))),
    _picture("alternate", Layer("bounce", 2, 0.3, (0, 1))),
    _picture("hold", Layer("hold", 4, 0.4, (0,), intensity=0.6), Layer("pulse", 2, 0.3, (1,), "center")),
    _picture("pulse", Layer("pulse", 2, 0.35, (0, 1))),
    _picture("follow", Layer("pulse", 2, 0.3, (0, 1, 2))),
    _picture("sparkle", Layer("sparkle", 4, 0.3, (0, 1)), Layer("alternate", 2, 0.2, (0, 1), "center")),
)
GROOVE = (
    _picture("pulse", Layer("pulse", 1, 0.3, (0, 1))),
    _picture("pulse", Layer("pulse", 1, 0.3, (0, 1)), Layer("bounce", 1, 0.1, (1, 2), "edges")),
    _picture("follow", Layer("pulse", 1, 0.25, (0, 1, 2))),
    _picture("alternate", Layer("alternate", 1, 0.25, (0, 1))),
    _picture("alternate", Layer("bounce", 1, 0.25, (0, 1))),
    _picture("alternate", Layer("ripple", 1, 0.25, (0, 1))),
    _picture("chase", Layer("chase", 4, 0.3, (0, 1)), Layer("alternate", 1, 0.1, (1, 2), "center")),
    _picture("chase", Layer("step", 1, 0.25, (0, 1))),
    _picture("hold", Layer("hold", 4, 0.35, (0,), intensity=0.6), Layer("bounce", 1, 0.1, (1, 2), "edges")),
    _picture("swell", Layer("swell", 4, 0.3, (0,)), Layer("alternate", 1, 0.1, (1, 2), "edges")),
    _picture("swell", Layer("ripple", 2, 0.3, (0, 1)), Layer("pulse", 1, 0.2, (1, 2), "center")),
    _picture("sparkle", Layer("sparkle", 4, 0.3, (0, 2)), Layer("bounce", 1, 0.1, (1, 0), "center")),
)
DRIVE = (
    _picture("pulse", Layer("alternate", 1, 0.15, (0, 1)), Layer("pulse", 1, 0.2, (0, 1), "center")),
    _picture("pulse", Layer("ripple", 1, 0.15, (0, 1))),
    _picture("follow", Layer("pulse", 1, 0.2, (0, 1, 2)), Layer("bounce", 1, 0.1, (1, 0), "edges")),
    _picture("alternate", Layer("alternate", 1, 0.12, (0, 1))),
    _picture("alternate", Layer("bounce", 1, 0.12, (0, 1))),
    _picture("chase", Layer("bounce", 1, 0.1, (0, 1)), Layer("chase", 2, 0.2, (1, 2), "edges")),
    _picture("chase", Layer("step", 1, 0.15, (0, 1)), Layer("ripple", 1, 0.1, (1, 2), "center")),
    _picture("hold", Layer("alternate", 1, 0.3, (0, 1)), Layer("bounce", 2, 0.3, (0, 2), "center")),
    _picture("sparkle", Layer("ripple", 1, 0.12, (0, 1)), Layer("sparkle", 2, 0.2, (2,), "edges")),
    _picture("swell", Layer("bounce", 1, 0.15, (0, 1)), Layer("swell", 4, 0.3, (0, 2), "center")),
)
BLAZE = (
    _picture("pulse", Layer("alternate", 1, 0.0, (0, 1)), Layer("pulse", 1, 0.2, (0, 2), "center")),
    _picture("follow", Layer("pulse", 1, 0.2, (0, 1, 2)), Layer("alternate", 1, 0.0, (2, 0), "edges")),
    _picture("alternate", Layer("alternate", 1, 0.0, (0, 1, 2))),
    _picture("alternate", Layer("bounce", 1, 0.0, (0, 1)), Layer("ripple", 1, 0.0, (2, 0), "center")),
    _picture("chase", Layer("alternate", 1, 0.0, (0, 1)), Layer("chase", 1, 0.2, (1, 2), "center")),
    _picture("chase", Layer("step", 1, 0.1, (0, 1, 2)), Layer("bounce", 1, 0.0, (1, 2), "edges")),
    _picture("strobe", Layer("alternate", 1, 0.0, (0, 1)), Layer("alternate", 0.5, 0.0, (2, 0), "edges")),
)
DROP = _picture("pulse", Layer("alternate", 1, 0.0, (0, 1)), Layer("pulse", 1, 0.1, (2,), "center"))
"""The biggest picture: every zone lit, all three colours, everything on the beat."""

TIERS: tuple[tuple[Picture, ...], ...] = (BREATH, FLOW, GROOVE, DRIVE, BLAZE)

SWAPPING: tuple[Look, ...] = ("alternate", "bounce", "ripple", "step")
"""Looks in which groups of lights change places on the beat."""

SMALLEST_COMBINED = 4
"""Fewer zones than this are too few to be two things at once."""

_LEAST_CHANCE = 0.015
"""Of a look that the model never said: the director has a will of his own, and no song is all of one look."""

_AGAIN = 0.25
"""How gladly the picture of the phrase before is shown once more; neighbours should differ in something."""


def tier_of(drive: float) -> int:
    """Index into ``TIERS`` for a drive of 0..1."""
    return min(len(TIERS) - 1, max(0, int(drive * len(TIERS))))


def chances(tier: int, look: F64 | None) -> F64:
    """How likely each picture of a tier is, ``[n]``, summing to 1.

    Args:
        tier: index into ``TIERS``.
        look: chances of each of ``TAUGHT_LOOKS``, ``[8]``; ``None`` where nobody has an opinion. Pictures of one look
            share its chance; a look that the tier does not have goes to the others.
    """
    pictures = TIERS[tier]
    if look is None:
        return np.full(len(pictures), 1.0 / len(pictures))
    share = [sum(other.taught == picture.taught for other in pictures) for picture in pictures]
    weight = np.array(
        [_LEAST_CHANCE + look[TAUGHT_LOOKS.index(picture.taught)] / n for picture, n in zip(pictures, share)]
    )
    return np.asarray(weight / weight.sum())


def drawn(tier: int, look: F64 | None, turn: int, rng: np.random.Generator) -> Picture:
    """The picture of a letter's phrase ``turn``; neighbours seldom show the same.

    Args:
        tier: index into ``TIERS``.
        look: chances of each look for this phrase, as for ``chances``.
        turn: which phrase of its letter, counted from 0.
        rng: of the letter; the same state gives the same pictures.
    """
    weight = chances(tier, look)
    place = -1
    for _ in range(turn + 1):
        allowed = np.where(np.arange(len(weight)) == place, _AGAIN, 1.0) * weight
        place = int(rng.choice(len(weight), p=allowed / allowed.sum()))
    return TIERS[tier][place]


def fitted(picture: Picture, zones: int) -> tuple[Layer, ...]:
    """The layers that a stage of so many zones can show: one light neither travels nor is two things."""
    if zones >= SMALLEST_COMBINED:
        return picture.layers
    top = min(picture.layers, key=lambda layer: (layer.look == "hold", layer.beats))
    colors = (0, 1) if len(picture.layers) > 1 else top.colors
    look: Look = "pulse" if zones == 1 and top.look == "chase" else top.look
    return (replace(top, look=look, colors=colors, zones="all", intensity=1.0),)
