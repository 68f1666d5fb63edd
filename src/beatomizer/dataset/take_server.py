"""The child's side of ``take_process``: reads a task a line, works on each in a forked process, tells how it went.

Lines are JSON. In: a ``TakeTask``. Out: ``{"pid"}`` of the process that works on it, ``{"share"}`` of it that is done,
``{"problem", "disk_full"}`` when its stages have ended, and last ``{"exit"}``, its exit code (−15: signal 15).
Without ``fork`` (Windows) the server itself works on one task and ends.
"""

import json
import os
import signal
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beatomizer.ceilings import keep_within
from beatomizer.dataset.sources import TakeSource
from beatomizer.dataset.stages import TakeSettings, Work, disk_is_full, run_stages
from beatomizer.errors import BeatomizerError, one_line


@dataclass(frozen=True)
class Limits:
    """What one take may cost.

    Attributes:
        memory_bytes: of address space. 4K video takes about 1.5 GB of it, two hours of sound and pictures 2 GB.
        cpu_s: seconds of processor time for any file …
        cpu_s_per_mb: … and for each of its megabytes: at least ten times what 240p and 1080p need.
        stall_s: seconds without any progress.
    """

    memory_bytes: int = 4 << 30
    cpu_s: float = 120.0
    cpu_s_per_mb: float = 6.0
    stall_s: float = 300.0


@dataclass(frozen=True)
class TakeTask:
    """What a process needs to work on one take; absolute paths that lead to the files where it runs.

    Attributes:
        source: the take.
        settings: how clips are made of it.
        work: the work folder, with its folders.
        threads: for the decoder of pictures; 0 is one a core.
        limits: what it may cost.
    """

    source: TakeSource
    settings: TakeSettings
    work: Path
    threads: int = 0
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Outcome:
    """What came of a take's process.

    Attributes:
        take: its id.
        problem: why the stages could not run to their end (a crash, a limit); empty if they did. What they found out is
            in the work folder.
        disk_full: the build has to stop.
    """

    take: str
    problem: str = ""
    disk_full: bool = False


def encoded(task: TakeTask) -> bytes:
    """A task as one line of JSON."""
    return json.dumps(asdict(task), default=str).encode() + b"\n"


def decoded(line: bytes) -> TakeTask:
    """The task of a line."""
    data = json.loads(line)
    source = data["source"]
    for name in ("media", "light", "score"):
        source[name] = None if source[name] is None else Path(source[name])
    settings = {**data["settings"], "grid": tuple(data["settings"]["grid"])}
    return TakeTask(
        TakeSource(**source),
        TakeSettings(**settings),
        Path(data["work"]),
        data["threads"],
        Limits(**data["limits"]),
    )


def cpu_limit(task: TakeTask) -> int:
    """Seconds of processor time that the take may cost."""
    try:
        megabytes = task.source.media.stat().st_size / 1e6
    except OSError:
        megabytes = 0.0
    return max(1, round(task.limits.cpu_s + task.limits.cpu_s_per_mb * megabytes))


def serve() -> None:
    """Work on the takes that standard input names, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    while line := sys.stdin.buffer.readline():
        task = decoded(line)
        if sys.platform == "win32":
            _work(task)
            return
        pid = os.fork()
        if pid == 0:
            _work(task)
            os._exit(0)
        _say({"pid": pid})
        _say({"exit": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])})


def _work(task: TakeTask) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_within(task.limits.memory_bytes, cpu_limit(task))
    problem, full = _tried(task)
    _say({"problem": problem, "disk_full": full})


def _end_with_parent() -> None:
    # Nothing is sent while a take is worked on: the pipe ends when the parent closes it, or dies.
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _tried(task: TakeTask) -> tuple[str, bool]:
    """Why the stages could not end, and whether the disk is full."""
    last = -1.0

    def progress(stage: str, share: float) -> None:
        nonlocal last
        if abs(share - last) >= 0.01:
            last = share
            _say({"share": share if stage == "video" else 0.0})

    try:
        work = Work.of(task.work, task.source.id, task.settings)
        run_stages(task.source, task.settings, work, progress, threads=task.threads)
    except MemoryError:
        return f"needs more than {task.limits.memory_bytes / (1 << 30):.1f} GB of memory", False
    except (BeatomizerError, OSError) as error:
        return one_line(str(error)), disk_is_full(error)
    except Exception as error:
        return f"met a mistake in beatomizer ({type(error).__name__}: {one_line(str(error), 120)})", False
    return "", False


def _say(what: dict[str, Any]) -> None:
    os.write(
        sys.stdout.fileno(), json.dumps(what).encode() + b"\n"
    )  # one call: lines of two processes do not mix
