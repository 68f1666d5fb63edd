"""The drawn stage and the song's sound become one H.264 + AAC file.

The painter runs ahead in its own thread and the watcher decodes behind in another while the encoder works on what is
finished, so all cores are busy. The
encoder takes its cheapest search, because a stage of soft light has no motion to search for, but keeps what matters for
such a picture: the deblocking filter (dark gradients) and B-frames (a fade is the mean of its neighbours: 40 % off
the size). A constant quantiser instead of a constant rate factor saves a third of its time, which would go into a
look-ahead that has nothing to find here. CABAC would take another 20 % off the size for 15 % of the time, and verifying
would slow down too. Speed: ``benchmarks/video.py``.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from beatomizer.arrays import F32, U8
from beatomizer.errors import UsageError, one_line
from beatomizer.outputs.stage.ahead import Ahead
from beatomizer.outputs.stage.painter import StagePainter
from beatomizer.outputs.stage.soundtrack import Soundtrack
from beatomizer.outputs.stage.watcher import Watcher
from beatomizer.progress import Progress
from beatomizer.safety.safe_show import SafeShow
from beatomizer.timebase import FPS

X264 = {
    "preset": "ultrafast",
    "qp": "23",
    "x264-params": ":".join(
        (
            "no-deblock=0:deblock=0,0",
            "bframes=2:b-adapt=0:pbratio=1.1:ipratio=1.2",
            "keyint=240:min-keyint=240",
        )
    ),
}
"""Settings of the encoder; see the module's text."""

_ENCODER_THREADS = 4
"""Fixed, so that a show gives the same bytes on every machine."""

_REPORT_FRAMES = 15


def film(
    show: SafeShow, path: Path, size: tuple[int, int], sound: Iterator[F32] | None, progress: Progress
) -> U8:
    """Write the whole show to ``path``, and tell what is seen in it.

    Args:
        show: what to draw.
        path: the file, overwritten.
        size: width and height in pixels.
        sound: float32 ``[n, 2]`` blocks at 48 kHz; ``None`` for a silent film.
        progress: told about the stage "video".

    Returns:
        what eyes meet: the encoded pictures decoded again, uint8 sRGB ``[T, R, 3]`` (see ``seen``).

    Raises:
        UsageError: no picture can have that ``size``, or this installation cannot encode H.264.
        OSError: the file cannot be written.
    """
    title, artist = (show.cues.title, show.cues.artist) if show.cues else ("", "")
    painter = StagePainter(show.zones, size, show.frames, title, artist)
    with (
        av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container,
        Ahead(painter.paint(rgb8, frame) for frame, rgb8 in enumerate(show.rgb8)) as pictures,
        Watcher() as watcher,
    ):
        _label(container, title, artist)
        stream = open_picture_stream(container, size)
        track = Soundtrack(container, sound, show.frames) if sound is not None else None

        def send(picture: av.VideoFrame | None) -> None:
            for packet in stream.encode(picture):
                watcher.look(
                    packet, stream.codec_context.extradata
                )  # before ``mux``, which takes its bytes away
                container.mux(packet)

        for frame, picture in enumerate(pictures):
            if track:
                track.send_until(frame + 1)
            picture.pts, picture.time_base = frame, Fraction(1, FPS)
            send(picture)
            if frame % _REPORT_FRAMES == 0:
                progress("video", frame / show.frames)
        send(None)
        if track:
            track.finish()
        return watcher.seen()


def _label(container: Any, title: str, artist: str) -> None:
    """Tags of the file, from tags of the song, without control characters."""
    tags = {"title": one_line(title), "artist": one_line(artist), "comment": "made by Beatomizer"}
    container.metadata.update({name: text for name, text in tags.items() if text})


def open_picture_stream(container: Any, size: tuple[int, int]) -> Any:
    """Add an H.264 stream with this module's settings to an open output container.

    Raises:
        UsageError: this installation cannot encode H.264.
    """
    try:
        stream = container.add_stream("libx264", rate=FPS)
    except av.codec.codec.UnknownCodecError as error:
        raise UsageError(
            "this installation of PyAV cannot encode H.264",
            "pip install --force-reinstall --only-binary=:all: av",
        ) from error
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.options = dict(X264)
    codec = stream.codec_context
    codec.time_base = Fraction(1, FPS)
    codec.thread_count = _ENCODER_THREADS
    codec.color_range, codec.colorspace = ColorRange.MPEG, Colorspace.ITU709
    codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream
