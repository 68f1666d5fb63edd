"""Teach a finished listener the taste of somebody's shows: ``beatomizer train full --data SHARDS``."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from beatomizer.dataset.lessons.lesson import SUFFIX
from beatomizer.dataset.shards import FACTS_FILE, set_facts
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.features.bank import SETTINGS
from beatomizer.models.listening.table import Listener, build_listener
from beatomizer.progress import Progress, silent
from beatomizer.training.distributed import make_fabric
from beatomizer.training.history import Row
from beatomizer.training.listening.beginning import beginning
from beatomizer.training.listening.clips import Stretch, read_stretches
from beatomizer.training.listening.loop import train_listener
from beatomizer.training.listening.recipe import ListenRecipe
from beatomizer.training.listening.songs import lesson_files, load_songs
from beatomizer.training.listening.taste import TasteCourse, exposed, lean, paced
from beatomizer.training.listening.train import ListenOutcome
from beatomizer.training.listening.workshop import (
    ListenWorkshop,
    claim_run,
    lesson_facts,
)
from beatomizer.training.prepare import optimiser_of
from beatomizer.training.run import DataFacts, RunFacts

RECIPE_NAME = "full-tune"
_LEAST_ASIDE, _HELD_BACK = 4, 5
"""Where a set has fewer validation stretches, each so many-th of the others is kept aside as well: a single song may be
lit unlike all others of its designer.
"""


@dataclass(frozen=True)
class TasteOutcome(ListenOutcome):
    """How it ended; ``lessons`` are stretches of shows.

    Attributes:
        before: the validation terms of the weights that it began with.
        start: what those were.
    """

    before: Mapping[str, float]
    start: str


def sorted_folders(folders: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Data sets of clips, and folders of lessons.

    Raises:
        UsageError: a folder is not there, or holds neither.
    """
    sets = [folder for folder in folders if (folder / FACTS_FILE).is_file()]
    lessons = [folder for folder in folders if folder not in sets]
    for folder in lessons:
        if not folder.is_dir():
            raise UsageError(
                f"'{folder}' is no folder",
                "give a data set of 'dataset build', or lessons of 'dataset lessons'",
            )
        if sets and not any(folder.glob(f"*{SUFFIX}")):
            raise UsageError(
                f"'{folder}' holds neither clips nor lessons",
                "make a data set with 'beatomizer dataset build DIR -o SHARDS'",
            )
    return sets, lessons


def learn_taste(
    model_name: str,
    folders: Sequence[Path],
    run: Path,
    recipe: ListenRecipe,
    *,
    start: Path | None = None,
    progress: Progress = silent,
    on_epoch: Callable[[Row], None] | None = None,
    accelerator: str = "auto",
) -> TasteOutcome:
    """Learn from shows, or go on with a training that was stopped anywhere.

    Args:
        model_name: ``full``, or ``live`` with ``start``.
        folders: data sets of clips; lessons among them are rehearsed, every other step.
        run: the run folder; made if it is not there.
        recipe: everything else; ``loss.light``, ``loss.spectral`` and ``loss.hue`` weigh what is learned, ``teacher``
            is the share of what is kept.
        start: what to begin with: a run or a model file of ``full``; ``None``: the shipped model.
        progress: told how far hearing (``clips``), reading (``lessons``) and training (``train``) are.
        on_epoch: told each finished epoch's row.
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        UsageError: the recipe, the data or what lies in ``run`` does not fit, or there is nothing to begin with.
        UnreadableInputError: data, a run or a model file cannot be read.
        BeatomizerError: the loss is not a number any more.
    """
    begun = time.perf_counter()
    first, origin = beginning(model_name, start)
    shop, course, hues = _prepared(model_name, folders, run, recipe, first, origin, progress, accelerator)
    before = course.validation(shop)
    lean(shop.bare, hues)
    at = train_listener(shop, course, progress=progress, on_epoch=on_epoch)
    return TasteOutcome(
        run=run,
        rows=tuple(at.rows),
        best_epoch=at.patience.best_epoch,
        best_loss=at.best_score,
        lessons=(len(course.train), len(course.aside)),
        parameters=sum(parameter.numel() for parameter in shop.bare.parameters()),
        device=str(shop.fabric.device),
        seconds=time.perf_counter() - begun,
        leader=bool(shop.fabric.is_global_zero),
        before=before,
        start=origin.name,
    )


