"""``beatomizer train``: train a model on a data set."""

import argparse

HELP = "train a model on a data set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``train`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
