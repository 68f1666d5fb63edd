"""A composed song becomes a tagged audio file that any player opens."""

from pathlib import Path

import av
import numpy as np

from beatomizer.atomic import written_aside
from beatomizer.composer.compose import ARTIST, Composition
from beatomizer.errors import UsageError

_CODECS = {
    ".flac": ("flac", "s16"),
    ".wav": ("pcm_s16le", "s16"),
    ".m4a": ("aac", "fltp"),
}
"""Codec and sample format by suffix."""

_AAC_BITS_PER_S = 192_000
_BLOCK = 4096


def write_song(composition: Composition, path: str | Path) -> None:
    """Write the song as ``.flac``, ``.wav`` or ``.m4a``, with title and artist.

    Raises:
        UsageError: another suffix, or a folder that cannot be written to.
        ResourceLimitError: the disk is full.
    """
    target = Path(path)
    if target.suffix.lower() not in _CODECS:
        raise UsageError(f"a song cannot be written as '{target.name}'", f"choose from {', '.join(_CODECS)}")
    with written_aside(target) as aside:
        _encode(composition, aside, *_CODECS[target.suffix.lower()])


def _encode(composition: Composition, path: Path, codec: str, sample_format: str) -> None:
    with av.open(str(path), "w") as container:
        container.metadata.update({"title": composition.title, "artist": ARTIST})
        stream = container.add_stream(
            codec, rate=composition.sample_rate, layout="stereo", format=sample_format
        )
        if codec == "aac":
            stream.bit_rate = _AAC_BITS_PER_S
        for start in range(0, len(composition.samples), _BLOCK):
            frame = _frame(composition.samples[start : start + _BLOCK], sample_format)
            frame.sample_rate = composition.sample_rate
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frame(block: np.ndarray[tuple[int, ...], np.dtype[np.float32]], sample_format: str) -> av.AudioFrame:
    if sample_format == "fltp":
        return av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T), format="fltp", layout="stereo")
    whole = np.round(block * 32767.0).astype(np.int16).reshape(1, -1)
    return av.AudioFrame.from_ndarray(whole, format="s16", layout="stereo")
