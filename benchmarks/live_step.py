"""What one live frame costs, from samples to safe light: median and 99th percentile on one core.

    python benchmarks/live_step.py [--model FILE.onnx] [--seconds N]

A composed song is pushed a frame at a time, as a sound card would, into ``LiveFollower``. Without a model a listener
that costs nothing says the song's true beats, so that what is left is ours. Times are CPU times of the process, so
that a busy machine does not count; ``wall`` is printed beside them. The limit is 8 ms a frame at p99 (half of a frame
of 16.7 ms), the ambition 3 ms. Exit code 1 if the limit is missed.
"""

import argparse
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soxr

from beatomizer.arrays import F32
from beatomizer.composer.compose import Composition, compose
from beatomizer.cues.style import Style
from beatomizer.inference.engine import TEMPI_BPM
from beatomizer.live.follower import LiveEngine, LiveFollower
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

LIMIT_MS, AMBITION_MS = 8.0, 3.0
WARM_UP_FRAMES = 2 * FPS


class Truth:
    """An engine that knows the beats of a song."""

    name = "truth"

    def __init__(self, song: Composition, frames: int) -> None:
        self.beat = np.zeros(frames, dtype=np.float32)
        self.downbeat = np.zeros(frames, dtype=np.float32)
        for time_s, position in song.annotations.beats:
            frame = round(time_s * FPS)
            if frame < frames:
                self.beat[frame], self.downbeat[frame] = 0.9, 0.9 * (position == 1)
        place = np.log(song.annotations.tempo_bpm / TEMPI_BPM[0]) / np.log(TEMPI_BPM[1] / TEMPI_BPM[0])
        soft = np.exp(-0.5 * (np.arange(len(TEMPI_BPM)) - place) ** 2)
        self.tempo = np.append(soft / soft.sum(), 0.0).astype(np.float32)

    def stream(self) -> Any:
        """A listener."""
        heard = 0

        def push(frames: F32) -> dict[str, F32]:
            nonlocal heard
            here = slice(heard, heard + len(frames))
            heard = here.stop
            tempo = np.repeat(self.tempo[None], len(frames), axis=0)
            return {"beat": self.beat[here], "downbeat": self.downbeat[here], "tempo": tempo}

        return SimpleNamespace(card=SimpleNamespace(latency_frames=0), push=push)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--model", default="", help="a streaming .onnx model; the truth about the song if left out"
    )
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    song = compose(7)
    samples = soxr.resample(song.samples.mean(axis=1), song.sample_rate, SAMPLE_RATE).astype(np.float32)
    samples = samples[: arguments.seconds * SAMPLE_RATE]
    engine: LiveEngine = _engine(arguments.model) or Truth(song, len(samples) // HOP + 1)
    missed = False
    for zones in (1, 8, 64):
        cpu, wall = _steps(LiveFollower(engine, Style(zones=zones, energy=0.8)), samples)
        p99 = float(np.percentile(cpu, 99))
        missed |= p99 > LIMIT_MS
        print(
            f"{engine.name}, {zones:2} zones: CPU {np.median(cpu):.2f} ms median, {p99:.2f} ms p99, "
            f"{cpu.max():.1f} ms worst ({p99 / LIMIT_MS:.0%} of {LIMIT_MS:g} ms, ambition {AMBITION_MS:g}); "
            f"wall {np.median(wall):.2f} / {np.percentile(wall, 99):.2f} ms"
        )
    return int(missed)


def _engine(path: str) -> LiveEngine | None:
    if not path:
        return None
    from pathlib import Path

    from beatomizer.inference.onnx_engine import OnnxEngine

    return OnnxEngine.from_file(Path(path))


def _steps(follower: LiveFollower, samples: F32) -> tuple[Any, Any]:
    """Milliseconds of CPU and of wall time for each frame after the warm-up."""
    cpu, wall = [], []
    for start in range(0, len(samples) - HOP + 1, HOP):
        began = time.process_time(), time.perf_counter()
        follower.push(samples[start : start + HOP])
        cpu.append(1000 * (time.process_time() - began[0]))
        wall.append(1000 * (time.perf_counter() - began[1]))
    return np.array(cpu[WARM_UP_FRAMES:]), np.array(wall[WARM_UP_FRAMES:])


if __name__ == "__main__":
    sys.exit(main())
