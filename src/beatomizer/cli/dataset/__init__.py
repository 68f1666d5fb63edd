"""``beatomizer dataset``: from songs and videos to labelled clips; one file per step."""

import argparse
from importlib import import_module

HELP = "make, fetch, build and review training data"

STEPS = ("compose", "lessons", "fetch", "build", "review", "info")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the steps."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    for name in STEPS:
        step = import_module(f"beatomizer.cli.dataset.{name}")
        sub = steps.add_parser(name, help=step.HELP, description=step.HELP)
        sub.add_argument("--debug", action="store_true", help="show a traceback when something fails")
        step.add_arguments(sub)
        sub.set_defaults(run_step=step.run)


def run(arguments: argparse.Namespace) -> int:
    """Do the step."""
    return int(arguments.run_step(arguments))
