"""The sound card plays, and says where it is.

PortAudio calls for blocks. Each call tells at which moment the block's first sample will be heard; that is a report to
the slow clock. PortAudio says nothing when a card is unplugged, so calls that stop coming are noticed here: after half
a second the song stands still, and every two seconds the card is tried again.
"""

import contextlib
import time
from collections import deque
from typing import Any

import numpy as np

from beatomizer.audio.capture.portaudio import device_number, portaudio, rescan
from beatomizer.errors import DeviceError, one_line
from beatomizer.player.clock import Anchor, SlowClock

SILENT_S = 0.5
"""Without a call for so long the sound stands still, and light idles;"""

RETRY_S = 2.0
"""after so long the card is given up, and opened anew as often. Sound servers may pause calls for a second."""

BUFFER_S = 0.2
"""Sound handed over ahead: a busy computer does not stutter, and the clock knows how much it is."""

USUAL_RATE = 48_000
_LONGEST_LATENCY_S = 1.0

Sound = np.ndarray[tuple[int, ...], np.dtype[np.int16]]


def rate_of_speaker(device: str | None) -> int:
    """A sample rate the output can take: 48 kHz, or its own.

    Raises:
        DeviceError: there is no output.
    """
    sounds = portaudio()
    try:
        facts = sounds.query_devices(device_number(device), "output")
        try:
            sounds.check_output_settings(
                device=device_number(device), channels=2, samplerate=USUAL_RATE, dtype="int16"
            )
        except sounds.PortAudioError:
            return int(facts["default_samplerate"])
    except (sounds.PortAudioError, ValueError) as error:
        raise DeviceError(
            f"no sound output ({one_line(str(error), 80)})", "see 'beatomizer doctor', or use --no-audio"
        ) from None
    return USUAL_RATE


class SpeakerTransport:
    """Plays songs, and gives the line from the computer's clock to the position that is heard.

    Args:
        sample_rate: of all songs.
        device: name or number; the system's own if ``None``.

    Raises:
        DeviceError: the output cannot be opened.
    """

    def __init__(self, sample_rate: int, device: str | None = None) -> None:
        self._rate, self._device = sample_rate, device
        self._sound: Sound | None = None
        self._next, self._playing, self._turn = 0, False, 0
        self._reports: deque[tuple[int, float, float]] = deque(maxlen=256)
        self._clock = SlowClock()
        self._stood_s = 0.0
        self._called_s = self._tried_s = time.monotonic()
        self._stream: Any = None
        self._open()

    @property
    def is_lost(self) -> bool:
        """Whether the sound card does not ask for sound any more."""
        return self._stream is None or time.monotonic() - self._called_s > SILENT_S

    def load(self, sound: Sound | None, position_s: float = 0.0) -> None:
        """Another song, from a position on; ``None`` is silence."""
        self._sound = sound
        self._go(position_s)

    def line(self, now_s: float) -> Anchor:
        """From the clock to the song; also looks after the card."""
        self._look_after(now_s)
        while self._reports:
            turn, at_s, position_s = self._reports.popleft()
            if turn == self._turn:
                self._clock.observe(at_s, position_s)
        line = self._clock.line
        if not self._playing or self._stream is None or line is None or line.at_s == float("-inf"):
            return Anchor(now_s, self._stood_s, 0.0)
        if line.position(now_s) < self._stood_s:  # the first block is not yet heard
            return Anchor(now_s, self._stood_s, 0.0)
        handed_s = self._next / self._rate
        if line.position(now_s) > handed_s + SILENT_S / 10.0:  # what was not handed over cannot be heard
            return Anchor(now_s, handed_s, 0.0)
        return line

    def play(self, now_s: float) -> None:
        """Go on."""
        if not self._playing:
            self._go(self._stood_s)
            self._playing = True

    def pause(self, now_s: float) -> None:
        """Stand still, where the sound that is already on its way ends."""
        if self._playing:
            self._playing = False
            self._stood_s = self._next / self._rate

    def seek(self, now_s: float, position_s: float) -> None:
        """Go elsewhere."""
        self._go(position_s)

    def close(self) -> None:
        """Let the card go."""
        stream, self._stream = self._stream, None
        if stream is not None:
            _abandon(stream)

    def _go(self, position_s: float) -> None:
        self._stood_s = max(0.0, position_s)
        self._next = round(self._stood_s * self._rate)
        self._turn += 1  # reports on their way speak of the place before
        self._clock.restart()

    def _open(self) -> None:
        sounds = portaudio()
        try:
            self._stream = sounds.OutputStream(
                samplerate=self._rate,
                channels=2,
                dtype="int16",
                device=device_number(self._device),
                callback=self._call,
                latency=BUFFER_S,
            )
            self._stream.start()
        except (sounds.PortAudioError, ValueError) as error:
            self._stream = None
            what = f"the sound output cannot be opened ({one_line(str(error), 80)})"
            raise DeviceError(what, "see 'beatomizer doctor', or use --no-audio") from None
        self._called_s = time.monotonic()

    def _call(self, out: Any, frames: int, times: Any, status: Any) -> None:
        """PortAudio's thread: fill a block, say when it will be heard."""
        now_s = self._called_s = time.monotonic()
        turn, sound, first = self._turn, self._sound, self._next
        if not self._playing or sound is None:
            out[:] = 0
            if not self._playing:
                return
            part = out[:0]
        else:
            part = sound[first : first + frames]
            out[: len(part)] = part
            out[len(part) :] = 0
        latency_s = times.outputBufferDacTime - times.currentTime
        if not 0.0 < latency_s < _LONGEST_LATENCY_S:
            latency_s = self._stream.latency if self._stream is not None else 0.0
        if turn == self._turn:
            self._next = first + frames
            self._reports.append((turn, now_s + latency_s, first / self._rate))

    def _look_after(self, now_s: float) -> None:
        if self._stream is not None and now_s - self._called_s > RETRY_S:
            _abandon(self._stream)
            self._stream, self._tried_s = None, now_s
            self._go(self._next / self._rate)
        if self._stream is None and now_s - self._tried_s > RETRY_S:
            self._tried_s = now_s
            with contextlib.suppress(DeviceError):
                rescan()
                self._open()


def _abandon(stream: Any) -> None:
    """Stop and close, whatever a vanished card says to that."""
    with contextlib.suppress(Exception):
        stream.abort()
    with contextlib.suppress(Exception):
        stream.close()
