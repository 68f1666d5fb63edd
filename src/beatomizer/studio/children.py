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
    """Starts tasks in the nursery and hears what they say. One for a server; everything on its event loop.

    Args:
        forks: whether one nursery can fork all tasks; else each task gets a nursery of its own: on Windows, and on
            macOS, whose libraries may crash in a forked child (CPython bpo-33725). ``None``: as the system is.
    """

    def __init__(self, *, forks: bool | None = None) -> None:
        self._forks = sys.platform not in ("win32", "darwin") if forks is None else forks
        self._shared: Nursery | None = None
        self._all: set[Nursery] = set()
        self._starting = asyncio.Lock()
        self._closed = False
        self._next = 0

    async def start(self) -> None:
        """Start the nursery, so that it is warm when it is needed."""
        if self._forks:
            await self._nursery()

    async def close(self) -> None:
        """End every task and the nursery."""
        self._closed = True
        await asyncio.gather(*(nursery.close() for nursery in self._all))

    async def _nursery(self) -> "Nursery":
        async with self._starting:
            if self._closed:
                raise TaskError("the studio ends", "")
            if self._shared is not None and self._shared.lives:
                return self._shared
            self._all = {nursery for nursery in self._all if nursery.lives}
            made = await Nursery.started(forks=self._forks)
            self._all.add(made)
            self._shared = made if self._forks else None
            return made

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
            TaskError, UnreadableInputError, ResourceLimitError: it failed; the message is for a person.
            StoppedError: ``stop`` was set.
        """
        limits = limits or Limits()
        nursery = await self._nursery()
        self._next += 1
        task = self._next
        said = nursery.begin({"task": task, "kind": kind, "limits": asdict(limits), "told": told})
        stopping = asyncio.create_task(_end_when(stop, nursery, task)) if stop is not None else None
        outcome: dict[str, Any] = {}
        try:
            while "exit" not in outcome:
                try:
                    async with asyncio.timeout(limits.stall_s):
                        news = await said.get()
                except TimeoutError:
                    raise TaskError(f"showed no progress for {limits.stall_s:g} s", "try again") from None
                outcome |= {name: news[name] for name in ("done", "error", "hint", "exit") if name in news}
                if not {"exit", "error"} & news.keys():
                    yield news
        finally:
            if stopping is not None:
                stopping.cancel()
            nursery.end(task)
            if not self._forks:
                await nursery.close()
        if stop is not None and stop.is_set():
            raise StoppedError
        if "done" not in outcome:
            raise _failure(outcome, limits)


class Nursery:
    """The process that tasks come from, as the server sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._silent = False
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def started(cls, *, forks: bool) -> "Nursery":
        """A new one; it imports what it needs meanwhile."""
        return cls(await _started([] if forks else ["single"]))

    @property
    def lives(self) -> bool:
        """Whether it can be given tasks."""
        return self._process.returncode is None and not self._silent

    def begin(self, order: dict[str, Any]) -> "asyncio.Queue[dict[str, Any]]":
        """Give it a task; what that says, and at last ``exit``."""
        said = self._said[int(order["task"])] = asyncio.Queue()
        if not self.lives:
            said.put_nowait({"exit": 1})
        self._write(order)
        return said

    def stop(self, task: int) -> None:
        """End a task; its ``exit`` comes."""
        self._write({"end": task})

    def end(self, task: int) -> None:
        """End a task, if it is not over, and hear no more of it."""
        if self._said.pop(task, None) is not None:
            self._write({"end": task})

    async def close(self) -> None:
        """End it with all its tasks."""
        assert self._process.stdin is not None
        self._process.stdin.close()  # it ends its children and itself
        try:
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()  # its children see the end of their lifeline
            await self._process.wait()
        await asyncio.wait([self._reader])

    def _write(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                news = json.loads(line)
                queue = self._said.get(int(news["task"]))
                if queue is not None:
                    queue.put_nowait({"exit": news["exit"]} if "exit" in news else news["said"])
        finally:
            self._silent = True
            for queue in self._said.values():  # it died, and its children with it
                queue.put_nowait({"exit": 1})
            await self._process.wait()


async def _end_when(stop: asyncio.Event, nursery: Nursery, task: int) -> None:
    await stop.wait()
    nursery.stop(task)


async def _started(words: list[str]) -> asyncio.subprocess.Process:
    home = str(Path(__file__).parents[2])
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _MODULE,
        *words,
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
