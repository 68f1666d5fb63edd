"""Who works on a trial, and whether that process is still there."""

import os
import socket
import sys
from pathlib import Path


def this_worker() -> str:
    """Who works on a trial: machine, process, and when that began."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def is_gone(worker: str) -> bool:
    """Whether the process that worked on a trial ended on this machine; of other machines nothing is known."""
    host, _, _ = worker.rsplit(":", 2) if worker.count(":") >= 2 else ("", "", "")
    return host == socket.gethostname() and sys.platform != "win32" and not lives(worker)


def lives(worker: str) -> bool:
    """Whether the process is there, on this machine, and is the same one: numbers are given out again."""
    parts = worker.rsplit(":", 2)
    if len(parts) != 3 or parts[0] != socket.gethostname() or not parts[1].isdecimal():
        return False
    number = int(parts[1])
    if sys.platform == "win32":  # where signal 0 is Ctrl-C
        return number == os.getpid()
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return parts[2] == _began(number)


def _began(number: int) -> str:
    """When a process began, in the system's ticks; empty where nobody can say, ``gone`` if only its number is left."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # from field 3 on; field 2, a name in brackets, may hold spaces
    return "gone" if fields[0] == "Z" else fields[19]
