"""Files appear whole or not at all: written aside, flushed, then renamed. And who may write there: locks."""

import contextlib
import errno
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from beatomizer.errors import ResourceLimitError, UsageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""No space left, over a quota, or a file larger than the file system holds (4 GB on FAT)."""

_TURN = threading.Lock()
_LONGEST_TURN_S = 10.0


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` if the body succeeds, else remove it.

    The temporary name keeps the suffix, because encoders choose their format by it. An existing file at ``path``
    stays untouched until the new one is complete.

    Raises:
        UsageError: the folder does not exist or cannot be written to, or ``path`` is a folder.
        ResourceLimitError: the disk is full.
    """
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder", "name a file")
    try:
        handle, name = tempfile.mkstemp(prefix=".beatomizer-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise UsageError(
            f"cannot write into '{path.parent}' ({error.strerror})", "choose another place"
        ) from error
    aside = Path(name)
    try:
        yield aside
        _flush(aside)
        aside.chmod(0o666 & ~_umask())
        aside.replace(path)
    except OSError as error:
        if error.errno in _FULL:
            raise ResourceLimitError(
                f"the disk is full while writing '{path.name}'", "free some space and try again"
            ) from error
        raise
    finally:
        aside.unlink(missing_ok=True)


def try_lock(file: IO[Any]) -> bool | None:
    """Take the lock of an open file without waiting. It is the process's and goes when that, or the file, goes.

    Returns:
        True: taken; False: another process has it; None: there are no such locks here (Windows, some file systems).
    """
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextlib.contextmanager
def turn_in(folder: Path) -> Iterator[None]:
    """Read and write in ``folder`` while nobody else does, of those who ask; leaves no file behind.

    Threads wait for each other everywhere, processes where there are locks (not on Windows).

    Raises:
        ResourceLimitError: somebody else has had the turn for ten seconds.
    """
    if not _TURN.acquire(timeout=_LONGEST_TURN_S):
        raise _busy(folder)
    try:
        with contextlib.ExitStack() as stack:
            if sys.platform != "win32":
                _lock_folder(folder, stack)
            yield
    finally:
        _TURN.release()


def _lock_folder(folder: Path, stack: contextlib.ExitStack) -> None:
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # who writes there will say so
    stack.callback(os.close, handle)
    until_s = time.monotonic() + _LONGEST_TURN_S
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise _busy(folder) from None
            time.sleep(0.01)
        except OSError:
            return  # a file system without locks


def _busy(folder: Path) -> ResourceLimitError:
    return ResourceLimitError(f"another program is writing into '{folder}'", "wait for it, and try again")


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
