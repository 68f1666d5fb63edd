"""Train a listener on lessons: what ``beatomizer train full|live --data LESSONS`` does."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from beatomizer.progress import Progress, silent
from beatomizer.training.history import Row
from beatomizer.training.listening.beginning import beginning, teacher_named
from beatomizer.training.listening.loop import train_listener
from beatomizer.training.listening.recipe import ListenRecipe
from beatomizer.training.listening.workshop import prepare_listening


@dataclass(frozen=True)
class ListenOutcome:
    """How a listener's training ended.

    Attributes:
        run: the folder.
        rows: one for each epoch.
        best_epoch, best_loss: by the validation loss.
        lessons: trained on, and kept for validation.
        parameters: numbers that were learned.
        device: for example ``cpu``.
        seconds: in this process, everything.
        leader: whether this process is the one that writes and speaks.
    """

    run: Path
    rows: tuple[Row, ...]
    best_epoch: int
    best_loss: float
    lessons: tuple[int, int]
    parameters: int
    device: str
    seconds: float
    leader: bool


def learn_to_listen(
    model_name: str,
    folders: Sequence[Path],
    run: Path,
    recipe: ListenRecipe,
    *,
    start: Path | None = None,
    teacher: Path | None = None,
    progress: Progress = silent,
    on_epoch: Callable[[Row], None] | None = None,
    accelerator: str = "auto",
) -> ListenOutcome:
    """Train, or go on with a training that was stopped anywhere.

    Args:
        model_name: ``full`` or ``live``.
        folders: of lessons.
        run: the run folder; made if it is not there.
        recipe: everything else.
        start: what this one begins with: a run of the same model, a model file of ``full``, or a shipped name.
        teacher: whose answers are learned from too: a finished run, a model file of ``full``, or a shipped name.
        progress: told how far reading (``lessons``) and training (``train``) are.
        on_epoch: told each finished epoch's row.
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        UsageError: the recipe, the lessons or what lies in ``run`` does not fit.
        UnreadableInputError: lessons or runs cannot be read.
        BeatomizerError: the loss is not a number any more.
    """
    begun = time.perf_counter()
    shop = prepare_listening(
        model_name,
        folders,
        run,
        recipe,
        progress,
        accelerator,
        start=None if start is None else beginning(model_name, start),
        teacher=None if teacher is None else teacher_named(teacher),
    )
    at = train_listener(shop, progress=progress, on_epoch=on_epoch)
    return ListenOutcome(
        run=run,
        rows=tuple(at.rows),
        best_epoch=at.patience.best_epoch,
        best_loss=at.best_score,
        lessons=(len(shop.train), len(shop.validation)),
        parameters=sum(parameter.numel() for parameter in shop.bare.parameters()),
        device=str(shop.fabric.device),
        seconds=time.perf_counter() - begun,
        leader=bool(shop.fabric.is_global_zero),
    )
