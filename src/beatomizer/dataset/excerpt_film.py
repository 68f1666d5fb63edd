"""The pictures of one clip as a small film that browsers play, made when they cannot play the take's own file.

Old and odd coders (MPEG-4, WMV, ProRes …) are decoded in a process of its own with limits, as in a build; this is its
side, ``clip_films`` the other one. The sound is the clip's: sample 0 of it is time 0 of the pictures, as in training.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from beatomizer.arrays import U8
from beatomizer.atomic import written_aside
from beatomizer.audio.gate import BARREN_VIDEO_BYTES, open_song, shown
from beatomizer.ceilings import keep_within
from beatomizer.dataset.clip import CLIP_SAMPLES
from beatomizer.dataset.clips import CLIP_S
from beatomizer.dataset.flac import decode_flac
from beatomizer.dataset.observe import sound_zero_s
from beatomizer.dataset.planes import quarter_turns
from beatomizer.dataset.video_file import MOST_PIXELS, Troubles, moving_picture, opened, pictures, too_large
from beatomizer.errors import BeatomizerError, UnreadableInputError
from beatomizer.timebase import SAMPLE_RATE

_MEMORY_BYTES = 4 << 30
_CPU_S = 60
_WIDEST, _HIGHEST = 640, 480
_EARLIER_S = 4.0
"""A key frame is looked for so much earlier; where it is not found, the film is read from its beginning."""

_BLOCK = 480
_TICK = Fraction(1, 1000)
_COARSE = {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "1200k"}
"""To look at once: VP8 as fast as it goes."""


def serve() -> None:
    """Make one film: the task is an argument, the clip's sound (FLAC) comes through standard input."""
    keep_within(_MEMORY_BYTES, _CPU_S)
    task = json.loads(sys.argv[2])
    try:
        film = Path(task["out"])
        write_film(Path(task["media"]), float(task["start_s"]), sys.stdin.buffer.read(8 << 20), film)
    except (BeatomizerError, av.error.FFmpegError, OSError, MemoryError):
        sys.exit(1)


def write_film(media: Path, start_s: float, flac: bytes, out: Path) -> None:
    """Write fifteen seconds of a video with a clip's sound as WebM; the file appears whole or not at all.

    Args:
        media: the take's file.
        start_s: where in it the clip begins, in seconds from sample 0 of its sound.
        flac: the clip's sound.
        out: the film.

    Raises:
        UnreadableInputError: there are no pictures, or none that can be decoded.
        ResourceLimitError: they are larger than 8K.
    """
    sound = decode_flac(flac, CLIP_SAMPLES)
    zero_s = sound_zero_s(media) or 0.0
    with written_aside(out) as aside, av.open(str(aside), "w", format="webm") as container:
        film: _Film | None = None
        for picture, at_s, rate in _pictures(media, start_s + zero_s):
            film = film or _Film(container, picture, rate, sound)
            film.show(picture, at_s)
        if film is None:
            raise UnreadableInputError(f"'{shown(media)}' has no pictures there")
        film.finish()


def _pictures(media: Path, from_s: float) -> Iterator[tuple[VideoFrame, float, float]]:
    """The pictures of fifteen seconds from a moment of the file's own clock on.

    Yields each picture, its time since that moment, and the rate of the film in pictures a second.
    """
    with open_song(media) as file, opened(media, file) as container:
        file.patience = BARREN_VIDEO_BYTES
        stream = moving_picture(media, container, 2)
        if from_s > _EARLIER_S and stream.time_base:
            with contextlib.suppress(av.error.FFmpegError):
                container.seek(int(Fraction(from_s - _EARLIER_S) / stream.time_base), stream=stream)
        for picture in pictures(container, stream, file, Troubles()):
            if picture.width * picture.height > MOST_PIXELS:
                raise too_large(media)
            if picture.pts is None or not picture.time_base:
                continue
            at_s = float(picture.pts * picture.time_base) - from_s
            if at_s >= CLIP_S:
                return
            if at_s >= 0:
                yield picture, at_s, float(stream.average_rate or 30)


class _Film:
    """A film being written: small pictures, and the sound beside them."""

    def __init__(self, container: Any, first: VideoFrame, rate: float, sound: NDArray[np.int16]) -> None:
        self._container = container
        self._turns = quarter_turns(first)
        share = min(1.0, _WIDEST / first.width, _HIGHEST / first.height)
        self._size = tuple(max(2, round(side * share / 2) * 2) for side in (first.width, first.height))
        self._pictures = container.add_stream("libvpx", rate=min(60, max(1, round(rate))), options=_COARSE)
        self._pictures.width, self._pictures.height = self._size[:: -1 if self._turns % 2 else 1]
        self._pictures.pix_fmt = "yuv420p"
        self._pictures.codec_context.time_base = _TICK
        self._heard = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        self._sound = sound
        self._sent = 0
        self._last = -1

    def show(self, picture: VideoFrame, at_s: float) -> None:
        """Add a picture, and the sound until then."""
        ticks = round(at_s / _TICK)
        if ticks <= self._last:
            return
        self._last = ticks
        self._hear(int(at_s * SAMPLE_RATE) + _BLOCK)
        small = picture.reformat(width=self._size[0], height=self._size[1], format="rgb24").to_ndarray()
        upright: U8 = np.ascontiguousarray(np.rot90(small, self._turns), dtype=np.uint8)
        frame = VideoFrame.from_ndarray(upright, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = ticks, _TICK
        self._container.mux(self._pictures.encode(frame))

    def finish(self) -> None:
        """Add the rest of the sound, and what the coders hold back."""
        self._hear(len(self._sound))
        self._container.mux(self._pictures.encode(None))
        self._container.mux(self._heard.encode(None))

    def _hear(self, until: int) -> None:
        while self._sent < min(until, len(self._sound)):
            block = np.ascontiguousarray(self._sound[None, self._sent : self._sent + _BLOCK])
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, self._sent, Fraction(1, SAMPLE_RATE)
            self._sent += block.shape[1]
            self._container.mux(self._heard.encode(frame))
