"""The cue list as JSON: what ``docs/formats.md`` promises, written for people, read with suspicion.

Writing puts one beat, section, accent or cue on a line and rounds numbers to human size. Reading checks every
value and names the place of a mistake (``cues[3].look: 'puls' is not a look: did you mean 'pulse'?``); keys that it
does not know are ignored, and lists out of order are sorted. ``from_json(to_json(x))`` is ``rounded(x)``.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from beatomizer.color import format_hex, parse_hex
from beatomizer.cues.checking import Place, parse_object
from beatomizer.cues.cuelist import (
    FORMAT_VERSION,
    LOOKS,
    ZONE_GROUPS,
    Accent,
    Beat,
    Cue,
    CueList,
    Level,
    Section,
)
from beatomizer.cues.recolor import recolor as recolor
from beatomizer.errors import UnreadableInputError, UsageError, one_line

MAX_BYTES = 32 * 2**20
"""A three-hour song at 200 beats a minute with a cue on each is below 8 MiB."""
MAX_DURATION_S = 6 * 3600.0
MAX_ROWS = 200_000
MAX_COLORS = 64
MAX_ZONES = 512
KINDS = ("steady", "intro", "build", "drop", "break", "outro", "silence")


def to_json(cues: CueList) -> str:
    """The cue list as JSON text, one row a line, ending in a newline."""
    cues = rounded(cues)
    head = {
        "version": FORMAT_VERSION,
        "title": cues.title,
        "artist": cues.artist,
        "duration_s": cues.duration_s,
        "tempo_bpm": cues.tempo_bpm,
        "model": cues.model,
        "seed": cues.seed,
        "safety": cues.safety,
        "zones": cues.zones,
        "palette": list(cues.palette),
    }
    lines = [f"  {_text(key)}: {_text(value)}," for key, value in head.items()]
    lines += _rows("sections", (_section_row(section) for section in cues.sections))
    lines += _rows("cues", (_cue_row(cue) for cue in cues.cues))
    lines += _rows("accents", ({"time_s": a.time_s, "strength": a.strength} for a in cues.accents))
    lines += _rows("beats", (_beat_row(beat) for beat in cues.beats))
    level = {"step_s": cues.level.step_s, "values": list(cues.level.values)}
    return "{\n" + "\n".join(lines) + f'\n  "level": {_text(level)}\n}}\n'


def rounded(cues: CueList) -> CueList:
    """The cue list with numbers of human size: times to a tenth of a millisecond, shares to a thousandth."""
    return replace(
        cues,
        title=_clean(cues.title),
        artist=_clean(cues.artist),
        duration_s=round(float(cues.duration_s), 9),  # a millionth of a frame may decide the frame count
        tempo_bpm=_short(cues.tempo_bpm),
        beats=tuple(
            Beat(_fine(b.time_s), b.position, _short(b.confidence), _short(b.strength)) for b in cues.beats
        ),
        sections=tuple(
            Section(_fine(s.start_s), _fine(s.end_s), s.label, s.kind, _short(s.energy))
            for s in cues.sections
        ),
        cues=tuple(
            replace(
                cue,
                time_s=_fine(cue.time_s),
                intensity=_short(cue.intensity),
                fade_s=_short(cue.fade_s),
                beats=_short(cue.beats),
                floor=_short(cue.floor),
            )
            for cue in cues.cues
        ),
        accents=tuple(Accent(_fine(a.time_s), _short(a.strength)) for a in cues.accents),
        level=Level(cues.level.step_s, tuple(_short(value) for value in cues.level.values)),
    )


def _fine(seconds: float) -> float:
    return round(float(seconds), 4)


def _short(value: float) -> float:
    return round(float(value), 3)


def _clean(text: str) -> str:
    """Without the half characters that damaged tags hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _rows(key: str, rows: Iterable[dict[str, object]]) -> list[str]:
    lines = [f"    {_text(row)}" for row in rows]
    return [f'  "{key}": [\n' + ",\n".join(lines) + "\n  ],"] if lines else [f'  "{key}": [],']


def _beat_row(beat: Beat) -> dict[str, object]:
    return {
        "time_s": beat.time_s,
        "position": beat.position,
        "confidence": beat.confidence,
        "strength": beat.strength,
    }


def _section_row(section: Section) -> dict[str, object]:
    return {
        "start_s": section.start_s,
        "end_s": section.end_s,
        "label": section.label,
        "kind": section.kind,
        "energy": section.energy,
    }


def _cue_row(cue: Cue) -> dict[str, object]:
    return {
        "time_s": cue.time_s,
        "look": cue.look,
        "colors": list(cue.colors),
        "intensity": cue.intensity,
        "fade_s": cue.fade_s,
        "beats": cue.beats,
        "floor": cue.floor,
        "zones": cue.zones if isinstance(cue.zones, str) else list(cue.zones),
    }


