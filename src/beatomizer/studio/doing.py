"""In a task's process: the task's name → what is done, and what is said when it fails."""

import errno
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from beatomizer.errors import BeatomizerError, one_line
from beatomizer.studio.limits import Limits

Tell: TypeAlias = Callable[[dict[str, Any]], None]

TASKS = {
    "listen": "beatomizer.studio.tasks:listen_task",
    "redraw": "beatomizer.studio.tasks:redraw_task",
    "redesign": "beatomizer.studio.tasks:redesign_task",
    "sound": "beatomizer.studio.tasks_files:sound_task",
    "compose": "beatomizer.studio.tasks_files:compose_task",
    "export": "beatomizer.studio.tasks_files:export_task",
}
"""Each takes what it was told, and ``tell``; what it returns is said as ``done``."""

_LEAST_STEP = 0.01
"""Progress is told in steps of a hundredth."""


class Teller:
    """Says how far a task is, as ``progress.Progress``, without saying it a thousand times.

    Args:
        tell: says a line.
    """

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self._stage, self._share = "", -1.0

    def __call__(self, stage: str, share: float) -> None:
        """``stage`` is ``share`` done."""
        if stage != self._stage or abs(share - self._share) >= _LEAST_STEP:
            self._stage, self._share = stage, share
            self.tell({"stage": stage, "share": round(share, 3)})


def do(kind: str, told: dict[str, Any], limits: Limits, tell: Tell) -> int:
    """Do a task; its exit code. Whatever goes wrong is said in one line."""
    try:
        module, _, name = TASKS[kind].partition(":")
        tell({"done": getattr(import_module(module), name)(told, Teller(tell))})
    except BeatomizerError as error:
        tell({"error": error.problem, "hint": error.hint})
        return error.exit_code
    except MemoryError:
        tell({"error": "needs more memory than a song may take", "hint": "try a shorter one"})
        return 5
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space and try again" if full else ""
        tell({"error": "the disk is full" if full else one_line(error.strerror or str(error)), "hint": hint})
        return 5
    except Exception as error:
        problem = f"a mistake in beatomizer ({type(error).__name__}: {one_line(str(error), 120)})"
        tell({"error": problem, "hint": "please report it"})
        return 70
    return 0
