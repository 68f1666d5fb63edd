"""A source that may vanish and come back: nothing for half a second is silence of a device, not of music.

PortAudio has no call for an unplugged card, and a child process may end. So blocks that stop coming are noticed here,
and every two seconds the source is opened anew, by the same name.
"""

import contextlib
import time
from collections.abc import Callable

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.capture.block import Block, Capture
from beatomizer.audio.capture.rate import StreamResampler
from beatomizer.audio.clean import without_nonsense
from beatomizer.errors import BeatomizerError, DeviceError

LOST_S = 0.5
OPENING_S = 3.0
"""So long a source may take to give its first block: a recorder on a busy machine, a wireless microphone."""
RETRY_S = 2.0


class WatchedCapture:
    """Mono 24 kHz from any source, and whether it is there.

    Args:
        open_source: opens it; called again after it was lost.

    Attributes:
        losses: how often it was lost.
        tap: told of each block as it came.
        clipped: share of the last block's samples at full scale.

    Raises:
        BeatomizerError: it cannot be opened the first time.
    """

    def __init__(self, open_source: Callable[[], Capture]) -> None:
        self._open = open_source
        self.losses, self.clipped = 0, 0.0
        self.tap: Callable[[Block], None] | None = None
        self._source: Capture | None = open_source()
        self.name, self.sample_rate = self._source.name, self._source.sample_rate
        self._resampler = StreamResampler(self._source.sample_rate)
        self._heard_s = self._tried_s = time.monotonic()
        self._quiet_s = OPENING_S
        self._missed = False

    @property
    def is_lost(self) -> bool:
        """Whether there is no source now: one that was lost is back when it is heard, not when it is opened."""
        return self._missed

    def read(self, timeout_s: float) -> tuple[F32, float] | None:
        """Samples ``[n]`` and the moment at which the last of them was there; ``None`` if none came in time.

        Raises:
            EndOfSoundError: a file is over.
        """
        if self._source is None:
            time.sleep(timeout_s)
            self._try_again()
            return None
        try:
            block = self._source.read(timeout_s)
        except DeviceError:
            self._lose()
            return None
        now_s = time.monotonic()
        if block is None:
            if now_s - self._heard_s > self._quiet_s:
                self._lose()
            return None
        self._heard_s, self._quiet_s, self._missed = now_s, LOST_S, False
        if self.tap is not None:
            self.tap(block)
        return self._resampler.push(self._mono(block)), block.at_s

    def close(self) -> None:
        """Let it go."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _mono(self, block: Block) -> F32:
        """One channel, whatever a driver hands over: no nonsense, nothing beyond full scale."""
        samples = block.samples.astype(np.float32, copy=True)
        without_nonsense(samples)
        self.clipped = float((abs(samples) >= 0.999).mean()) if samples.size else 0.0
        mono: F32 = samples.mean(axis=1, dtype=np.float32).clip(-1.0, 1.0)
        return mono

    def _lose(self) -> None:
        self.losses += not self._missed
        self._missed = True
        self._tried_s = time.monotonic()
        with contextlib.suppress(Exception):
            self.close()
        self._source = None

    def _try_again(self) -> None:
        now_s = time.monotonic()
        if now_s - self._tried_s < RETRY_S:
            return
        self._tried_s = now_s
        with contextlib.suppress(BeatomizerError):
            self._source = self._open()
            self._resampler = StreamResampler(self._source.sample_rate)
            self._heard_s, self._quiet_s = time.monotonic(), OPENING_S