def _prepared(
    model_name: str,
    folders: Sequence[Path],
    run: Path,
    recipe: ListenRecipe,
    first: Listener,
    origin: DataFacts,
    progress: Progress,
    accelerator: str,
) -> tuple[ListenWorkshop, TasteCourse, Tensor]:
    """Everything laid out, as ``workshop.prepare_listening``; with the hues that were counted (``exposed``)."""
    if recipe.train.threads:
        torch.set_num_threads(recipe.train.threads)
    sets, lesson_folders = sorted_folders(folders)
    files = lesson_files(lesson_folders) if lesson_folders else []
    fabric = make_fabric(recipe.train.precision, accelerator)
    bare = _same_with(first, model_name, recipe)
    recipe = replace(recipe, model={"name": model_name, **asdict(bare.config)})
    data = [_set_facts(folder) for folder in sets]
    data += [lesson_facts(lesson_folders, files, len(files), 0)] if files else []
    claim_run(fabric, run, RunFacts(model_name, 1, SETTINGS, (*data, origin), fabric.world_size), recipe)
    optimiser = paced(optimiser_of(bare, recipe.optimiser), bare, recipe.trunk)
    model, optimiser = fabric.setup(bare, optimiser)
    teacher = first.eval().requires_grad_(False).to(fabric.device)
    songs = load_songs(files, progress) if files else []
    shop = ListenWorkshop(fabric, run, recipe, model, bare, optimiser, teacher, songs, [])
    train, validation = _divided(sets, progress)
    (learned, hues), (aside, _) = exposed(train, shop), exposed(validation, shop)
    if not learned or not aside:
        raise UsageError(
            "hardly any light is to be seen in the clips", "look at them: beatomizer dataset review"
        )
    return shop, TasteCourse(learned, aside), hues


def _same_with(first: Listener, model_name: str, recipe: ListenRecipe) -> Listener:
    """A listener of the same sizes and weights, with the recipe's own settings (dropout)."""
    asked: dict[str, Any] = {key: value for key, value in recipe.model.items() if key != "name"}
    bare = build_listener(model_name, {**asdict(first.config), **asked})
    try:
        bare.load_state_dict(first.state_dict())
    except RuntimeError as error:
        raise UsageError(
            "the recipe asks for other sizes than the model that it begins with",
            "leave sizes out of [model]",
        ) from error
    return bare


def _divided(sets: Sequence[Path], progress: Progress) -> tuple[list[Stretch], list[Stretch]]:
    """Stretches to learn from, and to validate with; a small set gives some of the first for the second."""
    train = read_stretches(sets, "train", progress)
    validation = read_stretches(sets, "validation", progress)
    if len(validation) < _LEAST_ASIDE:
        aside = range(len(train))[_HELD_BACK - 1 :: _HELD_BACK]
        aside = aside or range(len(train))[1:][-1:] if not validation else aside
        validation += [train[place] for place in aside]
        train = [stretch for place, stretch in enumerate(train) if place not in aside]
    if not train or not validation:
        raise UsageError("there are too few clips to learn from", "give a set of at least two songs")
    return train, validation


def _set_facts(folder: Path) -> DataFacts:
    facts = set_facts(folder)
    try:
        counts = [int(facts["splits"][split]["clips"]) for split in ("train", "validation")]
        return DataFacts(folder.resolve().name, str(facts["hash"])[:16], str(facts["labels"]), *counts)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableInputError(f"'{folder}' is damaged", "build the data set again") from error
