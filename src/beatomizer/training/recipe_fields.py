"""Checks of single fields of a recipe: known, of the right type, in range."""

import dataclasses
import difflib
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from beatomizer.errors import UsageError

Part = TypeVar("Part")


def unknown(where: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name nobody knows, with those that look like it, or all."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
    return UsageError(f"no {where} of a recipe is called '{name}'", hint)


def in_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside ``low``..``high``."""
    if not low <= value <= high:
        raise UsageError(f"{name} is {value}", f"it lies between {_told(low)} and {_told(high)}")


def _told(bound: float) -> str:
    """``1,000,000`` rather than ``1e+06``."""
    return f"{bound:,.0f}" if 1e4 <= abs(bound) < 1e15 and bound == int(bound) else f"{bound:g}"


def one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a word that is not among ``choices``."""
    if value not in choices:
        raise UsageError(f"{name} is '{value}'", f"choose from {', '.join(choices)}")


def part_from(name: str, part: type[Part], table: Mapping[str, Any]) -> Part:
    """A part of the recipe from its TOML table.

    Raises:
        UsageError: an unknown key or a value of another type.
    """
    types = typing.get_type_hints(part)
    for key in table:
        if key not in types:
            raise unknown(f"key in [{name}]", key, types)
    return part(**{key: _typed(f"{name}.{key}", types[key], value) for key, value in table.items()})


def _typed(name: str, wanted: Any, value: Any) -> Any:
    if typing.get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple):
            raise UsageError(f"{name} is a list", "write it like [1.0, 0.5]")
        return tuple(_typed(name, typing.get_args(wanted)[0], item) for item in value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # precision=32 without quotes
    if type(value) is not wanted:
        words = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
        raise UsageError(f"{name} is {words[wanted]}", f"not {value!r}")
    return value


def field_names(part: Any) -> list[str]:
    """The names of a dataclass's fields, in order."""
    return [item.name for item in dataclasses.fields(part)]
