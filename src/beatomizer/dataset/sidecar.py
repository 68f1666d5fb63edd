"""``NAME.take.json``: what a person's list says about the video ``NAME`` beside it.

    {"format": "beatomizer-take", "version": 1,
     "excerpts": [{"url": "…", "start_s": 12.0, "end_s": 80.5, "title": "…", "licence": "…", "note": "…"}]}

One excerpt is one take. A single excerpt may also stand alone, without the list around it; all keys may be missing.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.audio.gate import shown
from beatomizer.errors import UnreadableInputError, one_line

SUFFIX = ".take.json"
FORMAT, VERSION = "beatomizer-take", 1

LATEST_S = 24 * 3600.0
"""No video of interest is longer than a day; a later time is a slip of the pen."""

_MOST_BYTES = 4 << 20
_MOST_TEXT = 2048


@dataclass(frozen=True)
class Excerpt:
    """A part of a video, and what is known about it. Texts come from strangers.

    Attributes:
        url: where it is from.
        start_s: beginning in seconds of the video's presentation.
        end_s: end; ``None``: the video's.
        title: as people know it.
        licence: under which it may be used.
        note: anything else.
    """

    url: str = ""
    start_s: float = 0.0
    end_s: float | None = None
    title: str = ""
    licence: str = ""
    note: str = ""


def read_sidecar(path: Path) -> tuple[Excerpt, ...]:
    """The excerpts of one video, without doubles.

    Raises:
        UnreadableInputError: the file does not describe a video's excerpts.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("too large")
        if not path.is_file():  # a pipe would keep us waiting
            raise ValueError("not a file")
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(found, dict) or found.get("format", FORMAT) != FORMAT:
            raise ValueError("not a description of a take")
        if found.get("version", VERSION) != VERSION:
            raise ValueError("written by another version")
        listed = found.get("excerpts", [found])
        if not isinstance(listed, list) or not listed:
            raise ValueError("no excerpt in it")
        return tuple(dict.fromkeys(_excerpt(entry) for entry in listed))
    except OSError as error:
        raise UnreadableInputError(f"'{shown(path)}' cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableInputError(f"'{shown(path)}' is damaged: {error}", "fetch the video again") from error


def write_sidecar(path: Path, excerpts: Sequence[Excerpt]) -> None:
    """Write the excerpts of one video; raises as ``written_aside``."""
    content = {"format": FORMAT, "version": VERSION, "excerpts": [asdict(excerpt) for excerpt in excerpts]}
    with written_aside(path) as aside:
        aside.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _excerpt(entry: Any) -> Excerpt:
    if not isinstance(entry, dict):
        raise ValueError("an excerpt is not an object")
    start_s = _seconds(entry.get("start_s"), "start_s") or 0.0
    end_s = _seconds(entry.get("end_s"), "end_s")
    if end_s is not None and end_s <= start_s:
        raise ValueError("an excerpt ends before it begins")
    texts = {name: _text(entry.get(name)) for name in ("url", "title", "licence", "note")}
    return Excerpt(start_s=start_s, end_s=end_s, **texts)


def _seconds(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"{name} is not a number")
    if not 0 <= value <= LATEST_S:
        raise ValueError(f"{name} is not within a day")
    return float(value)


def _text(value: Any) -> str:
    return one_line(value, _MOST_TEXT) if isinstance(value, str) else ""
