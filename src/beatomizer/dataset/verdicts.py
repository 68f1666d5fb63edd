"""``verdicts.csv``: what a person said about takes and clips. ``dataset build`` honours it; the last word wins.

    id,verdict,note
    0123456789abcdef,reject,talking head
    0123456789abcdef-0003,accept,

An ``id`` is that of a take (16 hexadecimal digits) or of a clip (the take's, a dash, four digits).
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from beatomizer.atomic import written_aside
from beatomizer.audio.gate import shown
from beatomizer.errors import UnreadableInputError, one_line

VERDICTS_FILE = "verdicts.csv"
COLUMNS = ("id", "verdict", "note")

_ID = re.compile(r"[0-9a-f]{16}(-\d{4,6})?")
_MOST_BYTES = 64 << 20
_MOST_NOTE = 500


class Verdict(StrEnum):
    """What a person said. ``UNDECIDED`` takes an earlier word back and is never kept."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Judgement:
    """A verdict and the reason somebody gave for it (one line, may be empty)."""

    verdict: Verdict
    note: str = ""


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
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            name, judgement = _judgement(path, number, row)
            found.pop(name, None)
            found[name] = judgement
    return found


def _judgement(path: Path, number: int, row: list[str]) -> tuple[str, Judgement]:
    name, verdict, note = (*(cell.strip() for cell in row), "", "")[:3]
    if not is_id(name.lower()):
        raise UnreadableInputError(
            f"'{shown(path)}' row {number}: '{one_line(name, 40)}' is not the id of a take or clip",
            "mend the row",
        )
    try:
        return name.lower(), Judgement(Verdict(verdict.lower()), one_line(note, _MOST_NOTE))
    except ValueError:
        said = f"'{shown(path)}' row {number}: '{one_line(verdict, 40)}' is not a verdict"
        raise UnreadableInputError(said, f"write {', '.join(Verdict)}") from None


def record(shards: Path, news: Mapping[str, Judgement]) -> dict[str, Judgement]:
    """Add verdicts to those that are there, and return all; the file appears whole or not at all.

    Args:
        shards: the set's folder.
        news: the last word about each id; without a note of its own it keeps an earlier one.

    Raises:
        UnreadableInputError: the verdicts that are there are damaged.
        UsageError, ResourceLimitError: as ``written_aside``.
    """
    judged = read_judgements(shards)
    for name, judgement in news.items():
        before = judged.pop(name, Judgement(Verdict.UNDECIDED))
        if judgement.verdict != Verdict.UNDECIDED:
            same = before.verdict == judgement.verdict
            note = one_line(judgement.note, _MOST_NOTE) or (before.note if same else "")
            judged[name] = Judgement(judgement.verdict, note)
    with written_aside(shards / VERDICTS_FILE) as aside:
        aside.write_text(_table(sorted(judged.items())), encoding="utf-8")
    return judged


def _table(rows: Iterable[tuple[str, Judgement]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((name, one.verdict.value, one.note) for name, one in rows)
    return text.getvalue()
