"""A lamp on a socket: counts what DDP packets say and when, so that faults can be timed from outside."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

ROOT = Path(__file__).parents[1]


class Lamp:
    """Listens on loopback. DDP: 10 bytes of header, then RGB; 4-byte headers more if a timecode is flagged."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port = self._socket.getsockname()[1]
        self.url = f"ddp://127.0.0.1:{self.port}?gamma=srgb"
        self.times: list[float] = []
        self.colours: list[np.ndarray[Any, np.dtype[np.uint8]]] = []
        self._over = False
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._over:
            try:
                data = self._socket.recv(2048)
            except TimeoutError:
                continue
            if len(data) > 10 and data[0] & 0x01 and not data[0] & 0x02:  # PUSH, and no question
                self.times.append(time.monotonic())
                self.colours.append(np.frombuffer(data[10:], np.uint8))

    @property
    def is_dark(self) -> bool:
        return bool(self.colours) and not self.colours[-1].any()

    def dark_since(self) -> float:
        """When the light that is dark now went dark."""
        lit = [number for number, colour in enumerate(self.colours) if colour.any()]
        after = lit[-1] + 1 if lit else 0
        return self.times[after] if after < len(self.times) else float("inf")

    def wait(self, what: "Callable[[Lamp], bool]", timeout_s: float = 30.0) -> None:
        """Until ``what(self)`` holds."""
        until = time.monotonic() + timeout_s
        while not what(self):
            assert time.monotonic() < until, f"waited {timeout_s} s in vain; {len(self.times)} packets"
            time.sleep(0.01)

    def wait_lit(self, packets: int = 30, above: int = 150) -> None:
        """Until light brighter than the idle breath has come for a while."""
        self.wait(lambda lamp: sum(int(c.max()) > above for c in lamp.colours[-packets:]) == packets)


def cue_list(path: Path, seconds: float = 60.0, zones: int = 2, look: str = "hold") -> Path:
    """A cue list that lights everything evenly: no listening is needed to play it."""
    told = {
        "version": 1,
        "title": "even",
        "duration_s": seconds,
        "tempo_bpm": 120.0,
        "beats": [
            {"time_s": n / 2, "position": n % 4 + 1, "confidence": 1.0} for n in range(int(seconds * 2))
        ],
        "sections": [{"start_s": 0.0, "end_s": seconds, "label": "A"}],
        "palette": ["#ff8040"],
        "cues": [{"time_s": 0.0, "look": look, "colors": ["#ff8040"], "intensity": 0.8}],
        "level": {"step_s": 0.25, "values": [0.8] * int(seconds * 4)},
        "seed": 0,
        "safety": "broadcast",
        "zones": zones,
    }
    Path(path).write_text(json.dumps(told))
    return path


def start(
    *words: object, environment: Mapping[str, str] | None = None, **wishes: Any
) -> "subprocess.Popen[str]":
    """``beatomizer …`` as a process of its own group, as a terminal starts one."""
    return subprocess.Popen(
        [sys.executable, "-m", "beatomizer", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **wishes,
    )


def children(pid: int) -> dict[int, str]:
    """Processes started by ``pid``, with their command lines (Linux)."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == pid:
                found[int(entry.name)] = b" ".join(words).decode()
    return found


def end(process: "subprocess.Popen[str]") -> None:
    """End a group that a test started, whatever state it is in."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