def read_cues(path: str | Path) -> CueList:
    """Read a cue list from a file.

    Raises:
        UnreadableInputError: missing, not a regular file, too large, not text, or not a cue list.
    """
    path = Path(path)
    name = one_line(str(path), 120)
    if not path.exists():
        raise UnreadableInputError(f"there is no file '{name}'", "check the spelling")
    if not path.is_file():
        raise UnreadableInputError(f"'{name}' is not a regular file", "give a cue list (.json)")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read '{name}' ({error.strerror})", "check its permissions"
        ) from error
    try:
        return from_json(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise UnreadableInputError(f"'{name}' is not text in UTF-8", "give a cue list (.json)") from error


def from_json(text: str, name: str = "cue list") -> CueList:
    """Read a cue list from JSON text.

    Args:
        text: the JSON.
        name: what messages call it.

    Raises:
        UnreadableInputError: the first mistake found, with its place.
    """
    if len(text) > MAX_BYTES:
        raise UnreadableInputError(f"{name} is over {MAX_BYTES >> 20} MiB", "that is no cue list of a song")
    root = Place(name, "", parse_object(text, name))
    version = root.integer("version", 1, 2**31, default=FORMAT_VERSION)
    if version > FORMAT_VERSION:
        raise root.wrong(
            "version", f"{version} is newer than this program reads ({FORMAT_VERSION})", "update it"
        )
    duration_s = root.number("duration_s", 0.0, MAX_DURATION_S)
    palette = tuple(_color(root, "palette", value, ()) for value in root.items("palette", MAX_COLORS, ()))
    time = _time_within(duration_s)
    return CueList(
        duration_s=duration_s,
        beats=_sorted(_beat(row, time) for row in root.rows("beats", MAX_ROWS)),
        sections=tuple(sorted(_sections(root, duration_s), key=lambda section: section.start_s)),
        palette=palette,
        cues=_sorted(_cue(row, time, palette) for row in root.rows("cues", MAX_ROWS)),
        accents=_sorted(
            Accent(time(row, "time_s"), row.number("strength", 0.0, 1.0, 1.0))
            for row in root.rows("accents", MAX_ROWS)
        ),
        level=_level(root),
        title=root.string("title", 2000),
        artist=root.string("artist", 2000),
        tempo_bpm=root.number("tempo_bpm", 0.0, 1000.0, 0.0),
        model=root.string("model", 500),
        seed=root.integer("seed", 0, 2**63 - 1, default=0),
        safety=root.string("safety", 50, "broadcast"),
        zones=root.integer("zones", 1, MAX_ZONES, default=8),
    )


def _sorted(rows: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(rows, key=lambda row: row.time_s))


def _time_within(duration_s: float) -> Callable[[Place, str], float]:
    """A reader of times that allows what rounding and a shortened song may put just past the end."""

    def time(row: Place, key: str) -> float:
        return row.number(key, 0.0, max(duration_s + 1.0, 1.0))

    return time


def _beat(row: Place, time: Callable[[Place, str], float]) -> Beat:
    return Beat(
        time(row, "time_s"),
        row.integer("position", 1, 64, default=1),
        row.number("confidence", 0.0, 1.0, 1.0),
        row.number("strength", 0.0, 1.0, 1.0),
    )


def _sections(root: Place, duration_s: float) -> Iterable[Section]:
    for row in root.rows("sections", MAX_ROWS):
        start_s = row.number("start_s", 0.0, duration_s + 1.0)
        end_s = row.number("end_s", 0.0, duration_s + 1.0)
        if end_s < start_s:
            raise row.wrong("end_s", f"{end_s:g} is before start_s, {start_s:g}")
        kind = row.choice("kind", KINDS, "a kind of section", "steady")
        yield Section(start_s, end_s, row.string("label", 100), kind, row.number("energy", 0.0, 1.0, 0.5))


def _cue(row: Place, time: Callable[[Place, str], float], palette: tuple[str, ...]) -> Cue:
    look = row.choice("look", LOOKS, "a look")
    needed: tuple[str, ...] | None = ("#000000",) if look == "blackout" else None
    values = row.items("colors", MAX_COLORS, needed)
    if not values and needed is None:
        raise row.wrong("colors", "at least one colour is needed", 'write ["#ff8800"]')
    return Cue(
        time_s=time(row, "time_s"),
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
    numbers = row.items("zones", MAX_ZONES, ())
    if not numbers:
        raise row.wrong("zones", "the list is empty", 'name at least one zone, or write "all"')
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < MAX_ZONES:
            raise row.wrong("zones", "zones are whole numbers from 0 at stage left")
    return tuple(numbers)


def _level(root: Place) -> Level:
    row = root.inner("level")
    if row is None:
        return Level()
    step_s = row.number("step_s", 0.01, 60.0, Level().step_s)
    values = row.items("values", MAX_ROWS, ())
    for number, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise row.wrong(f"values[{number}]", "a level is a number from 0 to 1")
    return Level(step_s, tuple(float(value) for value in values))
