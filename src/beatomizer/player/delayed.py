"""The input, played again a while later: time for slow lights, and for the ear to wait until light was decided.

Two devices have two crystals. What is buffered would grow or shrink for ever, so each block is stretched by one sample
where it has moved too far; nobody hears a 480th.
"""

import threading
from typing import Any

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.capture.block import Block
from beatomizer.audio.capture.portaudio import device_number, portaudio
from beatomizer.errors import DeviceError, one_line

_SLACK_S = 0.015


class Delay:
    """A buffer of stereo sound that is read ``delay`` samples behind its end.

    Args:
        delay: samples to hold back.
        slack: by how much the buffer may differ from that before reading is stretched.
    """

    def __init__(self, delay: int, slack: int) -> None:
        self._delay, self._slack = delay, slack
        self._kept: F32 = np.zeros((delay, 2), dtype=np.float32)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Samples that wait."""
        return len(self._kept)

    def push(self, samples: F32) -> None:
        """Add ``[n, C]``; mono goes to both sides. What is far too old is dropped."""
        stereo = samples[:, :2] if samples.shape[1] >= 2 else np.repeat(samples, 2, axis=1)
        with self._lock:
            self._kept = np.concatenate([self._kept, stereo])[-2 * self._delay - 8 * self._slack :]

    def pull(self, count: int) -> F32:
        """The next ``[count, 2]``; silence where there is nothing."""
        with self._lock:
            off = len(self._kept) - self._delay
            taken = count + (1 if off > self._slack else -1 if off < -self._slack else 0)
            part, self._kept = self._kept[:taken], self._kept[taken:]
        if len(part) == count:
            return part
        if len(part) < max(2, count - 1):
            return np.concatenate([part, np.zeros((count - len(part), 2), dtype=np.float32)])
        place = np.linspace(0.0, len(part) - 1.0, count)
        numbers = np.arange(len(part))
        return np.stack([np.interp(place, numbers, part[:, side]) for side in (0, 1)], axis=1).astype(
            np.float32
        )


class DelayedSpeaker:
    """Plays blocks later.

    Args:
        sample_rate: of the blocks.
        delay_s: how much later they are heard; what the output itself is late by is taken off.
        device: name or number.

    Raises:
        DeviceError: the output cannot be opened.
    """

    def __init__(self, sample_rate: int, delay_s: float, device: str | None = None) -> None:
        sounds = portaudio()
        try:
            self._stream = sounds.OutputStream(
                samplerate=sample_rate,
                channels=2,
                dtype="float32",
                device=device_number(device),
                callback=self._call,
            )
        except (sounds.PortAudioError, ValueError) as error:
            what = f"the delayed sound cannot be played ({one_line(str(error), 80)})"
            raise DeviceError(what, "choose an output with --device") from None
        held_s = max(0.01, delay_s - float(self._stream.latency))
        self._delay = Delay(round(held_s * sample_rate), round(_SLACK_S * sample_rate))
        self._stream.start()

    def push(self, block: Block) -> None:
        """Take a block."""
        self._delay.push(block.samples)

    def close(self) -> None:
        """Let the output go."""
        self._stream.abort()
        self._stream.close()

    def _call(self, out: Any, frames: int, times: Any, status: Any) -> None:
        out[:] = self._delay.pull(frames)
