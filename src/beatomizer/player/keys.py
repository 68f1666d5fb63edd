"""Keys of a terminal, one at a time, without Enter; the terminal is itself again afterwards.

Where there is no terminal there are no keys: ``Keys`` then says nothing.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

_NAMES = {
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1b[C": "right",
    b"\x1b[D": "left",
    b"\x1bOA": "up",
    b"\x1bOB": "down",
    b"\x1bOC": "right",
    b"\x1bOD": "left",
    b"\t": "tab",
    b" ": "space",
    b"\r": "enter",
    b"\n": "enter",
}


def names_of(data: bytes) -> list[str]:
    """Keys by name, from what a terminal sends: ``"up"``, ``"space"``, ``"q"``; unknown sequences are left out."""
    names, at = [], 0
    while at < len(data):
        size = 3 if data[at : at + 2] in (b"\x1b[", b"\x1bO") else 1
        part = data[at : at + size]
        if size == 3 and part not in _NAMES:
            while at + size <= len(data) and not part[-1:].isalpha() and part[-1:] != b"~":
                size += 1
                part = data[at : at + size]
        elif part in _NAMES:
            names.append(_NAMES[part])
        elif part.isascii() and part.decode("ascii").isprintable():
            names.append(part.decode("ascii").lower())
        at += size
    return names


class Keys:
    """A context manager that puts the terminal on standard input into the mode in which keys come at once."""

    def __init__(self) -> None:
        self._before: Any = None
        self._on = sys.stdin is not None and sys.stdin.isatty()

    def __enter__(self) -> Self:
        """Take the terminal."""
        if self._on and os.name == "posix":
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin.fileno())
            tty.setcbreak(sys.stdin.fileno())  # Ctrl-C still interrupts
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back as it was."""
        if self._before is not None:
            import termios

            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)

    def pressed(self) -> Iterator[str]:
        """Keys since the last call; never waits."""
        if not self._on:
            return
        if os.name == "nt":
            yield from _windows_keys()
            return
        import select

        try:
            data = b""
            while select.select([sys.stdin], [], [], 0.0)[0]:
                part = os.read(sys.stdin.fileno(), 64)
                if not part:
                    break
                data += part
        except OSError:  # the terminal is gone
            return
        yield from names_of(data)


def _windows_keys() -> Iterator[str]:
    import msvcrt  # Windows only

    arrows = {"H": "up", "P": "down", "M": "right", "K": "left"}
    kbhit, getwch = getattr(msvcrt, "kbhit"), getattr(msvcrt, "getwch")  # noqa: B009
    while kbhit():
        letter = getwch()
        if letter in ("\x00", "\xe0"):
            letter = arrows.get(getwch(), "")
            if letter:
                yield letter
        else:
            yield from names_of(letter.encode("ascii", "ignore"))
