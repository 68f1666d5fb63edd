"""What the rows of a cue list may say: each kind of row from checked JSON, with all its limits.

What a person edits must be right to the letter. What the program measured (beats, accents, sections) is left out
silently where it lies after the end, so that a show can be cut short by changing ``duration_s`` alone.
"""

from collections.abc import Iterator
from dataclasses import fields
from functools import lru_cache
from typing import Any

from beatomizer.color import format_hex, parse_hex
from beatomizer.cues.checking import Place
from beatomizer.cues.cuelist import LOOKS, MOST_ZONES, ZONE_GROUPS, Accent, Beat, Cue, Level, Section
from beatomizer.errors import UsageError

MAX_DURATION_S = 6 * 3600.0
"""Twice the longest song that is read."""

MAX_ROWS = 200_000
"""Of one kind: nine a second in the longest show."""

MAX_COLORS = 64
KINDS = ("steady", "intro", "build", "drop", "break", "outro", "silence")

_PAST_END_S = 1.0
"""Rows so soon after the end are kept as they are: rounding puts some there."""


def refuse_misspelt(place: Place, kind: type, *more: str) -> None:
    """Stop at a key that is one of the fields of ``kind``, or of ``more``, misspelt."""
    place.refuse_misspelt(_names(kind) + more)


@lru_cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _rows(root: Place, key: str, kind: type) -> Iterator[Place]:
    for row in root.rows(key, MAX_ROWS):
        refuse_misspelt(row, kind)
        yield row


def _seconds(row: Place, key: str) -> float:
    return row.number(key, 0.0, MAX_DURATION_S)


def palette(root: Place) -> tuple[str, ...]:
    """The song's colours."""
    found = []
    for value in root.items("palette", MAX_COLORS, ()):
        if not isinstance(value, str):
            raise root.wrong("palette", "a colour is text like #ff8800")
        found.append(_color(root, "palette", value, ()))
    return tuple(found)


def beats(root: Place, duration_s: float) -> tuple[Beat, ...]:
    """The beats in order of time, without those after the end."""
    found = (
        Beat(
            _seconds(row, "time_s"),
            row.integer("position", 1, 64, default=1),
            row.number("confidence", 0.0, 1.0, 1.0),
            row.number("strength", 0.0, 1.0, 1.0),
        )
        for row in _rows(root, "beats", Beat)
    )
    kept = (beat for beat in found if beat.time_s <= duration_s + _PAST_END_S)
    return tuple(sorted(kept, key=lambda beat: beat.time_s))


def accents(root: Place, duration_s: float) -> tuple[Accent, ...]:
    """The accents in order of time, without those after the end."""
    found = (
        Accent(_seconds(row, "time_s"), row.number("strength", 0.0, 1.0, 1.0))
        for row in _rows(root, "accents", Accent)
    )
    kept = (accent for accent in found if accent.time_s <= duration_s + _PAST_END_S)
    return tuple(sorted(kept, key=lambda accent: accent.time_s))


def sections(root: Place, duration_s: float) -> tuple[Section, ...]:
    """The sections in order of time, the last one cut at the end."""
    found = []
    for row in _rows(root, "sections", Section):
        start_s, end_s = _seconds(row, "start_s"), _seconds(row, "end_s")
        if end_s < start_s:
            raise row.wrong("end_s", f"{end_s:g} is before start_s, {start_s:g}")
        kind = row.choice("kind", KINDS, "a kind of section", "steady")
        energy = row.number("energy", 0.0, 1.0, 0.5)
        end_s = end_s if end_s <= duration_s + _PAST_END_S else max(start_s, duration_s)
        if start_s <= duration_s:
            label, name = row.string("label", 100), row.string("name", 100)
            found.append(Section(start_s, end_s, label, kind, energy, name))
    return tuple(sorted(found, key=lambda section: section.start_s))


def cues(root: Place, duration_s: float, palette: tuple[str, ...]) -> tuple[Cue, ...]:
    """The cues in order of time; those at one time keep their order."""
    found = []
    for row in _rows(root, "cues", Cue):
        cue = _cue(row, palette)
        if cue.time_s > duration_s + _PAST_END_S:
            raise row.wrong(
                "time_s", f"{cue.time_s:g} is after the end of the show", f"duration_s is {duration_s:g}"
            )
        found.append(cue)
    return tuple(sorted(found, key=lambda cue: cue.time_s))


def _cue(row: Place, palette: tuple[str, ...]) -> Cue:
    look = row.choice("look", LOOKS, "a look")
    needed: tuple[str, ...] | None = ("#000000",) if look == "blackout" else None
    values = row.items("colors", MAX_COLORS, needed)
    if not values and needed is None:
        raise row.wrong("colors", "at least one colour is needed", 'write ["#ff8800"]')
    return Cue(
        time_s=_seconds(row, "time_s"),
        look=look,  # type: ignore[arg-type]  # one of LOOKS, which are the Literal's own values
        colors=tuple(_color(row, f"colors[{n}]", value, palette) for n, value in enumerate(values)),
        intensity=row.number("intensity", 0.0, 1.0, 1.0),
        fade_s=row.number("fade_s", 0.0, 600.0, 0.0),
        beats=row.number("beats", 0.001, 4096.0, 1.0),
        zones=_zones(row),
        floor=row.number("floor", 0.0, 1.0, 0.0),
    )


def _color(row: Place, key: str, value: object, palette: tuple[str, ...]) -> str:
    """A colour as ``#rrggbb``, from that or from a place in the palette."""
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < len(palette):
            return palette[value]
        raise row.wrong(key, f"the palette has no colour {value}", f"it has {len(palette)}, counted from 0")
    if isinstance(value, str):
        try:
            return format_hex(parse_hex(value))
        except UsageError as error:
            raise row.wrong(key, error.problem, error.hint) from error
    raise row.wrong(key, "a colour is text like #ff8800 or a number in the palette")


def _zones(row: Place) -> Any:
    value = row.value("zones", "all")
    if isinstance(value, str):
        return row.choice("zones", ZONE_GROUPS, "a group of zones", "all")
    numbers = row.items("zones", MOST_ZONES, ())
    if not numbers:
        raise row.wrong("zones", "the list is empty", 'name at least one zone, or write "all"')
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < MOST_ZONES:
            raise row.wrong("zones", "zones are whole numbers from 0 at stage left")
    return tuple(numbers)


def level(root: Place) -> Level:
    """The loudness as light; a level that is always full where there is none."""
    row = root.inner("level")
    if row is None:
        return Level()
    refuse_misspelt(row, Level)
    step_s = row.number("step_s", 0.01, 60.0, Level().step_s)
    values = row.items("values", MAX_ROWS, ())
    for number, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise row.wrong(f"values[{number}]", "a level is a number from 0 to 1")
    return Level(step_s, tuple(float(value) for value in values))
