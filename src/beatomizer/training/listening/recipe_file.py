"""Recipes of listeners on disk: TOML, found by name or path, single settings laid over them."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.training.listening.recipe import ListenRecipe, listen_recipe_from
from beatomizer.training.recipe_file import RECIPES, laid_over, path_of


def find_listen_recipe(wanted: str | None, model: str, settings: Sequence[str] = ()) -> ListenRecipe:
    """The recipe for ``model``: a file, a packaged one by its bare name, or the model's own; with settings over it.

    Raises:
        UsageError: no such recipe, it is for another model, or a setting makes no sense.
        UnreadableInputError: the file is not TOML.
    """
    path = RECIPES / f"{model}.toml" if wanted is None else path_of(wanted)
    table = _read(path)
    for setting in settings:
        if setting.startswith(("teacher=", "trunk=")):
            table |= tomllib.loads(setting)
        else:
            laid_over(table, setting)
    recipe = listen_recipe_from(table)
    named = str(recipe.model.get("name", model))
    if named != model:
        raise UsageError(f"the recipe is for '{named}', not for '{model}'", f"say: beatomizer train {named}")
    return replace(recipe, model={"name": model, **{k: v for k, v in recipe.model.items() if k != "name"}})


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableInputError(
            f"cannot read the recipe '{path}' ({error})", "it should be TOML"
        ) from error
