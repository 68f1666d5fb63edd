"""``beatomizer search``: search settings from features to optimiser."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beatomizer.search.trial import Task

HELP = "search settings from features to optimiser"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``search`` takes."""
    parser.add_argument("model", metavar="MODEL", help="cnn, attention, or any other of the table")
    parser.add_argument(
        "--data",
        metavar="SHARDS",
        nargs="+",
        action="extend",
        required=True,
        help="a data set; several are joined",
    )
    parser.add_argument(
        "-o", "--output", metavar="STUDY", required=True, help="the study's folder; goes on if it is there"
    )
    parser.add_argument(
        "--trials", type=int, default=20, metavar="N", help="finished trials in all (default 20)"
    )
    parser.add_argument("--space", metavar="FILE", help="what may change (TOML); default: the model's own")
    parser.add_argument("--recipe", metavar="FILE|NAME", help="what does not change; default: MODEL's recipe")
    parser.add_argument(
        "--set", metavar="part.key=value", action="append", default=[], dest="settings", help="fix a setting"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="the same as --set train.epochs=N")
    parser.add_argument(
        "--storage",
        metavar="URL",
        help="a database that machines share (sqlite:///…, postgresql://…); default: a file",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="trials side by side here (default 1)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the sampler (default 0)")
    parser.add_argument("--quiet", action="store_true", help="print nothing unless something fails")
    parser.add_argument("--json", action="store_true", help="print a machine-readable summary")


def run(arguments: argparse.Namespace) -> int:
    """Search and report."""
    from beatomizer.cli.extras import TRAINING, need

    need("searching", "optuna", *TRAINING)
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.search.report import write_report
    from beatomizer.search.storage import Search
    from beatomizer.search.study import search

    folder = Path(arguments.output)
    plan = Search(folder, arguments.trials, arguments.storage, arguments.workers, arguments.seed)
    task = task_of(arguments, folder)
    study = search(task, plan, bars_if_terminal(arguments.quiet))
    facts = write_report(study, task, folder)
    if arguments.json:
        print(json.dumps(facts, indent=2))
    elif not arguments.quiet:
        print(spoken(facts, folder))
    return 0


def task_of(arguments: argparse.Namespace, folder: Path) -> "Task":
    """What the trials share; what is set by hand leaves the space."""
    from beatomizer.search.space import find_space
    from beatomizer.search.trial import Task
    from beatomizer.training.recipe import with_settings
    from beatomizer.training.recipe_file import find_recipe

    settings = list(arguments.settings)
    if arguments.epochs is not None:
        settings.append(f"train.epochs={arguments.epochs}")
    fixed = {setting.partition("=")[0].strip() for setting in settings}
    recipe = with_settings(find_recipe(arguments.recipe, arguments.model), settings)
    space = find_space(arguments.space, arguments.model).without(fixed)
    shards = tuple(Path(name) for name in arguments.data)
    return Task(arguments.model, shards, folder / "runs", recipe, space)


def spoken(facts: dict[str, Any], folder: Path) -> str:
    """The end in a few lines for a person."""
    best = facts["best"]
    counts = ", ".join(f"{count} {state}" for state, count in facts["trials"].items())
    lines = [
        f"{folder}  {counts}",
        f"  best        trial {best['trial']}, skill {best['skill']:.4f} (0: a constant colour, 1: perfect)",
        *(f"  {'':10}  {key} = {value}" for key, value in best["settings"].items()),
    ]
    if facts["importance"]:
        first = list(facts["importance"].items())[:3]
        lines.append("  mattered    " + ", ".join(f"{name} {share:.0%}" for name, share in first))
    pictures = "history.png, importance.png" if facts["importance"] else "history.png"
    lines.append(f"  wrote       {folder / 'best.toml'}, trials.csv, {pictures}, study.json")
    return "\n".join(lines)
