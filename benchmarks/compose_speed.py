"""How fast songs are composed: seconds of 48 kHz stereo sound per second of one core, for every style.

    python benchmarks/compose_speed.py [SONGS_PER_STYLE]

Beside it, the cost of the score alone and of making noise of the same length (the least that any synthesis costs).
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time

import numpy as np

from beatomizer.composer.compose import compose, written
from beatomizer.composer.generators import STYLES


def main(songs: int) -> None:
    """Print a line for every style, and the whole."""
    sound_s = work_s = 0.0
    compose(0, style="house")  # the first song fills tables that all songs share
    print(f"{'style':14s} {'songs':>5s} {'sound s':>8s} {'core s':>7s} {'× real time':>11s} {'score ms':>8s}")
    for style in STYLES:
        heard_s, spent_s, writing_s = 0.0, 0.0, 0.0
        for seed in range(songs):
            start_s = time.process_time()
            heard_s += compose(seed, style=style).annotations.duration_s
            spent_s += time.process_time() - start_s
            start_s = time.process_time()
            written(seed, style=style)
            writing_s += time.process_time() - start_s
        ratio = heard_s / spent_s
        print(
            f"{style:14s} {songs:5d} {heard_s:8.1f} {spent_s:7.2f} {ratio:11.1f} {1000 * writing_s / songs:8.1f}"
        )
        sound_s += heard_s
        work_s += spent_s
    print(f"{'all':14s} {songs * len(STYLES):5d} {sound_s:8.1f} {work_s:7.2f} {sound_s / work_s:11.1f}")
    start_s = time.process_time()
    np.random.default_rng(0).standard_normal((2, 48_000 * 60), dtype=np.float32)
    print(f"a minute of stereo noise: {60 / (time.process_time() - start_s):.0f} × real time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
