"""Sixteen bits in, the same sixteen bits out: FLAC of a clip's sound, in memory."""

import io
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from beatomizer.errors import UnreadableInputError
from beatomizer.timebase import SAMPLE_RATE

_BLOCK = 4096
_LEVEL = "5"
"""FLAC's own default; 8 is twice as slow and saves one hundredth."""


def encode_flac(samples: NDArray[np.int16]) -> bytes:
    """Sound ``[N]`` int16, mono, 24 kHz → the bytes of a FLAC file.

    The same samples give the same bytes: no date, no encoder's version, no padding.
    """
    buffer = io.BytesIO()
    options = {"fflags": "+bitexact", "metadata_header_padding": "0"}
    with av.open(buffer, "w", format="flac", options=options) as container:
        stream = container.add_stream(
            "flac",
            rate=SAMPLE_RATE,
            layout="mono",
            format="s16",
            options={"compression_level": _LEVEL, "flags": "+bitexact", "threads": "1"},
        )
        for start in range(0, len(samples), _BLOCK):
            block = np.ascontiguousarray(samples[None, start : start + _BLOCK])
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def decode_flac(data: bytes, n_samples: int) -> NDArray[np.int16]:
    """FLAC bytes → int16 ``[n_samples]``.

    Raises:
        UnreadableInputError: not FLAC, damaged, or not exactly ``n_samples`` of mono sound at 24 kHz in 16 bits.
    """
    samples = np.empty(n_samples, dtype=np.int16)
    filled = 0
    try:
        with av.open(io.BytesIO(data), format="flac", container_options=_ONLY_FLAC) as container:
            for frame in container.decode(audio=0):
                _check(frame)
                if filled + frame.samples > n_samples:
                    raise UnreadableInputError(f"a clip's sound is longer than {n_samples} samples")
                samples[filled : filled + frame.samples] = frame.to_ndarray()[0]
                filled += frame.samples
    except (av.error.FFmpegError, IndexError) as error:
        raise UnreadableInputError("a clip's sound is not FLAC, or damaged") from error
    if filled != n_samples:
        raise UnreadableInputError(f"a clip's sound ends after {filled} of {n_samples} samples")
    return samples


_ONLY_FLAC = {"format_whitelist": "flac", "codec_whitelist": "flac", "protocol_whitelist": "none"}


def _check(frame: Any) -> None:
    if (frame.format.name, frame.layout.nb_channels, frame.sample_rate) != ("s16", 1, SAMPLE_RATE):
        raise UnreadableInputError("a clip's sound is not mono, 24 kHz, 16 bits")
