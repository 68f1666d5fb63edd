"""The private folder of an evening, and those that killed evenings left behind.

Whoever needs a folder holds a lock on a file in it, which the system lets go of when the process ends, however it
does. A folder that nobody holds any more is swept by the next evening of the same person.
"""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

PREFIX = "beatomizer-"
_HELD = "held"
_YOUNG_S = 60.0
"""A folder so young may just be being made."""


def make_folder() -> tuple[Path, int]:
    """A new folder that only this person can read, and what holds it: a descriptor to be kept open, or −1."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / _HELD).touch()
    return folder, hold(folder)


def hold(folder: Path) -> int:
    """Keep a folder from being swept, until the descriptor is closed or the process ends; −1 where that cannot be."""
    if os.name != "posix":
        return -1
    import fcntl

    try:
        descriptor = os.open(folder / _HELD, os.O_RDONLY)
    except OSError:
        return -1
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return descriptor


def let_go(descriptor: int) -> None:
    """Hold a folder no longer."""
    if descriptor >= 0:
        os.close(descriptor)


def sweep() -> list[Path]:
    """Delete this person's folders that nobody holds; which ones. Nothing else is touched, and nothing is raised."""
    if os.name != "posix":
        return []  # there, what is open cannot be deleted, and no lock tells
    swept = list[Path]()
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
                swept.append(folder)
    return swept


def _is_abandoned(folder: Path) -> bool:
    """Whether it is a folder of ours, not new, whose lock is free."""
    import fcntl

    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        return False
    if time.time() - facts.st_mtime < _YOUNG_S:
        return False
    descriptor = os.open(folder / _HELD, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
