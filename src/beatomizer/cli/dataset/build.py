"""``beatomizer dataset build``: turn takes into labelled 15 s clips in shards."""

import argparse

HELP = "turn takes into labelled 15 s clips in shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset build`` takes."""


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    raise NotImplementedError
