"""A PulseAudio of its own for a test: private folders, a null sink, no card of the machine is touched."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np

TOOLS = ("pulseaudio", "pactl", "pacat", "parec")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]


class PulseServer:
    """Started in ``folder``; ``environment`` leads clients to it."""

    def __init__(self, folder: Path):
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
        self._process = None

    def __enter__(self):
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

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def run(self, *words):
        return subprocess.run(
            words,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def plug_in(self):
        """A sound card that nobody hears, 48 kHz."""
        done = self.run(
            "pactl", "load-module", "module-null-sink", "sink_name=room", "rate=48000", "channels=2"
        )
        assert done.returncode == 0, done.stderr
        self._card = done.stdout.strip()

    def unplug(self):
        """It vanishes."""
        assert self.run("pactl", "unload-module", self._card).returncode == 0

    def play(self, samples, rate=48_000):
        """Start playing mono samples into the card; the process."""
        words = [
            "pacat",
            "--raw",
            "--format=float32le",
            f"--rate={rate}",
            "--channels=1",
            "--latency-msec=20",
        ]
        path = self._folder / "played.f32"
        np.asarray(samples, dtype="<f4").tofile(path)
        with path.open("rb") as file:
            return subprocess.Popen(
                [*words, "--device=room"], env={**os.environ, **self.environment}, stdin=file
            )
