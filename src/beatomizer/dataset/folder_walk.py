"""A folder of anything → its files in order, and one line for each thing that is no file worth opening.

Hidden files and folders are passed over in silence; links that lead in a circle are seen once and reported.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from beatomizer.audio.gate import open_song
from beatomizer.errors import UnreadableInputError, UsageError, one_line

_HEAD_BYTES = 1024
_MOST_NAME = 120


@dataclass(frozen=True, order=True)
class Refusal:
    """Something that does not become a take.

    Attributes:
        name: of the file as a person knows it: its path inside the folder that was named.
        reason: why, one line, no full stop.
        media: whether it was offered as a take; notes, tables and covers that lie beside takes were not.
    """

    name: str
    reason: str
    media: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class FoundFile:
    """A regular, readable, non-empty file that is not plain text, or one whose ending says that it is ours.

    Attributes:
        path: where it is.
        name: its path inside the folder that was named, printable.
    """

    path: Path
    name: str


def walk(root: Path) -> Iterator[FoundFile | Refusal]:
    """All files under ``root`` in the order of their names; ``root`` may be a single file.

    Raises:
        UsageError: ``root`` does not exist.
    """
    if root.is_dir():
        yield from _walk(root, root, {root.resolve()})
    elif root.exists():
        yield FoundFile(root, printable(root.name))
    else:
        raise UsageError(
            f"there is no folder '{root}'", "name a folder of videos, or of fetched or composed takes"
        )


def printable(name: str) -> str:
    """``name`` on one line, with nothing in it that could drive a terminal."""
    return one_line(name, _MOST_NAME)


def _walk(folder: Path, root: Path, seen: set[Path]) -> Iterator[FoundFile | Refusal]:
    try:
        with os.scandir(folder) as entries:
            # What lies here itself comes before what a link brings in.
            ordered = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError as error:
        yield Refusal(_inside(folder, root), f"the folder cannot be read ({error.strerror})")
        return
    for entry in ordered:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if not _is_folder(path):
            yield FoundFile(path, _inside(path, root))
            continue
        real = path.resolve()
        if real in seen:
            yield Refusal(_inside(path, root), "leads to a folder that was already looked at")
            continue
        seen.add(real)
        yield from _walk(path, root, seen)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a link to itself; the gate says so
        return False


def _inside(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix())


def gate(path: Path) -> str:
    """Why ``path`` must not be opened (a pipe, a playlist, empty, …); an empty string if it may be."""
    try:
        open_song(path).close()
    except UnreadableInputError as error:
        problem = error.problem.partition("' ")[2] or error.problem
        return problem.replace("text, not sound", "text, not a video (playlists are not followed)")
    return ""


def head_of(path: Path) -> bytes:
    """The first bytes of a file that passed ``gate``; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""
