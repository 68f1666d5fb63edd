"""The sound of each project for the page, made beside everything else as soon as the song is there."""

import asyncio
import contextlib
from contextlib import aclosing
from dataclasses import replace

from beatomizer.errors import BeatomizerError
from beatomizer.studio.children import Children
from beatomizer.studio.hub import Hub
from beatomizer.studio.projects import Projects

AT_ONCE = 2
FILE = "sound.m4a"


class Sounds:
    """Makes them, two at once; a song that cannot be made one of is not tried again and again."""

    def __init__(self, projects: Projects, children: Children, hub: Hub) -> None:
        self._projects, self._children, self._hub = projects, children, hub
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._failed: set[str] = set()

    def begin(self, id: str) -> None:
        """Make the sound of a project, unless it is there or under way."""
        if id not in self._running and id not in self._failed and not self._projects.get(id).sound:
            task = self._running[id] = asyncio.create_task(self._make(id))
            task.add_done_callback(lambda _: self._running.pop(id, None))

    async def forget(self, id: str) -> None:
        """End it, and forget that it failed."""
        self._failed.discard(id)
        task = self._running.get(id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """End all."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _make(self, id: str) -> None:
        async with self._slots:
            try:
                project, home = self._projects.get(id), self._projects.home(id)
                told = {"song": str(home / project.song), "to": str(home / FILE)}
                async with aclosing(self._children.run("sound", told)) as said:
                    async for _ in said:
                        pass
                await self._projects.change(id, lambda known: replace(known, sound=FILE), touched=False)
                self._hub.send({"type": "sound", "project": id})
            except BeatomizerError:  # the song fails in listening too, and that says why
                with contextlib.suppress(BeatomizerError):
                    self._failed.add(self._projects.get(id).id)
