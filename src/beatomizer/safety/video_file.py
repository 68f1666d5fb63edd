"""Read what is seen in any video: the mean light of regions, on a timeline of 60 frames a second.

The file is handed to the decoder as bytes without a name, as songs are. Pictures are looked at one at a time, so
memory does not grow with the length; they are brought to at most 320 × 180 before light is averaged.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from beatomizer.arrays import U8
from beatomizer.audio.gate import SongFile, open_song, shown
from beatomizer.errors import ResourceLimitError, UnreadableInputError
from beatomizer.progress import Progress, silent
from beatomizer.safety.picture import region_means
from beatomizer.safety.show_file import MOST_FRAMES
from beatomizer.timebase import FPS

_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpeg,mpegts,asf"
_CODECS = (
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,libvpx,libvpx-vp9,mpeg1video,mpeg2video,mpeg4,mjpeg,prores,dnxhd,"
    "ffv1,huffyuv,rawvideo,theora,h263,flv,wmv1,wmv2,wmv3,vc1,msmpeg4v2,msmpeg4v3,png"
)

MOST_PIXELS = 7680 * 4320
"""8K; a larger picture is refused before it is decoded."""

_WIDTH, _HEIGHT = 320, 180


def regions_of_video(path: Path, progress: Progress = silent) -> U8:
    """What is seen of a video, uint8 sRGB ``[T, 19, 3]``; each picture lasts until the next one's time.

    Raises:
        UnreadableInputError: not a video, or a damaged one.
        ResourceLimitError: longer than three hours, or pictures larger than 8K.
    """
    ticks: list[U8] = []
    with open_song(path) as file, _opened(path, file) as container:
        stream = _chosen(path, container)
        start: Fraction | None = None
        seen: U8 | None = None
        for picture, time in _pictures(path, file, container, stream):
            start = time if start is None else start
            if seen is not None:
                _hold(path, ticks, seen, time - start)
                progress("video", min(1.0, file.furthest / max(1, file.size)))
            # A picture that comes late or twice does not turn time back; it is seen from here on.
            seen = _seen(picture)
        if seen is None:
            raise UnreadableInputError(f"no picture in '{shown(path)}' can be decoded", "is it complete?")
        ticks.append(seen)
    progress("video", 1.0)
    return np.stack(ticks)


def _hold(path: Path, ticks: list[U8], seen: U8, until: Fraction) -> None:
    """Show ``seen`` until the tick at which the next picture is there."""
    wanted = -((-until * FPS) // 1)  # first tick at or after the next picture
    if wanted > MOST_FRAMES:
        raise ResourceLimitError(f"'{shown(path)}' is longer than three hours", "cut it into parts")
    ticks += [seen] * max(0, int(wanted) - len(ticks))


def _pictures(
    path: Path, file: SongFile, container: InputContainer, stream: VideoStream
) -> Iterator[tuple[VideoFrame, Fraction]]:
    """Decoded pictures and their times; without a time, one nominal picture later than the one before."""
    step = 1 / Fraction(stream.average_rate or FPS)
    time = Fraction(0) - step
    try:
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.error.EOFError:
                continue
            except av.error.FFmpegError as error:
                raise UnreadableInputError(
                    f"'{shown(path)}' is damaged", "a judged video must be whole"
                ) from error
            for picture in pictures:
                if picture.width * picture.height > MOST_PIXELS:
                    raise _too_large(path)
                clock = picture.time_base
                time = time + step if picture.pts is None or not clock else Fraction(picture.pts) * clock
                file.sound_came()
                yield picture, time
    except av.error.FFmpegError as error:
        raise UnreadableInputError(f"'{shown(path)}' breaks off", "a judged video must be whole") from error


def _seen(picture: VideoFrame) -> U8:
    """Mean colours of the regions of one picture, ``[19, 3]``."""
    converted: Any = VideoReformatter().reformat(
        picture,
        width=min(_WIDTH, picture.width),
        height=min(_HEIGHT, picture.height),
        format="rgb24",
        # Pictures that do not say are BT.709; swscale would take BT.601.
        src_colorspace=Colorspace.ITU709 if _is_unmarked(picture) else None,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.AREA,
    )
    seen: U8 = region_means(converted.to_ndarray()[None])[0]
    return seen


def _is_unmarked(picture: VideoFrame) -> bool:
    return int(picture.colorspace) in (0, 2) and not picture.format.is_rgb


def _opened(path: Path, file: SongFile) -> InputContainer:
    limits = {"format_whitelist": _CONTAINERS, "codec_whitelist": _CODECS, "protocol_whitelist": "none"}
    try:
        container: InputContainer = av.open(file, container_options=limits, metadata_errors="replace")
        return container
    except av.error.FFmpegError as error:
        raise UnreadableInputError(
            f"'{shown(path)}' is not a video that can be read", "is it complete?"
        ) from error


def _chosen(path: Path, container: InputContainer) -> VideoStream:
    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams or streams[0].codec_context is None:
        raise UnreadableInputError(f"'{shown(path)}' holds no moving picture", "name a video")
    chosen = streams[0]
    if chosen.codec_context.width * chosen.codec_context.height > MOST_PIXELS:
        raise _too_large(path)
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    chosen.thread_type = "AUTO"
    return chosen


def _too_large(path: Path) -> ResourceLimitError:
    return ResourceLimitError(f"the pictures of '{shown(path)}' are larger than 8K", "make them smaller")
