"""What a folder of fetched videos remembers: which address became which file, and which videos are of no use."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from beatomizer.atomic import try_lock, written_aside
from beatomizer.errors import UsageError, one_line

HIDDEN = ".fetch"
"""Folder inside the output folder: the state, and what is not finished."""

_STATE = "state.json"
_LOCK = "lock"
_POLL_S = 0.1
_FORMAT, _VERSION = "beatomizer-fetch", 1


@dataclass(frozen=True)
class Remembered:
    """What came of one address.

    Attributes:
        file: name of the video in the folder; empty if it was of no use.
        bytes: its size.
        duration_s: seconds with pictures and sound.
        refused: why it is of no use; empty if it is good.
        title, licence: as the site states them. Untrusted text.
    """

    file: str = ""
    bytes: int = 0
    duration_s: float = 0.0
    refused: str = ""
    title: str = ""
    licence: str = ""


class FetchState:
    """The memory of one output folder; every change is on the disk before it is believed."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._path = out / HIDDEN / _STATE
        self._urls = _read(self._path)

    def of(self, url: str) -> Remembered | None:
        """What is known of an address; ``None`` if nothing, or if its file is gone or has another size."""
        known = self._urls.get(url)
        if known is None or known.refused:
            return known
        path = self.out / known.file
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_size == known.bytes:
                return known
        return None

    def remember(self, url: str, known: Remembered) -> None:
        """Write down what came of an address."""
        self._urls[url] = known
        content = {
            "format": _FORMAT,
            "version": _VERSION,
            "urls": {url: asdict(known) for url, known in sorted(self._urls.items())},
        }
        with written_aside(self._path) as aside:
            aside.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Remembered]:
    """A damaged memory is no memory: what is there is looked at again."""
    with contextlib.suppress(OSError, ValueError, LookupError, OverflowError, RecursionError, AttributeError):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") == _FORMAT and content.get("version") == _VERSION:
            return {url: _remembered(entry) for url, entry in content["urls"].items() if _is_ours(entry)}
    return {}


def _is_ours(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and "/" not in str(entry.get("file", ""))
        and "\\" not in str(entry.get("file"))
    )


def _remembered(entry: dict[str, Any]) -> Remembered:
    texts = {
        name: one_line(str(entry.get(name, "")), 500) for name in ("file", "refused", "title", "licence")
    }
    numbers = [
        value if isinstance(value, int | float) else 0
        for value in (entry.get("bytes"), entry.get("duration_s"))
    ]
    return Remembered(bytes=int(numbers[0]), duration_s=float(numbers[1]), **texts)


@contextlib.contextmanager
def only_one(out: Path, wait_s: float = 10.0) -> Iterator[tuple[int, ...]]:
    """Hold the folder for this process while the block runs.

    Yields the file descriptors that children have to inherit: the child of a fetch that was killed may live for a
    moment, and until it has ended nobody else may write where it writes.

    Raises:
        UsageError: another process has been fetching into it for ``wait_s``, or it cannot be written to.
    """
    try:
        (out / HIDDEN).mkdir(parents=True, exist_ok=True)
        file = (out / HIDDEN / _LOCK).open("w")
    except OSError as error:
        raise UsageError(
            f"cannot write into '{out}' ({error.strerror})", "choose another place with -o"
        ) from error
    with file:
        yield (file.fileno(),) if _locked(file, out, wait_s) else ()


def _locked(file: IO[str], out: Path, wait_s: float) -> bool:
    """Wait for the lock; whether there are locks here at all."""
    deadline = time.monotonic() + wait_s
    while (got := try_lock(file)) is False:
        if time.monotonic() > deadline:
            raise UsageError(f"another fetch is at work in '{out}'", "wait for it, or use another folder")
        time.sleep(_POLL_S)
    return bool(got)
