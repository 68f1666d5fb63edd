"""Words → command, errors → one line and an exit code.

Exit codes: 0 done · 1 ``check`` found unsafe light, or ``doctor`` something broken · 2 usage · 3 unreadable input ·
4 no usable audio · 5 over a resource limit · 6 device or network · 70 a mistake in this program · 130 interrupted.
"""

import argparse
import os
import sys
from typing import NoReturn

from beatomizer import __version__
from beatomizer.cli import (
    calibrate,
    check,
    dataset,
    demo,
    doctor,
    evaluate,
    export,
    lights,
    live,
    play,
    render,
    search,
    studio,
    train,
)
from beatomizer.cli.interrupts import interrupts_kept
from beatomizer.errors import BeatomizerError, ResourceLimitError, UsageError, one_line

COMMANDS = (
    demo,
    render,
    studio,
    play,
    live,
    calibrate,
    lights,
    check,
    dataset,
    train,
    evaluate,
    search,
    export,
    doctor,
)

INTERNAL_ERROR = 70
"""EX_SOFTWARE of sysexits.h."""

INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


class OneLineParser(argparse.ArgumentParser):
    """Reports a mistake in one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Raise what ``run`` turns into one line and exit code 2."""
        message = message.replace("the following arguments are required:", "say which")
        raise UsageError(message, f"see '{self.prog} --help'")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = OneLineParser(
        prog="beatomizer",
        description="Turn a song into a safe light show.",
        epilog="Shows flash. Read the photosensitivity notice in the README before you watch one.",
    )
    parser.add_argument("--version", action="version", version=f"beatomizer {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        sub = commands.add_parser(name, help=command.HELP, description=command.HELP)
        sub.add_argument("--debug", action="store_true", help="show a traceback when something fails")
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


def run(words: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    # One BLAS thread: the line's matrices are small, and threads that spin cost more than they give.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = sys.argv[1:] if words is None else words
    debug = "--debug" in words
    try:
        arguments = build_parser().parse_args(words)
        with interrupts_kept():
            return int(arguments.run(arguments))
    except SystemExit as stop:  # argparse ends --help and --version this way
        return int(stop.code or 0)
    except KeyboardInterrupt:
        return _complain("interrupted; nothing half-written is left behind", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except BeatomizerError as error:
        if debug:
            raise
        return _complain(str(error), error.exit_code)
    except MemoryError:
        if debug:
            raise
        return _complain("out of memory: try a shorter song", ResourceLimitError.exit_code)
    except Exception as error:
        if debug:
            raise
        text = f"a mistake in beatomizer ({type(error).__name__}: {error}); please report it with the output of --debug"
        return _complain(text, INTERNAL_ERROR)


def _complain(text: str, exit_code: int) -> int:
    print(f"beatomizer: {one_line(text)}", file=sys.stderr)
    return exit_code
