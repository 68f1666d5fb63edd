"""PortAudio's inputs: microphones and line inputs everywhere, loopback devices where the system has them."""

import contextlib
import queue
import time
from typing import Any

from beatomizer.audio.capture.block import Block
from beatomizer.errors import DeviceError, MissingExtraError, one_line

BLOCK_S = 0.01


def portaudio() -> Any:
    """The module ``sounddevice``.

    Raises:
        MissingExtraError: it is not installed.
        DeviceError: PortAudio itself is missing.
    """
    try:
        import sounddevice
    except ImportError:
        raise MissingExtraError("sound", "live") from None
    except OSError as error:
        hint = "apt install libportaudio2, or brew install portaudio"
        raise DeviceError(f"PortAudio is missing ({one_line(str(error), 80)})", hint) from None
    return sounddevice


def device_number(name: str | None) -> int | str | None:
    """A device as ``sounddevice`` wants it: a number, or part of a name."""
    return int(name) if name is not None and name.isdecimal() else name


def inputs() -> list[tuple[int, str, int, int]]:
    """Number, name, channels and rate of each input."""
    found = enumerate(portaudio().query_devices())
    return [
        (number, str(facts["name"]), int(facts["max_input_channels"]), round(facts["default_samplerate"]))
        for number, facts in found
        if facts["max_input_channels"] > 0
    ]


class DeviceCapture:
    """An input of PortAudio, at its own rate.

    Args:
        device: name or number; the system's own if ``None``.

    Raises:
        DeviceError: it cannot be opened.
    """

    def __init__(self, device: str | None = None) -> None:
        sounds = portaudio()
        self._blocks: queue.SimpleQueue[Block] = queue.SimpleQueue()
        try:
            facts = sounds.query_devices(device_number(device), "input")
            self.name, self.sample_rate = str(facts["name"]), round(facts["default_samplerate"])
            self._stream = sounds.InputStream(
                device=device_number(device),
                samplerate=self.sample_rate,
                channels=min(2, int(facts["max_input_channels"])),
                dtype="float32",
                blocksize=round(BLOCK_S * self.sample_rate),
                latency="low",
                callback=self._call,
            )
            self._stream.start()
        except (sounds.PortAudioError, ValueError) as error:
            what = f"no sound input ({one_line(str(error), 80)})"
            raise DeviceError(what, "see 'beatomizer live --list' and 'beatomizer doctor'") from None

    def read(self, timeout_s: float) -> Block | None:
        """See ``Capture``."""
        try:
            return self._blocks.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Let it go, whatever a vanished card says to that."""
        with contextlib.suppress(Exception):
            self._stream.abort()
        with contextlib.suppress(Exception):
            self._stream.close()

    def _call(self, data: Any, frames: int, times: Any, status: Any) -> None:
        self._blocks.put(Block(data.copy(), time.monotonic()))


def rescan() -> None:
    """PortAudio lists devices once; a card that came back is only seen after starting it anew."""
    sounds = portaudio()
    with contextlib.suppress(Exception):
        sounds._terminate()
        sounds._initialize()
