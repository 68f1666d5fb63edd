"""One take in a process of its own, with limits: whatever is wrong with a file, it costs that take and nothing else.

Decoders have memory bugs, and files are from strangers. So a take is worked on by a child process that may use so much
memory and so much processor time, that has to show some progress now and then, and that ends when its parent ends.
This is the parent's side; ``take_server`` is the child's.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Any, Self

from beatomizer.dataset.take_server import Outcome, TakeTask, cpu_limit, encoded
from beatomizer.progress import Progress, silent

_SERVER = "beatomizer.dataset.take_server"
_START = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {_SERVER} import serve; serve()"
_START_S = 120.0
"""What a process may need until it works, on a machine that has other things to do."""

_LOOK_S = 0.2
"""How often the parent looks whether it should stop."""


class StoppedError(Exception):
    """The build is to stop; the take's process was ended."""


class TakeProcess:
    """Works on takes, one after the other, each in a process of its own that is started quickly (forked).

    A context manager: leaving it ends what is running.
    """

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def run(
        self, task: TakeTask, progress: Progress = silent, stop: threading.Event | None = None
    ) -> Outcome:
        """Work on one take and wait for it.

        Args:
            task: what to do.
            progress: told the share of the take that is done, as stage ``take``.
            stop: when it is set, everything is ended.

        Raises:
            StoppedError: ``stop`` was set.
        """
        said: dict[str, Any] = {}
        waited_s = 0.0
        self._ask(task)
        while "exit" not in said:
            if stop is not None and stop.is_set():
                self._end(said.get("pid"))
                raise StoppedError("the build was stopped")
            try:
                line = self._lines.get(timeout=_LOOK_S)
            except queue.Empty:
                waited_s += _LOOK_S
                if waited_s < (task.limits.stall_s if "pid" in said else max(_START_S, task.limits.stall_s)):
                    continue
                self._end(said.get("pid"))
                return Outcome(task.source.id, f"showed no progress for {task.limits.stall_s:.0f} s")
            waited_s = 0.0
            said |= json.loads(line) if line else {"exit": self._end()}
            progress("take", float(said.get("share", 0.0)))
        if "problem" in said:
            return Outcome(task.source.id, str(said["problem"]), bool(said["disk_full"]))
        return Outcome(task.source.id, _cause_of_death(int(said["exit"]), task))

    def _ask(self, task: TakeTask) -> None:
        if self._server is None:
            self._begin()
        assert self._server is not None
        assert self._server.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died; the end of its lines says so
            self._server.stdin.write(encoded(task))
            self._server.stdin.flush()

    def _begin(self) -> None:
        # One BLAS thread: takes are worked on side by side.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-c", _START, json.dumps(sys.path)]
        self._lines = queue.SimpleQueue()
        self._server = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self._server.stdout is not None
        self._reader = threading.Thread(
            target=_read_lines, args=(self._server.stdout, self._lines), daemon=True
        )
        self._reader.start()

    def _end(self, pid: int | None = None) -> int:
        """End the server, and the take's process if there is one; the server's exit code."""
        server, self._server = self._server, None
        if server is None:
            return 0
        assert server.stdin is not None
        assert server.stdout is not None
        assert self._reader is not None
        if pid is not None:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        server.kill()
        code = server.wait()
        with contextlib.suppress(BrokenPipeError):
            server.stdin.close()
        self._reader.join()
        server.stdout.close()
        return code


def run_task(task: TakeTask) -> Outcome:
    """Work on one take in a process for it alone; what a worker of a cluster does."""
    with TakeProcess() as process:
        return process.run(task)


def _read_lines(pipe: IO[bytes], lines: "queue.SimpleQueue[bytes]") -> None:
    for line in pipe:
        lines.put(line)
    lines.put(b"")


def _cause_of_death(code: int, task: TakeTask) -> str:
    if sys.platform != "win32" and code < 0:
        if code == -signal.SIGXCPU:
            return f"took more than {cpu_limit(task)} s of processor time"
        if code == -signal.SIGKILL:
            return "was ended by the system (out of memory, or over its processor time)"
        with contextlib.suppress(ValueError):
            return f"crashed its decoder ({signal.Signals(-code).name})"
    return f"ended its process (exit code {code})"
