"""A child process that is spoken to in lines of JSON: what may take long, crash or hang lives in one.

The child's own side is ``telling``: it never waits for a parent that does not read.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from beatomizer.player.child import start_module

_LONGEST_LINE = 65_536

Told = dict[str, Any]


class LinesChild:
    """Starts a module of this package and hears what it says, in a thread.

    Args:
        module: with a main.
        words: its arguments.
        heard: each line, an object; from the thread.
        ended: the exit code, once, after the last line; from the thread.
    """

    def __init__(
        self,
        module: str,
        words: list[str],
        heard: Callable[[Told], None],
        ended: Callable[[int], None] = lambda code: None,
    ) -> None:
        self._heard, self._ended = heard, ended
        self._process = start_module(module, words, stderr=subprocess.DEVNULL)
        assert self._process.stdin is not None
        if os.name == "posix":
            os.set_blocking(self._process.stdin.fileno(), False)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._listen, name=f"hears {module}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def tell(self, what: Told) -> None:
        """One line to the child. Never waits; a child that is gone hears nothing."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                os.write(self._process.stdin.fileno(), f"{json.dumps(what)}\n".encode())

    def stop(self, patience_s: float) -> None:
        """Close its ear, which it takes for the end; after ``patience_s`` it is killed."""
        with self._lock, contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if threading.current_thread() is not self._thread:
            self._thread.join(2.0)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while line := pipe.readline(_LONGEST_LINE):
                with contextlib.suppress(ValueError, RecursionError):
                    told = json.loads(line)
                    if isinstance(told, dict):
                        self._heard(told)
        code = self._process.wait()
        with self._lock, contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._ended(code)


def telling() -> Callable[[Told], None]:
    """For the child: one object a line to what was standard output; what else prints goes where errors go."""
    pipe = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if os.name == "posix":
        os.set_blocking(pipe, False)

    def tell(what: Told) -> None:
        with contextlib.suppress(OSError):  # full, or nobody listens any more
            os.write(pipe, f"{json.dumps(what)}\n".encode())

    return tell


def spoken() -> Iterator[str]:
    """For the child: the lines of its parent, until that is gone.

    Not by ``sys.stdin``: a thread that waits there when the process ends would be in the interpreter's way.
    """
    rest = b""
    while part := os.read(sys.stdin.fileno(), 65_536):
        *lines, rest = (rest + part).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
