"""Where a page says the token, and gets a cookie for it."""

import asyncio
import hmac

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beatomizer.studio.answers import answer, problem, read_object
from beatomizer.studio.settings import Settings

_WRONG_S = 0.5
"""A wrong token is answered so late,"""

_MOST_WRONG = 8
"""and so many at once: sixteen tries a second at most, of 2^192."""


class Entrance:
    """``POST /api/enter``.

    Args:
        settings: with the token; an empty one lets everybody in.
        cookie: name and value of the cookie.
    """

    def __init__(self, settings: Settings, cookie: tuple[str, str]) -> None:
        self._token, self._cookie = settings.token, cookie
        self._wrong = 0

    @property
    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("/api/enter", self.enter, methods=["POST"])]

    async def enter(self, request: Request) -> Response:
        """The token, in the body and nowhere else → the cookie."""
        said = (await read_object(request)).string("token", 200)
        if not self._token:
            return answer({"entered": True})
        if not hmac.compare_digest(said.encode(), self._token.encode()):
            return await self._refused()
        response = answer({"entered": True})
        name, value = self._cookie
        response.set_cookie(name, value, path="/", httponly=True, samesite="strict")
        return response

    async def _refused(self) -> Response:
        if self._wrong >= _MOST_WRONG:
            return problem(429, "too many wrong tokens", "wait a moment")
        self._wrong += 1
        try:
            await asyncio.sleep(_WRONG_S)
        finally:
            self._wrong -= 1
        return problem(403, "this is not the token", "open the address that the studio printed")
