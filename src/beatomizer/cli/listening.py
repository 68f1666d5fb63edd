"""What ``beatomizer train`` does for the listeners ``full`` and ``live``."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beatomizer.cli import taste

if TYPE_CHECKING:
    from beatomizer.training.history import Row
    from beatomizer.training.listening.train import ListenOutcome
    from beatomizer.training.listening.tune import TasteOutcome


def run(arguments: argparse.Namespace) -> int:
    """Train a listener on lessons, or on somebody's own shows, and report."""
    from beatomizer.cli.program import INTERRUPTED  # which imports this module

    speaks = os.environ.get("RANK", "0") == "0"  # torchrun numbers its processes
    quiet = arguments.quiet or arguments.json or not speaks
    settings = list(arguments.settings)
    if arguments.epochs is not None:
        settings.append(f"train.epochs={arguments.epochs}")
    try:
        outcome, told = _trained(arguments, settings, quiet)
    except KeyboardInterrupt:
        if speaks and not arguments.quiet:
            print("beatomizer: stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return INTERRUPTED
    if outcome.leader and arguments.json:
        print(json.dumps(told.summary(outcome), indent=2))
    elif outcome.leader and not arguments.quiet:
        print(told.spoken(outcome))
    return 0


def _trained(
    arguments: argparse.Namespace, settings: list[str], quiet: bool
) -> "tuple[ListenOutcome | TasteOutcome, Any]":
    """How it ended, and the module that tells of it."""
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.training.listening.recipe_file import find_listen_recipe
    from beatomizer.training.listening.train import learn_to_listen
    from beatomizer.training.listening.tune import sorted_folders

    folders, progress = [Path(name) for name in arguments.data], bars_if_terminal(quiet)
    sets, _ = sorted_folders(folders)
    if sets:
        return taste.learned(arguments, folders, settings, progress, quiet), taste
    outcome = learn_to_listen(
        arguments.model,
        folders,
        Path(arguments.output),
        find_listen_recipe(arguments.recipe, arguments.model, settings),
        start=None if arguments.start is None else Path(arguments.start),
        teacher=None if arguments.teacher is None else Path(arguments.teacher),
        progress=progress,
        on_epoch=None if quiet else _told_epoch,
        accelerator=arguments.device,
    )
    return outcome, sys.modules[__name__]


def summary(outcome: "ListenOutcome") -> dict[str, Any]:
    """What ``--json`` prints."""
    best = outcome.rows[outcome.best_epoch - 1] if outcome.best_epoch else {}
    terms = {
        name.removeprefix("validation."): value
        for name, value in best.items()
        if name.startswith("validation.")
    }
    return {
        "run": str(outcome.run),
        "epochs": len(outcome.rows),
        "best": {"epoch": outcome.best_epoch, **terms},
        "lessons": {"train": outcome.lessons[0], "validation": outcome.lessons[1]},
        "parameters": outcome.parameters,
        "device": outcome.device,
        "seconds": round(outcome.seconds, 2),
    }


def spoken(outcome: "ListenOutcome") -> str:
    """The end in a few lines for a person."""
    best = outcome.rows[outcome.best_epoch - 1] if outcome.best_epoch else {}
    return "\n".join(
        [
            f"{outcome.run}  {outcome.parameters:,} parameters on {outcome.device}, "
            f"{outcome.lessons[0]} lessons and {outcome.lessons[1]} for validation",
            f"  best      epoch {outcome.best_epoch} of {len(outcome.rows)}",
            f"  loss      {outcome.best_loss:.4f}  beat {best.get('validation.beat', float('nan')):.3f}"
            f"  phase {best.get('validation.phase', float('nan')):.3f}"
            f"  part {best.get('validation.part', float('nan')):.3f}",
            f"  wrote     {outcome.run / 'history.csv'}, checkpoints",
            f"  next      beatomizer export {outcome.run} -o {outcome.run.name}.onnx",
        ]
    )


def _told_epoch(row: "Row") -> None:
    print(
        f"epoch {row['epoch']:3.0f}  loss {row['train.loss']:.4f}  validation {row['validation.loss']:.4f}"
        f"  beat {row['validation.beat']:.3f}  phase {row['validation.phase']:.3f}"
        f"  {row['seconds_of_music_per_s']:.0f} s of music/s",
        flush=True,
    )
