"""``beatomizer dataset info``: say what a data set holds."""

import argparse

HELP = "say what a data set holds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset info`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
