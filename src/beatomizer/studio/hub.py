"""The hub: what happened goes to every open page; what pages say goes to whoever asked for it.

Nothing here waits for a page. Each page has a short queue of its own: if it does not keep up, it is dropped (its
browser comes back by itself and fetches what it missed). Binary frames are pictures of the moment: of those only the
newest waits.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from beatomizer.cues.checking import Place, parse_object
from beatomizer.errors import BeatomizerError
from beatomizer.studio.settings import MESSAGE_BYTES

Listener: TypeAlias = Callable[[Place, "Page"], None]

MOST_PAGES = 24
"""Open pages at once; browsers open a handful."""

MOST_WAITING = 512
"""Messages that a page may be behind before it is dropped."""

MOST_A_SECOND = 60.0
"""Messages that a page may send, for long; dragging a slider sends one a frame."""

_BURST = 240.0
_SEND_S = 20.0
"""A page that takes longer for one message is gone."""

POLICY, BUSY, SLOW = 1008, 1013, 1013
"""Close codes of RFC 6455 and its registry: policy violation, try again later."""


class Page:
    """One open page."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._texts: deque[str] = deque()
        self._picture: bytes | None = None
        self._wake = asyncio.Event()
        self.dropped = asyncio.Event()

    def send(self, event: dict[str, Any]) -> None:
        """Queue an event for this page alone."""
        self.send_text(json.dumps(event, separators=(",", ":")))

    def send_text(self, text: str) -> None:
        """Queue a text that is JSON."""
        if len(self._texts) >= MOST_WAITING:
            self.dropped.set()
        else:
            self._texts.append(text)
        self._wake.set()

    def send_bytes(self, data: bytes) -> None:
        """Queue a picture in place of one that still waits."""
        self._picture = data
        self._wake.set()

    async def write(self) -> None:
        """Send what is queued, until the page is gone or takes too long for a message."""
        while True:
            if self._texts:
                async with asyncio.timeout(_SEND_S):  # not wait_for, which loses cancellations in Python 3.11
                    await self._socket.send_text(self._texts.popleft())
            elif self._picture is not None:
                picture, self._picture = self._picture, None
                async with asyncio.timeout(_SEND_S):
                    await self._socket.send_bytes(picture)
            else:
                self._wake.clear()
                await self._wake.wait()


class Hub:
    """All open pages. For the event loop; from another thread use ``loop.call_soon_threadsafe(hub.send, event)``."""

    def __init__(self) -> None:
        self._pages: set[Page] = set()
        self._listeners: dict[str, Listener] = {}
        self.greetings: list[Callable[[], dict[str, Any] | None]] = []
        """Each gives an event that a page is told when it comes, or ``None``."""
        self.goodbyes: list[Callable[[Page], None]] = []
        """Each is told of a page that has left."""
        self.watchers: list[Callable[[dict[str, Any]], None]] = []
        """Each is told every event, as pages are; it must not wait."""

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return len(self._pages)

    def on(self, kind: str, listener: Listener) -> None:
        """Call ``listener(place, page)`` for each message of this type; it must not wait.

        ``place`` reads and checks its fields (``place.number("value", 0, 1)``). What it raises as ``BeatomizerError``
        closes that page's connection.
        """
        self._listeners[kind] = listener

    def send(self, event: dict[str, Any]) -> None:
        """Tell every page."""
        for watcher in self.watchers:
            watcher(event)
        if self._pages:
            text = json.dumps(event, separators=(",", ":"))
            for page in self._pages:
                page.send_text(text)

    def send_bytes(self, data: bytes) -> None:
        """Show every page a picture; pages that are behind see the newest only."""
        for page in self._pages:
            page.send_bytes(data)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one page from its first to its last message. The guard has let it in."""
        if len(self._pages) >= MOST_PAGES:
            await socket.close(BUSY)
            return
        await socket.accept()
        page = Page(socket)
        for greeting in self.greetings:
            event = greeting()
            if event is not None:
                page.send(event)
        self._pages.add(page)
        writing = asyncio.create_task(page.write())
        reading = asyncio.create_task(self._read(socket, page))
        dropping = asyncio.create_task(page.dropped.wait())
        try:
            await asyncio.wait([writing, reading, dropping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._pages.discard(page)
            for goodbye in self.goodbyes:
                goodbye(page)
            for task in (writing, reading, dropping):
                task.cancel()
            results = await asyncio.gather(reading, writing, dropping, return_exceptions=True)
        code = results[0] if isinstance(results[0], int) else SLOW
        if socket.client_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, TimeoutError, OSError, WebSocketDisconnect):
                async with asyncio.timeout(1.0):
                    await socket.close(code)

    async def _read(self, socket: WebSocket, page: Page) -> int:
        """Hear a page until it leaves or breaks a rule; the close code."""
        loop = asyncio.get_running_loop()
        allowance, last = _BURST, loop.time()
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return 1000
            now = loop.time()
            allowance = min(_BURST, allowance + (now - last) * MOST_A_SECOND) - 1.0
            last = now
            text = message.get("text")
            if allowance < 0 or text is None or len(text.encode()) > MESSAGE_BYTES:
                return POLICY
            try:
                self._hear(text, page)
            except BeatomizerError:
                return POLICY

    def _hear(self, text: str, page: Page) -> None:
        place = Place("message", "", parse_object(text, "message"))
        self._listeners[place.choice("type", list(self._listeners), "a message")](place, page)
