"""Jobs: what the studio is working on, told to every page, and stopped on request."""

import asyncio
import contextlib
import secrets
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from beatomizer.errors import BeatomizerError, ResourceLimitError
from beatomizer.studio.children import StoppedError
from beatomizer.studio.hub import Hub

_KEPT = 60
"""Finished jobs that are still listed."""

MOST_RUNNING = 40
"""Jobs that may run or wait at once."""

_STEP_S = 0.08
"""Progress of one job is told no oftener."""


class Job:
    """One piece of work.

    Attributes:
        id: for ``stop``.
        kind: ``listen``, ``redraw``, ``redesign``, ``export``, or whatever a part of the studio does.
        project: the id of its project; empty for none.
        stage, share: how far it is.
        state: ``running``, ``done``, ``failed`` or ``stopped``.
        error: one line, if it failed.
        stop: set when it is to end.
        extra: more fields for pages.
    """

    def __init__(self, id: str, kind: str, project: str, hub: Hub) -> None:
        self.id, self.kind, self.project = id, kind, project
        self.stage, self.share, self.state, self.error, self.hint = "waiting", 0.0, "running", "", ""
        self.stop = asyncio.Event()
        self.extra: dict[str, Any] = {}
        self.task: asyncio.Task[None] | None = None
        self._hub, self._told = hub, 0.0

    def progress(self, stage: str, share: float) -> None:
        """Say how far it is."""
        news = stage != self.stage
        self.stage, self.share = stage, min(1.0, max(0.0, share))
        if news or time.monotonic() - self._told >= _STEP_S:
            self.tell()

    def tell(self) -> None:
        """Tell every page how it stands."""
        self._told = time.monotonic()
        self._hub.send({"type": "job", **self.told()})

    @contextlib.asynccontextmanager
    async def turn(self, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait for one of ``slots`` and hold it; the wait ends when the job is stopped.

        Raises:
            StoppedError: it was.
        """
        waiting, stopping = asyncio.create_task(slots.acquire()), asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if self.stop.is_set():
                raise StoppedError
            yield
        finally:
            stopping.cancel()
            if not waiting.cancel() and not waiting.cancelled():  # it had come to an end: the slot was ours
                slots.release()

    def told(self) -> dict[str, Any]:
        """For pages."""
        names = ("id", "kind", "project", "stage", "share", "state")
        failure = {"error": self.error, "hint": self.hint} if self.error else {}
        return {name: getattr(self, name) for name in names} | failure | self.extra


class Jobs:
    """All jobs of a server."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._jobs: dict[str, Job] = {}
        self._closing = False

    def start(
        self, kind: str, project: str, work: Callable[[Job], Awaitable[None]], *, asked: bool = True
    ) -> Job:
        """Begin ``work(job)`` and tell how it goes.

        Args:
            kind: what it is.
            project: the id of its project, or empty.
            work: does it; how it ends is how the job ends.
            asked: whether a page asked for it, and may be refused.

        Raises:
            ResourceLimitError: too much is waiting already.
        """
        busy = sum(job.state == "running" for job in self._jobs.values()) >= MOST_RUNNING
        if self._closing or (asked and busy):
            raise ResourceLimitError("the studio has its hands full", "wait until something is finished")
        job = Job(secrets.token_hex(6), kind, project, self._hub)
        self._jobs[job.id] = job
        for old in [job.id for job in self._jobs.values() if job.state != "running"][:-_KEPT]:
            del self._jobs[old]
        job.task = asyncio.create_task(self._do(job, work))
        job.tell()
        return job

    async def _do(self, job: Job, work: Callable[[Job], Awaitable[None]]) -> None:
        try:
            await work(job)
            job.state, job.share = "done", 1.0
        except (StoppedError, asyncio.CancelledError):
            job.state = "stopped"
        except BeatomizerError as error:
            job.state, job.error, job.hint = "failed", error.problem, error.hint
        except Exception as error:
            job.state, job.error = "failed", f"a mistake in beatomizer ({type(error).__name__})"
            traceback.print_exc()
        finally:
            job.tell()

    def all(self) -> list[dict[str, Any]]:
        """Every job that runs or ran lately."""
        return [job.told() for job in self._jobs.values()]

    def get(self, id: str) -> Job | None:
        """The job called so."""
        return self._jobs.get(id)

    def of(self, project: str, kind: str = "") -> list[Job]:
        """Running jobs of a project."""
        jobs = [job for job in self._jobs.values() if job.project == project and job.state == "running"]
        return [job for job in jobs if kind in ("", job.kind)]

    async def stop(self, jobs: list[Job]) -> None:
        """Stop jobs and wait until they have."""
        for job in jobs:
            job.stop.set()
        tasks = [job.task for job in jobs if job.task is not None and not job.task.done()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=5.0)
            for task in late:
                task.cancel()

    async def close(self) -> None:
        """Stop everything."""
        self._closing = True
        await self.stop([job for job in self._jobs.values() if job.state == "running"])
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def either(stop: asyncio.Event, *others: asyncio.Event) -> None:
    """Set ``stop`` when one of the others is."""
    waiting = [asyncio.create_task(other.wait()) for other in others]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
    finally:
        for task in waiting:
            task.cancel()
