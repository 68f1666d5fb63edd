"""The way to a receiver: what a light needs of sockets, serial ports and pipes, none of which ever waits."""

import contextlib
import errno
import os
import socket
import threading
from typing import Protocol

from beatomizer.outputs.lights.voice import Address, Message

_LARGEST = 65535
_ANSWERS_A_TICK = 32
"""At most so many datagrams are read in one tick, so that a flood cannot hold the show up."""


class Link(Protocol):
    """A way that can break. Every method may raise ``OSError``, and none may wait."""

    def open(self) -> None:
        """Begin to reach the receiver; may be called again after ``close``."""

    def ready(self) -> bool:
        """Whether it is reached; ``False`` while that is under way."""

    def send(self, message: Message) -> None:
        """Hand bytes over. ``BlockingIOError`` means: full now, not broken."""

    def receive(self) -> list[tuple[bytes, Address]]:
        """What came back since the last call."""

    def close(self) -> None:
        """Let go; never raises."""


class NameLookup:
    """A host's IPv4 or IPv6 address, looked up aside: a name server may take seconds to say nothing."""

    def __init__(self, host: str, port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> None:
        self._found: tuple[socket.AddressFamily, Address] | None = None
        self._error: OSError | None = None
        self._asked = (host, port, kind)
        if _is_number(host):
            self._ask()
        else:
            threading.Thread(target=self._ask, name="name-lookup", daemon=True).start()

    def _ask(self) -> None:
        host, port, kind = self._asked
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
            self._found = (family, (str(address[0]), int(address[1])))
        except (OSError, ValueError) as error:  # ValueError: no such name can exist
            address_text = _announced(host)
            if address_text:
                self._found = (socket.AF_INET, (address_text, port))
            else:
                self._error = OSError(f"no address is known for '{host}' ({error})")

    def answer(self) -> tuple[socket.AddressFamily, Address] | None:
        """The address; ``None`` while it is being asked for.

        Raises:
            OSError: there is none.
        """
        if self._error is not None:
            raise self._error
        return self._found


def _is_number(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return True
    return False


def _announced(host: str) -> str | None:
    """The IPv4 address of a ``.local`` name, where the system itself cannot ask for it and ``zeroconf`` is there."""
    if not host.endswith(".local"):
        return None
    try:
        from zeroconf import AddressResolverIPv4, Zeroconf
    except ImportError:
        return None
    with contextlib.suppress(OSError), contextlib.closing(Zeroconf()) as zeroconf:
        asked = AddressResolverIPv4(f"{host}.")
        if asked.request(zeroconf, 1500):
            return next(iter(asked.parsed_addresses()), None)
    return None


class UdpLink:
    """Datagrams to one receiver, and to others where a message says so.

    Args:
        host: name or address.
        port: of the receiver.
        listen_port: own port, where the protocol wants a certain one or answers come to it; taken if it is free.
        connected: tie the socket to the receiver, which is how "refused" and "unreachable" are heard of. A socket
            that must hear anybody, or speak to many, is not tied.
        interface: own address on the network that multicast goes out by; empty: the system's choice.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        listen_port: int | None = None,
        connected: bool = True,
        interface: str = "",
    ) -> None:
        self.host, self.port = host, port
        self._listen_port, self._connected, self._interface = listen_port, connected, interface
        self._socket: socket.socket | None = None
        self._lookup: NameLookup | None = None
        self._to: Address | None = None

    def open(self) -> None:
        """Look the name up; the socket comes with the answer."""
        self.close()
        self._lookup = NameLookup(self.host, self.port)

    def ready(self) -> bool:
        """Whether the address is known and nothing bad was reported since."""
        if self._socket is None:
            found = self._lookup.answer() if self._lookup else None
            if found is None:
                return False
            self._begin(*found)
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        return True

    def _begin(self, family: socket.AddressFamily, to: Address) -> None:
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.setblocking(False)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            if family == socket.AF_INET:
                udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
                if self._interface:
                    own = socket.inet_aton(self._interface)
                    udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
            if self._listen_port is not None:
                _take_port(udp, self._interface, self._listen_port)
            if self._connected:
                udp.connect(to)
        except OSError:
            udp.close()
            raise
        self._socket, self._to = udp, to

    def send(self, message: Message) -> None:
        """One datagram."""
        if self._socket is None or self._to is None:
            raise BlockingIOError("not open yet")
        try:
            if self._connected and message.to is None:
                self._socket.send(message.data)
            else:
                self._socket.sendto(message.data, message.to or self._to)
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                raise BlockingIOError("the network card is busy") from None
            raise

    def receive(self) -> list[tuple[bytes, Address]]:
        """The datagrams that are waiting."""
        heard = list[tuple[bytes, Address]]()
        while self._socket is not None and len(heard) < _ANSWERS_A_TICK:
            try:
                data, sender = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                break
            heard.append((data, (str(sender[0]), int(sender[1]))))
        return heard

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _take_port(udp: socket.socket, interface: str, port: int) -> None:
    """Bind to ``port``, else to any port: a busy port must not stop the show.

    Never shared with another program: datagrams for a node on this machine would come here instead.
    """
    try:
        udp.bind((interface, port))
    except OSError:
        udp.bind((interface, 0))
