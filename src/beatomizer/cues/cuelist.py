"""The cue list: what a lighting person edits.

Plain values, no behaviour beyond reading and writing the JSON format written down in ``docs/formats.md``.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from beatomizer.errors import UsageError

FORMAT_VERSION = 1

MOST_ZONES = 512
"""Lights side by side: a DMX universe has as many slots, and no stage has more that are seen apart."""

MOST_SEED = 2**63 - 1
"""Seeds are signed 64-bit numbers wherever they are stored."""

Look: TypeAlias = Literal[
    "hold",
    "pulse",
    "alternate",
    "bounce",
    "ripple",
    "step",
    "chase",
    "swell",
    "sparkle",
    "strobe",
    "blackout",
]
"""How the stage moves while a cue lasts."""

LOOKS: tuple[Look, ...] = get_args(Look)

ZoneGroup: TypeAlias = Literal["all", "left", "right", "center", "edges", "odd", "even"]

ZONE_GROUPS: tuple[ZoneGroup, ...] = get_args(ZoneGroup)


@dataclass(frozen=True)
class Beat:
    """One beat: when, which of the bar (1 = downbeat), how sure (0..1), how strong it sounds (0..1)."""

    time_s: float
    position: int
    confidence: float = 1.0
    strength: float = 1.0


@dataclass(frozen=True)
class Section:
    """A part of the song. Parts that sound alike share a ``label`` ("A", "B", …).

    Attributes:
        kind: ``"steady"``, ``"intro"``, ``"build"``, ``"drop"``, ``"break"``, ``"outro"`` or ``"silence"``.
        energy: 0..1 within this song.
        name: what a person would call it (``"verse"``, ``"chorus"`` …), where the engine knows; else empty.
    """

    start_s: float
    end_s: float
    label: str
    kind: str = "steady"
    energy: float = 0.5
    name: str = ""

    @property
    def shown(self) -> str:
        """The word for a person: its name, or what it is for."""
        return self.name or self.kind


@dataclass(frozen=True)
class Cue:
    """A look bound to a time; it lasts until the next cue for the same zones.

    Attributes:
        time_s: when it begins.
        look: how the stage moves.
        colors: ``#rrggbb``, usually of the palette; the first one leads.
        intensity: 0..1, the height of its light.
        fade_s: cross-fade from the cue before, centred on nothing: it begins at ``time_s``.
        beats: beats in one cycle of the look (1 = every beat, 0.5 = twice a beat, 4 = once a bar in 4/4).
        zones: which part of the stage, a group's name or zone numbers from 0 at stage left.
        floor: 0..1, the share of the light that stays on between pulses (0 = real dark).
    """

    time_s: float
    look: Look
    colors: tuple[str, ...]
    intensity: float = 1.0
    fade_s: float = 0.0
    beats: float = 1.0
    zones: ZoneGroup | tuple[int, ...] = "all"
    floor: float = 0.0


@dataclass(frozen=True)
class Accent:
    """A strong sound that is not only the beat: a snare, a hit, a fill."""

    time_s: float
    strength: float


@dataclass(frozen=True)
class Level:
    """The song's loudness as light, 0..1, one value each ``step_s`` seconds from 0, joined by straight lines."""

    step_s: float = 0.25
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class CueList:
    """All decisions of one show, enough to draw it again without hearing the song.

    Raises:
        UsageError: ``zones`` or ``seed`` out of range.
    """

    duration_s: float
    beats: tuple[Beat, ...] = ()
    sections: tuple[Section, ...] = ()
    palette: tuple[str, ...] = ()
    cues: tuple[Cue, ...] = ()
    accents: tuple[Accent, ...] = ()
    level: Level = field(default_factory=Level)
    title: str = ""
    artist: str = ""
    tempo_bpm: float = 0.0
    model: str = ""
    seed: int = 0
    safety: str = "broadcast"
    zones: int = 8

    def __post_init__(self) -> None:
        """Refuse a stage that cannot be."""
        check_stage(self.zones, self.seed)


def check_stage(zones: int, seed: int) -> None:
    """Whether a show can be drawn on so many lights from that seed.

    Raises:
        UsageError: it cannot; the message gives the range.
    """
    if not 1 <= zones <= MOST_ZONES:
        raise UsageError(f"{zones} zones are out of range", f"give 1 to {MOST_ZONES}")
    if not 0 <= seed <= MOST_SEED:
        raise UsageError(f"seed {seed} is out of range", "give a whole number from 0")
