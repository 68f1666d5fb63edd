"""``verdicts.csv``: what a person said about takes and clips. ``dataset build`` honours it; the last word wins.

    id,verdict,note
    0123456789abcdef,reject,talking head
    0123456789abcdef-0003,accept,

An ``id`` is that of a take (16 hexadecimal digits) or of a clip (the take's, a dash, four digits). A fourth column,
``trim``, is there when something was accepted in part: ``3.017-9.5``, seconds from the beginning of the take or clip.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from beatomizer.atomic import turn_in, written_aside
from beatomizer.audio.gate import shown
from beatomizer.dataset.trims import Trim
from beatomizer.errors import UnreadableInputError, one_line

VERDICTS_FILE = "verdicts.csv"
COLUMNS = ("id", "verdict", "note")
TRIM_COLUMN = "trim"

_ID = re.compile(r"[0-9a-f]{16}(-\d{4,6})?")
_MOST_BYTES = 64 << 20
MOST_NOTE = 500
"""Characters of a note."""


class Verdict(StrEnum):
    """What a person said. ``UNDECIDED`` takes an earlier word back and is never kept."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Judgement:
    """A verdict, the reason somebody gave for it (one line, may be empty), and the part that was accepted (or all)."""

    verdict: Verdict
    note: str = ""
    trim: Trim | None = None


def is_id(text: str) -> bool:
    """Whether ``text`` can be the id of a take or a clip."""
    return _ID.fullmatch(text) is not None


def take_of(name: str) -> str:
    """The take's id, of a take's or a clip's."""
    return name[:16]


def read_verdicts(shards: Path) -> dict[str, Verdict]:
    """Each judged take's or clip's id → ``accept`` or ``reject``; empty if nobody has judged anything.

    Raises:
        UnreadableInputError: the file is damaged. A person's word is never skipped in silence.
    """
    return {name: judgement.verdict for name, judgement in read_judgements(shards).items()}


def read_judgements(shards: Path) -> dict[str, Judgement]:
    """As ``read_verdicts``, with the notes."""
    path = shards / VERDICTS_FILE
    if not path.exists():
        return {}
    return {name: one for name, one in read_judgement_file(path).items() if one.verdict != Verdict.UNDECIDED}


def read_judgement_file(path: Path) -> dict[str, Judgement]:
    """A table of verdicts, as the contact sheet saves it; a later row about the same id wins.

    Raises:
        UnreadableInputError: it cannot be read, or a row is not a verdict.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnreadableInputError(f"'{shown(path)}' is too large", "name a file of verdicts")
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    except OSError as error:
        raise UnreadableInputError(
            f"'{shown(path)}' cannot be read ({error.strerror})", "check the path"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableInputError(f"'{shown(path)}' is not a table of verdicts", "save it as CSV") from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if header[:2] != ["id", "verdict"]:
        raise UnreadableInputError(
            f"'{shown(path)}' holds no verdicts", "its first row must be id,verdict,note"
        )
    found: dict[str, Judgement] = {}
    width = 4 if header[3:4] == [TRIM_COLUMN] else 3
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            name, judgement = _judgement(path, number, row[:width])
            found.pop(name, None)
            found[name] = judgement
    return found


def _judgement(path: Path, number: int, row: list[str]) -> tuple[str, Judgement]:
    name, verdict, note, trim = (*(cell.strip() for cell in row), "", "", "")[:4]
    place = f"'{shown(path)}' row {number}"
    if not is_id(name.lower()):
        raise UnreadableInputError(
            f"{place}: '{one_line(name, 40)}' is not the id of a take or clip", "mend the row"
        )
    try:
        word = Verdict(verdict.lower())
    except ValueError:
        said = f"{place}: '{one_line(verdict, 40)}' is not a verdict"
        raise UnreadableInputError(said, f"write {', '.join(Verdict)}") from None
    try:
        part = Trim.parse(trim) if trim and word == Verdict.ACCEPT else None
    except ValueError:
        said = f"{place}: '{one_line(trim, 40)}' is not a part"
        raise UnreadableInputError(said, "write its beginning and end in seconds, as 3.5-12") from None
    return name.lower(), Judgement(word, one_line(note, MOST_NOTE), part)


def record(shards: Path, news: Mapping[str, Judgement]) -> dict[str, Judgement]:
    """Add verdicts to those that are there, and return all; the file appears whole or not at all.

    Args:
        shards: the set's folder.
        news: the last word about each id; without a note or trim of its own the same verdict keeps an earlier one.

    Raises:
        UnreadableInputError: the verdicts that are there are damaged.
        UsageError, ResourceLimitError: as ``rewrite``.
    """

    def added(judged: dict[str, Judgement]) -> None:
        for name, judgement in news.items():
            before = judged.pop(name, Judgement(Verdict.UNDECIDED))
            if judgement.verdict != Verdict.UNDECIDED:
                kept = before if before.verdict == judgement.verdict else Judgement(judgement.verdict)
                note = one_line(judgement.note, MOST_NOTE) or kept.note
                judged[name] = Judgement(judgement.verdict, note, judgement.trim or kept.trim)

    return rewrite(shards, added)


def rewrite(shards: Path, change: Callable[[dict[str, Judgement]], None]) -> dict[str, Judgement]:
    """Let ``change`` do something to the verdicts that are there, keep what comes of it, and return it.

    Whoever else records something meanwhile waits, so that no word is lost.

    Raises:
        UnreadableInputError: the verdicts that are there are damaged.
        UsageError, ResourceLimitError: as ``turn_in`` and ``written_aside``.
    """
    with turn_in(shards):
        judged = read_judgements(shards)
        change(judged)
        with written_aside(shards / VERDICTS_FILE) as aside:
            aside.write_text(_table(sorted(judged.items())), encoding="utf-8")
    return judged


def _table(rows: Iterable[tuple[str, Judgement]]) -> str:
    listed = list(rows)
    trims = any(one.trim for _, one in listed)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *([TRIM_COLUMN] if trims else [])])
    for name, one in listed:
        cells = [name, one.verdict.value, one.note]
        writer.writerow([*cells, str(one.trim or "")] if trims else cells)
    return text.getvalue()
