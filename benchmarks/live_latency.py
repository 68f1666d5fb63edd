"""From a kick's onset to the packet of its light, through the whole live line and a real socket.

    python benchmarks/live_latency.py [--minutes 1]

Kicks come at random moments (nothing can be foreseen), each after silence long enough for the features to settle; the
engine is a stand-in that gives light the moment the spectrum rises, so that what is measured is the line: capture,
resampling, features, ring, output process, socket. Samples come in blocks of 10 ms, whose length is part of the time.
Printed: median, p90 and p99 in milliseconds, and how regular the packets were.
"""

import argparse
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.audio.capture.block import Block, Capture, EndOfSoundError
from beatomizer.audio.capture.watched import WatchedCapture
from beatomizer.features.bank import COLUMNS, FeatureStream
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from beatomizer.player.ring import Timed
from beatomizer.timebase import HOP

RATE = 48_000
_KICK_S = 0.18
_SEEN = 40
"""8-bit value from which the light of a kick counts as seen."""


@dataclass
class Kicks:
    """A source that plays kicks at random moments, in blocks of 10 ms, in real time."""

    seconds: float
    name: str = "kicks"
    sample_rate: int = RATE
    onsets_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Compose."""
        rng = np.random.default_rng(5)
        at = np.cumsum(rng.uniform(0.5, 0.9, int(self.seconds / 0.7)))
        t = np.arange(int(_KICK_S * RATE)) / RATE
        kick = 0.8 * np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 30)))) * np.exp(-12 * t)
        self._samples: F32 = (0.0005 * rng.standard_normal(int((at[-1] + 1) * RATE))).astype(np.float32)
        self._at = [int(moment * RATE) for moment in at]
        for first in self._at:
            self._samples[first : first + len(kick)] += kick.astype(np.float32)
        self._next, self._start_s = 0, 0.0

    def read(self, timeout_s: float) -> Block | None:
        """Ten milliseconds when they are over."""
        if self._next == 0:
            self._start_s = time.monotonic()
            self.onsets_s = [self._start_s + first / RATE for first in self._at]
        part = self._samples[self._next : self._next + RATE // 100]
        if not len(part):
            raise EndOfSoundError
        self._next += len(part)
        at_s = self._start_s + self._next / RATE
        time.sleep(max(0.0, at_s - time.monotonic()))
        return Block(part[:, None], at_s)

    def close(self) -> None:
        """Nothing to let go."""


class Packets(threading.Thread):
    """A DDP receiver that notes when light came."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"ddp://127.0.0.1:{self.socket.getsockname()[1]}?gamma=srgb"
        self.times: list[float] = []
        self.light: list[int] = []

    def run(self) -> None:
        """Receive."""
        while True:
            data = self.socket.recv(2048)
            if len(data) > 10 and not data[0] & 0x02:
                self.times.append(time.monotonic())
                self.light.append(max(data[10:]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.5)
    arguments = parser.parse_args()
    packets, kicks = Packets(), Kicks(60.0 * arguments.minutes)
    packets.start()
    plan = Plan((packets.url,), 1, "broadcast", live=True)
    with OutputProcess(plan, Wishes(Anchor(0.0, 0.0, 0.0), offsets_s=(0.0,))) as output:
        follow(lambda: kicks, output)
    _report(kicks.onsets_s, np.array(packets.times), np.array(packets.light))


def follow(open_source: Callable[[], Capture], output: OutputProcess, seconds: float = float("inf")) -> None:
    """Sound in, light out: brightness is the flux of the spectrum. Until the source ends, or so long."""
    capture, features, until_s = WatchedCapture(open_source), FeatureStream(), time.monotonic() + seconds
    features.push(np.zeros(HOP * 60, dtype=np.float32))
    rest, number, height, due_s = np.zeros(0, np.float32), 0, 0.0, float("-inf")
    assert output.ring is not None
    while time.monotonic() < until_s:
        try:
            found = capture.read(0.05)
        except EndOfSoundError:
            break
        if found is None:
            continue
        rest = np.concatenate([rest, found[0]])
        while len(rest) >= HOP:
            row, rest = features.push(rest[:HOP])[0], rest[HOP:]
            height = max(0.93 * height, float(np.clip(row[COLUMNS["flux"]].mean() * 2.0, 0.0, 1.0)))
            light = np.full((1, 3), round(60 * height), dtype=np.uint8)
            due_s = max(time.monotonic(), due_s + 0.012)
            output.ring.write(Timed(number, min(due_s, time.monotonic() + 0.025), LightFrame(light)))
            number += 1
        now_s = time.monotonic()
        output.wish(Wishes(Anchor(now_s, 0.0, 0.0), beat_s=now_s, offsets_s=(0.0,)))
        output.poke()
    capture.close()


def lateness_ms(onsets_s: list[float], times: F64, light: F64) -> tuple[list[float], int]:
    """For each kick the time until its light, and how many kicks had none."""
    late, missed = [], 0
    for onset_s in onsets_s:
        before = light[(times > onset_s - 0.05) & (times <= onset_s)]
        base = int(before.max()) if len(before) else 0
        seen = (times > onset_s) & (times < onset_s + 0.3) & (light >= base + _SEEN // 4)
        if seen.any():
            late.append(1000 * (times[np.argmax(seen)] - onset_s))
        else:
            missed += 1
    return late, missed


def _report(onsets_s: list[float], times: F64, light: F64) -> None:
    late, missed = lateness_ms(onsets_s[2:], times, light)
    steps = 1000 * np.diff(times)
    median, p90, p99 = np.percentile(late, [50, 90, 99]) if late else (float("nan"),) * 3
    print(
        f"kick → packet: median {median:.1f} ms, p90 {p90:.1f}, p99 {p99:.1f}; {len(late)} kicks, {missed} missed"
    )
    print(f"packets: every {np.median(steps):.1f} ms, p99 {np.percentile(steps, 99):.1f}")


if __name__ == "__main__":
    main()
