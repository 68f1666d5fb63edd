"""A song's file as if it were being played: its samples come in real time."""

import time
from pathlib import Path

from beatomizer.audio.audio import Audio
from beatomizer.audio.capture.block import Block, EndOfSoundError
from beatomizer.audio.load import load_audio
from beatomizer.timebase import SAMPLE_RATE

BLOCK_S = 0.01


class FileCapture:
    """Paced by absolute deadlines: the file never drifts from the clock; what is late comes at once.

    Args:
        song: any song.
        loop: whether its end is followed by its beginning.

    Raises:
        BeatomizerError: as ``load_audio``.
    """

    def __init__(self, song: str | Path, *, loop: bool = False) -> None:
        self._audio: Audio = load_audio(song)
        self.name = self._audio.title or Path(song).stem
        self.sample_rate = SAMPLE_RATE
        self._loop, self._next = loop, 0
        self._start_s: float | None = None

    def read(self, timeout_s: float) -> Block | None:
        """See ``Capture``. The clock starts with the first call."""
        if self._start_s is None:
            self._start_s = time.monotonic()
        count = round(BLOCK_S * SAMPLE_RATE)
        samples = self._audio.samples[self._next : self._next + count]
        if not len(samples):
            if not self._loop:
                raise EndOfSoundError
            self._start_s += self._next / SAMPLE_RATE
            self._next = 0
            samples = self._audio.samples[:count]
        at_s = self._start_s + (self._next + len(samples)) / SAMPLE_RATE
        wait_s = at_s - time.monotonic()
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        if wait_s > 0:
            time.sleep(wait_s)
        self._next += len(samples)
        return Block(samples[:, None], at_s)

    def close(self) -> None:
        """Nothing to let go."""
