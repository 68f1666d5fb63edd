"""Work for tests of piecework, without numpy: a child of it imports this module in a moment."""

import os
import sys
import time
from functools import partial
from pathlib import Path

from beatomizer.dataset.piecework import results
from beatomizer.errors import ResourceLimitError


def doubled(piece, tell):
    """Twice the piece, and half-way told."""
    tell(0.5)
    return 2 * piece


def threads(piece, tell):
    """How many BLAS threads a worker may have."""
    return os.environ.get("OPENBLAS_NUM_THREADS")


def full(piece, tell):
    """A disk that is full at the second piece."""
    if piece == 1:
        raise ResourceLimitError("the disk is full", "free some space")
    return piece


def killed(piece, tell):
    """What the system does to a process when memory runs out."""
    os._exit(9)


def endless(folder, piece, tell):
    """Says who works, writes aside, and goes on for ever; clears up when it is told to stop."""
    aside = Path(folder) / f"aside-{piece}"
    aside.write_text(str(os.getpid()))
    try:
        while True:
            time.sleep(0.05)
    finally:
        aside.unlink()


if __name__ == "__main__":
    list(results(partial(endless, sys.argv[1]), [0, 1], 2, lambda done: None))
