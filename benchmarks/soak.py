"""Playing for long: does memory grow, do frames come late?

    python benchmarks/soak.py [--hours 0.1667]        ten minutes; --hours 1, --hours 72 …

``beatomizer play`` itself plays a cue list without sound, again and again (``--loop``), to a DDP receiver on loopback.
The receiver notes when each packet came; memory (resident, Linux) of the leader and of the output process is read every
five seconds. Printed: packets, how many came more than 25 ms too late (a gap over 16.7 + 25 ms), the longest gap, and
memory after one minute and at the end. Must: less than 0.01 % late and less than 20 MB growth in an hour. Exit code 1
if a must is missed; on a machine that does other work late frames say more about that work.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.lamps import ROOT, children, cue_list, end

LATE_S = 0.025
MUST_SHARE, MUST_MB = 0.0001, 20.0
_LOOK_S = 5.0
_SETTLED_S = 60.0
"""What is loaded on first use is loaded by then."""

_BINS = 4000
"""Tenths of a millisecond that gaps are counted in: a soak of days keeps no list of them."""


class Gaps(threading.Thread):
    """A DDP receiver that counts the time between packets."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"ddp://127.0.0.1:{self._socket.getsockname()[1]}"
        self.counts = np.zeros(_BINS + 1, dtype=np.int64)
        self.packets, self.late, self.longest_s = 0, 0, 0.0
        self.counting = False

    def run(self) -> None:
        """Count until the program ends."""
        before_s = 0.0
        while True:
            self._socket.recv(2048)
            now_s = time.monotonic()
            if before_s and self.counting:
                gap_s = now_s - before_s
                self.packets += 1
                self.late += gap_s > 1 / 60 + LATE_S
                self.longest_s = max(self.longest_s, gap_s)
                self.counts[min(_BINS, int(gap_s * 10_000))] += 1
            before_s = now_s

    def percentile_ms(self, share: float) -> float:
        """The gap that this share of all gaps is not above."""
        place = np.searchsorted(np.cumsum(self.counts), share * self.counts.sum())
        return float(place) / 10.0


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024.0
    raise ProcessLookupError(pid)


def main() -> int:
    """Play, look, report; 1 if a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1 / 6)
    seconds = 3600.0 * parser.parse_args().hours
    gaps = Gaps()
    gaps.start()
    with tempfile.TemporaryDirectory() as name:
        song = cue_list(Path(name) / "song.json", 60.0, 8, look="pulse")
        words = ["play", str(song), "--no-audio", "--loop", "--to", gaps.url, "--quiet"]
        process = subprocess.Popen(
            [sys.executable, "-m", "beatomizer", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            memory = _watched(process, gaps, seconds)
        finally:
            gaps.counting = False
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            end(process)
    return _report(gaps, memory, seconds)


def _watched(process: "subprocess.Popen[str]", gaps: Gaps, seconds: float) -> list[tuple[float, float]]:
    """Memory of leader and output process every five seconds."""
    while not (hands := [pid for pid, words in children(process.pid).items() if "stagehand" in words]):
        if process.poll() is not None:
            raise RuntimeError(f"it did not begin (code {process.returncode})")
        time.sleep(0.1)
    time.sleep(_LOOK_S)
    gaps.counting = True
    (hand,), memory, until_s = hands, list[tuple[float, float]](), time.monotonic() + seconds
    while time.monotonic() < until_s:
        if process.poll() is not None:
            raise RuntimeError(f"it ended by itself, with code {process.returncode}")
        memory.append((memory_mb(process.pid), memory_mb(hand)))
        time.sleep(_LOOK_S)
    return memory


def _report(gaps: Gaps, memory: list[tuple[float, float]], seconds: float) -> int:
    share = gaps.late / max(1, gaps.packets)
    print(f"{seconds / 60:.0f} minutes, {gaps.packets} packets, {gaps.packets / seconds:.2f} a second")
    print(
        f"late (a gap over {1000 / 60 + 1000 * LATE_S:.0f} ms): {gaps.late}, {100 * share:.4f} % (must: 0.01 %)"
    )
    told = ", ".join(f"p{100 * part:g} {gaps.percentile_ms(part):.1f}" for part in (0.5, 0.99, 0.999))
    print(f"gaps, ms: {told}, longest {1000 * gaps.longest_s:.0f}")
    grown_mb = 0.0
    for name, row in zip(("leader", "output process"), np.array(memory).T):
        settled = row[min(len(row) - 1, round(_SETTLED_S / _LOOK_S))]
        grown_mb = max(grown_mb, float(row[-1] - settled))
        print(f"{name}: {settled:.1f} MB after a minute, {row[-1]:.1f} at the end, {row.max():.1f} at most")
    print(f"memory growth {grown_mb:+.2f} MB (must: below {MUST_MB:.0f})")
    return int(share >= MUST_SHARE or grown_mb >= MUST_MB)


if __name__ == "__main__":
    raise SystemExit(main())
