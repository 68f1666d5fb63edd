"""The run folder: what lies in it, who may go on with it, and the finished model out of it.

``recipe.toml`` (resolved), ``run.json`` (model, zones, data sets by hash), ``checkpoints/``, ``best.json`` (which
checkpoint is best), ``references.json`` (scores of lights that hear nothing), ``history.csv``, ``curves.png``,
``tensorboard/``, ``lock`` (empty; held by the process that trains).
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from beatomizer.atomic import try_lock, written_aside
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.models.colour_model import ColourModel
from beatomizer.models.table import build
from beatomizer.training.checkpoint import MODEL, whole
from beatomizer.training.recipe import Recipe
from beatomizer.training.recipe_file import differences, read_recipe, to_toml

FORMAT, VERSION = "beatomizer-run", 1
RECIPE, FACTS, BEST, CHECKPOINTS = "recipe.toml", "run.json", "best.json", "checkpoints"
REFERENCES = "references.json"
LOCK = "lock"


class RunBusyError(UsageError):
    """Another process trains in the same folder."""


@dataclass(frozen=True)
class DataFacts:
    """A data set of a run: its folder's name, its hash, how its labels were drawn, clips in the two splits."""

    name: str
    hash: str
    labels: str
    train: int
    validation: int


@dataclass(frozen=True)
class RunFacts:
    """What a run is besides its recipe.

    Attributes:
        model: name in ``models/table.py``.
        zones: Z of the data sets.
        features: what the model hears: ``slices400``, or the identity of the feature bank it was trained with.
        data: in the order of ``--data``.
        world: processes; a run goes on with as many as it began with, for their number decides the batches.
    """

    model: str
    zones: int
    features: str
    data: tuple[DataFacts, ...]
    world: int

    @property
    def dataset_hash(self) -> str:
        """One word for all data sets, for the metadata of a model file."""
        return "+".join(item.hash for item in self.data)


def claim(run: Path, facts: RunFacts, recipe: Recipe) -> None:
    """Make the run folder, or find that it holds this very run.

    Raises:
        UsageError: the folder holds something else, or another training; the message says what differs.
        UnreadableInputError: the run's own files are damaged.
    """
    if not (run / FACTS).is_file():
        refuse_foreign(run)
        return
    there = run_facts(run)
    changes = [
        f"{name}: {getattr(there, name)} there, {getattr(facts, name)} here"
        for name in ("model", "zones", "features", "world")
        if getattr(there, name) != getattr(facts, name)
    ]
    if there.data != facts.data:
        changes.append("other data")
    changes += [
        change
        for change in differences(read_recipe(run / RECIPE), recipe)
        if there.model == facts.model or not change.startswith("model.")  # follows from the other model
    ]
    if changes:
        told = "; ".join(changes[:3]) + (f" and {len(changes) - 3} more" if len(changes) > 3 else "")
        hint = "choose another folder with -o, or give the same settings to go on"
        raise UsageError(f"'{run}' holds another training ({told})", hint)


def refuse_foreign(run: Path) -> None:
    """A folder of ours may hold what is written before ``run.json``; anything else is somebody's."""
    ours = {RECIPE, "cache", LOCK}
    if run.exists() and not run.is_dir():
        raise UsageError(f"'{run}' is a file", "name a folder with -o")
    strangers = [path.name for path in run.iterdir() if path.name not in ours] if run.is_dir() else []
    strangers = [name for name in strangers if not name.startswith(".beatomizer-")]
    if strangers:
        raise UsageError(
            f"'{run}' holds other things ('{strangers[0]}')", "choose an empty or new folder with -o"
        )


def write_claim(run: Path, facts: RunFacts, recipe: Recipe) -> None:
    """Write ``recipe.toml``, then ``run.json``, which makes the folder a run."""
    if (run / FACTS).is_file():
        return
    write_text(run / RECIPE, to_toml(recipe))
    write_json(run / FACTS, {"format": FORMAT, "version": VERSION, **asdict(facts)})


@contextlib.contextmanager
def alone(run: Path) -> Iterator[None]:
    """Be the only training in the folder. The lock is the process's: it goes when that goes.

    Raises:
        RunBusyError: another one is at work.
    """
    with (run / LOCK).open("wb") as file:
        if try_lock(file) is False:
            raise RunBusyError(
                f"another training is at work in '{run}'", "wait for it, or choose another folder"
            )
        yield


def write_text(path: Path, text: str) -> None:
    """A text file that appears whole."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: dict[str, Any]) -> None:
    """A JSON file that appears whole."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def run_facts(run: Path) -> RunFacts:
    """What ``run.json`` says.

    Raises:
        UnreadableInputError: there is none, or it is damaged.
    """
    facts = _json(
        run / FACTS, f"'{run}' is not a run", "make one with 'beatomizer train MODEL --data SHARDS -o RUN'"
    )
    try:
        if facts["format"] != FORMAT or facts["version"] != VERSION:
            raise UnreadableInputError(f"'{run}' is of another version of beatomizer", "train again")
        data = tuple(DataFacts(**item) for item in facts["data"])
        words = {name: facts[name] for name in ("model", "zones", "features", "world")}
        return RunFacts(data=data, **words)
    except (KeyError, TypeError) as error:
        raise UnreadableInputError(
            f"'{run / FACTS}' is damaged", "train again into another folder"
        ) from error


def _json(path: Path, problem: str, hint: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableInputError(problem, hint) from error
    except ValueError as error:
        raise UnreadableInputError(f"'{path}' is damaged", "train again into another folder") from error
    if not isinstance(value, dict):
        raise UnreadableInputError(f"'{path}' is damaged", "train again into another folder")
    return value


def best_checkpoint(run: Path) -> Path:
    """The folder of the best checkpoint, its hashes checked.

    Raises:
        UnreadableInputError: no epoch is finished yet, or the checkpoint is damaged.
    """
    facts = _json(run / BEST, f"'{run}' has no finished epoch yet", "let 'beatomizer train' finish one")
    path = run / CHECKPOINTS / Path(str(facts.get("checkpoint", ""))).name
    if not whole(path):
        raise UnreadableInputError(
            f"the best checkpoint of '{run}' is damaged", "train again into another folder"
        )
    return path


def load_run(path: str | Path) -> tuple[ColourModel, Recipe]:
    """The model with its best weights, in ``eval`` mode, and the recipe that made it.

    Raises:
        UnreadableInputError: not a run, nothing finished in it, or damaged.
    """
    run = Path(path)
    facts, recipe = run_facts(run), read_recipe(run / RECIPE)
    model = build(facts.model, recipe.model_settings, facts.zones)
    try:
        model.load_state_dict(load_file(best_checkpoint(run) / MODEL))
    except RuntimeError as error:
        raise UnreadableInputError(f"the weights of '{run}' are of another model", "train again") from error
    return model.eval(), recipe


def same_zones(zones: Sequence[int]) -> int:
    """The number of zones that all sets have.

    Raises:
        UsageError: they differ.
    """
    if len(set(zones)) != 1:
        raise UsageError(
            f"the data sets have {', '.join(map(str, zones))} zones", "join sets with the same number"
        )
    return zones[0]
