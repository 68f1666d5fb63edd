"""The cue list as JSON: what ``docs/formats.md`` promises, written for people, read with suspicion.

Writing puts one beat, section, accent or cue on a line and rounds numbers to human size. Reading checks every
value (``rows.py``) and names the place of a mistake (``cues[3].look: 'puls' is not a look: did you mean 'pulse'?``).
Lists out of order are sorted; keys that it does not know are ignored unless they are known ones misspelt.
``from_json(to_json(x))`` is ``rounded(x)`` if ``x`` holds nothing after its end.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from beatomizer.cues import rows
from beatomizer.cues.checking import Place, parse_object
from beatomizer.cues.cuelist import (
    FORMAT_VERSION,
    MOST_SEED,
    MOST_ZONES,
    Accent,
    Beat,
    Cue,
    CueList,
    Level,
    Section,
)
from beatomizer.errors import UnreadableInputError, one_line

MAX_BYTES = 32 * 2**20
"""A three-hour song at 200 beats a minute with a cue on each is below 8 MiB."""


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
    lines += _rows("accents", map(asdict, cues.accents))
    lines += _rows("beats", map(asdict, cues.beats))
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
            replace(s, start_s=_fine(s.start_s), end_s=_fine(s.end_s), energy=_short(s.energy))
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


def _rows(key: str, found: Iterable[dict[str, object]]) -> list[str]:
    lines = [f"    {_text(row)}" for row in found]
    return [f'  "{key}": [\n' + ",\n".join(lines) + "\n  ],"] if lines else [f'  "{key}": [],']


def _section_row(section: Section) -> dict[str, object]:
    """A section without the name that it does not have."""
    return {key: value for key, value in asdict(section).items() if key != "name" or value}


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
    rows.refuse_misspelt(root, CueList, "version")
    duration_s = root.number("duration_s", 0.0, rows.MAX_DURATION_S)
    palette = rows.palette(root)
    return CueList(
        duration_s=duration_s,
        beats=rows.beats(root, duration_s),
        sections=rows.sections(root, duration_s),
        palette=palette,
        cues=rows.cues(root, duration_s, palette),
        accents=rows.accents(root, duration_s),
        level=rows.level(root),
        title=root.string("title", 2000),
        artist=root.string("artist", 2000),
        tempo_bpm=root.number("tempo_bpm", 0.0, 1000.0, 0.0),
        model=root.string("model", 500),
        seed=root.integer("seed", 0, MOST_SEED, default=0),
        safety=root.string("safety", 50, "broadcast"),
        zones=root.integer("zones", 1, MOST_ZONES, default=8),
    )
