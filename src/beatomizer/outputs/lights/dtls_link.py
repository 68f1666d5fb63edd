"""DTLS 1.2 with a pre-shared key, through the ``openssl`` program: Python has no DTLS of its own.

``openssl s_client`` sends one record for each read of its input. The input is a socket that keeps messages apart, so
one frame is one record even when the machine is busy. The key stands in the program's arguments, where other users
of this machine can read it while the light is open.

Starting and ending a program takes milliseconds, and a bridge's answers take longer: all of it happens aside, in one
thread, in order. The light's loop only looks whether it is done.
"""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from beatomizer.errors import DeviceError
from beatomizer.outputs.lights.voice import Address, Message

_CIPHER = "PSK-AES128-GCM-SHA256"
_ESTABLISHED = b"CONNECTION ESTABLISHED"
_GOODBYE_S = 0.2


@dataclass
class _Attempt:
    """One run of the program: what is written to it, and what it said."""

    process: "subprocess.Popen[bytes]"
    ours: socket.socket
    said: bytes = b""
    established: bool = False


class DtlsLink:
    """One DTLS connection.

    Args:
        host: name or address.
        port: of the server.
        identity: PSK identity.
        key: PSK, in hexadecimal digits.
        before: called aside before each attempt, such as to start a stream; may take seconds.
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
        # Not a daemon: the end of the program waits for the goodbye.
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="dtls")
        self._attempt: Future[_Attempt] | None = None

    def open(self) -> None:
        """Have the handshake started."""
        self.close()
        self._attempt = self._aside.submit(self._begin)

    def ready(self) -> bool:
        """Whether the handshake is done."""
        if self._attempt is None or not self._attempt.done():
            return False
        attempt = self._attempt.result()  # raises what starting raised
        assert attempt.process.stderr is not None
        with contextlib.suppress(BlockingIOError):
            attempt.said += attempt.process.stderr.read(4096) or b""
        if attempt.process.poll() is not None:
            raise ConnectionError(f"the DTLS connection ended ({_reason(attempt.said)})")
        attempt.established = attempt.established or _ESTABLISHED in attempt.said
        return attempt.established

    def send(self, message: Message) -> None:
        """One record."""
        if self._attempt is None or not self._attempt.done():
            raise BlockingIOError("not open yet")
        self._attempt.result().ours.send(message.data)

    def receive(self) -> list[tuple[bytes, Address]]:
        """A bridge says nothing."""
        return []

    def close(self) -> None:
        """Have the connection ended."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None and not attempt.cancel():
            self._aside.submit(self._end, attempt)

    def _begin(self) -> _Attempt:
        self._before()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            try:
                process = subprocess.Popen(
                    self._command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        return _Attempt(process, ours)

    def _end(self, begun: "Future[_Attempt]") -> None:
        if begun.exception() is None:
            attempt = begun.result()
            attempt.ours.close()  # the end of its input: s_client says goodbye and ends
            with contextlib.suppress(subprocess.TimeoutExpired):
                attempt.process.wait(_GOODBYE_S if attempt.established else 0)
            if attempt.process.poll() is None:
                attempt.process.kill()
                attempt.process.wait()
            if attempt.process.stderr is not None:
                attempt.process.stderr.close()
        self._after()


def _reason(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if "error" in line.lower()]
    return lines[-1][-80:] if lines else "no reason given"
