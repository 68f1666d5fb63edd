"""Frames sent to OLA over sACN and Art-Net at 60 fps: how many arrive, how evenly, whether all are right.

    python benchmarks/lights_ola.py                  216,000 frames, one hour
    python benchmarks/lights_ola.py --frames 3600    a minute

Needs the Debian packages ``ola`` and ``dbus-daemon``. Loopback only.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from beatomizer.arrays import F64, U8
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.schemes import open_light
from tests.ola_receiver import missing, running_ola

ZONES = 24


def frame_of(number: int) -> U8:
    """A frame that no other within 65,536 is like."""
    rgb8 = np.random.default_rng(number).integers(0, 256, (ZONES, 3), dtype=np.uint8)
    rgb8[0] = (number & 255, number >> 8 & 255, number >> 16)
    return rgb8


def play(lights: list[Light], frames: int) -> F64:
    """Send at absolute deadlines; the moment of each frame."""
    sent, start = np.zeros(frames), time.monotonic() + 0.1
    for number in range(frames):
        left = start + number / 60 - time.monotonic()
        if left > 0:
            time.sleep(left)
        sent[number] = time.monotonic()
        one = LightFrame(frame_of(number))
        for light in lights:
            light.send(one)
            light.idle()
    return sent


def report(name: str, times: F64) -> None:
    """Interval error against 16.67 ms."""
    error_ms = np.abs(np.diff(times) - 1 / 60) * 1000
    p50, p99, p999 = np.percentile(error_ms, [50, 99, 99.9])
    print(
        f"{name:<18} interval error ms: median {p50:.2f}, p99 {p99:.2f}, p99.9 {p999:.2f}, largest {error_ms.max():.1f}"
    )


def main() -> int:
    """Run once and print; 1 if a frame is missing or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=216_000)
    frames = int(parser.parse_args().frames)
    if missing():
        print(f"not installed: {missing()}")
        return 0
    os.environ.setdefault("BEATOMIZER_SETTINGS", tempfile.mkdtemp())
    wrong = 0
    with running_ola() as ola:
        ola.patch("E1.31", 1)
        ola.patch("ArtNet", 2)
        ola.listen(1, 2)
        lights = [
            open_light("sacn://127.0.0.1?universe=1&fps=60&gamma=srgb", ZONES),
            open_light("artnet://127.0.0.1?universe=2&fps=60&gamma=srgb", ZONES),
        ]
        cpu = time.process_time()
        sent = play(lights, frames)
        cpu = time.process_time() - cpu
        for light in lights:
            light.close(0)
        time.sleep(0.5)
        report("sent", sent)
        for universe, name in ((1, "sACN"), (2, "Art-Net")):
            got = ola.frames[universe]
            right = sum(
                slots[: 3 * ZONES] == frame_of(number).tobytes()
                for number, (_, slots) in enumerate(got[:frames])
            )
            wrong += frames - right
            print(
                f"{name:<18} {right} of {frames} frames received in order and right ({len(got) - frames} after the end)"
            )
            report(f"{name} at OLA", np.array([moment for moment, _ in got[:frames]]))
        print(f"CPU of the sender (listening thread included) {100 * cpu / (frames / 60):.1f} %")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
