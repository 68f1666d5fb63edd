"""The review page's routes: thin, over ``dataset.review_desk``. Only there when the server was started for a set."""

import asyncio
import functools
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.studio.answers import answer, problem, read_object
from beatomizer.studio.byte_ranges import OpenFileResponse
from beatomizer.studio.studio import Studio

_MOST_BODY = 16 << 10
_OCTETS = "application/octet-stream"

Answer = Callable[[Request], Awaitable[Response]]


class ReviewRoutes:
    """The part of the studio that shows a set; everything that reads or writes files does so in a thread.

    Args:
        shards: the set's folder.

    Raises:
        UnreadableInputError: as ``ReviewDesk``.
    """

    def __init__(self, shards: Path) -> None:
        from beatomizer.dataset.review_desk import ReviewDesk

        self._desk = ReviewDesk(shards)

    @property
    def routes(self) -> list[Route]:
        """All of it; the page itself lies among the static files."""
        take, clip = "/api/review/takes/{take:str}", "/api/review/clips/{key:str}"
        reading = {
            "/api/review": self.summary,
            "/api/review/verdicts": self.verdicts,
            f"{take}/light": self.light,
            f"{take}/loudness": self.loudness,
            f"{take}/media": self.media,
            f"{clip}/sound": self.sound,
            f"{clip}/pictures": self.pictures,
            f"{clip}/film": self.film,
        }
        routes = [Route(path, _kindly(get), methods=["GET"]) for path, get in reading.items()]
        return [*routes, Route("/api/review/verdicts", _kindly(self.judge), methods=["POST"])]

    async def start(self) -> None:
        """Nothing runs before it is asked for."""

    async def stop(self) -> None:
        """End what is being made."""
        await asyncio.to_thread(self._desk.close)

    async def summary(self, request: Request) -> Response:
        """All takes and clips, and what was said."""
        return answer(await asyncio.to_thread(self._desk.summary))

    async def verdicts(self, request: Request) -> Response:
        """What was said; nothing if that is what ``rev`` names."""
        told = await asyncio.to_thread(self._desk.verdicts)
        return Response(status_code=204) if request.query_params.get("rev") == told["rev"] else answer(told)

    async def judge(self, request: Request) -> Response:
        """One verdict: written down before it is answered."""
        from beatomizer.dataset.review_desk import ChangedError
        from beatomizer.dataset.verdict_json import judgement_json, judgement_of_json

        told: dict[str, Any] = (await read_object(request, _MOST_BODY)).content
        if set(told) != {"id", "said", "before"} or not isinstance(told["id"], str):
            raise UsageError("that is not a verdict", "send id, said and before")
        said = judgement_of_json(told["said"])
        before = None if told["before"] is None else judgement_of_json(told["before"])
        try:
            return answer(await asyncio.to_thread(self._desk.judge, told["id"], said, before))
        except ChangedError as error:
            now = judgement_json(error.now) if error.now else None
            return problem(409, error.problem, error.hint, judged=now)
        except (
            UnreadableInputError
        ) as error:  # the records are damaged: the page asks again until they are mended
            return problem(503, error.problem, error.hint)

    async def light(self, request: Request) -> Response:
        """A take's label."""
        return await _octets(self._desk.light, request.path_params["take"])

    async def loudness(self, request: Request) -> Response:
        """How loud a take is."""
        return await _octets(self._desk.loudness, request.path_params["take"])

    async def pictures(self, request: Request) -> Response:
        """A clip's small pictures."""
        return await _octets(self._desk.pictures, request.path_params["key"])

    async def sound(self, request: Request) -> Response:
        """A clip's sound."""
        flac = await asyncio.to_thread(self._desk.sound, request.path_params["key"])
        return OpenFileResponse(io.BytesIO(flac), len(flac), "audio/flac", request.headers.get("range"))

    async def film(self, request: Request) -> Response:
        """A clip as a film that browsers play."""
        film = await asyncio.to_thread(self._desk.film, request.path_params["key"])
        data = await asyncio.to_thread(film.read_bytes)
        return OpenFileResponse(io.BytesIO(data), len(data), "video/webm", request.headers.get("range"))

    async def media(self, request: Request) -> Response:
        """The file that a take was made from."""
        media = await asyncio.to_thread(self._desk.media, request.path_params["take"])
        return OpenFileResponse(media.file, media.size, media.type, request.headers.get("range"))


def part(studio: Studio) -> ReviewRoutes:
    """The review of the set that the server was started for."""
    assert studio.settings.shards is not None
    return ReviewRoutes(studio.settings.shards)


async def _octets(read: Callable[[str], bytes], name: str) -> Response:
    return Response(await asyncio.to_thread(read, name), media_type=_OCTETS)


def _kindly(get: Answer) -> Answer:
    """What is not in the set, or not to be had any more, is not there: 404."""

    @functools.wraps(get)
    async def answered(request: Request) -> Response:
        from beatomizer.dataset.review_desk import UnknownError

        try:
            return await get(request)
        except UnknownError as error:
            return problem(404, error.problem, error.hint)
        except UnreadableInputError as error:
            if request.method == "POST":
                raise
            return problem(404, error.problem, error.hint)

    return answered
