"""The song's sound beside the picture: AAC, 48 kHz stereo, exactly as long as the show."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

from beatomizer.arrays import F32
from beatomizer.timebase import hop_samples

RATE = 48_000
BIT_RATE = 160_000
_AAC_FRAME = 1024
"""Samples in one AAC frame; the encoder takes no other size but for the last."""


class Soundtrack:
    """Feeds sound to an AAC stream, as far as the picture has come.

    The encoder's first packet is 1024 samples of priming before time 0; its negative time stamp becomes an edit list
    in the file, so that players start the sound with the first frame.

    Args:
        container: the open output file.
        blocks: float32 ``[n, 2]``, any n. Cut, or filled up with silence, at the end of the show.
        frames: T, the length of the show.
    """

    def __init__(self, container: Any, blocks: Iterator[F32], frames: int) -> None:
        self._container = container
        self._stream = container.add_stream("aac", rate=RATE, layout="stereo")
        self._stream.bit_rate = BIT_RATE
        self._stream.options = {"aac_coder": "fast"}
        self._samples = frames * hop_samples(RATE)
        self._chunks = _chunks(blocks, self._samples)
        self._sent = 0

    def send_until(self, frame: int) -> None:
        """Encode the sound up to the beginning of ``frame``, or a little more."""
        target = min(frame * hop_samples(RATE), self._samples)
        while self._sent < target:
            self._send(next(self._chunks))

    def finish(self) -> None:
        """Encode what is left and what the encoder holds back."""
        for chunk in self._chunks:
            self._send(chunk)
        self._container.mux(self._stream.encode(None))

    def _send(self, chunk: F32) -> None:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(chunk.T), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, Fraction(1, RATE)
        self._sent += len(chunk)
        self._container.mux(self._stream.encode(frame))


def _chunks(blocks: Iterator[F32], samples: int) -> Iterator[F32]:
    """``blocks`` cut anew into AAC frames, ``samples`` samples in all; silence where the sound is too short."""
    held: F32 = np.empty((0, 2), dtype=np.float32)
    for start in range(0, samples, _AAC_FRAME):
        wanted = min(_AAC_FRAME, samples - start)
        while len(held) < wanted:
            block = next(blocks, None)
            if block is None:
                silence = np.zeros((wanted - len(held), 2), dtype=np.float32)
                held = np.concatenate([held, silence])
                break
            held = np.concatenate([held, np.clip(block, -1.0, 1.0)])
        yield held[:wanted]
        held = held[wanted:]
