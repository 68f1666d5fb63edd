"""Everything a listener's training needs, laid out: device, lessons, model, optimiser, the run folder claimed."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.features.bank import SETTINGS
from beatomizer.models.listening.table import Listener, build_listener
from beatomizer.progress import Progress
from beatomizer.training.checkpoint import MODEL
from beatomizer.training.distributed import make_fabric
from beatomizer.training.listening.recipe import ListenRecipe, listen_recipe_from, to_toml
from beatomizer.training.listening.songs import Song, lesson_files, load_songs
from beatomizer.training.prepare import optimiser_of
from beatomizer.training.run import (
    FACTS,
    FORMAT,
    RECIPE,
    VERSION,
    DataFacts,
    RunFacts,
    best_checkpoint,
    refuse_foreign,
    run_facts,
    write_json,
    write_text,
)


@dataclass(frozen=True)
class ListenWorkshop:
    """The tools of a training.

    Attributes:
        fabric: device and processes.
        run: the run folder.
        recipe: resolved.
        model: as Fabric wraps it; what is called.
        bare: the model itself; what is saved.
        optimiser: as Fabric wraps it.
        teacher: a finished listener that this one learns from too, if any.
        train, validation: songs.
    """

    fabric: Any
    run: Path
    recipe: ListenRecipe
    model: Any
    bare: nn.Module
    optimiser: Any
    teacher: nn.Module | None
    train: list[Song]
    validation: list[Song]

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""
        return self.recipe.train.seed


def prepare_listening(
    model_name: str,
    folders: Sequence[Path],
    run: Path,
    recipe: ListenRecipe,
    progress: Progress,
    accelerator: str,
    *,
    start: tuple[Listener, DataFacts] | None = None,
    teacher: Listener | None = None,
) -> ListenWorkshop:
    """Check all wishes, claim the folder, read the lessons, build the model from its seed.

    Args:
        model_name: ``full`` or ``live``.
        folders: of lessons.
        run: the run folder.
        recipe: everything else.
        progress: told how far reading is.
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        start: a listener whose weights this one begins with, and where it came from.
        teacher: a finished listener to learn from.
    """
    if recipe.train.threads:
        torch.set_num_threads(recipe.train.threads)
    files = lesson_files(folders)
    files = files[: recipe.data.songs] if recipe.data.songs else files
    every = recipe.data.validation_every
    train = [path for place, path in enumerate(files) if place % every != every - 1]
    validation = [path for place, path in enumerate(files) if place % every == every - 1]
    if not train or not validation:
        raise UsageError(
            f"{len(files)} lessons are too few", f"make at least {every}, or lower data.validation_every"
        )
    fabric = make_fabric(recipe.train.precision, accelerator)
    torch.manual_seed(recipe.train.seed)
    bare = build_listener(model_name, recipe.model)
    recipe = replace(recipe, model={"name": model_name, **asdict(bare.config)})
    data = [lesson_facts(folders, files, len(train), len(validation))]
    data += [] if start is None else [start[1]]
    claim_run(fabric, run, RunFacts(model_name, 1, SETTINGS, tuple(data), fabric.world_size), recipe)
    if start is not None:
        _fill(bare, start[0].state_dict(), start[1].name)
    model, optimiser = fabric.setup(bare, optimiser_of(bare, recipe.optimiser))
    taught = None if teacher is None else teacher.to(fabric.device)
    songs = load_songs([*train, *validation], progress)
    return ListenWorkshop(
        fabric, run, recipe, model, bare, optimiser, taught, songs[: len(train)], songs[len(train) :]
    )


def load_listener(run: Path) -> tuple[Listener, ListenRecipe]:
    """A finished listener with its best weights, in ``eval`` mode, and its recipe.

    Raises:
        UnreadableInputError: not a run of a listener, nothing finished in it, or damaged.
    """
    facts = run_facts(run)
    recipe = listen_recipe_from(tomllib.loads((run / RECIPE).read_text(encoding="utf-8")))
    model = build_listener(facts.model, recipe.model)
    load_weights(model, run)
    return model.eval().requires_grad_(False), recipe


def load_weights(model: nn.Module, run: Path) -> None:
    """Put the best weights of a run into a model of the same sizes.

    Raises:
        UnreadableInputError: they are of another model.
    """
    _fill(model, load_file(best_checkpoint(run) / MODEL), str(run))


def _fill(model: nn.Module, weights: Mapping[str, torch.Tensor], name: str) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise UnreadableInputError(f"the weights of '{name}' are of another model", "train again") from error


def lesson_facts(folders: Sequence[Path], files: Sequence[Path], train: int, validation: int) -> DataFacts:
    """What a run remembers of its lessons."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    name = "+".join(folder.resolve().name for folder in folders)
    return DataFacts(name, digest.hexdigest()[:16], "lessons", train, validation)


def claim_run(fabric: Any, run: Path, facts: RunFacts, recipe: ListenRecipe) -> None:
    """Make the run folder, or find that it holds this very run.

    Raises:
        UsageError: it holds something else, or another training.
    """
    _refuse_another(run, facts, recipe)
    if fabric.is_global_zero and not (run / FACTS).is_file():
        run.mkdir(parents=True, exist_ok=True)
        write_text(run / RECIPE, to_toml(recipe))
        write_json(run / FACTS, {"format": FORMAT, "version": VERSION, **asdict(facts)})
    fabric.barrier()


def _refuse_another(run: Path, facts: RunFacts, recipe: ListenRecipe) -> None:
    """Make sure that the folder is free, or holds this very run."""
    if not (run / FACTS).is_file():
        refuse_foreign(run)
        return
    hint = "choose another folder with -o, or give the same settings to go on"
    there = run_facts(run)
    if there != facts:
        raise UsageError(f"'{run}' holds a training of another model, or on other data", hint)
    if (run / RECIPE).read_text(encoding="utf-8") != to_toml(recipe):
        raise UsageError(f"'{run}' holds a training with another recipe", hint)
