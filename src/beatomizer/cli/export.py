"""``beatomizer export``: turn a trained run into a model file."""

import argparse

HELP = "turn a trained run into a model file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``export`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
