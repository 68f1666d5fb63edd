"""``beatomizer train``: train a model on a data set."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beatomizer.training.history import Row
    from beatomizer.training.loop import Outcome, StepFacts
    from beatomizer.training.recipe import Recipe

HELP = "train a model on a data set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``train`` takes."""
    parser.add_argument("model", metavar="MODEL", help="cnn, attention, full or live")
    parser.add_argument(
        "--data",
        metavar="DIR",
        nargs="+",
        action="extend",
        required=True,
        help="a data set from 'dataset build', or for full and live lessons; several are joined",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="RUN",
        required=True,
        help="the run's folder; goes on if it holds this very run",
    )
    parser.add_argument(
        "--recipe", metavar="FILE|NAME", help="a TOML file or a packaged recipe; default: MODEL's"
    )
    parser.add_argument(
        "--set",
        metavar="part.key=value",
        action="append",
        default=[],
        dest="settings",
        help="change the recipe",
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="the same as --set train.epochs=N")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        default="auto",
        help="default: a GPU if there is one; many through torchrun (docs/training.md)",
    )
    parser.add_argument(
        "--teacher", metavar="RUN|FILE|NAME", help="full, live: a finished listener to learn from too"
    )
    parser.add_argument(
        "--start",
        metavar="RUN|FILE|NAME",
        help="full, live: whose weights to begin with (a run, an .onnx, 'full')",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing unless something fails")
    parser.add_argument("--json", action="store_true", help="print a machine-readable summary")


def run(arguments: argparse.Namespace) -> int:
    """Train and report."""
    from beatomizer.cli.extras import TRAINING, need

    need("training", *TRAINING)
    if arguments.model in ("full", "live"):
        from beatomizer.cli import listening

        return listening.run(arguments)
    from beatomizer.cli.program import INTERRUPTED  # which imports this module
    from beatomizer.training.loop import train

    speaks = os.environ.get("RANK", "0") == "0"  # torchrun numbers its processes
    screen = _Screen(
        quiet=arguments.quiet or arguments.json or not speaks, bars=speaks and not arguments.quiet
    )
    try:
        outcome = train(
            arguments.model,
            [Path(name) for name in arguments.data],
            Path(arguments.output),
            recipe_of(arguments),
            progress=screen,
            on_step=screen.step,
            on_epoch=screen.epoch,
            accelerator=arguments.device,
        )
    except KeyboardInterrupt:
        screen.close()
        if speaks and not arguments.quiet:
            print("beatomizer: stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return INTERRUPTED
    finally:
        screen.close()
    if outcome.leader and arguments.json:
        print(json.dumps(summary(outcome), indent=2))
    elif outcome.leader and not arguments.quiet:
        print(spoken(outcome))
    return 0


def recipe_of(arguments: argparse.Namespace) -> "Recipe":
    """The recipe that was asked for, with the settings laid over it."""
    from beatomizer.training.recipe import with_settings
    from beatomizer.training.recipe_file import find_recipe

    settings = list(arguments.settings)
    if arguments.epochs is not None:
        settings.append(f"train.epochs={arguments.epochs}")
    return with_settings(find_recipe(arguments.recipe, arguments.model), settings)


def summary(outcome: "Outcome") -> dict[str, Any]:
    """What ``--json`` prints."""
    best = outcome.rows[outcome.best_epoch - 1] if outcome.best_epoch else {}
    return {
        "run": str(outcome.run),
        "epochs": len(outcome.rows),
        "stopped_early": outcome.stopped_early,
        "best": {"epoch": outcome.best_epoch, "score": outcome.best_score, **_part(best, "validation.")},
        "references": outcome.references,
        "clips_per_s": round(outcome.clips_per_s, 2),
        "waiting_for_data": round(outcome.waiting, 4),
        "parameters": outcome.parameters,
        "device": outcome.device,
        "seconds": round(outcome.seconds, 2),
    }


def _part(row: "Row", prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def spoken(outcome: "Outcome") -> str:
    """The end in a few lines for a person."""
    facts = summary(outcome)
    best, constant, white = facts["best"], outcome.references["constant"], outcome.references["white"]
    early = ", then no more improvement" if outcome.stopped_early else ""
    lines = [f"{outcome.run}  {outcome.parameters:,} parameters on {outcome.device}"]
    if best.get("loss") is not None:
        lines += [
            f"  best      epoch {best['epoch']} of {facts['epochs']}{early}",
            f"  loss      {best['loss']:.4f}   (a constant colour: {constant['loss']:.4f})",
            f"  cosine    {best['cosine_similarity']:.4f}   (a constant colour: "
            f"{constant['cosine_similarity']:.4f}, white: {white['cosine_similarity']:.4f})",
            f"  movement  {best['movement']:.2f}     (1 moves as the labels do)",
        ]
    if outcome.clips_per_s:
        lines.append(
            f"  speed     {outcome.clips_per_s:.1f} clips/s, {outcome.waiting:.1%} of it waiting for data"
        )
    else:
        lines.append("  speed     nothing was left to do")
    lines.append(f"  wrote     {outcome.run / 'curves.png'}, history.csv, checkpoints")
    return "\n".join(lines)


class _Screen:
    """Bars while it runs, a line for each epoch."""

    def __init__(self, quiet: bool, bars: bool) -> None:
        from beatomizer.cli.bars import bars_if_terminal

        self._quiet = quiet
        self._bars = bars_if_terminal(not bars)
        self._shows = bars and sys.stderr.isatty()
        self._bar: Any = None

    def __call__(self, stage: str, share: float) -> None:
        """Progress of everything but training, which has a bar of its own."""
        if stage != "train":
            self._bars(stage, share)
            if share >= 1.0:
                self._close_bars()

    def step(self, facts: "StepFacts") -> None:
        """A bar for each epoch, with clips a second."""
        if not self._shows:
            return
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(
                total=facts.clips_of_epoch,
                initial=0,
                desc=f"epoch {facts.epoch} of {facts.epochs}",
                unit=" clips",
                leave=False,
                file=sys.stderr,
            )
        self._bar.set_postfix_str(f"loss {facts.loss:.4f}", refresh=False)
        self._bar.update(facts.clips - self._bar.n)

    def epoch(self, row: "Row") -> None:
        """One line."""
        self.close()
        if not self._quiet:
            print(
                f"epoch {row['epoch']:3.0f}  loss {row['train.loss']:.4f}  validation {row['validation.loss']:.4f}"
                f"  cosine {row['validation.cosine_similarity']:.4f}  movement {row['validation.movement']:.2f}"
                f"  {row['clips_per_s']:.1f} clips/s",
                flush=True,
            )

    def _close_bars(self) -> None:
        from beatomizer.cli.bars import Bars

        if isinstance(self._bars, Bars):
            self._bars.close()

    def close(self) -> None:
        """Remove what is on the screen."""
        self._close_bars()
        if self._bar is not None:
            self._bar.close()
            self._bar = None
