"""Song → show file, the whole process, beside librosa's load + beat tracker in the same run.

    python benchmarks/whole_process.py [--rounds 5] [--minutes 4] [--song FILE]

Prints medians of fresh processes, alternated, so that what disturbs one disturbs the other: times real time, the
ratio to librosa (limit 0.3), where the time goes, and peak memory. librosa is only a peer here: where it is not
installed its row is left out.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from song_files import long_mp3

OURS = (
    "from beatomizer.cli import main; import sys; "
    "sys.exit(main(['render', sys.argv[1], '-o', sys.argv[2], '--json']))"
)
PEER = "import librosa, sys; y, sr = librosa.load(sys.argv[1]); print(librosa.beat.beat_track(y=y, sr=sr)[0])"
TIMES_REAL_TIME_MUST = 100
SHARE_OF_LIBROSA_MUST = 0.3


def timed(code: str, *words: str) -> tuple[float, float, str]:
    """Seconds, peak MiB of the child, and what it printed.

    The peak is the kernel's high-water mark of the child's own memory. ``ru_maxrss`` would not do: after ``exec`` it
    still holds the peak of the process that forked, which is this one with its long song.
    """
    wrapper = (
        "import sys; code = sys.argv.pop(1)\n"
        "try: exec(code)\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')), file=sys.stderr)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", wrapper, code, *words], capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, int(done.stderr.split()[-2]) / 1024, done.stdout


def main() -> None:
    """Run both, alternated, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--song", type=Path, help="a song of your own instead of the composed one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        song = arguments.song or long_mp3(Path(folder) / "song.mp3", arguments.minutes * 60)
        out = str(Path(folder) / "show.npz")
        ours, peer, stages, memory = [], [], [], 0.0
        for _ in range(arguments.rounds):
            seconds, mib, printed = timed(OURS, str(song), out)
            ours.append(seconds)
            memory = max(memory, mib)
            facts = json.loads(printed)
            duration_s = facts["duration_s"]
            stages.append(facts["seconds"])
            if find_spec("librosa"):
                peer.append(timed(PEER, str(song))[0])
    median = statistics.median(ours)
    ratio = duration_s / median
    print(
        f"beatomizer render .mp3 -> .npz  {median:.2f} s  {ratio:.0f}x real time (must be {TIMES_REAL_TIME_MUST}x)"
    )
    print(f"  peak memory {memory:.0f} MiB")
    for stage in stages[0]:
        print(f"  {stage:<10} {statistics.median(row[stage] for row in stages):.3f} s")
    print(f"  start-up   {median - statistics.median(row['total'] for row in stages):.3f} s")
    if peer:
        share = median / statistics.median(peer)
        print(f"librosa load + beat_track       {statistics.median(peer):.2f} s")
        print(f"share of librosa's time         {share:.2f} (must be at most {SHARE_OF_LIBROSA_MUST})")
    else:
        print("librosa is not installed: 'make bench' installs it")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
