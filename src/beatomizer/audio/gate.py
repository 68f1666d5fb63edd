"""The gate: what a file must be before a decoder may see a byte of it.

A decoder that is handed a *name* may open other names: playlists, SDP and concat files exist to make it do so, and a
song called ``http://…`` or ``concat:…`` would be obeyed. So the file is opened here, once, and the decoder is handed
bytes. It never learns the path, and reads that lead nowhere are counted, so that it cannot chew for ever.
"""

import errno
import os
import re
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from beatomizer.errors import UnreadableInputError, one_line

BARREN_BYTES = 32 << 20
"""Bytes of a sound file the decoder may read without giving a sound before it is told that the file ends. Larger than
any cover art, and read in a tenth of a second."""

BARREN_VIDEO_BYTES = 512 << 20
"""The same for videos: a minute of 8K pictures before the first sound."""

_HEAD_BYTES = 2048

SUFFIXES = frozenset({
    ".mp3", ".mp2", ".aac", ".ac3", ".eac3", ".ogg", ".oga", ".opus", ".flac", ".wav", ".w64", ".aif", ".aiff",
    ".aifc", ".au", ".caf", ".wv", ".ape", ".tta", ".wma", ".asf", ".mp4", ".m4a", ".m4b", ".m4v", ".mov", ".3gp",
    ".mkv", ".mka", ".webm", ".avi", ".flv", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob",
})  # fmt: skip
"""Endings passed on as a hint; streams without a header (mp3, aac) are recognised more surely with it."""

_NOT_REGULAR = (
    (stat.S_ISDIR, "is a folder", "name a file in it"),
    (stat.S_ISFIFO, "is a pipe, not a file", "save the sound to a file first"),
    (stat.S_ISSOCK, "is a socket, not a file", "save the sound to a file first"),
    (stat.S_ISCHR, "is a device, not a file", "save the sound to a file first"),
    (stat.S_ISBLK, "is a device, not a file", "save the sound to a file first"),
)


class SongFile:
    """A regular, non-empty, readable file as the decoder sees it: bytes without a path.

    ``read`` and ``seek`` never raise, because an exception cannot pass through the decoder: a failing disk and an
    exhausted patience look like the end of the file, and ``failure`` says which it was.

    Attributes:
        name: a made-up name that carries only the file's ending.
        size: bytes.
        furthest: the end of the furthest read so far, for progress.
        failure: why reading ended before the end, else an empty string.
        patience: bytes that may be read without a sound.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self.name = f"song{path.suffix.lower()}" if path.suffix.lower() in SUFFIXES else "song"
        self.size = os.fstat(descriptor).st_size
        self.furthest = 0
        self.failure = ""
        self.patience = BARREN_BYTES
        self._descriptor = descriptor
        self._barren = 0

    def read(self, n_bytes: int) -> bytes:
        """Up to ``n_bytes`` bytes; none at the end, after a disk error, or when patience has run out."""
        if self._barren > self.patience:
            self.failure = f"no sound in {self.patience >> 20} MB of it"
            return b""
        try:
            data = os.read(self._descriptor, n_bytes)
        except OSError as error:
            self.failure = error.strerror or "it cannot be read"
            return b""
        self._barren += len(data)
        self.furthest = max(self.furthest, self.tell())
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the new position; a negative error number where that is impossible."""
        try:
            return os.lseek(self._descriptor, offset, whence)
        except (OSError, OverflowError):
            return -errno.EINVAL

    def tell(self) -> int:
        """The position in bytes."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def sound_came(self) -> None:
        """Renew the patience: what was read so far led to a sound."""
        self._barren = 0

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def shown(path: Path) -> str:
    """The file's name as messages show it: without its folder, on one line, not too long."""
    return one_line(path.name or str(path), 80)


def open_song(path: str | os.PathLike[str]) -> SongFile:
    """Open ``path`` for the decoder. Never blocks, whatever the path leads to.

    Raises:
        UnreadableInputError: it is missing, not a regular file, empty, not readable, or plain text (playlists are).
    """
    song = Path(path)
    try:
        _refuse_unless_regular(
            song.stat().st_mode, song
        )  # before opening: to open a device can already act on it
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(song, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        raise UnreadableInputError(*_why_not(error, song)) from error
    except ValueError as error:  # a NUL byte or a lone surrogate in the name
        raise UnreadableInputError(f"'{shown(song)}' is not a possible file name", "check it") from error
    file = SongFile(descriptor, song)
    try:
        _refuse_unless_regular(os.fstat(descriptor).st_mode, song)
        head = file.read(_HEAD_BYTES)
        file.seek(0)
        if not head:
            raise UnreadableInputError(f"'{shown(song)}' is empty", "was the download finished?")
        if _is_text(head):
            raise UnreadableInputError(
                f"'{shown(song)}' is text, not sound", "playlists are not followed; name the song itself"
            )
    except BaseException:
        file.close()
        raise
    return file


_ADDRESS = re.compile(r"[a-z]{3,6}:/", re.IGNORECASE)
"""What is left of ``https://…`` when it was taken for a path."""


def _refuse_unless_regular(mode: int, song: Path) -> None:
    if stat.S_ISREG(mode):
        return
    for is_kind, what, hint in _NOT_REGULAR:
        if is_kind(mode):
            raise UnreadableInputError(f"'{shown(song)}' {what}", hint)
    raise UnreadableInputError(f"'{shown(song)}' is not a regular file", "name a file")


def _why_not(error: OSError, song: Path) -> tuple[str, str]:
    known = {
        errno.ENOENT: ("does not exist", "check the spelling and the folder"),
        errno.ENOTDIR: ("does not exist", "a part of its path is a file"),
        errno.EACCES: ("may not be read", "check its permissions"),
        errno.EPERM: ("may not be read", "check its permissions"),
        errno.ELOOP: ("is a link that leads back to itself", "name the file itself"),
        errno.ENAMETOOLONG: ("has a name that is too long", "rename it"),
    }
    if error.errno == errno.ENOENT and _ADDRESS.match(str(song)):
        return f"'{shown(song)}' is an address", "nothing is fetched: download the song and name its file"
    what, hint = known.get(error.errno or 0, (f"cannot be opened ({error.strerror})", "try a copy of it"))
    return f"'{shown(song)}' {what}", hint


def _is_text(head: bytes) -> bool:
    """Whether these first bytes are text: UTF-8 without control characters, or UTF-16 with its mark.

    Every sound container holds a zero or another control byte, or invalid UTF-8, in its first few hundred bytes.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and len(head) >= 4:
        codec = "utf-16-le" if head[0] == 0xFF else "utf-16-be"
        text = head[2 : len(head) & ~1].decode(codec, "replace")
        return all(character.isprintable() or character.isspace() for character in text)
    if any(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == _HEAD_BYTES  # a letter cut in two at the end
    return True
