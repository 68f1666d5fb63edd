"""``beatomizer dataset review``: look at takes and clips, accept or reject them."""

import argparse

HELP = "look at takes and clips, accept or reject them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset review`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
