"""``beatomizer dataset fetch``: fetch the videos of a list."""

import argparse

HELP = "fetch the videos of a list"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset fetch`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
