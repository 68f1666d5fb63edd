"""``work/sources.json``: where on this machine the media of a set's takes lie, for ``dataset review`` to play them.

The set itself names no folder of anybody's machine. This file is a result of a build that may be deleted. It is trusted
no more than any other file of a set that may come from a stranger: a file that it names is opened only if it has the
content that the take was made from (its SHA-256), is a regular file, and looks like a film or sound.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from beatomizer.atomic import written_aside
from beatomizer.dataset.file_kinds import kind_of
from beatomizer.dataset.sources import TakeSource
from beatomizer.dataset.stages import is_film
from beatomizer.dataset.verdicts import is_id
from beatomizer.errors import UnreadableInputError

FILE = "sources.json"

_MOST_BYTES = 64 << 20
_HEAD_BYTES = 1024
_BLOCK = 1 << 20
_CONTENT = re.compile(r"[0-9a-f]{16}")

TYPES = (
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "video/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
)
"""Place, bytes there, and the media type of what browsers may be able to play."""


@dataclass(frozen=True)
class Whereabouts:
    """Where a take's media is.

    Attributes:
        media: absolute path, without links in it.
        content: first 16 hex digits of its SHA-256.
        start_s: where in it the take begins.
        pictures: whether the take's light was filmed in it.
    """

    media: Path
    content: str
    start_s: float
    pictures: bool


@dataclass(frozen=True)
class OpenMedia:
    """A file that may be played: close it."""

    file: BinaryIO
    size: int
    type: str


def write_whereabouts(work: Path, sources: Sequence[TakeSource]) -> None:
    """Note where takes are; raises as ``written_aside``."""
    found = {
        source.id: {
            "media": str(source.media.resolve()),
            "content": source.content,
            "start_s": source.start_s,
            "pictures": source.kind == "video" or is_film(source),
        }
        for source in sources
    }
    with written_aside(work / FILE) as aside:
        # ASCII: a path may hold bytes that are no text.
        aside.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="ascii")


def read_whereabouts(work: Path) -> dict[str, Whereabouts]:
    """Each take's id → where its media is; empty where that is not known, or the file is damaged."""
    path = work / FILE
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        told = json.loads(path.read_text(encoding="ascii"))
        return {name: _whereabouts(one) for name, one in told.items() if is_id(name)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _whereabouts(told: Mapping[str, object]) -> Whereabouts:
    media, content, start_s = Path(str(told["media"])), str(told["content"]), told["start_s"]
    if (
        not media.is_absolute()
        or _CONTENT.fullmatch(content) is None
        or not isinstance(start_s, (int, float))
    ):
        raise ValueError("not the whereabouts of a take")
    return Whereabouts(media, content, float(start_s), told["pictures"] is True)


class MediaGate:
    """Opens the media of takes, and nothing else. Hashes each file once, and again when it has changed."""

    def __init__(self, known: Mapping[str, Whereabouts]) -> None:
        self.known = dict(known)
        self._hashed: dict[tuple[int, int, int, int], str] = {}

    def open(self, take: str) -> OpenMedia:
        """The media of a take, at its beginning.

        Raises:
            UnreadableInputError: it is not known, not there any more, or another file by now.
        """
        where = self.known.get(take)
        if where is None:
            raise UnreadableInputError(
                "where the take's file lies is not known", "build the set again where its videos are"
            )
        try:
            return self._checked(where)
        except OSError as error:
            raise UnreadableInputError(f"'{where.media.name}' is not there any more") from error

    def _checked(self, where: Whereabouts) -> OpenMedia:
        if where.media.resolve(strict=True) != where.media:
            raise UnreadableInputError(f"'{where.media.name}' is a link by now")
        flags = (
            os.O_RDONLY
            | getattr(os, "O_NOFOLLOW", 0)
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_BINARY", 0)
        )
        file = os.fdopen(os.open(where.media, flags), "rb")
        try:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableInputError(f"'{where.media.name}' is not a file")
            head = file.read(_HEAD_BYTES)
            if kind_of(head) not in ("video", "sound"):
                raise UnreadableInputError(f"'{where.media.name}' is neither a video nor sound")
            if self._digest(file, found) != where.content:
                raise UnreadableInputError(
                    f"'{where.media.name}' is not the file that the take was made from"
                )
            file.seek(0)
            return OpenMedia(file, found.st_size, media_type(head))
        except BaseException:
            file.close()
            raise

    def _digest(self, file: BinaryIO, found: os.stat_result) -> str:
        key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        if key not in self._hashed:
            digest = hashlib.sha256()
            file.seek(0)
            while block := file.read(_BLOCK):
                digest.update(block)
            self._hashed[key] = digest.hexdigest()[:16]
        return self._hashed[key]


def media_type(head: bytes) -> str:
    """The media type of a file that begins so."""
    for place, mark, name in TYPES:
        if head[place : place + len(mark)] == mark:
            return name
    return "application/octet-stream"
