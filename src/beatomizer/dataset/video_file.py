"""Open a video that nobody vouches for, and decode its pictures.

The decoder gets bytes without a name, few kinds of container, and no protocol, as songs do (``audio.gate``). The size
of pictures is limited inside the decoder, before memory is taken for one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from beatomizer.audio.decode import DEMUX_ERRORS
from beatomizer.audio.gate import SongFile, shown
from beatomizer.errors import ResourceLimitError, UnreadableInputError

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpeg,mpegts,mpegvideo,asf,ogg"
CODECS = (
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,libvpx,libvpx-vp9,mpeg1video,mpeg2video,mpeg4,mjpeg,prores,dnxhd,"
    "ffv1,huffyuv,rawvideo,theora,h263,flv,wmv1,wmv2,wmv3,vc1,msmpeg4v2,msmpeg4v3,png,qtrle,gif"
)
"""What may run on foreign bytes."""

MOST_PIXELS = 7680 * 4320
"""8K; a larger picture is refused before it is decoded."""

_MOST_FRUITLESS_PACKETS = 20_000


@dataclass
class Troubles:
    """What went wrong while decoding: packets left out, and whether the file ended in the middle of something."""

    damaged: int = 0
    broken_off: bool = False


def opened(path: Path, file: SongFile) -> InputContainer:
    """A container that can be read from; close it.

    Raises:
        UnreadableInputError: not a video.
    """
    limits = {"format_whitelist": CONTAINERS, "codec_whitelist": CODECS, "protocol_whitelist": "none"}
    try:
        container: InputContainer = av.open(
            file,
            options={"max_pixels": str(MOST_PIXELS)},  # probing already decodes
            container_options=limits,
            metadata_errors="replace",
        )
        return container
    except av.error.FFmpegError as error:
        why = f" ({file.failure})" if file.failure else ""
        raise UnreadableInputError(
            f"'{shown(path)}' is not a video that can be read{why}", "is it complete?"
        ) from error


def moving_picture(path: Path, container: InputContainer, threads: int) -> VideoStream:
    """The first video stream that is no cover art, ready to decode on ``threads`` threads (0: one a core).

    Raises:
        UnreadableInputError: there is none, or none that can be decoded.
        ResourceLimitError: its pictures are larger than 8K.
    """
    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        raise UnreadableInputError(f"'{shown(path)}' holds no moving picture", "name a video")
    chosen = streams[0]
    if chosen.codec_context is None or chosen.codec_context.name not in CODECS.split(","):
        raise UnreadableInputError(
            f"the pictures of '{shown(path)}' are of a kind that cannot be decoded", "convert it to H.264"
        )
    if chosen.codec_context.width * chosen.codec_context.height > MOST_PIXELS:
        raise too_large(path)
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    chosen.thread_type = "AUTO"  # frames where the coder can
    chosen.codec_context.thread_count = threads
    chosen.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return chosen


def pictures(
    container: InputContainer, stream: VideoStream, file: SongFile, troubles: Troubles
) -> Iterator[VideoFrame]:
    """Decoded pictures in the order of showing; what cannot be decoded is counted and left out."""
    fruitless = 0
    try:
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.error.EOFError:
                continue
            except av.error.FFmpegError:
                troubles.damaged += 1
                decoded = []
            for picture in decoded:
                file.sound_came()
                yield picture
            fruitless = 0 if decoded else fruitless + 1
            if fruitless > _MOST_FRUITLESS_PACKETS:
                return
    except DEMUX_ERRORS:  # nothing can be read past this place
        troubles.broken_off = True
    troubles.broken_off |= bool(file.failure)


def too_large(path: Path) -> ResourceLimitError:
    """What to say of pictures over the limit."""
    return ResourceLimitError(f"the pictures of '{shown(path)}' are larger than 8K", "make them smaller")
