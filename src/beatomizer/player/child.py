"""Processes of this same package, wherever it was imported from."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def start_module(module: str, words: list[str], **wishes: Any) -> "subprocess.Popen[bytes]":
    """``python -m module words…`` with pipes for standard input and output, unless ``wishes`` say otherwise.

    Ctrl-C reaches every process of a terminal, but only the leader acts on it; a child is deaf to it from its first
    moment, long before its own code could say so.

    Args:
        module: of this package, with a main.
        words: its arguments.
        wishes: for ``subprocess.Popen``.
    """
    home = str(Path(__file__).parents[2])
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with _interrupts_held():
        return subprocess.Popen(
            [sys.executable, "-m", module, *words], env=environment, **{**pipes, **wishes}
        )


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """While the body runs SIGINT waits, and what is started there never gets it: a child inherits the mask."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
