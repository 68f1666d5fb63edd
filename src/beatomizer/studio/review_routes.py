"""The review page's routes: thin, over ``dataset.review_desk``. Only there when the server was started for a set."""

import asyncio
import functools
import io
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from beatomizer.errors import BeatomizerError, ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.studio.byte_ranges import OpenFileResponse

if TYPE_CHECKING:
    from beatomizer.dataset.review_desk import ReviewDesk

PAGE = "review.html"
STATIC = {
    PAGE: "text/html; charset=utf-8",
    "review.css": "text/css; charset=utf-8",
    **dict.fromkeys(
        (
            "desk.js", "light.js", "list.js", "main.js", "player.js", "ribbon.js", "trim.js", "words.js",
        ),
        "text/javascript; charset=utf-8",
    ),
}  # fmt: skip
"""Every file of the page, and its type."""

_MOST_BODY = 16 << 10
_OCTETS = "application/octet-stream"

Answer = Callable[[Request], Awaitable[Response]]


def review_routes(desk: "ReviewDesk") -> list[Route]:
    """Routes of the review of one set."""
    review = _Review(desk)
    take, clip = "/api/review/takes/{take:str}", "/api/review/clips/{key:str}"
    return [
        Route("/review", _kindly(review.page)),
        Route("/static/review/{name:str}", _kindly(review.static)),
        Route("/api/review", _kindly(review.summary)),
        Route("/api/review/verdicts", _kindly(review.verdicts), methods=["GET"]),
        Route("/api/review/verdicts", _kindly(review.judge), methods=["POST"]),
        Route(f"{take}/light", _kindly(review.light)),
        Route(f"{take}/loudness", _kindly(review.loudness)),
        Route(f"{take}/media", _kindly(review.media)),
        Route(f"{clip}/sound", _kindly(review.sound)),
        Route(f"{clip}/pictures", _kindly(review.pictures)),
        Route(f"{clip}/film", _kindly(review.film)),
    ]


class _TooLongError(UsageError):
    """A body over the limit."""


class _Review:
    """Answers; everything that reads or writes files does so in a thread."""

    def __init__(self, desk: "ReviewDesk") -> None:
        self._desk = desk
        folder = files("beatomizer.studio") / "static" / "review"
        self._static = {name: (folder / name).read_bytes() for name in STATIC}

    async def page(self, request: Request) -> Response:
        return Response(self._static[PAGE], media_type=STATIC[PAGE])

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._static:
            return _problem(404, "there is no such file")
        return Response(self._static[name], media_type=STATIC[name])

    async def summary(self, request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self._desk.summary))

    async def verdicts(self, request: Request) -> Response:
        told = await asyncio.to_thread(self._desk.verdicts)
        if request.query_params.get("rev") == told["rev"]:
            return Response(status_code=204)
        return JSONResponse(told)

    async def judge(self, request: Request) -> Response:
        from beatomizer.dataset.review_desk import ChangedError
        from beatomizer.dataset.verdict_json import judgement_json, judgement_of_json

        told = await _json(request)
        if set(told) != {"id", "said", "before"} or not isinstance(told["id"], str):
            raise UsageError("that is not a verdict", "send id, said and before")
        said = judgement_of_json(told["said"])
        before = None if told["before"] is None else judgement_of_json(told["before"])
        try:
            answer = await asyncio.to_thread(self._desk.judge, told["id"], said, before)
        except ChangedError as error:
            now = judgement_json(error.now) if error.now else None
            return JSONResponse({"error": error.problem, "hint": error.hint, "judged": now}, 409)
        return JSONResponse(answer)

    async def light(self, request: Request) -> Response:
        return await _octets(self._desk.light, request.path_params["take"])

    async def loudness(self, request: Request) -> Response:
        return await _octets(self._desk.loudness, request.path_params["take"])

    async def pictures(self, request: Request) -> Response:
        return await _octets(self._desk.pictures, request.path_params["key"])

    async def sound(self, request: Request) -> Response:
        flac = await asyncio.to_thread(self._desk.sound, request.path_params["key"])
        return OpenFileResponse(io.BytesIO(flac), len(flac), "audio/flac", request.headers.get("range"))

    async def film(self, request: Request) -> Response:
        film = await asyncio.to_thread(self._desk.film, request.path_params["key"])
        data = await asyncio.to_thread(film.read_bytes)
        return OpenFileResponse(io.BytesIO(data), len(data), "video/webm", request.headers.get("range"))

    async def media(self, request: Request) -> Response:
        media = await asyncio.to_thread(self._desk.media, request.path_params["take"])
        return OpenFileResponse(media.file, media.size, media.type, request.headers.get("range"))


async def _octets(read: Callable[[str], bytes], name: str) -> Response:
    return Response(await asyncio.to_thread(read, name), media_type=_OCTETS)


async def _json(request: Request) -> dict[str, Any]:
    """The body as a JSON object of bounded size."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BODY:
            raise _TooLongError("that is too long", f"send at most {_MOST_BODY} bytes")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise UsageError("that is not JSON", "send a JSON object") from None
    if not isinstance(told, dict):
        raise UsageError("that is not a JSON object", "send id, said and before")
    return told


def _kindly(answer: Answer) -> Answer:
    """Errors that a person can understand as JSON, with the status that fits."""

    @functools.wraps(answer)
    async def answered(request: Request) -> Response:
        from beatomizer.dataset.review_desk import UnknownError

        try:
            return await answer(request)
        except BeatomizerError as error:
            reading = request.method != "POST"
            statuses = (
                (_TooLongError, 413),
                (UnknownError, 404),
                (
                    UnreadableInputError,
                    404 if reading else 503,
                ),  # the records are damaged: ask again when mended
                (ResourceLimitError, 507),
                (UsageError, 400),
            )
            status = next((status for kind, status in statuses if isinstance(error, kind)), 500)
            return _problem(status, error.problem, error.hint)

    return answered


def _problem(status: int, problem: str, hint: str = "") -> JSONResponse:
    return JSONResponse({"error": problem, "hint": hint}, status)
