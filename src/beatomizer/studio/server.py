"""The server: addresses, the lock of its folder, and how it begins and ends."""

import asyncio
import contextlib
import errno
import ipaddress
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import IO, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from beatomizer.atomic import try_lock
from beatomizer.errors import DeviceError, UsageError
from beatomizer.studio.app import application
from beatomizer.studio.guard import HEADERS
from beatomizer.studio.settings import MESSAGE_BYTES
from beatomizer.studio.studio import Studio

HEAD_BYTES = 16 << 10
"""Of a request's first line and headers."""

HEAD_S = 15.0
"""Seconds in which they must have come."""

_LINGER_S = 3.0
_TRIES = 20
_TAKEN = {errno.EADDRINUSE, errno.EACCES}


class Wire(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, but a request whose head does not come is hung up on, and what is no HTTP is
    answered with the headers of every other answer.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection came."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        super().data_received(data)
        if self._deadline is None and self._has_no_request():
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _has_no_request(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_S, self._hang_up)

    def _hang_up(self) -> None:
        self._deadline = None
        idle = self.timeout_keep_alive_task is not None  # uvicorn's own clock runs
        # A connection that became a WebSocket is not in the set any more.
        if self._has_no_request() and not idle and self in self.connections and self.transport is not None:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer to what is no HTTP."""
        body = json.dumps({"error": "this is not a request that can be understood", "hint": ""}).encode()
        headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        headers += [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        headers += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        with contextlib.suppress(h11.LocalProtocolError):  # an answer has begun: there is nothing left to say
            for event in (
                h11.Response(status_code=400, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class Socket(WebSocketsSansIOProtocol):
    """WebSockets as uvicorn speaks them, but a page that does not even take its goodbye is hung up on."""

    async def run_asgi(self) -> None:
        """Serve one connection."""
        await super().run_asgi()
        self.loop.call_later(_LINGER_S, self.transport.abort)


class Server(uvicorn.Server):
    """uvicorn's server, which ends without a word on Ctrl-C and SIGTERM and hurries at the second one."""

    on_ready: Callable[[], None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """While the server runs, both signals end it."""
        handled = (signal.SIGINT, signal.SIGTERM)
        try:
            before = {number: signal.signal(number, self.handle_exit) for number in handled}
        except ValueError:  # not in the main thread: whoever made the thread ends it
            yield
            return
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; at once if asked twice."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and say so."""
        await super().startup(sockets)
        if self.on_ready is not None:
            self.on_ready()


def server_of(studio: Studio) -> Server:
    """A server for a studio; ``run(sockets=…)`` serves until it is told to end."""
    return Server(
        uvicorn.Config(
            application(studio),
            http=Wire,
            ws=Socket,
            loop="asyncio",
            lifespan="on",
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=False,
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,
            backlog=256,
        )
    )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder: one studio for each.

    Raises:
        UsageError: another studio has it, or it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file: IO[str] = (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the folder '{folder}' cannot be used ({error.strerror})", "choose another with --folder"
        ) from error
    with file:
        if try_lock(file) is False:
            file.seek(0)
            where = file.read(200).strip()
            raise UsageError(
                f"a studio runs on '{folder}' already", f"open {where}, or choose another with --folder"
            )
        file.truncate(0)
        yield


def host_as_browsers_say(host: str) -> str:
    """What stands in the header Host for it: names in small letters, addresses in their shortest form."""
    plain = host.strip().removeprefix("[").removesuffix("]").lower()
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain


def bound(port: int | None, host: str, default: int) -> tuple[list[socket.socket], int]:
    """Sockets on loopback, and on another address if one is given; and their port.

    Args:
        port: the one that was asked for, 0 for any; ``None`` for the default one or one of the next.
        host: another address or name to listen on; empty for none.
        default: where to begin if none was asked for.

    Raises:
        UsageError: the port that was asked for is taken.
        DeviceError: the address is not of this machine.
    """
    tries = [port] if port is not None else [*range(default, default + _TRIES), 0]
    for number in tries:
        try:
            return _bound(number, host)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise DeviceError(
                    f"cannot listen on '{host or 'loopback'}' ({error.strerror})", "choose another --host"
                ) from error
            if port is not None:
                raise UsageError(f"port {port} is taken", "choose another --port, or 0 for any") from error
    raise DeviceError("no port is free", "end some programs")


def _bound(port: int, host: str) -> tuple[list[socket.socket], int]:
    addresses = ["127.0.0.1", "::1"]
    if host == "0.0.0.0":
        addresses = ["0.0.0.0", "::1"]
    elif host == "::":
        addresses = ["::", "0.0.0.0"]
    elif host and host not in (*addresses, "localhost"):
        addresses.append(host)
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            made = _listening(address, port or (sockets[0].getsockname()[1] if sockets else 0))
            if made is not None:
                sockets.append(made)
    except OSError:
        for made in sockets:
            made.close()
        raise
    return sockets, int(sockets[0].getsockname()[1])


def _listening(address: str, port: int) -> socket.socket | None:
    """A listening socket; ``None`` for IPv6 where there is none."""
    own = address in ("::1", "::")
    family, kind, protocol, _, place = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=0 if not own else socket.AI_NUMERICHOST
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(place)
        made.listen(256)
        made.setblocking(False)
    except OSError as error:
        made.close()
        if own and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return None
        raise
    return made


def data_folder() -> Path:
    """Where projects are kept unless another place is named."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        named = os.environ.get("XDG_DATA_HOME", "")
        base = Path(named) if named.startswith("/") else home / ".local" / "share"
    return base / "beatomizer" / "studio"
