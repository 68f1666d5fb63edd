"""Kill ``dataset build`` at random moments, start it again, compare every byte with a build that nobody disturbed.

python benchmarks/build_kills.py [COUNT] [--seed S] [--takes FOLDER]

Without a folder, composed takes are made: some filmed, some with labels only. Each trial is one killed and resumed
build; a build that was not killed in time (it had finished) is tried again with another moment.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = [sys.executable, "-m", "beatomizer", "dataset"]


def built(takes: Path, shards: Path, kill_after_s: float | None = None) -> tuple[bool, float]:
    """Build; whether it came to its end, and the seconds it took. With ``kill_after_s`` it is killed then."""
    begin_s = time.perf_counter()
    child = subprocess.Popen([*PROGRAM, "build", str(takes), "-o", str(shards), "--quiet"])
    try:
        code = child.wait(kill_after_s)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return False, time.perf_counter() - begin_s
    if code:
        raise SystemExit(f"the build failed with exit code {code}")
    return True, time.perf_counter() - begin_s


def tree(folder: Path) -> dict[str, bytes]:
    """All files with their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made(folder: Path) -> Path:
    """Composed takes: two films, six with labels only."""
    for name, words in (("films", ["--takes", "2", "--film"]), ("songs", ["--takes", "6", "--seed", "7"])):
        subprocess.run([*PROGRAM, "compose", "-o", str(folder / name), *words, "--quiet"], check=True)
    return folder


def trial(takes: Path, whole: dict[str, bytes], usual_s: float, chance: random.Random) -> tuple[int, bool]:
    """Kill until a build comes to its end: kills, and whether all bytes are the same."""
    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "set"
        kills = 0
        while kills == 0 or chance.random() < 0.3:  # sometimes the second attempt dies as well
            ended, _ = built(takes, shards, chance.uniform(0.1, 1.0) * usual_s)
            if ended:
                break
            kills += 1
        built(takes, shards)
        return kills, tree(shards) == whole


def main() -> None:
    """Make takes, build once in peace, then kill and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=5, help="builds to kill (default 5)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--takes", type=Path, help="a folder of takes, instead of composed ones")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        takes = arguments.takes or made(Path(folder) / "takes")
        _, usual_s = built(takes, Path(folder) / "set")
        whole = tree(Path(folder) / "set")
        print(
            f"undisturbed: {usual_s:.1f} s, {len(whole)} files, {sum(map(len, whole.values())) / 1e6:.1f} MB"
        )
        done = same = kills = 0
        while done < arguments.count:
            killed, equal = trial(takes, whole, usual_s, chance)
            if killed:
                done, same, kills = done + 1, same + equal, kills + killed
                print(f"{done:4d} builds killed and resumed ({kills} kills): {same} identical", flush=True)
    if same < done:
        raise SystemExit(f"{done - same} of {done} differ")


if __name__ == "__main__":
    main()
