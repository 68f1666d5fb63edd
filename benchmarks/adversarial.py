# mypy: allow-untyped-calls
"""A million adversarial frames through the limiter, judged by an independent oracle: no violation may be found.

    python benchmarks/adversarial.py [--frames 1000000] [--seed 0]

The oracle (``tests/safety_oracle.py``) is written from the published formulas and shares no code with the
limiter. Prints the violations (none), the frames, and the time; exits with 1 if there is a violation.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))


from beatomizer.arrays import U8
from beatomizer.safety.limiter import Limiter
from tests.safety_adversaries import Greedy, pattern
from tests.safety_oracle import violations

_PROFILES = ("broadcast", "broadcast", "broadcast", "strict", "calm", "venue")
_ZONES = (1, 1, 2, 3, 8)


def limited(rng: Any, zones: int, profile: str, frames: int) -> U8:
    """What a limiter that starts in the dark shows of one adversary."""
    limiter = Limiter(zones, profile)
    if rng.integers(4) == 0:
        greedy, shown = Greedy(rng, zones), [np.zeros((zones, 3), dtype=np.uint8)]
        for _ in range(frames):
            shown.append(limiter.step(greedy.wanted(shown[-1])))
        return np.stack(shown[1:])
    wanted = pattern(rng, zones, frames)
    return np.stack([limiter.step(frame) for frame in wanted])


def main() -> int:
    """Run it; 0 if nothing was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    done, found, limiting_s, start = 0, 0, 0.0, time.perf_counter()
    while done < arguments.frames:
        frames = min(int(rng.integers(300, 3000)), arguments.frames - done)
        zones, profile = int(rng.choice(_ZONES)), str(rng.choice(_PROFILES))
        began = time.perf_counter()
        shown = limited(rng, zones, profile, frames)
        limiting_s += time.perf_counter() - began
        from_dark = np.concatenate([np.zeros((1, zones, 3), dtype=np.uint8), shown])
        broken = violations(from_dark, profile) | violations(shown, profile)
        if broken:
            found += 1
            print(f"violation after {done} frames ({profile}, {zones} zones): {sorted(broken)}")
        done += frames
    spent_s = time.perf_counter() - start
    print(f"{done} adversarial frames, {found} sequences with violations")
    print(f"{spent_s:.0f} s, of which {1000 * limiting_s / max(1, done):.3f} ms a frame in the limiter")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
