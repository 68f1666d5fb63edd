"""The training loop of a listener: steps over excerpts, validation after each epoch, checkpoints to go on from.

Nothing random is remembered: each step's excerpts, variations and dropout are drawn anew from (seed, step).
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from beatomizer.errors import BeatomizerError
from beatomizer.progress import Progress, silent
from beatomizer.training.history import Row, write_history
from beatomizer.training.listening.course import Course, LessonCourse
from beatomizer.training.listening.workshop import ListenWorkshop
from beatomizer.training.position import Position, Sums, restored, saved
from beatomizer.training.run import BEST, CHECKPOINTS, alone, write_json
from beatomizer.training.schedule import learning_rate

_AHEAD = 3
_LESSONS = LessonCourse()


def train_listener(
    shop: ListenWorkshop,
    course: Course = _LESSONS,
    *,
    progress: Progress = silent,
    on_epoch: Callable[[Row], None] | None = None,
) -> Position:
    """Train until all epochs are done or patience is out, or go on with a training that was stopped anywhere.

    Args:
        shop: the tools.
        course: what is learned.
        progress: told how far it is, as stage ``train``.
        on_epoch: told each finished epoch's row.

    Raises:
        BeatomizerError: the loss is not a number any more.
        RunBusyError: another process trains in the same folder.
        ResourceLimitError: the disk is full.
    """
    leads = bool(shop.fabric.is_global_zero)
    with alone(shop.run) if leads else nullcontext():
        at = restored(shop)
        saved_at = time.monotonic()
        while at.epoch < shop.recipe.train.epochs and not _gave_up(shop, at):
            begun, steps = time.perf_counter(), 0
            for batch in _batches(shop, course, at.step, shop.recipe.data.steps_per_epoch - at.step_in_epoch):
                at.sums.add(_step(shop, course, batch, at.step, _rate(shop, at)))
                at.step, at.step_in_epoch, steps = at.step + 1, at.step_in_epoch + 1, steps + 1
                done = at.epoch + at.step_in_epoch / shop.recipe.data.steps_per_epoch
                progress("train", done / shop.recipe.train.epochs)
                due = 0 < shop.recipe.train.checkpoint_s <= time.monotonic() - saved_at
                if due and leads and at.step_in_epoch < shop.recipe.data.steps_per_epoch:
                    saved(shop, at, shop.run / CHECKPOINTS)
                    saved_at = time.monotonic()
            row: Row = {"epoch": at.epoch + 1, "step": at.step, "learning_rate": _rate(shop, at)}
            row |= {f"train.{name}": value for name, value in at.sums.means().items()}
            row |= {f"validation.{name}": value for name, value in course.validation(shop).items()}
            row["seconds_of_music_per_s"] = steps * shop.recipe.data.batch_s / (time.perf_counter() - begun)
            _record(shop, at, row, leads)
            saved_at = time.monotonic()
            if on_epoch is not None:
                on_epoch(row)
    return at


def _record(shop: ListenWorkshop, at: Position, row: Row, leads: bool) -> None:
    at.rows.append(row)
    at.epoch, at.step_in_epoch, at.sums = at.epoch + 1, 0, Sums()
    if at.patience.see(row["validation.loss"], at.epoch, shop.recipe.optimiser):
        at.best, at.best_score = at.name, row["validation.loss"]
    if leads:
        saved(shop, at, shop.run / CHECKPOINTS)
        best = {
            "checkpoint": at.best,
            "epoch": at.patience.best_epoch,
            "score": at.best_score,
            "watch": "loss",
        }
        write_json(shop.run / BEST, best)
        write_history(shop.run / "history.csv", at.rows)
    shop.fabric.barrier()


def _gave_up(shop: ListenWorkshop, at: Position) -> bool:
    return 0 < shop.recipe.train.patience <= at.patience.waited


def _rate(shop: ListenWorkshop, at: Position) -> float:
    steps = shop.recipe.data.steps_per_epoch * shop.recipe.train.epochs
    return learning_rate(shop.recipe.optimiser, at.step, steps, at.patience)


def _batches(shop: ListenWorkshop, course: Course, first: int, count: int) -> Iterator[Any]:
    """The batches of the next steps, prepared a few ahead by a thread."""
    with ThreadPoolExecutor(1) as pool:
        ready = deque(
            pool.submit(course.batch, shop, step) for step in range(first, first + min(_AHEAD, count))
        )
        for step in range(first, first + count):
            batch = ready.popleft().result()
            if step + _AHEAD < first + count:
                ready.append(pool.submit(course.batch, shop, step + _AHEAD))
            yield batch.to(shop.fabric.device)


def _step(shop: ListenWorkshop, course: Course, batch: Any, number: int, rate: float) -> dict[str, float]:
    torch.manual_seed(
        int(np.random.SeedSequence((shop.seed, number, shop.fabric.global_rank)).generate_state(1)[0])
    )
    for group in shop.optimiser.param_groups:
        group["lr"] = rate * group.get("share", 1.0)
    shop.bare.train()
    said = {name: value.float() for name, value in shop.model(batch.frames).items()}
    terms, loss = course.judged(shop, said, batch)
    shop.optimiser.zero_grad(set_to_none=True)
    shop.fabric.backward(loss)
    most = shop.recipe.optimiser.gradient_clip or math.inf
    norm = float(
        shop.fabric.clip_gradients(shop.model, shop.optimiser, max_norm=most, error_if_nonfinite=False)
    )
    if not (math.isfinite(float(loss.detach())) and math.isfinite(norm)):
        raise BeatomizerError(
            f"the training blew up at step {number} (loss {float(loss.detach()):g}, gradient {norm:g})",
            "lower optimiser.learning_rate and choose another folder with -o",
        )
    shop.optimiser.step()
    return {"weight": 1.0, "loss": float(loss.detach()), "gradient": norm} | {
        name: float(term.detach()) for name, term in terms.items()
    }
