"""OLA as an independent receiver of sACN and Art-Net: started as another user on loopback, every frame counted.

OLA refuses to run as root and floods its log without D-Bus, so it gets another uid and a private dbus-daemon. Frames
are read through its RPC port: a length word (version 1 in the top four bits), then protobuf, written out by hand here.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OTHER_UID = 65534
"""nobody."""

_OTHER_PLUGINS = (
    *(
        "dummy",
        "espnet",
        "ftdidmx",
        "gpio",
        "karate",
        "kinet",
        "milinst",
        "nanoleaf",
        "opendmx",
        "openpixelcontrol",
    ),
    *(
        "osc",
        "pathport",
        "renard",
        "sandnet",
        "shownet",
        "spi",
        "spidmx",
        "spinative",
        "stageprofi",
        "uartdmx",
    ),
    *("usbdmx", "usbserial"),
)
_VERSION = 1 << 28
_REQUEST, _RESPONSE = 1, 2


def missing() -> str:
    """Which program is missing, or nothing."""
    return ", ".join(name for name in ("olad", "ola_patch", "dbus-daemon") if shutil.which(name) is None)


@dataclass
class Ola:
    """A running olad.

    Attributes:
        frames: universe → every frame that OLA passed on: time and slots.
    """

    rpc_port: int
    folder: Path
    frames: dict[int, list[tuple[float, bytes]]] = field(default_factory=dict)
    _socket: socket.socket | None = None

    def patch(self, plugin: str, universe: int, port: int = 0) -> None:
        """Tie an input port of ``E1.31`` or ``ArtNet`` to a universe."""
        alias = self._device(plugin)
        _tool("ola_patch", "--device", alias, "--port", str(port), "--input", "--universe", str(universe))

    def listen(self, *universes: int) -> None:
        """Count every frame of these universes from now on."""
        self._socket = socket.create_connection(("127.0.0.1", self.rpc_port), timeout=10)
        self._socket.settimeout(None)
        for number, universe in enumerate(universes):
            self.frames[universe] = []
            request = _number(1, universe) + _number(2, 1)
            self._socket.sendall(_framed(_REQUEST, number, "RegisterForDmx", request))
        threading.Thread(target=self._read, args=(self._socket,), daemon=True).start()
        time.sleep(0.3)

    def _read(self, way: socket.socket) -> None:
        stream = way.makefile("rb")
        with contextlib.suppress(OSError, ValueError):
            while head := stream.read(4):
                (word,) = struct.unpack("=I", head)
                told = _fields(stream.read(word & 0x0FFFFFFF))
                if told.get(3) == b"UpdateDmxData":
                    data = _fields(bytes(told[4]))
                    self.frames[int(data[1])].append((time.monotonic(), bytes(data[2])))
                    way.sendall(_framed(_RESPONSE, int(told[2]), "", b""))

    def _device(self, plugin: str) -> str:
        listing = _tool("ola_dev_info")
        for line in listing.splitlines():
            if line.startswith("Device ") and plugin in line:
                return line.split()[1].rstrip(":")
        raise AssertionError(f"OLA has no {plugin}:\n{listing}")

    def close(self) -> None:
        """Stop listening."""
        if self._socket is not None:
            self._socket.close()


@contextlib.contextmanager
def running_ola(rpc_port: int = 9010) -> Iterator[Ola]:
    """Olad with sACN and Art-Net on 127.0.0.1, until the block ends."""
    with _alone():
        yield from _running(rpc_port)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One at a time on this machine: the ports of sACN, Art-Net and OLA's own tools are fixed."""
    with Path(tempfile.gettempdir(), "beatomizer-ola.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _running(rpc_port: int) -> Iterator[Ola]:
    folder = Path(tempfile.mkdtemp(prefix="ola-", dir="/tmp"))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _configure(folder)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C"}
        bus = f"unix:path={folder}/bus"
        command = ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", f"--address={bus}"]
        processes.append(_start(command, environment, folder))
        _wait_for(lambda: (folder / "bus").exists(), "dbus-daemon")
        environment |= {"DBUS_SYSTEM_BUS_ADDRESS": bus, "DBUS_SESSION_BUS_ADDRESS": bus}
        command = ["olad", "--config-dir", str(folder), "--no-http", "--no-register-with-dns-sd"]
        command += ["--rpc-port", str(rpc_port), "--log-level", "2"]
        processes.append(_start(command, environment, folder))
        ola = Ola(rpc_port, folder)
        _wait_for(lambda: _answers(rpc_port), "olad")
        yield ola
        ola.close()
    finally:
        for process in reversed(processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path) -> None:
    for plugin in _OTHER_PLUGINS:
        (folder / f"ola-{plugin}.conf").write_text("enabled = false\n")
    e131 = "cid = 00010203-0405-0607-0809-0a0b0c0d0e0f\nip = 127.0.0.1\ninput_ports = 8\noutput_ports = 1\n"
    (folder / "ola-e131.conf").write_text(e131 + "enabled = true\nrevision = 0.46\n")
    artnet = "ip = 127.0.0.1\nuse_loopback = true\nuse_limited_broadcast = false\nnet = 0\nsubnet = 0\n"
    (folder / "ola-artnet.conf").write_text(artnet + "enabled = true\nalways_broadcast = false\n")
    (folder / "bus.conf").write_text(
        "<busconfig><type>session</type><auth>ANONYMOUS</auth><allow_anonymous/>"
        f"<listen>unix:path={folder}/bus</listen><policy context='default'><allow send_destination='*'/>"
        "<allow own='*'/><allow user='*'/></policy></busconfig>"
    )
    if os.getuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, OTHER_UID, OTHER_UID)


def _start(command: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    user = OTHER_UID if os.getuid() == 0 else None
    with (folder / f"{command[0]}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            user=user,
            group=user,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
        return "E1.31" in _tool("ola_dev_info")
    return False


def _wait_for(happened: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"{what} did not start"
        time.sleep(0.05)


def _tool(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return done.stdout + done.stderr


def _framed(kind: int, number: int, name: str, body: bytes) -> bytes:
    message = (
        _number(1, kind) + _number(2, number) + (_bytes(3, name.encode()) if name else b"") + _bytes(4, body)
    )
    return struct.pack("=I", _VERSION | len(message)) + message


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(tag: int, value: int) -> bytes:
    return bytes([tag << 3]) + _varint(value)


def _bytes(tag: int, value: bytes) -> bytes:
    return bytes([tag << 3 | 2]) + _varint(len(value)) + value


def _fields(message: bytes) -> dict[int, Any]:
    """The fields of a protobuf message that holds varints and bytes only."""
    fields, at = dict[int, Any](), 0
    while at < len(message):
        tag, at = message[at], at + 1
        value = shift = 0
        while True:
            byte, at = message[at], at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if tag & 7 == 2:
            fields[tag >> 3], at = message[at : at + value], at + value
        else:
            fields[tag >> 3] = value
    return fields
