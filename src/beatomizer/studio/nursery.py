"""The nursery: a small process that has everything imported and forks a child of its own for each task.

A song is decoded by a process that was made for it, with limits, and that ends with it: decoders have memory bugs.
Forking makes such a process in milliseconds. The nursery itself never looks at a song; it passes on what its children
say, stamped with the number of their task, and ends them when it is told to, or when the server is gone.

Lines are JSON. In: ``{"task", "kind", "limits", "told"}`` starts, ``{"end": task}`` ends one. Out: ``{"task", "said"}``
for each line of a child, and ``{"task", "exit"}`` when it is gone.
"""

import contextlib
import json
import os
import select
import signal
import sys
import threading
from importlib import import_module
from typing import Any

from beatomizer.ceilings import keep_within
from beatomizer.studio.limits import Limits

LONGEST_LINE = 1 << 20
"""Bytes of one line that a child may say; one that says more is ended."""


def serve() -> None:
    """Work until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides
    _import_everything()
    if "single" in sys.argv[1:]:
        _single()
        return
    Nursery().run()


def _import_everything() -> None:
    """What tasks need at once. Not onnxruntime, which starts threads and cannot be forked; it takes 0.1 s."""
    for name in ("numpy.fft", "numpy.ma", "beatomizer.studio.tasks_files"):
        import_module(name)
    from beatomizer.inference.engines import load_engine
    from beatomizer.studio.tasks import COARSE_MODEL

    load_engine(COARSE_MODEL)


class _Child:
    """One task's process, seen from the nursery."""

    def __init__(self, task: int, pid: int, pipe: int) -> None:
        self.task, self.pid, self.pipe = task, pid, pipe
        self.heard = b""


class Nursery:
    """The loop: orders come in, children's words go out."""

    def __init__(self) -> None:
        self._children: dict[int, _Child] = {}
        """By the descriptor of their pipe."""
        self._orders = b""
        # Children hold the reading end. It ends when the last writing end is closed: when the nursery is gone.
        self._life, self._lifeline = os.pipe()

    def run(self) -> None:
        """Until the server closes standard input, or dies."""
        orders = sys.stdin.fileno()
        while True:
            ready, _, _ = select.select([orders, *self._children], [], [])
            for descriptor in ready:
                if descriptor != orders:
                    self._listen(self._children[descriptor])
                elif not self._read_orders(orders):
                    self._end_all()
                    return

    def _read_orders(self, orders: int) -> bool:
        data = os.read(orders, 1 << 16)
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "end" in order:
                for child in [child for child in self._children.values() if child.task == order["end"]]:
                    _kill(child.pid)
            else:
                self._begin(order)
        return bool(data)

    def _begin(self, order: dict[str, Any]) -> None:
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            self._become_child(theirs, order)
        os.close(theirs)
        self._children[ours] = _Child(int(order["task"]), pid, ours)

    def _become_child(self, pipe: int, order: dict[str, Any]) -> None:
        """In the child: let go of what is the nursery's, do the task, be gone."""
        code = 1
        try:
            os.close(self._lifeline)
            for descriptor in self._children:
                os.close(descriptor)
            nothing = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2) if not os.environ.get("BEATOMIZER_STUDIO_DEBUG") else (0, 1):
                os.dup2(nothing, standard)
            threading.Thread(target=_end_with_nursery, args=(self._life,), daemon=True).start()
            code = work(pipe, order)
        finally:
            os._exit(code)

    def _listen(self, child: _Child) -> None:
        data = os.read(child.pipe, 1 << 16)
        *lines, child.heard = (child.heard + data).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError, RecursionError):  # nonsense of a child that was taken over
                said = json.loads(line)
                if isinstance(said, dict):
                    _say({"task": child.task, "said": said})
        if len(child.heard) > LONGEST_LINE:
            _kill(child.pid)
        if not data:
            self._bury(child)

    def _bury(self, child: _Child) -> None:
        del self._children[child.pipe]
        os.close(child.pipe)
        _kill(child.pid)  # it may have closed its pipe and go on
        _, status = os.waitpid(child.pid, 0)
        _say({"task": child.task, "exit": os.waitstatus_to_exitcode(status)})

    def _end_all(self) -> None:
        for child in self._children.values():
            _kill(child.pid)
        for child in self._children.values():
            os.waitpid(child.pid, 0)


def work(pipe: int, order: dict[str, Any]) -> int:
    """Do one task within its limits and say how it went; the exit code."""
    from beatomizer.studio.doing import do

    limits = Limits(**order["limits"])
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # a show that plays comes first
    keep_within(
        limits.decode_bytes, limits.cpu_s, file_bytes=limits.file_bytes, later_bytes=limits.memory_bytes
    )

    def tell(said: dict[str, Any]) -> None:
        data = json.dumps(said).encode() + b"\n"
        while data:
            data = data[os.write(pipe, data) :]

    return do(str(order["kind"]), order["told"], limits, tell)


def _single() -> None:
    """Where nothing can be forked (Windows): one task, in this very process, which ends with it."""
    order = json.loads(sys.stdin.buffer.readline() or b"{}")
    if not order:
        return
    ours, theirs = os.pipe()
    task = int(order["task"])

    def pass_on() -> None:
        with os.fdopen(ours, "rb") as lines:
            for line in lines:
                _say({"task": task, "said": json.loads(line)})

    reader = threading.Thread(target=pass_on)
    reader.start()
    # Whatever comes now is the order to end, or the end of the server.
    threading.Thread(target=_end_with_nursery, args=(sys.stdin.fileno(),), daemon=True).start()
    code = work(theirs, order)
    os.close(theirs)
    reader.join()
    _say({"task": task, "exit": code})
    os._exit(code)


def _end_with_nursery(descriptor: int) -> None:
    os.read(descriptor, 1)
    os._exit(1)


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def _say(what: dict[str, Any]) -> None:
    data = json.dumps(what).encode() + b"\n"
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


if __name__ == "__main__":
    serve()
