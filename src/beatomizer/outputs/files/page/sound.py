"""The song's sound for a page: Opus in MP4.

Chosen among what every current browser plays (Chrome, Edge, Firefox, Safari from 17): its table of sample times makes
seeking exact, where MP3 is found by guessing (26 ms off in Chromium after a seek), and it encodes four times as fast
as MP3 at better quality. The file has no edit list: Opus' own header says that its first 312 samples are skipped, and
Chromium, told so twice, plays 6.5 ms early.
"""

import io
from pathlib import Path

import av
import numpy as np

from beatomizer.audio.stereo import stereo_blocks
from beatomizer.progress import Progress
from beatomizer.timebase import FPS, exact_div

MIME_TYPE = 'audio/mp4; codecs="opus"'
SAMPLE_RATE = 48_000
BIT_RATE = 128_000

_EFFORT = "3"
"""libopus complexity, 0–10: 10 takes twice as long and is told apart only by measurement at this rate."""

_CONTAINER = {"fflags": "+bitexact", "use_editlist": "0"}


def sound_bytes(source: Path, frames: int, progress: Progress) -> bytes:
    """The song at ``source`` as an MP4 file with one Opus stream, as long as a show of ``frames`` frames at most."""
    total = frames * exact_div(SAMPLE_RATE, FPS)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options=_CONTAINER) as container:
        stream = container.add_stream(
            "libopus", rate=SAMPLE_RATE, layout="stereo", options={"compression_level": _EFFORT}
        )
        stream.bit_rate = BIT_RATE
        position = 0
        for block in stereo_blocks(source, SAMPLE_RATE):
            samples = block[: total - position]
            if not len(samples):
                break
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), "flt", "stereo")
            frame.sample_rate, frame.pts = SAMPLE_RATE, position
            container.mux(stream.encode(frame))
            position += len(samples)
            progress("page", 0.9 * position / total)
        container.mux(stream.encode(None))
    return file.getvalue()
