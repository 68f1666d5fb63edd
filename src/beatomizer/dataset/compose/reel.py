"""A film and its sound become one mp4: H.264 with true time stamps and AAC, tagged BT.709, limited range.

Colours go through swscale's accurate path (measured: ≤ 1.1/255 from the drawn mean, per channel, on flat colours, and
less on pictures). One encoder thread: takes are made in parallel, and the same take gives the same bytes.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)

from beatomizer.arrays import F32
from beatomizer.dataset.compose.direction import Direction
from beatomizer.dataset.compose.picture import Picture
from beatomizer.errors import UsageError, one_line
from beatomizer.outputs.stage.soundtrack import RATE, Soundtrack
from beatomizer.progress import Progress, silent
from beatomizer.timebase import FPS, exact_div, hop_samples

_ACCURATE = (
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INP
)

_KEY_FRAMES_S = 4
_SOUND_BLOCK = 48_000


def write_reel(
    path: Path,
    pictures: Iterator[Picture],
    direction: Direction,
    size: tuple[int, int],
    samples: F32,
    title: str,
    progress: Progress = silent,
) -> list[tuple[float, float, float]]:
    """Encode a film.

    Args:
        path: the file, overwritten.
        pictures: as many as ``direction.pts``.
        direction: time stamps and quality.
        size: width and height.
        samples: float32 ``[N, 2]``, 48 kHz; the sound begins with the picture.
        title: for the file's tags.
        progress: told the share of the pictures that are encoded, as stage ``video``.

    Returns:
        the mean colour of each picture as drawn.

    Raises:
        UsageError: this installation cannot encode H.264.
        OSError: the file cannot be written.
    """
    means: list[tuple[float, float, float]] = []
    frames = exact_div(len(samples) + -len(samples) % hop_samples(RATE), hop_samples(RATE))
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata.update({"title": one_line(title), "comment": "composed by Beatomizer"})
        stream = _picture_stream(container, direction, size)
        sound = Soundtrack(container, _blocks(samples), frames)
        convert = VideoReformatter()
        for picture, ticks in zip(pictures, direction.pts, strict=True):
            sound.send_until(min(frames, int(ticks * direction.tick_s * FPS) + 1))
            frame = convert.reformat(
                av.VideoFrame.from_ndarray(picture.rgb8, format="rgb24"),
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=_ACCURATE,
                threads=1,
            )
            frame.pts, frame.time_base = ticks, direction.tick_s
            container.mux(stream.encode(frame))
            means.append(picture.mean)
            progress("video", len(means) / len(direction.pts))
        container.mux(stream.encode(None))
        sound.finish()
    return means


def _picture_stream(container: Any, direction: Direction, size: tuple[int, int]) -> Any:
    rate = Fraction(30) if direction.rate == "variable" else Fraction(direction.rate)
    try:
        stream = container.add_stream("libx264", rate=rate)
    except av.codec.codec.UnknownCodecError as error:
        raise UsageError(
            "this installation of PyAV cannot encode H.264",
            "pip install --force-reinstall --only-binary=:all: av",
        ) from error
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.options = {
        "preset": "ultrafast",
        "qp": str(direction.quantiser),
        "x264-params": f"no-deblock=0:deblock=0,0:keyint={round(_KEY_FRAMES_S * rate)}",
    }
    codec = stream.codec_context
    codec.time_base = direction.tick_s
    stream.time_base = direction.tick_s
    codec.thread_count = 1
    codec.color_range, codec.colorspace = ColorRange.MPEG, Colorspace.ITU709
    codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream


def _blocks(samples: F32) -> Iterator[F32]:
    for start in range(0, len(samples), _SOUND_BLOCK):
        yield np.ascontiguousarray(samples[start : start + _SOUND_BLOCK])
