"""The guard: what a request or a WebSocket must be before anything else looks at it.

The studio listens on the person's own machine, where every page that a browser has open can reach it. So the Host must
be one of ours (else another name leads here: DNS rebinding), the Origin must be the very address that was asked for
(else another page asks), and whatever changes something must carry a header that no form can send. Nothing is allowed
to other origins, ever: there are no CORS headers. Every answer carries the same strict headers.
"""

import hmac
import re
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beatomizer.errors import BeatomizerError
from beatomizer.studio.answers import mistake, problem, problem_of

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), "
    "display-capture=(), fullscreen=(self), autoplay=(self)",
}
"""On every answer."""

SAFE = ("GET", "HEAD")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
LONGEST_TARGET = 2_000
"""Bytes of path and query; ours have some dozens."""

MOST_HEADERS, HEADER_BYTES = 100, 16 << 10
"""Browsers send about twenty of some hundred bytes."""

_OPEN = ("/", "/review", "/api/enter")
"""What may be asked for before the token was said, besides ``/static/``: the page has to say it."""


class Guard:
    """ASGI middleware around everything.

    Args:
        app: what is guarded.
        hosts: values that the Host header may have.
        own_address: whether the address and port that a connection came to may also stand there: for a server that
            listens on all addresses.
        cookie: name and value of the cookie that a page with the token has; ``None`` if no token is asked for.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Iterable[str],
        *,
        own_address: bool = False,
        cookie: tuple[str, str] | None = None,
    ) -> None:
        self._app, self._hosts, self._own, self._cookie = app, frozenset(hosts), own_address, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is not None:
                await _shut(receive, send, scope)
                return
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": [pair for pair in scope["headers"] if _is_plain(*pair)]}
        sender = _Sender(send, str(scope["path"]))
        if refusal is not None:
            await refusal(scope, receive, sender)
            return
        await self._answered(scope, receive, sender)

    async def _answered(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        try:
            await self._app(scope, receive, sender)
        except BeatomizerError as error:
            if sender.started:
                raise
            await problem_of(error)(scope, receive, sender)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            if sender.started:
                raise  # the connection is closed, so that half an answer is not taken for a whole one
            await mistake(error)(scope, receive, sender)

    def _refusal(self, scope: Scope) -> Response | None:
        """Why this is not let through; ``None`` if it is."""
        headers = Headers(scope=scope)
        host = self._host(scope, headers)
        if host is None:
            return problem(421, "this is not an address of the studio", "open the one that it printed")
        if len(scope.get("raw_path", b"")) + len(scope.get("query_string", b"")) > LONGEST_TARGET:
            return problem(414, "the address is too long")
        if _is_large(scope):
            return problem(431, "the headers are too many or too long")
        if scope["type"] == "http" and scope["http_version"] not in ("1.0", "1.1"):
            return problem(505, "this version of HTTP is not known here")
        if scope["type"] == "http" and scope["method"] not in METHODS:
            return problem(405, "this method is not known here")
        if len(headers.getlist("content-length")) + len(headers.getlist("transfer-encoding")) > 1:
            return problem(400, "the length of the request is said twice")
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if not _is_ours(headers, f"http://{host}", asked=changes):
            return problem(403, "another page asked for this", "open the studio's own page")
        if not _is_near(scope, headers):
            return problem(403, "another site asked for this", "open the studio's own page")
        if scope["type"] == "http" and changes and headers.getlist("x-beatomizer") != ["1"]:
            return problem(403, "the header X-Beatomizer: 1 is missing")
        if self._cookie is not None and not self._may_enter(scope, headers):
            return problem(401, "the studio asks for its token", "open the address that it printed")
        return None

    def _host(self, scope: Scope, headers: Headers) -> str | None:
        found = headers.getlist("host")
        if len(found) != 1:
            return None
        if found[0] in self._hosts:
            return found[0]
        address = scope.get("server")
        if not self._own or not address:
            return None
        name = f"[{address[0]}]" if ":" in address[0] else str(address[0])
        return found[0] if found[0] == f"{name}:{address[1]}" else None

    def _may_enter(self, scope: Scope, headers: Headers) -> bool:
        path = str(scope["path"])
        if path in _OPEN or path.startswith("/static/"):
            return True
        assert self._cookie is not None
        name, value = self._cookie
        said = [cookie_parser(text).get(name, "") for text in headers.getlist("cookie")]
        return any(hmac.compare_digest(text.encode(), value.encode()) for text in said)


def _is_ours(headers: Headers, origin: str, *, asked: bool) -> bool:
    """Whether the Origin is the page's own address; where nothing changes it may be absent."""
    found = headers.getlist("origin")
    return found == [origin] or (not found and not asked)


def _is_near(scope: Scope, headers: Headers) -> bool:
    """What the browser itself says of who asks. To open the page from a link elsewhere is all right."""
    site = headers.get("sec-fetch-site", "same-origin")
    if site in ("same-origin", "none"):
        return True
    opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return opened and scope["type"] == "http" and scope["method"] in SAFE and scope["path"] in _OPEN[:2]


def _is_large(scope: Scope) -> bool:
    headers = scope["headers"]
    return (
        len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES
    )


_ONE_RANGE = re.compile(rb"bytes=\d{0,15}-\d{0,15}")


def _is_plain(name: bytes, value: bytes) -> bool:
    """Whether a header is passed on: a Range that asks for several pieces is not, and the whole is the answer."""
    return name != b"range" or _ONE_RANGE.fullmatch(value) is not None


async def _shut(receive: Receive, send: Send, scope: Scope) -> None:
    """Refuse a WebSocket before it is one, with the headers of every answer."""
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    headers += [(b"cache-control", b"no-store"), (b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "websocket.http.response.start", "status": 403, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b"refused"})


class _Sender:
    """Sends with the headers that every answer has."""

    def __init__(self, send: Send, path: str) -> None:
        self._send, self._path, self.started = send, path, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(raw=_raw(message))
            for name, value in HEADERS.items():
                headers[name] = value
            if "cache-control" not in headers:
                headers["cache-control"] = "no-cache" if self._path.startswith("/static/") else "no-store"
            message = {**message, "headers": headers.raw}
        await self._send(message)


def _raw(message: Message) -> list[tuple[bytes, bytes]]:
    found: list[Any] = list(message.get("headers", []))
    return [(bytes(name), bytes(value)) for name, value in found]
