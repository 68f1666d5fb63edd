"""Light on the stage, frame by frame, as the planes of a video frame.

The slow way would be float arithmetic on every pixel of every frame. Instead the light is mixed on a small canvas
(about 58,000 points, one matrix product), put through the tone curve and turned into Y, Cb and Cr there, and enlarged
by swscale; beams and haze are soft, so nothing is lost. What must be sharp, the silhouettes and the text, is laid
over at full size with byte operations.
"""

import math
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from beatomizer.arrays import F32, U8
from beatomizer.color import LINEAR_OF_RGB8
from beatomizer.errors import UsageError
from beatomizer.outputs.stage.caption import Caption
from beatomizer.outputs.stage.light_maps import build_light_maps
from beatomizer.outputs.stage.scene import Scene, build_scene
from beatomizer.outputs.stage.silhouettes import build_silhouettes

SMALLEST_PX, LARGEST_PX = 64, 3840

_CANVAS_POINTS = 320 * 180
_HAZE_FRAMES_A_STEP = 6
"""The haze moves by one canvas column each 0.1 s: about 40 pixels a second at 1280, too slow and soft to flicker."""

_LUMA = np.array([0.2126, 0.7152, 0.0722])


def _ycc_from_rgb() -> F32:
    """BT.709: gamma-coded R, G, B 0..1 → Y, Cb, Cr in 16-bit video range (8-bit values × 256), ``[3, 3]``."""
    blue, red = np.array([0, 0, 1]) - _LUMA, np.array([1, 0, 0]) - _LUMA
    rows = [219 * _LUMA, 112 * blue / (1 - _LUMA[2]), 112 * red / (1 - _LUMA[0])]
    return np.array(rows, dtype=np.float32) * np.float32(256)


_YCC_OFFSET: F32 = np.array([[16.0], [128.0], [128.0]], dtype=np.float32) * np.float32(256)


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """``size`` if a picture can have it.

    Raises:
        UsageError: a side is odd (4:2:0 video halves both), below 64 or above 3840 pixels.
    """
    for name, side in zip(("width", "height"), size, strict=True):
        if side % 2 or not SMALLEST_PX <= side <= LARGEST_PX:
            raise UsageError(
                f"a picture cannot have a {name} of {side} pixels",
                f"choose even numbers from {SMALLEST_PX} to {LARGEST_PX}, for example 1280x720",
            )
    return size


class StagePainter:
    """Paints frames of one show, in any order.

    Args:
        zones: Z of the show.
        size: width and height in pixels, even, 64..3840.
        frames: T, for the progress bar.
        title, artist: for the caption; untrusted text.
    """

    def __init__(
        self, zones: int, size: tuple[int, int], frames: int, title: str = "", artist: str = ""
    ) -> None:
        self.width, self.height = checked_size(size)
        self.scene: Scene = build_scene(zones, self.width, self.height)
        canvas_w, canvas_h = _canvas_size(self.width, self.height)
        self.maps = build_light_maps(self.scene, canvas_w, canvas_h)
        self._silhouettes = build_silhouettes(self.scene, self.width, self.height)
        self._open = self._silhouettes.chroma_on_canvas(canvas_w, canvas_h)[:, None]
        self._caption = Caption(title, artist, frames, self.width, self.height)
        self._ycc = _ycc_from_rgb()
        self._light = np.empty((canvas_h, 3, canvas_w), dtype=np.float32)
        self._spare = np.empty_like(self._light)
        self._canvas = av.VideoFrame(canvas_w, canvas_h, "yuv444p16le")
        self._planes = [_plane(self._canvas, i, "<u2") for i in range(3)]
        self._enlarge = VideoReformatter()
        self._cells: F32 = np.zeros((self.scene.cells, 3), dtype=np.float32)
        self._last_key: tuple[object, ...] | None = None
        self._last: av.VideoFrame | None = None

    def paint(self, rgb8: U8, frame: int) -> av.VideoFrame:
        """The picture of ``frame`` with the zones coloured ``rgb8`` ``[Z, 3]``: BT.709 video range, yuv420p.

        A picture equal to the one before is the same object: do not draw into it.
        """
        drift = frame // _HAZE_FRAMES_A_STEP % self.maps.haze_period
        key = (rgb8.tobytes(), drift, self._caption.step(frame))
        if self._last is None or key != self._last_key:
            self._mix(rgb8, drift)
            self._last = self._lay_over(frame)
            self._last_key = key
        return self._last

    def _mix(self, rgb8: U8, drift: int) -> None:
        """Light of all lamps on the canvas, through the tone curve, into the canvas' planes."""
        light, spare, maps = self._light, self._spare, self.maps
        cells = self.cell_colours(rgb8)
        np.matmul(cells.T, maps.lit, out=light)
        light[maps.core_rows] += np.matmul(cells.max(axis=1)[None] ** 2, maps.core)
        light *= maps.haze[:, None, drift : drift + maps.width]
        light += maps.ambient
        _tone(light, spare)
        np.matmul(self._ycc, light, out=spare)
        spare[:, 1:] *= self._open
        spare += _YCC_OFFSET
        for part, plane in enumerate(self._planes):
            plane[:] = spare[:, part]

    def cell_colours(self, rgb8: U8) -> F32:
        """Linear colour of each group of lamps, ``[C, 3]``: the mean of the zones that light it."""
        linear = LINEAR_OF_RGB8[rgb8]
        if self.scene.cells == self.scene.zones:
            return linear.astype(np.float32)
        counts = np.bincount(self.scene.cell_of_zone, minlength=self.scene.cells)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return np.asarray(np.add.reduceat(linear, starts, axis=0) / counts[:, None], dtype=np.float32)

    def _lay_over(self, frame: int) -> av.VideoFrame:
        picture = self._enlarge.reformat(
            self._canvas, self.width, self.height, "yuv420p", interpolation=Interpolation.BILINEAR
        )
        luma, cb, cr = (_plane(picture, i, "u1") for i in range(3))
        np.minimum(luma, self._silhouettes.ceiling, out=luma)
        for chroma in (cb, cr):
            # np.clip with arrays is 18 times slower than these two together
            np.maximum(chroma, self._silhouettes.chroma_low, out=chroma)
            np.minimum(chroma, self._silhouettes.chroma_high, out=chroma)
        self._caption.show(frame)
        rows = luma[self._caption.top :]
        np.maximum(rows, self._caption.strip, out=rows)
        return picture


def _tone(light: F32, spare: F32) -> None:
    """In place: linear light 0..∞ → coded value 0..1, ``sqrt(x / (x + 1))``.

    The fraction bends highlights softly towards 1 instead of cutting them; the root is close to the display's
    curve and costs a tenth of a power.
    """
    np.add(light, 1.0, out=spare)
    np.divide(light, spare, out=light)
    np.sqrt(light, out=light)


def _canvas_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(_CANVAS_POINTS / (width * height)))
    return max(16, round(width * scale)), max(16, round(height * scale))


def _plane(frame: av.VideoFrame, index: int, kind: str) -> NDArray[Any]:
    """A plane of ``frame`` as a writable array ``[h, w]`` on the frame's own memory."""
    plane = frame.planes[index]
    across = plane.line_size // np.dtype(kind).itemsize
    return np.frombuffer(plane, dtype=kind).reshape(plane.height, across)[:, : plane.width]
