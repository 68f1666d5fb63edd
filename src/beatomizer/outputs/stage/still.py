"""One moment of a show as a picture: for the README, the timeline's head, and tests."""

import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from beatomizer.arrays import U8
from beatomizer.outputs.stage.painter import StagePainter
from beatomizer.safety.safe_show import SafeShow


def draw_still(show: SafeShow, frame: int, size: tuple[int, int] = (1280, 720)) -> U8:
    """The stage at ``frame`` (negative counts from the end), uint8 sRGB ``[H, W, 3]``, as the video shows it.

    Raises:
        UsageError: no picture can have that ``size``.
        IndexError: the show has no such frame.
    """
    index = range(show.frames)[frame]
    title, artist = (show.cues.title, show.cues.artist) if show.cues else ("", "")
    painter = StagePainter(show.zones, size, show.frames, title, artist)
    picture = painter.paint(show.rgb8[index], index)
    rgb = picture.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    return np.asarray(rgb.to_ndarray(), dtype=np.uint8)
