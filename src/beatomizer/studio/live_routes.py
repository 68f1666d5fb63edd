"""Live mode over HTTP; what is heard is told by the desk (``light_routes``)."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beatomizer.cues.checking import Place
from beatomizer.cues.palettes import resolve_palette
from beatomizer.cues.style import Style
from beatomizer.safety.profiles import profile_named
from beatomizer.studio.answers import answer, read_object
from beatomizer.studio.light_plan import chosen_of
from beatomizer.studio.lights_desk import LightsDesk
from beatomizer.studio.live_run import list_sources
from beatomizer.studio.settings import MOST_ZONES

_SOURCE_LETTERS = 200


class LiveRoutes:
    """What pages start, change and end live mode by.

    Args:
        desk: of the lights.
        aside: calls something in a thread of the lights.
    """

    def __init__(self, desk: LightsDesk, aside: Callable[..., Awaitable[Any]]) -> None:
        self._desk, self._aside = desk, aside

    @property
    def routes(self) -> list[Route]:
        """All of it."""
        return [
            Route("/api/live/sources", self.sources, methods=["GET"]),
            Route("/api/live/start", self.start_live, methods=["POST"]),
            Route("/api/live/wishes", self.wish_live, methods=["POST"]),
            Route("/api/live/stop", self.stop_live, methods=["POST"]),
        ]

    async def sources(self, request: Request) -> Response:
        """What can be listened to."""
        return answer(await self._aside(list_sources))

    async def start_live(self, request: Request) -> Response:
        """Listen, and light what was chosen."""
        place = await read_object(request)
        chosen = chosen_of(place.value("lights", []), place.value("rig", False))
        style = _style(place.inner("wishes") or Place("request", "wishes", {}))
        source = place.string("source", _SOURCE_LETTERS) or None
        await self._aside(self._desk.start_live, source, chosen, style)
        return answer(self._desk.live_event())

    async def wish_live(self, request: Request) -> Response:
        """Other colours, another energy."""
        self._desk.wish_live(_style(await read_object(request)))
        return answer(self._desk.live_event())

    async def stop_live(self, request: Request) -> Response:
        """Silence and dark."""
        await self._aside(self._desk.stop, "live")
        return answer(self._desk.live_event())


def _style(place: Place) -> Style:
    """Wishes for live mode."""
    palette = place.string("palette", 1000) or None
    if palette is not None:
        resolve_palette(palette)
    safety = place.string("safety", 50, "broadcast")
    profile_named(safety)
    seed, zones = place.integer("seed", 0, 2**53, 0), place.integer("zones", 1, MOST_ZONES, 8)
    return Style(palette, place.number("energy", 0.0, 1.0, 0.5), seed, zones, safety)
