"""What eyes meet in a finished video: the mean light of the whole picture and of its parts, frame by frame.

The drawn light is soft over more than a picture height / 36, so a grid of that many rows of pixels tells the mean of
a region as well as all pixels do, at a hundredth of the cost. ``safety.picture`` says which regions are judged.
"""

from collections.abc import Iterable
from typing import Any

import av
import numpy as np

from beatomizer.arrays import F32, U8
from beatomizer.safety.picture import region_means

_SAMPLE_ROWS = 36
_FRAMES_AT_ONCE = 32

_BLACK: F32 = np.array([[16], [128], [128]], dtype=np.float32)
_RGB_FROM_YCC: F32 = np.array(
    [[1, 0, 1.5748], [1, -0.187324, -0.468124], [1, 1.8556, 0]], dtype=np.float32
) * np.array([255 / 219, 255 / 224, 255 / 224], dtype=np.float32)
"""ITU-R BT.709, 8-bit video range: R, G, B 0..255 from Y − 16, Cb − 128, Cr − 128. ``safety.picture`` has the slow,
obvious version; a test keeps them equal."""


def seen_in_pictures(pictures: Iterable[av.VideoFrame]) -> U8:
    """What is seen in yuv420p ``pictures``, BT.709 video range, every one 1/60 s: uint8 sRGB ``[T, R, 3]``."""
    series: list[U8] = []
    waiting: list[U8] = []
    for picture in pictures:
        waiting.append(_samples(picture))
        if len(waiting) == _FRAMES_AT_ONCE:
            series.append(_regions(waiting))
            waiting.clear()
    if waiting:
        series.append(_regions(waiting))
    return np.concatenate(series)


def _regions(samples: list[U8]) -> U8:
    stacked = np.stack(samples)
    n, _, height, width = stacked.shape
    ycc = stacked.reshape(n, 3, -1) - _BLACK
    rgb = np.matmul(_RGB_FROM_YCC, ycc)
    rgb8 = np.clip(rgb + np.float32(0.5), 0, 255).astype(np.uint8)
    return region_means(np.ascontiguousarray(rgb8.reshape(n, 3, height, width).transpose(0, 2, 3, 1)))


def _samples(picture: Any) -> U8:
    """A regular grid of the picture's pixels: Y, Cb, Cr, uint8 ``[3, h, w]``."""
    step = max(2, picture.height // _SAMPLE_ROWS // 2 * 2)
    y, cb, cr = (
        np.frombuffer(plane, dtype=np.uint8).reshape(plane.height, -1)[:, : plane.width]
        for plane in picture.planes
    )
    half, start = step // 2, step // 4
    return np.stack(
        [y[2 * start :: step, 2 * start :: step], cb[start::half, start::half], cr[start::half, start::half]]
    )
