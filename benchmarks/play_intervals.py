"""How regular frames leave while a song plays: the error of the interval between packets, and of their moment.

    python benchmarks/play_intervals.py [--minutes 1] [--load N]

A show whose colour names its frame plays without sound to a recording light. Printed: frames shown and skipped, the
interval's error against 1/60 s, p50, p99 and p99.9 in milliseconds; and by how much each frame came after its moment.
``--load`` starts N busy processes beside it.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from beatomizer.timebase import FPS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--load", type=int, default=0)
    arguments = parser.parse_args()
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(arguments.load)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            report(played(60.0 * arguments.minutes, Path(folder) / "sent.npz"))
    finally:
        for process in busy:
            process.kill()


def played(seconds: float, record: Path) -> Path:
    """Play a grey show for so long."""
    plan = Plan((f"record://{record}",), 8, "broadcast")
    with OutputProcess(plan, Wishes(Anchor(0.0, 0.0, 0.0), offsets_s=(0.0,))) as output:
        home = output.folder / "song-0"
        home.mkdir()
        np.save(home / "show.npy", np.full((round(seconds * FPS) + FPS, 8, 3), 90, dtype=np.uint8))
        start_s = time.monotonic()
        while (now_s := time.monotonic()) < start_s + seconds:
            output.wish(Wishes(Anchor(start_s, 0.0, 1.0), beat_s=now_s, song=0, offsets_s=(0.0,)))
            output.check()
            time.sleep(0.02)
    return record


def report(record: Path) -> None:
    """Print what was recorded, without the first second and the ending."""
    sent = np.load(record)
    keep = (sent["song_s"] > 1.0) & (sent["song_s"] < sent["song_s"].max() - 1.0)
    times, frames = sent["time_s"][keep], np.round(sent["song_s"][keep] * FPS)
    skipped = int((np.diff(frames) - 1).clip(0).sum())
    error = np.abs(1000 * (np.diff(times) - np.diff(frames) / FPS))
    moment = 1000 * (times - sent["song_s"][keep])
    moment -= moment.min()
    print(f"{len(times)} frames shown, {skipped} skipped")
    print(
        "interval error, ms: p50 {:.2f}, p99 {:.2f}, p99.9 {:.2f}".format(
            *np.percentile(error, [50, 99, 99.9])
        )
    )
    print(
        "after its moment, ms: p50 {:.2f}, p99 {:.2f}, p99.9 {:.2f}".format(
            *np.percentile(moment, [50, 99, 99.9])
        )
    )


if __name__ == "__main__":
    main()
