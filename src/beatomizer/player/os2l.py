"""OS2L, the open protocol by which DJ programs (VirtualDJ first) tell lights their beats.

The lights' side is a TCP server; the DJ program connects and sends JSON objects one after another, without anything
between them: ``{"evt":"beat","change":false,"pos":128,"bpm":124.9,"strength":0.8}`` (os2l.org). ``pos`` counts beats.
Programs find the server by mDNS (``_os2l._tcp``, with the package ``zeroconf``) or by address and port.

Anybody who can reach the port can give beats, so only programs of this computer can, unless another address is named.
"""

import contextlib
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from beatomizer.errors import DeviceError, UsageError, one_line
from beatomizer.player.sync import BeatGrid, Sender

USUAL_PORT = 9996
LOOPBACK, ALL = "127.0.0.1", "all"
_MOST_BYTES = 64 * 1024
"""Of one object; whoever sends more is no DJ program."""
_MOST = 1e9
"""Of any number in it."""
_MOST_DECKS = 8
"""Connections at once: each has a thread, and anybody on the network can connect."""


class Os2lStream:
    """What one connection sends, object by object.

    Args:
        grid: told of each beat.
    """

    def __init__(self, grid: BeatGrid) -> None:
        self._grid, self._rest = grid, ""
        self._decoder = json.JSONDecoder()

    def feed(self, data: bytes, at_s: float) -> None:
        """Take bytes that came at a moment (monotonic).

        Raises:
            ValueError: this is not OS2L.
        """
        self._rest = (self._rest + data.decode("utf-8", "replace")).lstrip()
        while self._rest:
            try:
                told, end = self._decoder.raw_decode(self._rest)
            except RecursionError:
                raise ValueError("not OS2L") from None
            except json.JSONDecodeError:
                if len(self._rest) > _MOST_BYTES or not self._rest.startswith("{"):
                    raise ValueError("not OS2L") from None
                return
            self._rest = self._rest[end:].lstrip()
            if isinstance(told, dict) and told.get("evt") == "beat":
                self._beat(told, at_s)

    def _beat(self, told: dict[str, Any], at_s: float) -> None:
        bpm, count = told.get("bpm"), told.get("pos")
        self._grid.beat(
            at_s,
            bpm=float(bpm) if isinstance(bpm, int | float) and abs(bpm) < _MOST else None,
            count=int(count) if isinstance(count, int | float) and abs(count) < _MOST else None,
        )


def listen_os2l(where: str = "") -> Sender:
    """Serve OS2L.

    Args:
        where: empty (127.0.0.1, port 9996), a port, an own address of this computer (``all`` for every one), or an
            address and a port with a colon between.

    Raises:
        UsageError: it is none of these.
        DeviceError: the port is taken, or the address is not this computer's.
    """
    host, port = _place(where)
    grid = BeatGrid()
    try:
        server = socket.create_server(("" if host == ALL else host, port))
    except (OSError, OverflowError) as error:
        raise DeviceError(f"OS2L cannot be served ({error})", "choose another port: os2l:PORT") from None
    server.settimeout(0.5)
    over = threading.Event()
    threading.Thread(target=_serve, args=(server, grid, over), daemon=True).start()
    withdraw = _announce(host, server.getsockname()[1])

    def close() -> None:
        over.set()
        withdraw()

    sender = Sender(grid, close)
    sender.port = server.getsockname()[1]
    return sender


def _place(where: str) -> tuple[str, int]:
    """Host and port."""
    host, colon, port = where.rpartition(":")
    if not colon and not where.isdecimal():
        host, port = where, ""
    if (port and not (port.isdecimal() and len(port) <= 5)) or (colon and not host) or not _is_address(host):
        raise UsageError(
            f"'{one_line(where, 40)}' is not a port", "write os2l, os2l:9996, os2l:all or os2l:ADDRESS:PORT"
        )
    return host or LOOPBACK, int(port or USUAL_PORT)


def _is_address(host: str) -> bool:
    try:
        return host in ("", ALL) or bool(ipaddress.IPv4Address(host))
    except ValueError:
        return False


def _serve(server: socket.socket, grid: BeatGrid, over: threading.Event) -> None:
    ears = list[threading.Thread]()
    with server:
        while not over.is_set():
            with contextlib.suppress(OSError):  # too late, or broken before it was taken
                connection, _ = server.accept()
                ears = [ear for ear in ears if ear.is_alive()]
                if len(ears) >= _MOST_DECKS:
                    connection.close()
                    continue
                ears.append(threading.Thread(target=_hear, args=(connection, grid, over), daemon=True))
                ears[-1].start()


def _hear(connection: socket.socket, grid: BeatGrid, over: threading.Event) -> None:
    stream = Os2lStream(grid)
    connection.settimeout(0.5)
    with connection, contextlib.suppress(OSError, ValueError):
        while not over.is_set():
            try:
                data = connection.recv(4096)
            except TimeoutError:
                continue
            if not data:
                return
            stream.feed(data, time.monotonic())


def _announce(host: str, port: int) -> Callable[[], None]:
    """By mDNS, where the package for it is installed, and only where it can be reached; what takes it back."""
    try:
        from zeroconf import InterfaceChoice, ServiceInfo, Zeroconf
    except ImportError:
        return lambda: None
    try:
        speaker = Zeroconf(InterfaceChoice.All if host == ALL else [host])
        name = "Beatomizer._os2l._tcp.local."
        speaker.register_service(
            ServiceInfo("_os2l._tcp.local.", name, port=port, parsed_addresses=_addresses(host))
        )
    except Exception:  # no network: the address still works
        return lambda: None
    close: Callable[[], None] = speaker.close
    return close


def _addresses(host: str) -> list[str]:
    if host != ALL:
        return [host]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent; the system chooses a way out
            return [str(probe.getsockname()[0])]
        except OSError:
            return ["127.0.0.1"]
