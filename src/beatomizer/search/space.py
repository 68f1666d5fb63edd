"""What a search may change: recipe keys with choices or ranges, written in TOML, drawn by Optuna."""

import json
import tomllib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from beatomizer.errors import UnreadableInputError, UsageError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SPACES = Path(__file__).parent / "spaces"
"""The packaged spaces, one for each model that has one."""

Choice: TypeAlias = bool | int | float | str


@dataclass(frozen=True)
class Space:
    """The keys of a recipe that a search varies.

    Attributes:
        name: of the file, for messages.
        ranges: for each recipe key the Optuna distribution of its values.
    """

    name: str
    ranges: Mapping[str, "BaseDistribution"]

    def without(self, keys: Iterable[str]) -> "Space":
        """The space less what was decided by hand: ``loss.cosine.weight`` decides ``loss.cosine``."""
        fixed = [f"{key}." for key in keys]
        left = {
            key: span for key, span in self.ranges.items() if not any(f.startswith(f"{key}.") for f in fixed)
        }
        return Space(self.name, left)


def find_space(wanted: str | None, model: str) -> Space:
    """The space in a file, or the packaged one of ``model``.

    Raises:
        UsageError: there is none, or a range that cannot be.
        UnreadableInputError: the file is not TOML.
    """
    path = Path(wanted) if wanted else SPACES / f"{model}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in SPACES.glob("*.toml")))
        problem = f"there is no file '{wanted}'" if wanted else f"'{model}' has no search space"
        raise UsageError(problem, f"name a space with --space FILE.toml; there are ones for {known}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableInputError(
            f"cannot read the space '{path}' ({error})", "it should be TOML"
        ) from error
    return space_from(table, path.name)


def space_from(table: Mapping[str, Any], name: str = "space") -> Space:
    """A space from what TOML gives: one table ``[space]`` with dotted recipe keys in quotes.

    Raises:
        UsageError: another table, a key without a dot, or a range that cannot be.
    """
    inner = table.get("space")
    if set(table) != {"space"} or not isinstance(inner, Mapping) or not inner:
        raise UsageError(
            f"'{name}' is not a search space", "it has one table, [space], with recipe keys in it"
        )
    return Space(name, {key: _range(key, value) for key, value in inner.items()})


def _range(key: str, value: Any) -> "BaseDistribution":
    if "." not in key:
        raise UsageError(f"'{key}' is not a key of a recipe", 'write it like "optimiser.learning_rate" = …')
    try:
        if isinstance(value, list) and value and all(isinstance(item, Choice) for item in value):
            from optuna.distributions import CategoricalDistribution

            return CategoricalDistribution(value)
        if isinstance(value, Mapping) and {"low", "high"} <= set(value) <= {"low", "high", "log", "step"}:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Optuna moves an end that no step reaches; say so instead
                return _between(**value)
    except (TypeError, ValueError, UserWarning) as error:
        raise UsageError(
            f"the range of {key} cannot be ({error})",
            "low below high, whole steps between them; log without step",
        ) from error
    raise UsageError(
        f"the range of {key} is {value!r}",
        "write a list of choices, or { low = 0.1, high = 1.0, log = true }",
    )


def _between(low: float, high: float, log: bool = False, step: float | None = None) -> "BaseDistribution":
    from optuna.distributions import FloatDistribution, IntDistribution

    if isinstance(low, bool) or isinstance(high, bool) or low >= high:
        raise ValueError(f"{low} is not below {high}")
    if isinstance(low, int) and isinstance(high, int) and not isinstance(step, float):
        return IntDistribution(low, high, log=log, step=1 if step is None else step)
    return FloatDistribution(float(low), float(high), log=log, step=step)


def as_settings(values: Mapping[str, Choice]) -> list[str]:
    """Drawn values as ``part.key=value`` for ``training.recipe.with_settings``."""
    return [f"{key}={_toml(value)}" for key, value in values.items()]


def _toml(value: Choice) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, str) else repr(value)
