"""One family of errors: each names the mistake, says what to do next, and knows its exit code.

``str(error)`` is one line that a person can act on. The command line prints it and exits with ``exit_code``;
a traceback appears only with ``--debug``.
"""


class BeatomizerError(Exception):
    """Something went wrong that a person can understand and mend.

    Args:
        problem: what is wrong, one line, no full stop.
        hint: what to do next, one line, no full stop; empty if there is nothing to do.
    """

    exit_code = 1

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem, hint)
        self.problem = one_line(problem)
        self.hint = one_line(hint)

    def __str__(self) -> str:
        return f"{self.problem}: {self.hint}" if self.hint else self.problem


class UsageError(BeatomizerError):
    """The request itself does not make sense: an unknown name, a wrong suffix, a value out of range."""

    exit_code = 2


class MissingExtraError(UsageError):
    """A part of the program that is installed separately is needed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the '{extra}' extra", install_line(extra))
        self.extra = extra


class UnreadableInputError(BeatomizerError):
    """A file is missing, not a regular file, not of a known kind, damaged, or not trusted."""

    exit_code = 3


class NoUsableAudioError(BeatomizerError):
    """The file can be read but holds no sound a show could be made of."""

    exit_code = 4


class ResourceLimitError(BeatomizerError):
    """The work would go over a limit: length, memory, disk, picture size, or rounds of repair."""

    exit_code = 5


class DeviceError(BeatomizerError):
    """A sound card, a light or the network does not answer."""

    exit_code = 6


def install_line(extra: str) -> str:
    """How an extra is installed: beside a released package, or in a checkout, where no index may know the name."""
    return f"pip install 'beatomizer[{extra}]' (in a checkout: pip install '.[{extra}]')"


def one_line(text: str, limit: int = 300) -> str:
    """``text`` with control characters and line breaks turned to spaces, cut to ``limit`` characters.

    File names and tags reach error messages; neither may break the one-line promise or drive a terminal.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    flat = " ".join(printable.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
