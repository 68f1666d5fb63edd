"""Links that are streams: TCP, a serial port. What does not fit now is dropped whole, never in part."""

import contextlib
import errno
import os
import socket
from typing import Any

from beatomizer.errors import DeviceError, MissingExtraError, one_line
from beatomizer.outputs.lights.link import NameLookup
from beatomizer.outputs.lights.voice import Address, Message

_READ = 4096


class TcpLink:
    """A TCP connection that is made without waiting. What the system cannot take now stays here, up to one message.

    Args:
        host: name or address.
        port: of the server.
    """

    def __init__(self, host: str, port: int) -> None:
        self._asked = (host, port)
        self._lookup: NameLookup | None = None
        self._socket: socket.socket | None = None
        self._connected = False
        self._rest = b""

    def open(self) -> None:
        """Look the name up, then connect."""
        self.close()
        self._lookup = NameLookup(*self._asked, socket.SOCK_STREAM)

    def ready(self) -> bool:
        """Whether the connection stands."""
        if self._socket is None:
            found = self._lookup.answer() if self._lookup else None
            if found is None:
                return False
            self._socket = socket.socket(found[0], socket.SOCK_STREAM)
            self._socket.setblocking(False)
            code = self._socket.connect_ex(found[1])
            if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
                raise OSError(code, os.strerror(code))
        if not self._connected:
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
            with contextlib.suppress(OSError):
                self._socket.getpeername()
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connected = True
        if self._connected and self._rest:
            self._push()
        return self._connected

    def send(self, message: Message) -> None:
        """Queue one message behind what is left of the last; refuse it while something is left."""
        if self._rest:
            raise BlockingIOError("the connection is full")
        self._rest = message.data
        self._push()

    def _push(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(BlockingIOError):
            while self._rest:
                self._rest = self._rest[self._socket.send(self._rest) :]

    def receive(self) -> list[tuple[bytes, Address]]:
        """What came.

        Raises:
            ConnectionResetError: the other side closed.
        """
        if self._socket is None or not self._connected:
            return []
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return []
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "the connection was closed")
        return [(data, self._asked)]

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._connected, self._rest = None, False, b""


class SerialLink:
    """A serial port, written to without waiting.

    Args:
        device: such as ``/dev/ttyUSB0`` or ``COM3``.
        baud: of the port.

    Raises:
        MissingExtraError: ``pyserial`` is not installed.
    """

    def __init__(self, device: str, baud: int = 57600) -> None:
        try:
            import serial
        except ImportError:
            raise MissingExtraError("a serial light", "lights") from None
        self._serial, self._device, self._baud = serial, device, baud
        self._port: Any = None

    def open(self) -> None:
        """Open the port."""
        self.close()
        try:
            self._port = self._serial.Serial(self._device, self._baud, timeout=0, write_timeout=0)
        except (self._serial.SerialException, ValueError) as error:
            raise OSError(one_line(str(error), 120)) from None

    def must_open(self) -> None:
        """Open the port now, because nothing can be done without it.

        Raises:
            DeviceError: it cannot be opened; the message lists the ports that are there.
        """
        try:
            self.open()
        except OSError as error:
            from serial.tools import list_ports

            there = ", ".join(port.device for port in list_ports.comports()) or "none"
            raise DeviceError(str(error), f"serial ports here: {there}") from None

    def ready(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    def send(self, message: Message) -> None:
        """Write one message, unless the last one is still waiting."""
        try:
            if self._port.out_waiting:
                raise BlockingIOError("the port is busy")
            written = self._port.write(message.data)
        except self._serial.SerialTimeoutException:
            raise BlockingIOError("the port is busy") from None
        except self._serial.SerialException as error:
            raise OSError(one_line(str(error), 120)) from None
        if written is not None and written < len(message.data):
            raise BlockingIOError("the port took half of it")

    def receive(self) -> list[tuple[bytes, Address]]:
        """Throw away what the widget says, so that its buffer does not fill."""
        try:
            self._port.read(_READ)
        except self._serial.SerialException as error:
            raise OSError(one_line(str(error), 120)) from None
        return []

    def close(self) -> None:
        """Close the port once everything is written."""
        if self._port is not None:
            with contextlib.suppress(OSError, self._serial.SerialException):
                self._port.close()
        self._port = None
