"""Jobs over HTTP, and the socket that tells of everything."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from beatomizer import __version__
from beatomizer.cues.checking import Place
from beatomizer.studio.answers import answer, problem
from beatomizer.studio.hub import Page
from beatomizer.studio.studio import Studio


class JobRoutes:
    """``/api/jobs`` and ``/api/socket``."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        studio.hub.greetings.append(self._hello)
        studio.hub.on("ping", _pong)

    @property
    def routes(self) -> list[BaseRoute]:
        """All of it."""
        return [
            Route("/api/jobs", self.list, methods=["GET"]),
            Route("/api/jobs/{id}/stop", self.stop_one, methods=["POST"]),
            WebSocketRoute("/api/socket", self.socket),
        ]

    async def start(self) -> None:
        """Warm the nursery."""
        await self._studio.children.start()

    async def stop(self) -> None:
        """End all jobs, and the nursery with what is left in it."""
        await self._studio.jobs.close()
        await self._studio.children.close()

    def _hello(self) -> dict[str, Any]:
        projects = [project.summary() for project in self._studio.projects.all()]
        running = [job for job in self._studio.jobs.all() if job["state"] == "running"]
        return {"type": "hello", "version": __version__, "projects": projects, "jobs": running}

    async def list(self, request: Request) -> Response:
        """What runs and what ran lately."""
        return answer(self._studio.jobs.all())

    async def stop_one(self, request: Request) -> Response:
        """Stop a job."""
        job = self._studio.jobs.get(str(request.path_params["id"]))
        if job is None:
            return problem(404, "there is no such job", "it may be over")
        await self._studio.jobs.stop([job])
        return answer(job.told())

    async def socket(self, socket: WebSocket) -> None:
        """A page's connection."""
        await self._studio.hub.serve(socket)


def part(studio: Studio) -> JobRoutes:
    """For ``app.PARTS``."""
    return JobRoutes(studio)


def _pong(place: Place, page: Page) -> None:
    t = place.number("t", -1e15, 1e15)
    page.send({"type": "pong", "t": t, "now_ms": round(time.time() * 1000.0, 3)})
