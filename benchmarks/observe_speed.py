"""Speed of watching a video against bare decoding of the same file, and how exact the mean colour is.

    python benchmarks/observe_speed.py [--seconds 10] [--rounds 5] [--size 1920x1080] [--threads 0]

Makes its own film (H.264, 30 pictures a second: a textured room, a coloured lamp that moves, some clipping), then
interleaves, in one process with the same library and the same number of decoder threads: decoding and nothing else,
and ``observe``. The ratio is what lasts. Exactness: the mean of every tenth picture against every pixel of it turned
into RGB in floats and clipped.
"""

import argparse
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from beatomizer.arrays import F64
from beatomizer.dataset.observe import observe
from beatomizer.dataset.planes import see

FPS = 30


def made_film(path: Path, seconds: int, size: tuple[int, int]) -> Path:
    """A film that is neither flat nor noise."""
    width, height = size
    rng = np.random.default_rng(0)
    room = rng.integers(16, 70, (-(-height // 8), -(-width // 8))).repeat(8, 0).repeat(8, 1)[:height, :width]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        for index in range(seconds * FPS):
            middle = width * (0.5 + 0.4 * np.sin(index / 9))
            lamp = np.exp(-((x - middle) ** 2 + (y - 0.4 * height) ** 2) / (0.2 * height) ** 2)
            lamp *= 0.55 + 0.45 * np.sin(index / 3)
            frame = av.VideoFrame(width, height, "yuv420p")
            frame.colorspace, frame.color_range = 1, 1
            colour = lamp[::2, ::2] * 120
            planes = [room + 200 * lamp, 128 + np.sin(index / 20) * colour, 128 + np.cos(index / 17) * colour]
            for plane, values in zip(frame.planes, planes, strict=True):
                lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                lines[: values.shape[0], : values.shape[1]] = np.clip(values, 0, 255)
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path, threads: int) -> int:
    """Decode and look at nothing."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        return sum(1 for _ in container.decode(stream))


def whole_mean(frame: Any) -> F64:
    """Every pixel to RGB, in floats, clipped, BT.709, video range."""
    planes = [
        np.frombuffer(plane, np.uint8)
        .reshape(-1, plane.line_size)[: plane.height, : plane.width]
        .astype(np.float64)
        for plane in frame.planes
    ]
    y = (planes[0] - 16) / 219
    blue, red = (
        ((plane - 128) / 224).repeat(2, 0).repeat(2, 1)[: frame.height, : frame.width] for plane in planes[1:]
    )
    rgb = np.stack([y + 1.5748 * red, y - 0.187324 * blue - 0.468124 * red, y + 1.8556 * blue])
    return np.asarray(np.clip(rgb, 0, 1).mean(axis=(1, 2)))


def errors(path: Path) -> F64:
    """Of the mean, 8-bit steps, ``[n, 3]``."""
    with av.open(str(path)) as container:
        frames = [frame for index, frame in enumerate(container.decode(video=0)) if index % 10 == 0]
        return np.array([np.abs(see(frame).mean_rgb - whole_mean(frame)) * 255 for frame in frames])


def main() -> None:
    """Print the ratio and the error."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--threads", type=int, default=0, help="of the decoder; 0: one a core")
    wanted = parser.parse_args()
    width, height = map(int, wanted.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        path = made_film(Path(folder) / "film.mp4", wanted.seconds, (width, height))
        wall: dict[str, list[float]] = {"decode": [], "observe": []}
        cpu: dict[str, list[float]] = {"decode": [], "observe": []}
        for _ in range(wanted.rounds):
            for name in wall:
                began, spent = time.perf_counter(), time.process_time()
                if name == "decode":
                    decoded(path, wanted.threads)
                else:
                    observe(path, threads=wanted.threads)
                wall[name].append(time.perf_counter() - began)
                cpu[name].append(time.process_time() - spent)
        for name, times in wall.items():
            middle = statistics.median(times)
            print(f"{name:8s} {middle:6.2f} s wall ({wanted.seconds / middle:5.1f}× real time), "
                  f"{statistics.median(cpu[name]):6.2f} s of processors")  # fmt: skip
        ratios = [
            statistics.median(kind["observe"]) / statistics.median(kind["decode"]) for kind in (wall, cpu)
        ]
        paired = statistics.median(b / a for a, b in zip(wall["decode"], wall["observe"], strict=True))
        print(
            f"observe / decode: {ratios[0]:.2f} wall (paired {paired:.2f}), {ratios[1]:.2f} processors (limit 1.2)"
        )
        worst = errors(path)
        print(f"mean colour: greatest error {worst.max():.3f}/255, mean {worst.mean():.3f}/255")


if __name__ == "__main__":
    main()
