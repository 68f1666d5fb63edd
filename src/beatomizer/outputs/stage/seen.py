"""What eyes meet: the mean light of the whole picture and of its parts, frame by frame.

Flash rules speak of areas of the field of view: a third of the width by a third of the height is WCAG 2.3.1's
341 × 256 pixels of 1024 × 768. So the picture is cut into three by three parts, and they and the whole are judged
each. Light is averaged as light, in linear values, not as code values.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np

from beatomizer.arrays import F32, U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.progress import Progress, silent

PARTS = 3
REGIONS = 1 + PARTS * PARTS
"""The whole picture first, then its parts row by row."""

_SAMPLE_ROWS = 45
"""Rows looked at: the drawn light is soft over more than a picture height / 45."""

_FRAMES_AT_ONCE = 32
_LINEAR = LINEAR_OF_RGB8.astype(np.float32)

_RGB_FROM_YCC: F32 = np.array(
    [[1, 0, 1.5748], [1, -0.187324, -0.468124], [1, 1.8556, 0]], dtype=np.float32
) * np.array([255 / 219, 255 / 224, 255 / 224], dtype=np.float32)
"""ITU-R BT.709, 8-bit video range: R, G, B 0..255 from Y − 16, Cb − 128, Cr − 128."""


def seen_in_file(path: Path, progress: Progress = silent, frames: int = 0) -> U8:
    """Decode a video that this program made and return what is seen, uint8 sRGB ``[T, 10, 3]``.

    Args:
        path: an H.264 file, yuv420p, BT.709 video range, every frame 1/60 s.
        progress: told about the stage "video".
        frames: how many are expected, for the progress.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "FRAME"
        return seen_in_pictures(container.decode(stream), progress, frames)


def seen_in_pictures(pictures: Iterable[av.VideoFrame], progress: Progress = silent, frames: int = 0) -> U8:
    """What is seen in yuv420p ``pictures``, uint8 sRGB ``[T, 10, 3]``."""
    series: list[U8] = []
    waiting: list[U8] = []
    for picture in pictures:
        waiting.append(_samples(picture))
        if len(waiting) == _FRAMES_AT_ONCE:
            series.append(_regions(np.stack(waiting)))
            waiting.clear()
            progress("video", min(1.0, len(series) * _FRAMES_AT_ONCE / max(1, frames)))
    if waiting:
        series.append(_regions(np.stack(waiting)))
    return np.concatenate(series) if series else np.empty((0, REGIONS, 3), dtype=np.uint8)


def _samples(picture: Any) -> U8:
    """A regular grid of the picture's pixels: Y, Cb, Cr, uint8 ``[3, h, w]``."""
    step = max(2, picture.height // _SAMPLE_ROWS // 2 * 2)
    y, cb, cr = (np.frombuffer(plane, dtype=np.uint8).reshape(plane.height, -1) for plane in picture.planes)
    half, start = step // 2, step // 4
    u = cb[start : picture.height // 2 : half, start : picture.width // 2 : half]
    v = cr[start : picture.height // 2 : half, start : picture.width // 2 : half]
    luma = y[2 * start : picture.height : step, 2 * start : picture.width : step]
    rows, columns = min(len(luma), len(u)), min(luma.shape[1], u.shape[1])
    return np.stack([plane[:rows, :columns] for plane in (luma, u, v)])


def _regions(samples: U8) -> U8:
    """Samples ``[n, 3, h, w]`` of n frames → the mean colour of each region, ``[n, 10, 3]``."""
    n, _, height, width = samples.shape
    ycc = samples.reshape(n, 3, -1) - np.array([[16], [128], [128]], dtype=np.float32)
    rgb = np.matmul(_RGB_FROM_YCC, ycc)
    rgb += np.float32(0.5)
    np.clip(rgb, 0, 255, out=rgb)
    linear = np.take(_LINEAR, rgb.astype(np.uint8)).reshape(n, 3, height, width)
    rows, columns = _cuts(height), _cuts(width)
    sums = np.add.reduceat(np.add.reduceat(linear, rows[:-1], axis=2), columns[:-1], axis=3)
    parts = sums.reshape(n, 3, PARTS * PARTS).transpose(0, 2, 1)
    areas = np.outer(np.diff(rows), np.diff(columns)).reshape(-1, 1)
    whole = parts.sum(axis=1, keepdims=True) / areas.sum()
    return linear_to_rgb8(np.concatenate([whole, parts / areas], axis=1))


def _cuts(length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.round(np.linspace(0, length, PARTS + 1)).astype(np.int64)
