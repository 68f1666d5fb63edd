"""A person's list of videos: CSV → rows, and one clear line for each thing that is not right in it.

``docs/lists.md`` describes the format. A bad row is left out and the rest goes on; only a list that cannot be a list
(no ``url`` column, not text) is an error.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from beatomizer.audio.gate import shown
from beatomizer.dataset.clip import CLIP_FRAMES
from beatomizer.dataset.sidecar import LATEST_S, Excerpt
from beatomizer.errors import UnreadableInputError, UsageError, one_line
from beatomizer.timebase import FPS, clock

COLUMNS = ("url", "start", "end", "title", "licence", "note")
_ALSO = {"license": "licence", "link": "url", "notes": "note", "address": "url"}

CLIP_S = CLIP_FRAMES / FPS
"""15 s: a shorter excerpt has no clip in it."""

_SEPARATORS = (",", ";", "\t")
_MOST_BYTES = 16 << 20
_MOST_URL = 2048
_MOST_TEXT = 500
_TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,6})?)")


@dataclass(frozen=True)
class Row:
    """One good row.

    Attributes:
        number: as a spreadsheet counts: the header is row 1.
        excerpt: what it asks for.
    """

    number: int
    excerpt: Excerpt


@dataclass(frozen=True)
class Listing:
    """A list as read: the good rows in order, and a line for each thing that was left out."""

    rows: tuple[Row, ...]
    complaints: tuple[str, ...]


def read_list(path: Path) -> Listing:
    """Read a list.

    Raises:
        UnreadableInputError: not a file, not text, or too large.
        UsageError: there is no ``url`` column.
    """
    text = _text(path)
    try:
        cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)))
    except csv.Error as error:
        raise UnreadableInputError(f"'{shown(path)}' is not a table ({error})", "save it as CSV") from error
    header_at = next((at for at, row in enumerate(cells) if _says_something(row)), None)
    if header_at is None:
        raise UsageError(f"'{shown(path)}' is empty", f"its first row must name columns: {','.join(COLUMNS)}")
    complaints: list[str] = []
    columns = _columns(path, cells[header_at], complaints)
    rows: list[Row] = []
    first: dict[tuple[str, float, float | None], int] = {}
    for number, row in enumerate(cells[header_at + 1 :], header_at + 2):
        if not _says_something(row):
            continue
        try:
            excerpt = _excerpt(row, columns)
            same = first.setdefault((excerpt.url, excerpt.start_s, excerpt.end_s), number)
            if same != number:
                raise _RowError(f"says the same as row {same}")
            rows.append(Row(number, excerpt))
        except _RowError as bad:
            complaints.append(f"row {number}{bad}")
    return Listing(tuple(rows), tuple(complaints))


class _RowError(Exception):
    """Why a row is left out."""

    def __init__(self, problem: str, column: str = "") -> None:
        super().__init__(f", column '{column}': {problem}" if column else f": {problem}")


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise UnreadableInputError(f"'{shown(path)}' {what}", "name a list of videos (CSV)")
        if path.stat().st_size > _MOST_BYTES:
            raise UnreadableInputError(f"'{shown(path)}' is too large for a list", "split it")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableInputError(
            f"'{shown(path)}' cannot be read ({error.strerror})", "check the path"
        ) from error
    codec = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise UnreadableInputError(f"'{shown(path)}' is not UTF-8 text", "save it as 'CSV UTF-8'") from error
    if "\0" in text:
        raise UnreadableInputError(f"'{shown(path)}' is not text", "save it as 'CSV UTF-8'")
    return text


def _separator(text: str) -> str:
    """The separator that the first line with something in it uses most outside quotes; a comma if none."""
    header = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_SEPARATORS, key=lambda mark: (bare.count(mark), mark == ","))


def _says_something(row: list[str]) -> bool:
    return any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")


def _columns(path: Path, header: list[str], complaints: list[str]) -> list[str]:
    """The name of each column, empty for those that are not known."""
    columns: list[str] = []
    for cell in header:
        name = cell.strip().lower()
        name = _ALSO.get(name, name)
        if name in columns:
            complaints.append(f"column '{one_line(cell, 40)}' is there twice; the first one counts")
            name = ""
        elif name and name not in COLUMNS:
            near = get_close_matches(name, COLUMNS, 1)
            meant = f" (is '{near[0]}' meant?)" if near else ""
            complaints.append(f"column '{one_line(cell, 40)}' is not known and left out{meant}")
            name = ""
        columns.append(name)
    if "url" not in columns:
        raise UsageError(
            f"'{shown(path)}' has no column 'url'", f"its first row must name columns: {','.join(COLUMNS)}"
        )
    return columns


def _excerpt(row: list[str], columns: list[str]) -> Excerpt:
    while len(row) > len(columns) and not row[-1].strip():
        row = row[:-1]
    if len(row) > len(columns):
        raise _RowError(f"{len(row)} cells, but {len(columns)} columns (put texts with separators in quotes)")
    cells = {name: cell.strip() for name, cell in zip(columns, row) if name}
    url = _checked_url(cells.get("url", ""))
    start_s = _seconds(cells.get("start", ""), "start") or 0.0
    end_s = _seconds(cells.get("end", ""), "end")
    if end_s is not None and end_s <= start_s:
        raise _RowError(f"ends at {clock(end_s)}, not after its start at {clock(start_s)}", "end")
    if end_s is not None and end_s - start_s < CLIP_S:
        raise _RowError(f"only {end_s - start_s:g} s from the start; a clip needs {CLIP_S:g} s", "end")
    texts = {name: one_line(cells.get(name, ""), _MOST_TEXT) for name in ("title", "licence", "note")}
    return Excerpt(url, start_s, end_s, **texts)


def _checked_url(text: str) -> str:
    """An address that may be fetched: ``http`` or ``https``, with a host, without a password in it."""
    if not text:
        raise _RowError("is empty", "url")
    shown_url = one_line(text, 60)
    if len(text) > _MOST_URL or not text.isprintable() or any(letter.isspace() for letter in text):
        raise _RowError(f"'{shown_url}' is not an address", "url")
    try:
        parts = urlsplit(text)
        host, has_secret = parts.hostname, parts.username is not None or parts.password is not None
        _ = parts.port
    except ValueError:
        raise _RowError(f"'{shown_url}' is not an address", "url") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise _RowError(f"'{shown_url}' does not begin with https:// or http://", "url")
    if not host:
        raise _RowError(f"'{shown_url}' names no site", "url")
    if has_secret:
        raise _RowError("holds a user's name or password; fetch that video by hand", "url")
    return text


def _seconds(text: str, column: str) -> float | None:
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise _RowError(f"'{one_line(text, 30)}' is not a time (write 75, 1:15 or 1:02:03)", column)
    hours, minutes, seconds = match[1] or "0", match[2], float(match[3].replace(",", "."))
    if minutes is not None and (seconds >= 60 or (match[1] and int(minutes) >= 60)):
        raise _RowError(f"'{text}' is not a time (60 is the next minute)", column)
    total = int(hours) * 3600 + int(minutes or 0) * 60 + seconds
    if total > LATEST_S:
        raise _RowError(f"'{text}' is more than a day", column)
    return total


def by_url(rows: tuple[Row, ...]) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each address, in the order in which the addresses first appear."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.excerpt.url, []).append(row)
    yield from groups.items()
