"""PulseAudio and PipeWire, through their own tools: microphones, and what the computer plays.

Each output of the computer has a *monitor*, a source that gives what is being played there. Debian's PortAudio sees
only ALSA and no monitors, so sources are found with ``pactl`` and recorded by a child process, ``parec`` (or
``pw-record``, which PipeWire brings), at the source's own rate.
"""

import contextlib
import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beatomizer.audio.capture.block import Block
from beatomizer.errors import DeviceError, one_line

BLOCK_MS = 10
_TOOL_S = 5.0


@dataclass(frozen=True)
class Source:
    """Something that can be recorded.

    Attributes:
        name: for tools.
        title: for people.
        sample_rate, channels: its own.
        monitor: whether it gives what the computer plays.
        default: whether it belongs to the output, or is the microphone, that the system uses.
    """

    name: str
    title: str
    sample_rate: int
    channels: int
    monitor: bool
    default: bool


def has_pulse() -> bool:
    """Whether the tools are there."""
    return shutil.which("pactl") is not None and recorder() is not None


def recorder() -> str | None:
    """The tool that records: ``parec`` or ``pw-record``."""
    return next((tool for tool in ("parec", "pw-record") if shutil.which(tool)), None)


def sources() -> list[Source]:
    """All sources of the running sound server.

    Raises:
        DeviceError: none is running.
    """
    found = json.loads(_told("--format=json", "list", "sources") or "[]")
    server = json.loads(_told("--format=json", "info") or "{}")
    defaults = {server.get("default_source_name"), f"{server.get('default_sink_name')}.monitor"}
    return [source_of(entry, defaults) for entry in found]


def source_of(entry: Mapping[str, Any], defaults: "set[str | None]") -> Source:
    """One source, from what ``pactl --format=json list sources`` says ("float32le 2ch 44100Hz")."""
    words = str(entry.get("sample_specification", "")).split()
    numbers = {word.lstrip("0123456789"): word.rstrip("chHz") for word in words if word[:1].isdigit()}
    name = str(entry["name"])
    return Source(
        name,
        str(entry.get("description") or name),
        int(numbers.get("Hz", 48_000)),
        int(numbers.get("ch", 2)),
        name.endswith(".monitor") or bool(entry.get("monitor_source")),
        name in defaults,
    )


def _told(*words: str) -> str:
    try:
        done = subprocess.run(["pactl", *words], capture_output=True, text=True, timeout=_TOOL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DeviceError(f"pactl does not answer ({error})", "is PulseAudio or PipeWire running?") from None
    if done.returncode:
        said = one_line(done.stderr or "no reason given", 80)
        raise DeviceError(f"no sound server answers ({said})", "start PulseAudio or PipeWire")
    return done.stdout


class PulseCapture:
    """A source, recorded by a child process whose output a thread reads.

    Args:
        source: of ``sources``.

    Raises:
        DeviceError: the child cannot be started.
    """

    def __init__(self, source: Source) -> None:
        self.name, self.sample_rate = source.title, source.sample_rate
        self._channels = min(source.channels, 2)
        self._blocks: queue.SimpleQueue[Block | None] = queue.SimpleQueue()
        try:
            self._child = subprocess.Popen(
                command_of(source, self._channels),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for us; we end it
            )
        except OSError as error:
            raise DeviceError(f"recording cannot be started ({error})", "see 'beatomizer doctor'") from None
        self._ear = threading.Thread(target=self._hear, daemon=True)
        self._ear.start()

    def read(self, timeout_s: float) -> Block | None:
        """See ``Capture``."""
        try:
            block = self._blocks.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if block is None:
            raise DeviceError(f"{self.name} gives no more sound", "is it still plugged in?")
        return block

    def close(self) -> None:
        """End the child."""
        with contextlib.suppress(OSError):
            self._child.terminate()
        try:
            self._child.wait(1.0)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._ear.join(1.0)
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _hear(self) -> None:
        assert self._child.stdout is not None
        size = 4 * self._channels
        most = size * self.sample_rate * BLOCK_MS // 1000
        rest = b""
        while data := self._child.stdout.read(most):
            now_s = time.monotonic()
            rest += data
            whole = len(rest) // size * size
            samples = np.frombuffer(rest[:whole], dtype="<f4").reshape(-1, self._channels).copy()
            rest = rest[whole:]
            if len(samples):
                self._blocks.put(Block(samples, now_s))
        self._blocks.put(None)


def command_of(source: Source, channels: int) -> list[str]:
    """The child's words."""
    if recorder() == "pw-record":
        target = ["--target", source.name.removesuffix(".monitor")]
        sink = ["-P", "stream.capture.sink=true"] if source.monitor else []
        kind = ["--rate", str(source.sample_rate), "--channels", str(channels), "--format", "f32"]
        return ["pw-record", *target, *sink, *kind, "--latency", f"{BLOCK_MS}ms", "--raw", "-"]
    return [
        "parec",
        f"--device={source.name}",
        "--raw",
        "--format=float32le",
        f"--rate={source.sample_rate}",
        f"--channels={channels}",
        f"--latency-msec={BLOCK_MS}",
        "--client-name=Beatomizer",
    ]
