"""Reading JSON that somebody else wrote: every value is checked, every complaint names its place."""

import difflib
import json
import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from beatomizer.errors import UnreadableInputError, one_line

MAX_DEPTH = 16
"""A cue list is four deep; the JSON module itself would only stop at Python's recursion limit."""

_MISSING = object()

_MISSPELT = 0.75
"""Likeness (``difflib``, 0..1) from which on an unknown key is a known one misspelt: ``intensty``, ``ceus``."""


class Place:
    """An object inside a JSON file, that knows where it lies.

    Args:
        file: what messages call the file.
        path: the way to this object (``"cues[3]"``), empty for the whole.
        content: its keys and values.
    """

    def __init__(self, file: str, path: str, content: dict[str, Any]) -> None:
        self.file, self.path, self.content = file, path, content

    def wrong(self, key: str, problem: str, hint: str = "") -> UnreadableInputError:
        """The error for one key of this object, to be raised by the caller."""
        place = f"{self.path}.{key}" if self.path else key
        return UnreadableInputError(f"{self.file}: {place}: {problem}", hint)

    def refuse_misspelt(self, known: tuple[str, ...]) -> None:
        """Stop at a key that is one of ``known`` misspelt; keys that are nothing like them belong to somebody else."""
        for key in self.content.keys() - known:
            meant = _meant(key, known)
            if meant and meant not in self.content:
                raise self.wrong(one_line(key, 40), "is no key of a cue list", f"did you mean '{meant}'?")

    def value(self, key: str, default: Any = _MISSING) -> Any:
        """What stands under ``key``; the default if nothing or ``null`` does."""
        found = self.content.get(key)
        if found is not None:
            return found
        if default is not _MISSING:
            return default
        raise self.wrong(key, "is missing")

    def number(self, key: str, low: float, high: float, default: Any = _MISSING) -> float:
        """A finite number within ``low``…``high``."""
        found = self.value(key, default)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.wrong(key, f"{_shown(found)} is not a number", _how_to_write(key, found))
        if not low <= found <= high:
            raise self.wrong(key, f"{_shown(found)} is out of range", f"give {low:g} to {high:g}")
        return float(found)

    def integer(self, key: str, low: int, high: int, default: Any = _MISSING) -> int:
        """A whole number within ``low``…``high``; 4.0 counts as 4."""
        found = self.value(key, default)
        whole = isinstance(found, float) and math.isfinite(found) and found == int(found)
        if isinstance(found, bool) or not (isinstance(found, int) or whole):
            raise self.wrong(key, f"{_shown(found)} is not a whole number")
        if not low <= found <= high:
            raise self.wrong(key, f"{_shown(found)} is out of range", f"give {low} to {high}")
        return int(found)

    def string(self, key: str, longest: int, default: str = "") -> str:
        """Text, cut to ``longest`` characters."""
        found = self.value(key, default)
        if not isinstance(found, str):
            raise self.wrong(key, f"{_shown(found)} is not text")
        return found.encode("utf-8", "replace").decode("utf-8")[:longest]

    def choice(self, key: str, choices: Sequence[str], what: str, default: Any = _MISSING) -> str:
        """One of ``choices``."""
        found = self.value(key, default)
        if isinstance(found, str) and found in choices:
            return found
        near = difflib.get_close_matches(found, choices, n=1) if isinstance(found, str) else []
        hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(choices)}"
        raise self.wrong(key, f"{_shown(found)} is not {what}", hint)

    def items(self, key: str, most: int, default: Any = _MISSING) -> list[Any]:
        """A list of at most ``most`` values of any kind."""
        found = self.value(key, default)
        if not isinstance(found, list | tuple):
            raise self.wrong(key, f"{_shown(found)} is not a list", "write [ … ]")
        if len(found) > most:
            raise self.wrong(key, f"{len(found)} entries are too many", f"at most {most}")
        return list(found)

    def rows(self, key: str, most: int) -> Iterator["Place"]:
        """A list of objects; an absent list is empty."""
        for number, row in enumerate(self.items(key, most, ())):
            path = f"{self.path}.{key}[{number}]" if self.path else f"{key}[{number}]"
            if not isinstance(row, dict):
                raise UnreadableInputError(
                    f"{self.file}: {path}: {_shown(row)} is not an object", "write { … }"
                )
            yield Place(self.file, path, row)

    def inner(self, key: str) -> "Place | None":
        """An object under ``key``, if there is one."""
        found = self.value(key, None)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self.wrong(key, f"{_shown(found)} is not an object", "write { … }")
        return Place(self.file, f"{self.path}.{key}" if self.path else key, found)


def parse_object(text: str, file: str) -> dict[str, Any]:
    """JSON text to one object, without the traps of the format.

    Raises:
        UnreadableInputError: not JSON, not an object, nested too deeply, a key twice in one object, a number that
            is not one (``NaN``, ``Infinity``, 400 digits).
    """
    if not text.strip():
        raise UnreadableInputError(f"{file} is empty", "give a cue list")
    _refuse_depth(text, file)
    try:
        found = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UnreadableInputError(
            f"{file}: line {error.lineno}, column {error.colno}: {error.msg}", "mend the JSON there"
        ) from error
    except ValueError as error:
        raise UnreadableInputError(f"{file}: {error}", "mend it and try again") from error
    if not isinstance(found, dict):
        raise UnreadableInputError(f"{file} is JSON but not a cue list", "it should begin with {")
    return found


_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
"""A whole piece of text (so that brackets inside it do not count) or one bracket; never looks back."""


def _refuse_depth(text: str, file: str) -> None:
    """Stop at deep nesting before the JSON module recurses into it."""
    depth = 0
    for match in _TEXT_OR_BRACKET.finditer(text):
        first = text[match.start()]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise UnreadableInputError(f"{file} is nested over {MAX_DEPTH} deep", "no cue list is")
        elif first in "]}":
            depth -= 1


@lru_cache(maxsize=256)
def _meant(key: str, known: tuple[str, ...]) -> str:
    """Which of the known keys was meant; empty if none. A key put out of use by ``_`` or ``//`` means itself."""
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=_MISSPELT) if key[:1].isalpha() else []
    return near[0] if near else ""


def _how_to_write(key: str, found: object) -> str:
    """What to do about a value that should be a number."""
    try:
        float(found if isinstance(found, str) else "")
    except ValueError:
        return "write seconds, like 83.5" if key.endswith("_s") else ""
    return "write it without quotes"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key '{one_line(name, 40)}' stands twice in one object")
        found[name] = value
    return found


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _shown(value: object) -> str:
    """A value as it looked in the file, short."""
    if isinstance(value, str):
        return f"'{one_line(value, 40)}'"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**12:
        return "that number"
    return one_line(json.dumps(value), 40)
