"""What the stage can do at each height of energy: pictures of one or two cues, from breath to blaze.

A picture is a wash over the whole stage and, on stages of four zones and more, at times an accent on some of them.
All colours are written as places: 0 is the part's leading colour, 1 its answer, 2 the song's accent.
"""

from dataclasses import dataclass

from beatomizer.cues.cuelist import Look, ZoneGroup


@dataclass(frozen=True)
class Layer:
    """One cue of a picture, colours still open.

    Attributes:
        look, beats, floor, zones: as in ``Cue``.
        colors: places: 0 leads, 1 answers, 2 is the song's accent.
        intensity: of the section's height.
    """

    look: Look
    beats: float
    floor: float
    colors: tuple[int, ...] = (0, 1)
    zones: ZoneGroup = "all"
    intensity: float = 1.0


Picture = tuple[Layer, ...]

BREATH: tuple[Picture, ...] = (
    (Layer("swell", 8, 0.35, (0,), intensity=0.8),),
    (Layer("swell", 16, 0.4, (0, 1), intensity=0.8),),
    (Layer("hold", 4, 0.4, (0,), intensity=0.6), Layer("sparkle", 4, 0.2, (1,), "edges", 0.7)),
    (Layer("hold", 4, 0.4, (0,), intensity=0.6), Layer("swell", 8, 0.3, (1,), "center", 0.8)),
)
FLOW: tuple[Picture, ...] = (
    (Layer("swell", 4, 0.3, (0, 1), intensity=0.9),),
    (Layer("chase", 8, 0.35, (0, 1)),),
    (Layer("alternate", 4, 0.3, (0, 1), intensity=0.85),),
    (Layer("hold", 4, 0.4, (0,), intensity=0.6), Layer("pulse", 2, 0.3, (1,), "center", 1.0)),
)
GROOVE: tuple[Picture, ...] = (
    (Layer("pulse", 2, 0.25, (0, 1)),),
    (Layer("alternate", 2, 0.2, (0, 1)),),
    (Layer("chase", 4, 0.25, (0, 1)),),
    (Layer("hold", 4, 0.35, (0,), intensity=0.6), Layer("pulse", 1, 0.15, (1,), "edges", 1.0)),
    (Layer("pulse", 1, 0.2, (0, 1)),),
)
DRIVE: tuple[Picture, ...] = (
    (Layer("pulse", 1, 0.2, (0, 1)), Layer("alternate", 2, 0.1, (1, 0), "edges", 0.9)),
    (Layer("alternate", 1, 0.12, (0, 1)),),
    (Layer("chase", 2, 0.2, (0, 1)),),
    (Layer("alternate", 2, 0.1, (0, 1)), Layer("pulse", 1, 0.15, (2,), "center", 1.0)),
    (Layer("hold", 2, 0.0, (0,), intensity=0.7), Layer("pulse", 1, 0.15, (1,), "edges", 1.0)),
)
BLAZE: tuple[Picture, ...] = (
    (Layer("pulse", 1, 0.1, (0, 1, 2)), Layer("alternate", 1, 0.0, (2, 0), "edges", 1.0)),
    (Layer("alternate", 1, 0.0, (0, 1)),),
    (Layer("hold", 1, 0.0, (0,), intensity=0.8), Layer("chase", 1, 0.2, (1, 2), "center", 1.0)),
    (Layer("alternate", 1, 0.0, (0, 1)), Layer("pulse", 1, 0.1, (2,), "center", 1.0)),
)
DROP: Picture = (Layer("alternate", 1, 0.0, (0, 1)), Layer("pulse", 1, 0.1, (2,), "center", 1.0))
"""The biggest picture: every zone lit, all three colours, everything on the beat."""

TIERS: tuple[tuple[Picture, ...], ...] = (BREATH, FLOW, GROOVE, DRIVE, BLAZE)

SMALLEST_COMBINED = 4
"""Fewer zones than this are too few to be two things at once."""


def tier_of(drive: float) -> int:
    """Index into ``TIERS`` for a drive of 0..1."""
    return min(len(TIERS) - 1, max(0, int(drive * len(TIERS))))


def fitted(picture: Picture, zones: int) -> Picture:
    """The picture as a stage of so many zones can show it: one light neither travels nor is two things."""
    if zones >= SMALLEST_COMBINED:
        return picture
    top = picture[-1]
    colors = (0, 1) if len(picture) > 1 else top.colors
    look: Look = "pulse" if zones == 1 and top.look == "chase" else top.look
    return (Layer(look, top.beats, top.floor, colors, "all", top.intensity),)
