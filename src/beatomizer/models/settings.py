"""A model's settings out of a recipe: every key known, every value of its kind, mistakes named in one line."""

import difflib
import math
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from beatomizer.errors import UsageError, one_line

Config = TypeVar("Config")


def config_from(kind: type[Config], settings: Mapping[str, Any]) -> Config:
    """A frozen dataclass from plain values, as TOML gives them.

    Lists become tuples and whole numbers become floats where the dataclass asks for it.

    Raises:
        UsageError: an unknown key (the near ones are named), a value of another kind, or one that makes no sense.
    """
    hints = get_type_hints(kind)
    for key in settings:
        if key not in hints:
            near = difflib.get_close_matches(str(key), list(hints), n=3, cutoff=0.5) or list(hints)
            raise UsageError(
                f"the model has no setting '{one_line(str(key), 60)}'", f"did you mean {' or '.join(near)}?"
            )
    try:
        return kind(**{key: _value(key, value, hints[key]) for key, value in settings.items()})
    except ValueError as error:
        raise UsageError(str(error), "mend the [model] part of the recipe") from error


def choices(kind: type[Any], key: str) -> tuple[Any, ...]:
    """What a setting may be, if it is one of a few words: for searches and messages; else empty."""
    hint = get_type_hints(kind)[key]
    return get_args(hint) if get_origin(hint) is Literal else ()


def _value(key: str, value: Any, hint: Any) -> Any:
    """``value`` as the annotation ``hint`` wants it: bool, int, float, a ``Literal``, or a tuple of ints."""
    if get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        raise ValueError(f"{key} is {value!r}, not one of {', '.join(map(str, get_args(hint)))}")
    if get_origin(hint) is tuple:
        if isinstance(value, list | tuple):
            return tuple(_value(key, item, int) for item in value)
        raise ValueError(f"{key} is {value!r}, not a list of whole numbers")
    if (
        hint is float
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    ):
        return float(value)
    if hint in (int, bool) and type(value) is hint:
        return value
    raise ValueError(f"{key} is {value!r}, not a {hint.__name__}")


def require(holds: bool, problem: str) -> None:
    """Raise ``ValueError(problem)`` unless ``holds``: what the dataclasses check about themselves."""
    if not holds:
        raise ValueError(problem)
