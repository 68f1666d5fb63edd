"""Speed and memory of the ``.mp4`` output.

    python benchmarks/video.py [--seconds 60] [--rounds 3] [--sizes 1280x720 640x360]

For each size, interleaved in one run, medians over the rounds: the encoder alone on flat frames of one grey that
changes (same settings, nothing drawn), the film without sound, and the whole output as ``save`` writes it: light
drawn, sound encoded, file decoded again and judged. Then the peak memory of a process that writes one minute and of
one that writes four. Times are wall clock and processor seconds a frame; ratios are what lasts.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import numpy as np

from beatomizer.arrays import U8
from beatomizer.color import parse_hex
from beatomizer.cues.cuelist import CueList
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.save import save
from beatomizer.outputs.stage.film import film, open_picture_stream
from beatomizer.progress import silent
from beatomizer.safety.limit import limit
from beatomizer.safety.safe_show import SafeShow
from beatomizer.show.show import Show
from beatomizer.timebase import FPS

PALETTE = ("#ff2a6d", "#05d9e8", "#7a04eb", "#ffb000")


def made_show(seconds: int, zones: int, source: Path | None) -> SafeShow:
    """Pulses at 128 BPM that alternate between odd and even zones, colours that move on each second bar; limited."""
    t = np.arange(seconds * FPS) / FPS
    beat = t * 128 / 60
    colors = np.array([parse_hex(color) for color in PALETTE], dtype=np.float64)
    zone = np.arange(zones)
    since = (beat[:, None] + zone % 2 * 0.5) % 1
    color = colors[(zone[None, :] // 2 + (beat // 8).astype(int)[:, None]) % len(colors)]
    rgb8 = (color * (0.1 + 0.9 * np.exp(-3.5 * since))[:, :, None]).astype(np.uint8)
    return limit(Show(rgb8, CueList(duration_s=seconds, title="Benchmark", artist="Nobody"), source))


def made_song(path: Path, seconds: int) -> Path:
    """Noise bursts and a chord, stereo 44.1 kHz: something that AAC has to work for."""
    rng = np.random.default_rng(0)
    t = np.arange(44_100) / 44_100
    chord = np.sin(2 * np.pi * np.outer(t, (110.0, 220.0, 277.2, 329.6))).sum(axis=1) / 8
    burst = rng.normal(0, 0.3, (44_100, 2)) * np.exp(-(t % 0.46875) * 12)[:, None]
    second = (np.clip(chord[:, None] + burst, -1, 1) * 32_000).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        for _ in range(seconds):
            file.writeframes(second)
    return path


def flat_pictures(frames: int, size: tuple[int, int]) -> Iterator[av.VideoFrame]:
    """Frames of one grey each, a triangle over time."""
    for frame in range(frames):
        picture = av.VideoFrame(*size, "yuv420p")
        for plane, value in zip(picture.planes, (16 + abs(frame * 7 % 400 - 200), 128, 128), strict=True):
            pixels: U8 = np.frombuffer(plane, dtype=np.uint8)
            pixels[:] = value
        yield picture


def encode_flat(path: Path, frames: int, size: tuple[int, int]) -> None:
    """The encoder alone, with the film's settings."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = open_picture_stream(container, size)
        for frame, picture in enumerate(flat_pictures(frames, size)):
            picture.pts = frame
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall clock and processor seconds of ``work``."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure_speed(folder: Path, seconds: int, rounds: int, sizes: list[tuple[int, int]]) -> None:
    """Print one table a size."""
    show = made_show(seconds, 8, made_song(folder / "song.wav", seconds))
    frames, out = show.frames, folder / "out.mp4"
    for size in sizes:
        works: dict[str, Callable[[], object]] = {
            "encoder alone, flat frames": partial(encode_flat, out, frames, size),
            "film without sound": partial(film, show, out, size, None, silent),
            "whole .mp4, verified": partial(save, show, out, options=FileOptions(size=size)),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                times[name].append(timed(work))
        base = statistics.median(wall for wall, _ in times["encoder alone, flat frames"])
        print(
            f"\n{size[0]}x{size[1]}, {seconds} s, median of {rounds}; {out.stat().st_size * 8e-6 / seconds:.2f} Mbit/s"
        )
        for name, pairs in times.items():
            wall, cpu = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(
                f"  {name:28s} {seconds / wall:5.2f} x real time  {wall / base:4.2f} x flat"
                f"  {1e3 * wall / frames:.2f} ms a frame  {1e3 * cpu / frames:.2f} ms processor"
            )


def measure_memory(minutes: tuple[int, ...]) -> None:
    """Peak resident memory of fresh processes."""
    print()
    for count in minutes:
        command = [sys.executable, __file__, "--write-seconds", str(60 * count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"  peak memory, {count} min at 1280x720: {float(done.stdout):.0f} MB")


def write_and_report_peak(seconds: int) -> None:
    """Write one film and print the peak of this process in MB."""
    with tempfile.TemporaryDirectory() as name:
        song = made_song(Path(name) / "song.wav", seconds)
        save(made_show(seconds, 8, song), Path(name) / "out.mp4")
    status = Path(
        "/proc/self/status"
    ).read_text()  # ru_maxrss would remember the process that started this one
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description="speed and memory of the .mp4 output")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", default=["1280x720", "640x360"])
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--write-seconds", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write_seconds:
        write_and_report_peak(options.write_seconds)
        return
    sizes = [(int(width), int(height)) for width, height in (text.split("x") for text in options.sizes)]
    with tempfile.TemporaryDirectory() as name:
        measure_speed(Path(name), options.seconds, options.rounds, sizes)
    if not options.no_memory:
        measure_memory((1, 4))


if __name__ == "__main__":
    main()
