"""Recipes on disk: TOML in and out, found by name or path, and single settings laid over them."""

import dataclasses
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.training.recipe import PARTS, Recipe, recipe_from

RECIPES = Path(__file__).parent / "recipes"
"""The packaged recipes; the one that is called like the model is its default."""

_LARGEST_BYTES = 1 << 20


def recipe_names() -> list[str]:
    """The packaged recipes."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def find_recipe(wanted: str | None, model: str) -> Recipe:
    """The recipe for ``model``: a file, a packaged one by its bare name, or the model's default.

    Raises:
        UsageError: no such recipe, or it is for another model, or as ``recipe_from``.
        UnreadableInputError: the file is not TOML.
    """
    if wanted is None:
        path = RECIPES / f"{model}.toml"
        recipe = read_recipe(path) if path.is_file() else Recipe()
    else:
        recipe = read_recipe(path_of(wanted))
    named = recipe.model_name
    if named and named != model:
        raise UsageError(f"the recipe is for '{named}', not for '{model}'", f"say: beatomizer train {named}")
    return dataclasses.replace(recipe, model={"name": model, **recipe.model_settings})


def path_of(wanted: str) -> Path:
    if Path(wanted).is_file():
        return Path(wanted)
    if wanted in recipe_names():
        return RECIPES / f"{wanted}.toml"
    raise UsageError(f"there is no recipe '{wanted}'", f"a file, or one of {', '.join(recipe_names())}")


def read_recipe(path: Path) -> Recipe:
    """A recipe from a TOML file; see ``find_recipe`` for the errors."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise UnreadableInputError(
                f"'{path}' is too large for a recipe", "recipes are a few lines of TOML"
            )
        return recipe_from(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableInputError(
            f"cannot read the recipe '{path}' ({error})", "it should be TOML"
        ) from error


def laid_over(table: dict[str, Any], setting: str) -> None:
    """Write ``a.b=value`` into a nested table, in place.

    Raises:
        UsageError: the setting has another form.
    """
    dotted, equals, text = setting.partition("=")
    keys = [key.strip() for key in dotted.split(".")]
    if not equals or len(keys) < 2 or not all(keys):
        raise UsageError(f"'{setting}' is not a setting", "write it like --set optimiser.learning_rate=0.001")
    inner = table
    for key in keys[:-1]:
        below = inner.get(key)
        if not isinstance(below, dict):
            below = inner[key] = {} if below is None else {"weight": below}
        inner = below
    if len(keys) == 2 and isinstance(inner.get(keys[1]), dict):
        inner[keys[1]] = {**inner[keys[1]], "weight": _value(text)}  # loss.cosine=0.5
    else:
        inner[keys[-1]] = _value(text)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def table_of(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain nested dicts, all defaults written out."""
    table: dict[str, Any] = {"model": dict(recipe.model)}
    table["loss"] = {name: dict(term) for name, term in recipe.loss.items()}
    for name in PARTS:
        table[name] = dataclasses.asdict(getattr(recipe, name))
    return table


def to_toml(recipe: Recipe) -> str:
    """The resolved recipe as TOML; reading it gives an equal recipe."""
    lines: list[str] = []
    for name, table in table_of(recipe).items():
        plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
        nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
        if plain or not nested:
            lines += [f"[{name}]", *(f"{key} = {written(value)}" for key, value in plain.items()), ""]
        for key, inner in nested.items():
            lines += [
                f"[{name}.{key}]",
                *(f"{word} = {written(value)}" for word, value in inner.items()),
                "",
            ]
    return "\n".join(lines)


def written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(item) for item in value)}]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    if not text.isprintable():
        raise UsageError(f"a recipe cannot hold {value!r}", "use plain text")
    return f'"{text}"'


def fingerprint(recipe: Recipe) -> str:
    """SHA-256 of the resolved recipe."""
    return hashlib.sha256(to_toml(recipe).encode()).hexdigest()


def differences(there: Recipe, here: Recipe) -> list[str]:
    """What differs, as ``optimiser.learning_rate 0.001 there, 0.002 here``."""
    one, other = _flat(table_of(there)), _flat(table_of(here))
    return [
        f"{key} {one.get(key, 'unset')} there, {other.get(key, 'unset')} here"
        for key in sorted({*one, *other})
        if one.get(key) != other.get(key)
    ]


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = written(value)
    return flat
