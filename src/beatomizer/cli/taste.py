"""What ``beatomizer train full`` does for a data set of somebody's own shows."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beatomizer.errors import UsageError
from beatomizer.progress import Progress

if TYPE_CHECKING:
    from beatomizer.training.history import Row
    from beatomizer.training.listening.tune import TasteOutcome

TERMS = ("hue", "light", "spectral", "kept")


def learned(
    arguments: argparse.Namespace, folders: list[Path], settings: list[str], progress: Progress, quiet: bool
) -> "TasteOutcome":
    """Fine-tune as the command line asks."""
    from beatomizer.training.listening.recipe_file import find_listen_recipe
    from beatomizer.training.listening.tune import RECIPE_NAME, learn_taste

    if arguments.teacher is not None:
        raise UsageError(
            "--teacher is for lessons; on your own shows the beginning teaches",
            "say --start, or leave it out",
        )
    own = RECIPE_NAME if arguments.model == "full" else None
    return learn_taste(
        arguments.model,
        folders,
        Path(arguments.output),
        find_listen_recipe(arguments.recipe or own, arguments.model, settings),
        start=None if arguments.start is None else Path(arguments.start),
        progress=progress,
        on_epoch=None if quiet else _told_epoch,
        accelerator=arguments.device,
    )


def summary(outcome: "TasteOutcome") -> dict[str, Any]:
    """What ``--json`` prints."""
    best = outcome.rows[outcome.best_epoch - 1] if outcome.best_epoch else {}
    return {
        "run": str(outcome.run),
        "start": outcome.start,
        "epochs": len(outcome.rows),
        "before": {name: outcome.before[name] for name in ("loss", *TERMS)},
        "best": {"epoch": outcome.best_epoch, **_terms(best.get)},
        "stretches": {"train": outcome.lessons[0], "validation": outcome.lessons[1]},
        "parameters": outcome.parameters,
        "device": outcome.device,
        "seconds": round(outcome.seconds, 2),
    }


def _terms(get: Callable[[str], float | None]) -> dict[str, float | None]:
    return {name: get(f"validation.{name}") for name in ("loss", *TERMS)}


def spoken(outcome: "TasteOutcome") -> str:
    """The end in a few lines for a person."""
    best = outcome.rows[outcome.best_epoch - 1]
    told = "  ".join(
        f"{name} {outcome.before[name]:.3f} → {best[f'validation.{name}']:.3f}" for name in TERMS
    )
    lines = [
        f"{outcome.run}  learned from {outcome.lessons[0]} stretches of shows on {outcome.device}, "
        f"beginning with {outcome.start}",
        f"  best      epoch {outcome.best_epoch} of {len(outcome.rows)}",
        f"  aside     {told}   ({outcome.lessons[1]} stretches)",
    ]
    if best["validation.loss"] >= outcome.before["loss"]:
        lines.append(
            "  !         no nearer to these shows than before: use more of them, or keep the model you have"
        )
    lines += [
        f"  wrote     {outcome.run / 'history.csv'}, checkpoints",
        f"  next      beatomizer export {outcome.run} -o {outcome.run.name}.onnx",
    ]
    return "\n".join(lines)


def _told_epoch(row: "Row") -> None:
    told = "  ".join(f"{name} {row[f'validation.{name}']:.3f}" for name in TERMS)
    print(
        f"epoch {row['epoch']:3.0f}  loss {row['train.loss']:.4f}  validation {row['validation.loss']:.4f}  {told}"
        f"  {row['seconds_of_music_per_s']:.0f} s of music/s",
        flush=True,
    )
