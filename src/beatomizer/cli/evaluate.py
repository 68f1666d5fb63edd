"""``beatomizer evaluate``: measure models beside reference rows."""

import argparse

HELP = "measure models beside reference rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``evaluate`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
