"""``beatomizer search``: search settings from features to optimiser."""

import argparse

HELP = "search settings from features to optimiser"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``search`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
