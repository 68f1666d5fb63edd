"""A PulseAudio of its own for a test: private folders, a null sink, no card of the machine is touched."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

import numpy as np

from beatomizer.arrays import F32

TOOLS = ("pulseaudio", "pactl", "pacat", "parec")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]


class PulseServer:
    """Started in ``folder``; ``environment`` leads clients to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        self.environment = {
            "XDG_RUNTIME_DIR": str(runtime),
            "PULSE_RUNTIME_PATH": str(runtime / "pulse"),
            "PULSE_SERVER": f"unix:{runtime}/socket",
            "HOME": str(folder),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._card = ""

    def __enter__(self) -> Self:
        words = [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--disable-shm=yes",
        ]
        socket = self.environment["PULSE_SERVER"].removeprefix("unix:")
        words += ["-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
        self._log = (self._folder / "pulse.log").open("w")
        self._process = subprocess.Popen(
            words, env={**os.environ, **self.environment}, stdout=self._log, stderr=self._log
        )
        until = time.monotonic() + 20
        while self.run("pactl", "info").returncode:
            assert time.monotonic() < until, (self._folder / "pulse.log").read_text()
            time.sleep(0.1)
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            words,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def plug_in(self) -> None:
        """A sound card that nobody hears, 48 kHz."""
        done = self.run(
            "pactl", "load-module", "module-null-sink", "sink_name=room", "rate=48000", "channels=2"
        )
        assert done.returncode == 0, done.stderr
        self._card = done.stdout.strip()

    def unplug(self) -> None:
        """It vanishes."""
        assert self.run("pactl", "unload-module", self._card).returncode == 0

    def play(self, samples: F32, rate: int = 48_000, latency_ms: int = 20) -> "subprocess.Popen[bytes]":
        """Start playing mono samples into the card; the process."""
        words = [
            "pacat",
            "--raw",
            "--format=float32le",
            f"--rate={rate}",
            "--channels=1",
            f"--latency-msec={latency_ms}",
        ]
        path = self._folder / "played.f32"
        np.asarray(samples, dtype="<f4").tofile(path)
        with path.open("rb") as file:
            return subprocess.Popen(
                [*words, "--device=room"], env={**os.environ, **self.environment}, stdin=file
            )


class Ear:
    """Listens to the monitor: when did clicks come?"""

    def __init__(self, server: PulseServer) -> None:
        words = [
            "parec",
            "--device=room.monitor",
            "--raw",
            "--format=float32le",
            "--rate=48000",
            "--channels=1",
        ]
        self._child = subprocess.Popen(
            [*words, "--latency-msec=5"],
            env={**os.environ, **server.environment},
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.clicks: list[float] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        quiet, rest = 48_000, b""
        assert self._child.stdout is not None
        while data := self._child.stdout.read(960):
            now, rest = time.monotonic(), rest + data
            size = len(rest) // 4 * 4
            block, rest = np.abs(np.frombuffer(rest[:size], "<f4")), rest[size:]
            loud = np.flatnonzero(block > 0.1)
            if len(loud) and quiet > 12_000:
                self.clicks.append(now - (len(block) - loud[0]) / 48_000)
            quiet = len(block) - loud[-1] if len(loud) else quiet + len(block)

    def close(self) -> None:
        self._child.terminate()
        self._child.wait()
        self._thread.join()
        if self._child.stdout is not None:
            self._child.stdout.close()
