"""The application: every part's routes behind the guard."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from importlib import import_module

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from beatomizer.errors import BeatomizerError
from beatomizer.studio.about import about_routes
from beatomizer.studio.answers import mistake, problem, problem_of
from beatomizer.studio.entrance import Entrance
from beatomizer.studio.guard import Guard
from beatomizer.studio.pages import page_files, page_routes
from beatomizer.studio.studio import Part, Studio

PARTS = (
    "beatomizer.studio.job_routes:part",
    "beatomizer.studio.project_routes:part",
    "beatomizer.studio.export_routes:part",
    "beatomizer.studio.light_routes:part",
)
"""``module:function``; each takes the ``Studio`` and gives a ``Part``. Started in this order, stopped in the other."""

REVIEW_PARTS = ("beatomizer.studio.review_routes:part",)
"""All that there is where the server was started to review a data set."""

WILDCARDS = ("0.0.0.0", "::")


def application(studio: Studio) -> ASGIApp:
    """The ASGI application of a studio whose port is known."""
    settings = studio.settings
    cookie = (f"beatomizer-{settings.port}", secrets.token_urlsafe(24))
    reviewing = settings.shards is not None
    parts = [_made(entry, studio) for entry in (REVIEW_PARTS if reviewing else PARTS)]
    routes: list[BaseRoute] = [
        *page_routes(page_files(reviewing)),
        *about_routes(settings),
        *Entrance(settings, cookie).routes,
    ]
    routes += [route for part in parts for route in part.routes]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for part in parts:
                await part.start()
                stack.push_async_callback(part.stop)
            yield

    handlers = {HTTPException: _not_found, BeatomizerError: _problem, Exception: _mistake}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Guard(
        app,
        allowed_hosts(settings.port, settings.host),
        own_address=settings.host in WILDCARDS,
        cookie=cookie if settings.token else None,
    )


def allowed_hosts(port: int, host: str) -> list[str]:
    """What may stand in the header Host."""
    names = ["127.0.0.1", "localhost", "[::1]"]
    if host and host not in WILDCARDS:
        names.append(f"[{host}]" if ":" in host else host)
    found = [f"{name}:{port}" for name in names]
    return found + (names if port == 80 else [])


def _made(entry: str, studio: Studio) -> Part:
    module, _, name = entry.partition(":")
    made: Part = getattr(import_module(module), name)(studio)
    return made


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    texts = {404: "there is nothing here", 405: "this method is not known here"}
    return problem(error.status_code, texts.get(error.status_code, "this cannot be answered"), "")


async def _mistake(request: Request, error: Exception) -> Response:
    return mistake(error)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, BeatomizerError)
    return problem_of(error)
