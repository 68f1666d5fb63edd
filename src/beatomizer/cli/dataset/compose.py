"""``beatomizer dataset compose``: compose takes from nothing: songs with known scores, their light, and films of it."""

import argparse

HELP = "compose takes from nothing: songs with known scores, their light, and films of it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset compose`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
