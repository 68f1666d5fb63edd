"""DTLS 1.2 with a pre-shared key, through the ``openssl`` program: Python has no DTLS of its own.

``openssl s_client`` sends one record for each read of its input. The input is a socket that keeps messages apart, so
one frame is one record even when the machine is busy. The key stands in the program's arguments, where other users
of this machine can read it while the light is open.
"""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable

from beatomizer.errors import DeviceError
from beatomizer.outputs.lights.voice import Address, Message

_CIPHER = "PSK-AES128-GCM-SHA256"
_ESTABLISHED = b"CONNECTION ESTABLISHED"


class DtlsLink:
    """One DTLS connection.

    Args:
        host: name or address.
        port: of the server.
        identity: PSK identity.
        key: PSK, in hexadecimal digits.
        before: called aside before each attempt, such as to start a stream; may raise ``OSError``.
        after: called aside after each end.

    Raises:
        DeviceError: this machine has no such program.
    """

    def __init__(
        self,
        host: str,
        port: int,
        identity: str,
        key: str,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        program = shutil.which("openssl")
        if program is None or not hasattr(socket, "AF_UNIX"):
            raise DeviceError("hue:// needs Unix and the program 'openssl'", "install OpenSSL 1.1 or newer")
        self._command = [program, "s_client", "-dtls1_2", "-brief", "-connect", f"{host}:{port}"]
        self._command += ["-psk_identity", identity, "-psk", key, "-cipher", _CIPHER]
        self._before, self._after = before, after
        self._process: subprocess.Popen[bytes] | None = None
        self._ours: socket.socket | None = None
        self._said = b""
        self._established = False

    def open(self) -> None:
        """Start the handshake."""
        self.close()
        self._before()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self._process = subprocess.Popen(
            self._command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        theirs.close()
        assert self._process.stderr is not None
        os.set_blocking(self._process.stderr.fileno(), False)
        self._ours, self._said, self._established = ours, b"", False

    def ready(self) -> bool:
        """Whether the handshake is done."""
        if self._process is None or self._process.stderr is None:
            return False
        with contextlib.suppress(BlockingIOError):
            self._said += self._process.stderr.read(4096) or b""
        if self._process.poll() is not None:
            raise ConnectionError(f"the DTLS connection ended ({_reason(self._said)})")
        self._established = self._established or _ESTABLISHED in self._said
        return self._established

    def send(self, message: Message) -> None:
        """One record."""
        if self._ours is None:
            raise BlockingIOError("not open yet")
        self._ours.send(message.data)

    def receive(self) -> list[tuple[bytes, Address]]:
        """A bridge says nothing."""
        return []

    def close(self) -> None:
        """End the connection."""
        if self._ours is not None:
            self._ours.close()  # the end of its input: s_client says goodbye and ends
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.2 if self._established else 0)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
            self._after()
        self._ours, self._process, self._established = None, None, False


def _reason(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if "error" in line.lower()]
    return lines[-1][-80:] if lines else "no reason given"
