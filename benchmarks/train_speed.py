"""How fast the paper's two models train: clips a second, the share spent waiting for data, one epoch of 400 clips.

    python benchmarks/train_speed.py [--clips 400] [--models cnn attention] [--device auto] [--set part.key=value]…

The clips are noise with random light: what they hold does not change the speed. By default 32 clips are trained on and
the epoch of 400 is reckoned from them; with ``--clips 400`` it is the real one. Augmented rows hear everything anew.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES, Clip
from beatomizer.dataset.shards import write_facts, write_split
from beatomizer.training.loop import train
from beatomizer.training.recipe import with_settings
from beatomizer.training.recipe_file import find_recipe

_EPOCH = 400
_AUGMENTED = ["augment.gain_db=6", "augment.tilt_db=6", "augment.tempo=0.1", "augment.noise=0.3"]
_AUGMENTED += ["augment.shift_frames=30"]


def noise_set(folder: Path, clips: int) -> Path:
    """A set of ``clips`` training clips and two for validation."""
    folder.mkdir()
    parts = {"train": clips, "validation": 2, "test": 0}
    shards = {split: write_split(folder, split, noise_clips(split, count)) for split, count in parts.items()}
    write_facts(folder, shards, labels="mean", zones=1, more={})
    return folder


def noise_clips(split: str, count: int) -> Iterator[Clip]:
    """Fifteen seconds of quiet noise each, and light that changes every quarter second."""
    for number in range(count):
        rng = np.random.default_rng([number, len(split)])
        audio = np.round(3000 * rng.standard_normal(CLIP_SAMPLES)).astype(np.int16)
        rgb = np.repeat(rng.integers(0, 65536, (CLIP_FRAMES // 15, 1, 3)), 15, axis=0).astype(np.uint16)
        yield Clip(f"{split}-{number:04d}", split, audio, rgb, np.zeros(CLIP_FRAMES, np.uint8))


def measure(model: str, shards: Path, run: Path, settings: list[str], device: str) -> None:
    """Two epochs; the second one, which no longer starts anything, is printed."""
    recipe = with_settings(find_recipe(None, model), ["train.epochs=2", "train.checkpoint_s=0", *settings])
    outcome = train(model, [shards], run, recipe, accelerator=device)
    row = outcome.rows[-1]
    print(
        f"{model:10}  {'augmented' if recipe.augment.sound else 'plain':9}  {outcome.device:6}  "
        f"{outcome.parameters:9,} parameters  {row['clips_per_s']:7.2f} clips/s  "
        f"waiting {row['waiting']:5.1%}  epoch of {_EPOCH} clips {_EPOCH / row['clips_per_s']:6.1f} s",
        flush=True,
    )


def main() -> None:
    """Print a row for each model, plain and augmented."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--models", nargs="+", default=["cnn", "attention"])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--set", action="append", default=[], dest="settings")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, torch {torch.__version__} with {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as place:
        shards = noise_set(Path(place) / "shards", arguments.clips)
        for model in arguments.models:
            for name, more in (("plain", []), ("augmented", _AUGMENTED)):
                settings = [*more, *arguments.settings]
                measure(model, shards, Path(place) / f"{model}-{name}", settings, arguments.device)


if __name__ == "__main__":
    main()
