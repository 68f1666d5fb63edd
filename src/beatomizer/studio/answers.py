"""Answers to pages, and what pages say, read with a limit."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from beatomizer.cues.checking import Place, parse_object
from beatomizer.errors import (
    BeatomizerError,
    DeviceError,
    MissingExtraError,
    ResourceLimitError,
    UnreadableInputError,
    UsageError,
)
from beatomizer.studio.project import ID
from beatomizer.studio.projects import StaleError, UnknownProjectError
from beatomizer.studio.settings import JSON_BYTES

_CHUNK_S = 60.0
"""A body of which nothing came for so long is given up."""

STATUS: tuple[tuple[type[BeatomizerError], int], ...] = (
    (UnknownProjectError, 404),
    (StaleError, 409),
    (MissingExtraError, 501),
    (UsageError, 400),
    (UnreadableInputError, 400),
    (DeviceError, 502),
    (ResourceLimitError, 503),
    (BeatomizerError, 400),
)
"""The first kind that fits says the status."""


class TooLargeError(ResourceLimitError):
    """A body is larger than it may be."""


def answer(content: Any, status: int = 200) -> Response:
    """JSON."""
    return JSONResponse(content, status)


def problem(status: int, error: str, hint: str = "", **more: Any) -> Response:
    """What is wrong, as JSON; never a traceback."""
    return JSONResponse({"error": error, "hint": hint, **more}, status)


def problem_of(error: BeatomizerError) -> Response:
    """An error of the family as an answer."""
    if isinstance(error, TooLargeError):
        response = problem(413, error.problem, error.hint)
        response.headers["connection"] = "close"
        return response
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    more = {"rev": error.rev} if isinstance(error, StaleError) else {}
    return problem(status, error.problem, error.hint, **more)


def mistake(error: Exception) -> Response:
    """What only this program can have done wrong."""
    return problem(500, f"a mistake in beatomizer ({type(error).__name__})", "please report it")


async def chunks(request: Request, limit: int, what: str) -> AsyncIterator[bytes]:
    """The body as it comes, counted.

    Raises:
        TooLargeError: more than ``limit`` bytes came, or are announced.
        UnreadableInputError: it stopped coming, or is compressed.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnreadableInputError(f"{what} is sent compressed", "send it as it is")
    announced = request.headers.get("content-length", "0")
    too_large = TooLargeError(f"{what} is larger than {_size(limit)}", "choose a smaller one")
    if not announced.isdecimal() or int(announced) > limit:
        raise too_large
    count, stream = 0, request.stream()
    while True:
        try:
            async with asyncio.timeout(_CHUNK_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except (TimeoutError, ClientDisconnect):
            raise UnreadableInputError(f"{what} stopped coming", "send it again") from None
        count += len(chunk)
        if count > limit:
            raise too_large
        if chunk:
            yield chunk


async def read_object(request: Request, limit: int = JSON_BYTES) -> Place:
    """The body as a checked JSON object.

    Raises:
        BeatomizerError: too large, or not JSON without its traps.
    """
    body = b"".join([chunk async for chunk in chunks(request, limit, "the request")])
    return await asyncio.to_thread(_parsed, body)


def _parsed(body: bytes) -> Place:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableInputError("the request is not text in UTF-8") from error
    return Place("request", "", parse_object(text, "request"))


def id_of(request: Request, name: str = "id") -> str:
    """An id from the path, if it looks like one.

    Raises:
        UnknownProjectError: it cannot be one.
    """
    found = str(request.path_params[name])
    if not ID.fullmatch(found):
        raise UnknownProjectError
    return found


def as_text(value: object) -> str:
    """JSON text of checked values."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _size(count: int) -> str:
    return f"{count // 10**6} MB" if count >= 10**7 else f"{count >> 10} KiB"
