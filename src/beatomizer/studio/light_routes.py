"""Lights over HTTP and the socket: thin, checked, and never waiting on the event loop."""

import asyncio
import contextlib
import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beatomizer.cues.checking import Place
from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.studio.answers import answer, read_object
from beatomizer.studio.hub import Page
from beatomizer.studio.jobs import Job
from beatomizer.studio.light_file import light_of
from beatomizer.studio.light_plan import chosen_of
from beatomizer.studio.light_search import LONGEST_S, SEARCH_S
from beatomizer.studio.lights_desk import CLICKS, LightsDesk
from beatomizer.studio.live_routes import LiveRoutes
from beatomizer.studio.settings import LONGEST_S as LONGEST_SONG_S
from beatomizer.studio.studio import Studio

_SAVE_AFTER_S = 0.8
_THREADS = 16
_RIG_BYTES = 256 << 10
_LIVE_FRAME = 1
"""First byte of a binary message to the page."""


Done = TypeVar("Done")


class LightRoutes:
    """The part of the studio that lights are reached through."""

    def __init__(self, studio: Studio) -> None:
        self._studio, self._hub = studio, studio.hub
        self._desk = LightsDesk(studio.settings.folder, self._send, self._send_frame)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._saving: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._due = ""
        self._ending: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(_THREADS, "lights")
        hub = studio.hub
        hub.greetings += [self._desk.event, self._desk.live_event]
        hub.goodbyes.append(self._desk.left)
        hub.watchers.append(self._watch)
        hub.on("position", self._position)
        hub.on("master", lambda place, page: self._desk.set_master(place.number("value", 0.0, 1.0)))
        hub.on("blackout", lambda place, page: self._desk.set_blackout(_flag(place, "on")))
        hub.on("offset", self._offset)

    @property
    def routes(self) -> list[Route]:
        """All of it."""
        light = "/api/lights/{id}"
        return [
            Route("/api/lights", self.list, methods=["GET"]),
            Route("/api/lights/find", self.find, methods=["POST"]),
            Route("/api/lights/add", self.add, methods=["POST"]),
            Route(light, self.change, methods=["PUT"]),
            Route(light, self.remove, methods=["DELETE"]),
            Route(f"{light}/blink", self.blink, methods=["POST"]),
            Route("/api/rig", self.rig, methods=["GET"]),
            Route("/api/rig", self.put_rig, methods=["PUT"]),
            Route("/api/show/start", self.start_show, methods=["POST"]),
            Route("/api/show/stop", self.stop_show, methods=["POST"]),
            Route("/api/blackout", self.blackout, methods=["POST"]),
            *LiveRoutes(self._desk, self._thread).routes,
        ]

    async def start(self) -> None:
        """Events from the desk's threads come to this loop from now on."""
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Lights dark, processes ended."""
        for task in (self._renewal, self._saving):
            if task is not None:
                task.cancel()
        await asyncio.to_thread(self._desk.close)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._loop = None

    # --- what there is ---------------------------------------------------------------------------------------

    async def list(self, request: Request) -> Response:
        """Lights that were added and found, the rig, and what is going on."""
        return answer(await self._thread(self._desk.list.told) | self._desk.event())

    async def find(self, request: Request) -> Response:
        """Look for lights; a job."""
        place = await read_object(request)
        seconds = place.number("seconds", 1.0, LONGEST_S, SEARCH_S)
        for job in self._studio.jobs.of("", "find"):
            return answer({"job": job.told()}, 202)
        job = self._studio.jobs.start("find", "", lambda job: self._find(job, seconds))
        return answer({"job": job.told()}, 202)

    async def _find(self, job: Job, seconds: float) -> None:
        stop, loop = threading.Event(), asyncio.get_running_loop()

        def progress(share: float) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(job.progress, "listening to the network", share)

        stopping = asyncio.create_task(_set_when(job.stop, stop))
        try:
            job.extra["found"] = await self._thread(self._desk.list.find, progress, stop, seconds)
        finally:
            stop.set()
            stopping.cancel()
        self._desk.changed()

    async def add(self, request: Request) -> Response:
        """Add a light by kind and host."""
        place = await read_object(request)
        kind, host, options, port = (place.value(key, None) for key in ("kind", "host", "options", "port"))
        name = place.string("name", 200)
        light = await self._thread(self._desk.list.add, kind, host, options, port, name)
        self._desk.changed()
        return answer(light, 201)

    async def change(self, request: Request) -> Response:
        """Another name, another offset."""
        place, id = await read_object(request), _id(request)
        if "offset_ms" in place.content:
            self._desk.set_offset(id, place.number("offset_ms", -2000.0, 2000.0))
            await self._thread(self._desk.save_offsets)
        if "name" in place.content:
            await self._thread(self._desk.list.book.rename, id, place.string("name", 200))
        self._desk.changed()
        return answer({"id": id})

    async def remove(self, request: Request) -> Response:
        """Forget a light."""
        await self._thread(self._desk.remove, _id(request))
        return answer({})

    async def blink(self, request: Request) -> Response:
        """Which is it?"""
        await self._thread(self._desk.blink, _id(request))
        return answer({}, 202)

    async def rig(self, request: Request) -> Response:
        """The rig's text and its plan."""
        return answer(await self._thread(self._desk.list.rig))

    async def put_rig(self, request: Request) -> Response:
        """Check and keep a rig."""
        place = await read_object(request, _RIG_BYTES)
        told = await self._thread(self._desk.list.save_rig, place.value("text", ""))
        self._desk.changed()
        return answer(told)

    # --- what they do ----------------------------------------------------------------------------------------

    async def start_show(self, request: Request) -> Response:
        """Light a project, or clicks, on lights."""
        place = await read_object(request)
        chosen = chosen_of(place.value("lights", []), place.value("rig", False))
        id = place.string("project", 40)
        if id == CLICKS:
            await self._thread(self._desk.start_clicks, chosen)
            return answer(self._desk.event())
        light = await self._thread(light_of, self._studio.projects, id)
        await self._thread(self._desk.start_show, id, light, chosen)
        self._renew(id)  # it may have been drawn again while the lights were being opened
        return answer(self._desk.event())

    async def stop_show(self, request: Request) -> Response:
        """Lights dark."""
        await self._thread(self._desk.stop, "show", "clicks", "blink")
        return answer(self._desk.event())

    async def blackout(self, request: Request) -> Response:
        """Dark now, or light again."""
        self._desk.set_blackout(_flag(await read_object(request), "on"))
        return answer(self._desk.event())

    # --- the socket ------------------------------------------------------------------------------------------

    def _position(self, place: Place, page: Page) -> None:
        """Where a page's song is; ``now_ms`` is our clock as the page knows it from pings."""
        at_s = None
        if place.value("now_ms", None) is not None:
            at_s = time.monotonic() + place.number("now_ms", 0.0, 1e15) / 1000.0 - time.time()
        position_s = place.number("position_s", -10.0, LONGEST_SONG_S + 10.0)
        self._desk.said(page, place.string("project", 40), position_s, _flag(place, "playing"), at_s)

    def _offset(self, place: Place, page: Page) -> None:
        light, offset_ms = place.string("light", 40), place.number("offset_ms", -2000.0, 2000.0)
        with contextlib.suppress(UsageError):  # a light that was just removed from another page
            self._desk.set_offset(light, offset_ms)
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_soon())

    async def _save_soon(self) -> None:
        while self._desk.has_unsaved:  # also what was moved while it was being written
            await asyncio.sleep(_SAVE_AFTER_S)
            try:
                await self._thread(self._desk.save_offsets)
            except (BeatomizerError, OSError):  # a full disk: the offset counts all the same
                return

    # --- events ----------------------------------------------------------------------------------------------

    def _watch(self, event: dict[str, Any]) -> None:
        """What other parts tell pages: the light of a project has changed, or the project is gone."""
        if event.get("type") == "show":
            self._renew(str(event["project"]))
        elif event.get("why") == "deleted" and event.get("id") == self._desk.event()["project"]:
            task = asyncio.get_running_loop().create_task(self._thread(self._desk.stop, "show"))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _renew(self, id: str) -> None:
        """Of many changes only the newest is shown, and only one thread waits for lights that are being opened."""
        if self._desk.event()["project"] == id:
            self._due = id
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.get_running_loop().create_task(self._renewed())

    async def _renewed(self) -> None:
        while self._due:
            id, self._due = self._due, ""
            with contextlib.suppress(BeatomizerError):  # changed again, or deleted: another event follows
                light = await self._thread(light_of, self._studio.projects, id)
                await self._thread(self._desk.renew, id, light)

    async def _thread(self, do: Callable[..., Done], *words: Any) -> Done:
        """In a thread of the lights' own: opening them takes seconds, and files must not wait for that."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, functools.partial(do, *words))

    def _send(self, event: dict[str, Any]) -> None:
        self._on_loop(self._hub.send, event)

    def _send_frame(self, number: int, rgb: bytes) -> None:
        head = bytes([_LIVE_FRAME]) + (number & 0xFFFFFFFF).to_bytes(4, "little")
        self._on_loop(self._hub.send_bytes, head + rgb)

    def _on_loop(self, do: Callable[[Any], None], what: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(do, what)


def _id(request: Request) -> str:
    return str(request.path_params["id"])[:40]


def _flag(place: Place, key: str) -> bool:
    found = place.value(key)
    if not isinstance(found, bool):
        raise place.wrong(key, "is neither true nor false")
    return found


async def _set_when(happened: asyncio.Event, flag: threading.Event) -> None:
    await happened.wait()
    flag.set()


def part(studio: Studio) -> LightRoutes:
    """For ``app.PARTS``."""
    return LightRoutes(studio)
