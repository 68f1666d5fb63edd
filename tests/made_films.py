"""Small films for tests: pictures as numpy makes them, at any times, with or without sound."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from beatomizer.arrays import F32, F64, U8

TICKS = 90_000
"""Of the pictures' clock in a second."""


def write_film(
    path: Path,
    pictures: Iterable[U8],
    pts_s: Sequence[float] | F64,
    *,
    samples: F32 | None = None,
    sound_s: float = 0.0,
    codec: str = "libx264",
    pix_fmt: str = "yuv444p",
    options: dict[str, str] | None = None,
    colorspace: int = 1,
    full_range: bool = False,
) -> Path:
    """Write RGB pictures ``[H, W, 3]`` at ``pts_s`` and mono 24 kHz sound that begins at ``sound_s``.

    RGB is turned into the film's kind of picture here, by the textbook formula, so that what is read back does not
    depend on the converter that is being tested.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options or {"qp": "1", "preset": "ultrafast"})
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.thread_count = 1
        sound = container.add_stream("aac", rate=24_000, layout="mono") if samples is not None else None
        for number, rgb in enumerate(pictures):
            if not number:
                stream.height, stream.width, stream.pix_fmt = rgb.shape[0], rgb.shape[1], pix_fmt
                stream.codec_context.colorspace = colorspace
                stream.codec_context.color_range = 2 if full_range else 1
            frame = video_frame(rgb, pix_fmt, colorspace, full_range)
            frame.pts, frame.time_base = round(pts_s[number] * TICKS), Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None and samples is not None:
            block = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
            block.sample_rate, block.pts = 24_000, round(sound_s * 24_000)
            block.time_base = Fraction(1, 24_000)
            container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    return path


WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def video_frame(rgb: U8, pix_fmt: str, colorspace: int = 1, full_range: bool = False) -> av.VideoFrame:
    """RGB ``[H, W, 3]`` as a video frame; YUV by its definition, colour planes by averaging."""
    if not pix_fmt.startswith("yuv"):
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(format=pix_fmt)
    bits = 10 if pix_fmt.endswith("10le") else 8
    red, blue = WEIGHTS[colorspace]
    unit = rgb / 255.0
    y = red * unit[..., 0] + (1 - red - blue) * unit[..., 1] + blue * unit[..., 2]
    b, r = (unit[..., 2] - y) / (2 - 2 * blue), (unit[..., 0] - y) / (2 - 2 * red)
    scale = 2 ** (bits - 8)
    if full_range:
        top = 2**bits - 1
        planes = [y * top, b * top + 128 * scale, r * top + 128 * scale]
    else:
        planes = [(16 + 219 * y) * scale, (128 + 224 * b) * scale, (128 + 224 * r) * scale]
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], pix_fmt)
    frame.colorspace, frame.color_range = colorspace, 2 if full_range else 1
    across, down = (2 if "420" in pix_fmt or "422" in pix_fmt else 1), (2 if "420" in pix_fmt else 1)
    for index, values in enumerate(planes):
        if index:
            values = pooled(values, down, across)
        plane = frame.planes[index]
        dtype = np.uint8 if bits == 8 else np.uint16
        target: NDArray[np.uint8] = np.frombuffer(plane, dtype)
        lines = target.reshape(-1, plane.line_size // np.dtype(dtype).itemsize)
        lines[: values.shape[0], : values.shape[1]] = np.round(np.clip(values, 0, 2**bits - 1))
    return frame


def pooled(values: F64, down: int, across: int) -> F64:
    """Means of ``down`` × ``across`` blocks; the last ones may be smaller."""
    height, width = values.shape
    padded = np.pad(values, ((0, -height % down), (0, -width % across)), mode="edge")
    return padded.reshape(padded.shape[0] // down, down, padded.shape[1] // across, across).mean(axis=(1, 3))


def stage_pictures(count: int, height: int = 72, width: int = 128, seed: int = 0) -> list[U8]:
    """A static room with a coloured lamp that wanders and changes its light."""
    rng = np.random.default_rng(seed)
    room = (
        rng.integers(10, 60, (-(-height // 8), -(-width // 8), 1)).repeat(8, 0).repeat(8, 1)[:height, :width]
    )
    y, x = np.mgrid[0:height, 0:width]
    pictures = []
    for index in range(count):
        away2 = (x - width * (0.5 + 0.4 * np.sin(index / 7))) ** 2 + (y - 0.4 * height) ** 2
        lamp = np.exp(-away2 / (0.25 * height) ** 2)[..., None] * rng.uniform(0, 1, 3) * 260
        pictures.append(np.clip(room + lamp, 0, 255).astype(np.uint8))
    return pictures
