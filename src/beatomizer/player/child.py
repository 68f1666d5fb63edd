"""Processes of this same package, wherever it was imported from."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def start_module(module: str, words: list[str], **wishes: Any) -> "subprocess.Popen[bytes]":
    """``python -m module words…`` with pipes for standard input and output, unless ``wishes`` say otherwise.

    Args:
        module: of this package, with a main.
        words: its arguments.
        wishes: for ``subprocess.Popen``.
    """
    home = str(Path(__file__).parents[2])
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-m", module, *words], env=environment, **{**pipes, **wishes})
