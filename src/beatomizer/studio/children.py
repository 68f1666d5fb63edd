"""The server's side of the nursery: tasks in processes of their own, heard and ended without ever waiting."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from beatomizer.errors import BeatomizerError, ResourceLimitError, UnreadableInputError
from beatomizer.studio.limits import Limits
from beatomizer.studio.nursery import LONGEST_LINE

_MODULE = "beatomizer.studio.nursery"
_END_S = 3.0
"""Seconds that the nursery has to end after its orders have ended."""


class TaskError(BeatomizerError):
    """A task's process failed, was ended by a limit, or crashed."""


class StoppedError(Exception):
    """Somebody ended the task."""


class Children:
    """Starts tasks in the nursery and hears what they say. One for a server; everything on its event loop."""

    def __init__(self) -> None:
        self._nursery: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._said: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._next = 0
        self._starting = asyncio.Lock()
        self._closed = False

    async def start(self) -> None:
        """Start the nursery, so that it is warm when it is needed."""
        async with self._starting:
            if self._closed or (self._nursery is not None and self._nursery.returncode is None):
                return
            self._nursery = await _started()
            self._reader = asyncio.create_task(self._read(self._nursery))

    async def close(self) -> None:
        """End every task and the nursery."""
        self._closed = True
        nursery, reader = self._nursery, self._reader
        if nursery is None or nursery.stdin is None:
            return
        nursery.stdin.close()  # the nursery ends its children and itself
        try:
            async with asyncio.timeout(_END_S):
                await nursery.wait()
        except TimeoutError:
            nursery.kill()  # its children see the end of their lifeline
            await nursery.wait()
        if reader is not None:
            await asyncio.wait([reader])

    async def run(
        self,
        kind: str,
        told: dict[str, Any],
        limits: Limits | None = None,
        *,
        stop: asyncio.Event | None = None,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Do a task; yields what it says, last ``{"done": …}``.

        Args:
            kind: of ``doing.TASKS``.
            told: its argument.
            limits: what it may cost.
            stop: when it is set, the task is ended.

        Raises:
            TaskError: it failed; the message is for a person.
            StoppedError: ``stop`` was set.
        """
        limits = limits or Limits()
        await self.start()
        self._next += 1
        task = self._next
        said = self._said[task] = asyncio.Queue()
        self._order({"task": task, "kind": kind, "limits": asdict(limits), "told": told})
        stopping = asyncio.create_task(self._end_when(task, stop)) if stop is not None else None
        outcome: dict[str, Any] = {}
        gone = False
        try:
            while not gone:
                try:
                    async with asyncio.timeout(limits.stall_s):
                        news = await said.get()
                except TimeoutError:
                    raise TaskError(f"showed no progress for {limits.stall_s:.0f} s", "try again") from None
                if "exit" in news:
                    gone = True
                    outcome["exit"] = news["exit"]
                    continue
                outcome |= {name: news[name] for name in ("done", "error", "hint") if name in news}
                if "error" not in news:
                    yield news
        finally:
            if stopping is not None:
                stopping.cancel()
            if not gone:
                self._order({"end": task})
            self._said.pop(task, None)
        if stop is not None and stop.is_set():
            raise StoppedError
        if "done" not in outcome:
            raise _failure(outcome, limits)

    async def _end_when(self, task: int, stop: asyncio.Event) -> None:
        await stop.wait()
        self._order({"end": task})

    def _order(self, order: dict[str, Any]) -> None:
        nursery = self._nursery
        if nursery is None or nursery.stdin is None or nursery.stdin.is_closing():
            return
        nursery.stdin.write(json.dumps(order).encode() + b"\n")

    async def _read(self, nursery: asyncio.subprocess.Process) -> None:
        assert nursery.stdout is not None
        try:
            while line := await nursery.stdout.readline():
                news = json.loads(line)
                queue = self._said.get(int(news["task"]))
                if queue is not None:
                    queue.put_nowait({"exit": news["exit"]} if "exit" in news else news["said"])
        finally:
            for queue in self._said.values():  # of a nursery that died
                queue.put_nowait({"exit": 1})
            await nursery.wait()


async def _started() -> asyncio.subprocess.Process:
    home = str(Path(__file__).parents[2])
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        limit=4 * LONGEST_LINE,
        start_new_session=True,  # Ctrl-C in the terminal is for the server alone
    )


def _failure(outcome: dict[str, Any], limits: Limits) -> BeatomizerError:
    if "error" in outcome:
        kind = UnreadableInputError if outcome.get("exit") in (3, 4) else TaskError
        return kind(str(outcome["error"]), str(outcome.get("hint", "")))
    code = int(outcome.get("exit", 1))
    if sys.platform != "win32" and code < 0:
        import signal

        if code == -signal.SIGXCPU:
            return ResourceLimitError(
                f"took more than {limits.cpu_s:.0f} s of processor time", "try a shorter song"
            )
        if code == -signal.SIGKILL:
            return ResourceLimitError(
                "was ended by the system, perhaps for want of memory", "try a shorter song"
            )
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return UnreadableInputError(f"the song crashed its decoder ({name})", "try another copy of it")
    return TaskError(f"its process ended (exit code {code})", "try again")
