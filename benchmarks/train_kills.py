"""Trainings killed with kill -9 at random moments and started again: do they end as undisturbed ones do, byte for byte?

    python benchmarks/train_kills.py [--kills 20] [--seed 0]

A small cnn with dropout, augmentation and a plateau schedule is trained by the command line in processes of its own;
each is killed after a random time of training (one in four before it begins), until five have died, and the last one
may finish. Then another training begins. Checkpoints are written every other step, so that kills fall into them.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from train_speed import noise_set

_SETTINGS = (
    "train.epochs=4",
    "train.batch_size=1",
    "train.threads=1",
    "train.checkpoint_steps=2",
    "model.channels=[2, 2, 2, 2]",
    "model.dense=[4, 4, 4]",
    "model.norm=batch",
    "model.dropout=0.2",
    "data.crop_frames=300",
    "optimiser.schedule=plateau",
    "optimiser.plateau_patience=0",
    "augment.gain_db=6",
    "augment.shift_frames=9",
)
_KILLS_A_TRAINING = 5


def command(shards: Path, run: Path) -> list[str]:
    """What a person would type."""
    words = [
        sys.executable,
        "-m",
        "beatomizer",
        "train",
        "cnn",
        "--data",
        str(shards),
        "-o",
        str(run),
        "--quiet",
    ]
    for setting in _SETTINGS:
        words += ["--set", setting]
    return [*words, "--device", "cpu"]


def ending(run: Path) -> str:
    """A hash of everything that must not depend on interruptions."""
    last = max((run / "checkpoints").glob("step-*"))
    state = json.loads((last / "state.json").read_text())
    for row in state["rows"]:
        del row["clips_per_s"], row["waiting"]
    facts = [last.name, json.dumps(state, sort_keys=True), (run / "best.json").read_text()]
    digest = hashlib.sha256("\n".join(facts).encode())
    for name in ("model.safetensors", "optimiser.safetensors"):
        digest.update((last / name).read_bytes())
    return digest.hexdigest()


def killed(shards: Path, run: Path, after_s: float | None) -> bool:
    """Start and kill ``after_s`` seconds into the training, or (``None``) before it; whether it died by it."""
    before = len(logs(run))
    with subprocess.Popen(command(shards, run)) as process:
        if after_s is None:
            time.sleep(0.5)
        else:
            while process.poll() is None and len(logs(run)) == before:
                time.sleep(0.002)
            time.sleep(after_s)
        os.kill(process.pid, signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def logs(run: Path) -> list[Path]:
    """Each process that trains opens one of these when it begins."""
    return list((run / "tensorboard").glob("*"))


def training_s(run: Path) -> float:
    """Seconds of training in a finished run: from the log's beginning to the last checkpoint."""
    last = max((run / "checkpoints").glob("step-*"))
    return last.stat().st_mtime - (run / "references.json").stat().st_mtime


def main() -> None:
    """Print each training that was killed, and whether its end is the undisturbed one's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        shards = noise_set(Path(place) / "shards", 12)
        start = time.perf_counter()
        subprocess.run(command(shards, Path(place) / "undisturbed"), check=True)
        whole_s, inner_s = time.perf_counter() - start, training_s(Path(place) / "undisturbed")
        expected = ending(Path(place) / "undisturbed")
        print(
            f"undisturbed: {whole_s:.1f} s, {inner_s:.1f} s of it training, ends as {expected[:12]}",
            flush=True,
        )
        kills = same = trainings = 0
        while kills < arguments.kills:
            run, here = Path(place) / f"killed-{trainings}", 0
            for _ in range(min(_KILLS_A_TRAINING, arguments.kills - kills)):
                early = chance.random() < 0.25
                here += killed(shards, run, None if early else chance.uniform(0.0, 0.5) * inner_s)
            subprocess.run(command(shards, run), check=True)
            kills, trainings, same = kills + here, trainings + 1, same + (ending(run) == expected)
            print(f"training {trainings}: {here} kills, ends as {ending(run)[:12]}", flush=True)
    print(f"{kills} kills in {trainings} trainings, {same} ended identically")
    sys.exit(0 if same == trainings else 1)


if __name__ == "__main__":
    main()
