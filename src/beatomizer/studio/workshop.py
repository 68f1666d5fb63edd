"""The workshop: what has to be done for a project, in which order, and what becomes of the results.

A song is listened to once: a coarse show first, the wished-for one after it, the sound for the page beside. A change of
the cue list is drawn again, other wishes are designed again; of many changes only the newest counts. The work itself
is done by ``children``; here results are put into ``projects`` and told to ``hub``.
"""

import asyncio
import contextlib
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.studio.children import Children, StoppedError
from beatomizer.studio.hub import Hub
from beatomizer.studio.jobs import Job, Jobs, either
from beatomizer.studio.limits import Limits
from beatomizer.studio.project import Project
from beatomizer.studio.projects import Projects, UnknownProjectError
from beatomizer.studio.results import SHARES, facts_of, lit, named, order_of, share_of, sweep, with_show
from beatomizer.studio.sounds import Sounds

AT_ONCE = 2
"""Songs that are listened to, or written as files, side by side."""

MOST_HEARD = 8
"""Projects of which is kept what was heard; of the others it is heard again when it is needed."""

_LIMITS = Limits()


class Workshop:
    """Does the work of all projects."""

    def __init__(self, projects: Projects, children: Children, jobs: Jobs, hub: Hub) -> None:
        self.projects, self.children, self.jobs, self.hub = projects, children, jobs, hub
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._sounds = Sounds(projects, children, hub)
        self._closing = False
        self._due: set[str] = set()
        """Projects whose light is older than their cue list."""
        self._again: dict[str, asyncio.Event] = {}
        """Set when a redesign that runs is for wishes of yesterday."""

    def wake(self, id: str) -> None:
        """Begin whatever a project still needs: after it was made, or when the server was ended in the midst of it."""
        project = self.projects.get(id)
        with contextlib.suppress(BeatomizerError):
            if project.state == "failed" or any(job.kind != "export" for job in self.jobs.of(id)):
                return
            if project.state == "listening" or project.coarse:
                self.jobs.start("listen", id, self._listen)
            elif project.due:
                self.redesign(id)
            elif project.light is None or project.light["rev"] != project.cues_rev:
                self.redraw(id)
            if project.song and not project.sound:
                self._sounds.begin(id)

    async def listen_again(self, id: str) -> None:
        """Try a song again that has failed.

        Raises:
            UsageError: it has not.
            ResourceLimitError: too much is waiting.
        """

        def changed(known: Project) -> Project:
            if known.state != "failed":
                raise UsageError("this song has not failed", "there is nothing to try again")
            return replace(known, state="listening", error="")

        self.tell_project(await self.projects.change(id, changed), "changed")
        await self._sounds.forget(id)
        self.jobs.start("listen", id, self._listen)

    def redraw(self, id: str) -> None:
        """Draw the cue list as it is now."""
        self._due.add(id)
        if not self.jobs.of(id, "redraw"):
            self.jobs.start("redraw", id, self._redraw, asked=False)

    def redesign(self, id: str) -> None:
        """Design by the wishes as they are now."""
        if id in self._again:
            self._again[id].set()
        elif not (self.jobs.of(id, "listen") or self.jobs.of(id, "redesign")):
            # The one looks at the wishes when it ends, the other when it begins.
            self.jobs.start("redesign", id, self._redesign, asked=False)

    async def forget(self, id: str) -> None:
        """End everything that is done for a project."""
        self._due.discard(id)
        await self.jobs.stop(self.jobs.of(id))
        await self._sounds.forget(id)

    async def close(self) -> None:
        """End everything."""
        self._closing = True
        await self._sounds.close()

    async def _listen(self, job: Job) -> None:
        try:
            async with job.turn(self._slots):
                await self._listen_now(job)
        except StoppedError:
            if not self._closing:  # else it goes on when the server does
                await self._failed(job.project, "listening was stopped")
            raise
        except BeatomizerError as error:
            await self._failed(job.project, str(error))
            raise
        except Exception:  # whatever it was: no project listens for ever
            await self._failed(job.project, "a mistake in beatomizer: please report it")
            raise
        if self.projects.get(job.project).due and not self.jobs.of(job.project, "redesign"):
            # Other wishes came meanwhile.
            self.jobs.start("redesign", job.project, self._redesign, asked=False)

    async def _listen_now(self, job: Job) -> None:
        project = self.projects.get(job.project)
        home = self.projects.home(project.id)
        try:
            if not project.song:
                project = await self._composed(job, project)
            self._sounds.begin(project.id)
            told = order_of(project, home, job.id) | {"song": str(home / project.song)}
            await self._heard(job, project, told)
        finally:
            await asyncio.to_thread(sweep, home, job.id, self.projects, project.id)

    async def _composed(self, job: Job, project: Project) -> Project:
        home = self.projects.home(project.id)
        async with aclosing(
            self.children.run(
                "compose", {"seed": project.seed, "to": str(home / "song.flac")}, _LIMITS, stop=job.stop
            )
        ) as said:
            async for _ in said:
                job.progress("composing", SHARES["composing"])
        return await self.projects.change(project.id, lambda known: replace(known, song="song.flac"))

    async def _heard(self, job: Job, project: Project, told: dict[str, Any]) -> None:
        """Run the listening, and put in what it gives as it comes."""
        async with aclosing(self.children.run("listen", told, _LIMITS, stop=job.stop)) as said:
            async for news in said:
                if "stage" in news:
                    job.progress(news["stage"], share_of(news))
                elif "wave" in news:
                    facts = {
                        "wave": str(named(news, job.id)["wave"]),
                        "duration_s": float(news["duration_s"]),
                    }
                    await self.projects.change(project.id, partial(replace, **facts))
                elif "coarse" in news:
                    job.progress("coarse", SHARES["coarse"])
                    await self._first(project, named(news["coarse"], job.id), coarse=True)
                elif "done" in news:
                    await self._first(project, named(news["done"], job.id), coarse=False)

    async def _first(self, begun: Project, drawn: dict[str, Any], *, coarse: bool) -> None:
        """A show of the listening. Once a person has changed the cue list, it stays what the person made of it."""
        home = self.projects.home(begun.id)
        facts = await asyncio.to_thread(facts_of, home / drawn["cues"])

        def changed(known: Project) -> Project:
            heard: dict[str, Any] = {"heard": str(drawn.get("heard", "")), "coarse": coarse}
            heard |= {"state": "ready", "error": ""}
            if known.edited:
                return replace(known, **heard)
            due = known.due and known.wishes != begun.wishes
            return with_show(replace(known, **heard, **facts, due=due), drawn)

        after = await self.projects.change(begun.id, changed)
        self._tell(after, cues=not after.edited, show=not after.edited)
        if not coarse:
            await self._forget_heard(after.id)

    async def _failed(self, id: str, error: str) -> None:
        """A song without any show has failed; one with a coarse show keeps it."""

        def changed(known: Project) -> Project:
            if known.cues:
                return replace(known, coarse=False)
            return replace(known, state="failed", error=error)

        with contextlib.suppress(UnknownProjectError):
            self._tell(await self.projects.change(id, changed))

    async def _redraw(self, job: Job) -> None:
        id = job.project
        while id in self._due:
            self._due.discard(id)
            project = self.projects.get(id)
            home = self.projects.home(id)
            told = {"home": str(home), "prefix": f"{job.id}-{project.rev}", "cues": str(home / project.cues)}
            try:
                result = await self._result("redraw", told, job)
            except BeatomizerError:
                if self.projects.get(id).cues == project.cues:
                    raise
                continue  # the list was exchanged under its hands: the next round draws the new one

            def changed(known: Project, begun: Project = project, result: dict[str, Any] = result) -> Project:
                if known.cues != begun.cues:  # changed again: the next round draws that
                    return known
                return lit(known, result)

            try:
                after = await self.projects.change(id, changed, touched=False)
                if after.light is not None and after.light["file"] == result["light"]["file"]:
                    self._tell(after, show=True)
            finally:
                await asyncio.to_thread(sweep, home, job.id, self.projects, id)

    async def _redesign(self, job: Job) -> None:
        id = job.project
        try:
            while True:
                again = self._again[id] = asyncio.Event()
                if await self._designed(job, again) and not again.is_set():  # nor while it was being put in
                    return
        finally:
            self._again.pop(id, None)

    async def _designed(self, job: Job, again: asyncio.Event) -> bool:
        """One try; whether the result is by the newest wishes."""
        project = self.projects.get(job.project)
        home = self.projects.home(project.id)
        told = order_of(project, home, f"{job.id}-{project.rev}") | {"song": str(home / project.song)}
        told |= {"heard": str(home / project.heard) if project.heard else ""}
        keeps_form = project.edited or bool(project.kept)
        told |= {"cues": str(home / project.cues) if keeps_form else "", "kept": project.kept}
        stop = asyncio.Event()
        watch = [asyncio.create_task(either(stop, job.stop, again))]
        try:
            result = await self._result("redesign", told, job, stop)
            facts = (await asyncio.to_thread(facts_of, home / result["cues"])) | {"edited": keeps_form}

            def changed(known: Project) -> Project:
                if known.rev != project.rev or again.is_set():
                    raise _OldError
                heard = {"heard": result["heard"]} if "heard" in result else {}
                return with_show(replace(known, coarse=False, due=False, **heard, **facts), result)

            self._tell(await self.projects.change(project.id, changed), cues=True, show=True)
            return True
        except (StoppedError, _OldError):
            if job.stop.is_set():
                raise StoppedError from None
            return False
        except BeatomizerError:
            if self.projects.get(project.id).rev == project.rev:
                raise
            return False  # a file was exchanged under its hands
        finally:
            for task in watch:
                task.cancel()
            await asyncio.to_thread(sweep, home, job.id, self.projects, project.id)

    async def _result(
        self, kind: str, told: dict[str, Any], job: Job, stop: asyncio.Event | None = None
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        async with aclosing(self.children.run(kind, told, _LIMITS, stop=stop or job.stop)) as said:
            async for news in said:
                if "stage" in news:
                    job.progress(news["stage"], share_of(news))
                result = news.get("done", result)
        return named(result, str(told["prefix"]))

    async def _forget_heard(self, newest: str) -> None:
        """Keep what was heard of the projects that were changed last."""
        with_heard = [project.id for project in self.projects.all() if project.heard and project.id != newest]
        for id in with_heard[MOST_HEARD - 1 :]:
            with contextlib.suppress(UnknownProjectError):
                await self.projects.change(id, lambda known: replace(known, heard=""), touched=False)

    def _tell(self, project: Project, *, cues: bool = False, show: bool = False) -> None:
        facts = {"project": project.id, "rev": project.rev, "coarse": project.coarse}
        self.tell_project(project, "changed")
        if cues:
            self.hub.send({"type": "cues", **facts})
        if show and project.light is not None:
            self.hub.send({"type": "show", "show": project.light["show"], **facts})

    def tell_project(self, project: Project, why: str) -> None:
        """Tell every page of a project: ``created``, ``changed``, ``renamed`` or ``deleted``."""
        facts = {name: getattr(project, name) for name in ("id", "rev", "state", "name", "error", "coarse")}
        self.hub.send({"type": "project", "why": why, **facts})


class _OldError(Exception):
    """The result is for wishes of yesterday."""
