"""The training loop: epochs over clips, validation after each, checkpoints from which a killed run goes on identically.

Nothing random is remembered: the order of clips, excerpts, augmentation and dropout are drawn anew from (seed, epoch,
step), so a checkpoint holds weights, the optimiser's tensors and a few plain numbers.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from beatomizer.progress import Progress, silent
from beatomizer.training.curves import draw_curves
from beatomizer.training.data import batches_of, epoch_order, prefetched
from beatomizer.training.history import Logs, Row, write_history
from beatomizer.training.objective import Objective
from beatomizer.training.position import Position, Sums, restored, saved
from beatomizer.training.prepare import Workshop, prepare
from beatomizer.training.recipe import Recipe
from beatomizer.training.run import BEST, CHECKPOINTS, REFERENCES, alone, write_json
from beatomizer.training.schedule import learning_rate
from beatomizer.training.step import Step, take_step
from beatomizer.training.validation import References, references, validation_scores


@dataclass(frozen=True)
class StepFacts:
    """How far a running epoch is, for a progress bar."""

    epoch: int
    epochs: int
    clips: int
    clips_of_epoch: int
    loss: float


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        run: the folder.
        rows: one for each epoch; see ``history.Row``.
        references: scores of lights that hear nothing, on the same validation clips.
        best_epoch, best_score: by the watched score.
        stopped_early: patience ran out before the last epoch.
        clips_per_s, waiting: of what this process trained: clips a second (all processes together) and the share of
            the time in which the model waited for data. 0 if there was nothing left to do.
        parameters: numbers that were learned.
        device: for example ``cpu`` or ``cuda:0``.
        seconds: in this process, everything.
        leader: whether this process is the one that writes and speaks.
    """

    run: Path
    rows: tuple[Row, ...]
    references: References
    best_epoch: int
    best_score: float
    stopped_early: bool
    clips_per_s: float
    waiting: float
    parameters: int
    device: str
    seconds: float
    leader: bool


@dataclass(frozen=True)
class Listeners:
    """Who is told what; see ``train``."""

    progress: Progress = silent
    step: Callable[[StepFacts], None] | None = None
    epoch: Callable[[Row], None] | None = None


def train(
    model_name: str,
    shards: Sequence[Path],
    run: Path,
    recipe: Recipe,
    *,
    progress: Progress = silent,
    on_step: Callable[[StepFacts], None] | None = None,
    on_epoch: Callable[[Row], None] | None = None,
    accelerator: str = "auto",
) -> Outcome:
    """Train, or go on with a training that was stopped anywhere.

    Args:
        model_name: in ``models/table.py``.
        shards: data sets of the same number of zones.
        run: the run folder; made if it is not there.
        recipe: everything else.
        progress: told how far unpacking (``data``), features (``features``) and training (``train``) are.
        on_step: told after each step (in the first process only).
        on_epoch: told each finished epoch's row (in all processes); what it raises ends the training.
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        UsageError: the recipe, the data or what lies in ``run`` does not fit; ``RunBusyError``: another process trains
            there.
        UnreadableInputError: the data cannot be read.
        ResourceLimitError: the disk is full.
        BeatomizerError: the loss is not a number any more.
    """
    begun = time.perf_counter()
    shop = prepare(model_name, shards, run, recipe, progress, accelerator)
    with alone(run) if shop.fabric.is_global_zero else nullcontext():
        training = _Training(shop, restored(shop), Listeners(progress, on_step, on_epoch))
        training.until_done()
    return training.outcome(time.perf_counter() - begun)


class _Training:
    """A training under way: the workshop's tools and the position that moves."""

    def __init__(self, shop: Workshop, position: Position, listeners: Listeners) -> None:
        self.shop, self.at, self.listeners = shop, position, listeners
        self.recipe, self.leads = shop.recipe, bool(shop.fabric.is_global_zero)
        self.objective = Objective(self.recipe.loss)
        self.references = references(shop, self.objective)
        self.training_s = self.waiting_s = 0.0
        self.clips = 0
        self.saved_at = time.monotonic()
        self.logs: Logs | None = None

    def until_done(self) -> None:
        """All epochs that are left; then the picture."""
        if self.leads:
            write_json(self.shop.run / REFERENCES, dict(self.references))
            self._write_rows()  # again, if it was killed between a checkpoint and these
            self.logs = Logs(self.shop.run / "tensorboard", self.at.step)
        try:
            while self.at.epoch < self.recipe.train.epochs and not self._gave_up():
                row = self._epoch()
                if self.listeners.epoch is not None:
                    self.listeners.epoch(row)
        finally:
            if self.logs is not None:
                self.logs.close()
        picture = self.shop.run / "curves.png"
        if self.leads and (self.clips or not picture.is_file()):
            draw_curves(picture, self.at.rows, self.references, self.recipe)

    def _gave_up(self) -> bool:
        return 0 < self.recipe.train.patience <= self.at.patience.waited

    def _epoch(self) -> Row:
        """What is left of the current epoch, its validation, its row and its checkpoint."""
        before = (self.training_s, self.waiting_s, self.clips)
        self._train()
        now = (self.training_s, self.waiting_s, self.clips)
        seconds, waited, clips = (after - then for after, then in zip(now, before))
        row: Row = {"epoch": self.at.epoch + 1, "step": self.at.step, "learning_rate": self._rate()}
        row |= {f"train.{name}": value for name, value in self.at.sums.means().items()}
        self.shop.model.eval()
        reached = validation_scores(self.shop, self.objective, self.shop.model)
        row |= {f"validation.{name}": value for name, value in reached.items()}
        row |= self.at.gradients.means()
        row |= {"clips_per_s": clips / max(seconds, 1e-9), "waiting": waited / max(seconds, 1e-9)}
        self._record(row)
        return row

    def _record(self, row: Row) -> None:
        at, watch = self.at, self.recipe.train.watch
        score = row[f"validation.{watch}"]
        at.rows.append(row)
        at.epoch, at.step_in_epoch, at.sums, at.gradients = at.epoch + 1, 0, Sums(), Sums()
        higher_is_better = watch == "cosine_similarity"
        if at.patience.see(-score if higher_is_better else score, at.epoch, self.recipe.optimiser):
            at.best, at.best_score = at.name, score
        if self.leads:
            self._save()
            self._write_rows()
            if self.logs is not None:
                self.logs.add(row, at.step)
        self.shop.fabric.barrier()

    def _write_rows(self) -> None:
        at, run = self.at, self.shop.run
        if at.best:
            best = {"checkpoint": at.best, "epoch": at.patience.best_epoch, "score": at.best_score}
            write_json(run / BEST, {**best, "watch": self.recipe.train.watch})
        if at.rows:
            write_history(run / "history.csv", at.rows)

    def _save(self) -> None:
        saved(self.shop, self.at, self.shop.run / CHECKPOINTS)
        self.saved_at = time.monotonic()

    def _rate(self) -> float:
        steps = self.shop.steps_per_epoch * self.recipe.train.epochs
        return learning_rate(self.recipe.optimiser, self.at.step, steps, self.at.patience)

    def _train(self) -> None:
        """Steps until the epoch is complete."""
        shop, part = self.shop, self.recipe.train
        order = epoch_order(shop.train.sizes, shop.weights, part.seed, self.at.epoch)
        mine = batches_of(order, part.batch_size, shop.fabric.world_size, shop.fabric.global_rank)
        left = mine[self.at.step_in_epoch :]
        shop.model.train()
        pin = shop.fabric.device.type == "cuda"
        batches = iter(prefetched(shop.train, left, self.at.epoch, self.recipe.data, pin))
        try:
            for _ in left:
                start = time.perf_counter()
                batch = next(batches).to(shop.fabric.device)
                self.waiting_s += time.perf_counter() - start
                look = self.at.step % part.log_steps == 0 or self.at.step_in_epoch == 0
                step = take_step(shop, self.objective, batch, self.at.step, self._rate(), look)
                self._take_in(step)
                self.training_s += time.perf_counter() - start
                if self.at.step_in_epoch < len(mine) and self.leads and self._due():
                    self._save()
        finally:
            batches.close()

    def _take_in(self, step: Step) -> None:
        at, epochs = self.at, self.recipe.train.epochs
        if step.gradients:
            values = {f"gradient.{name}": size for name, size in step.gradients.items()}
            at.gradients.add({**values, "gradient": step.norm, "weight": 1.0})
            if self.logs is not None:
                values |= {
                    "step.loss": step.loss,
                    "step.learning_rate": self._rate(),
                    "step.gradient": step.norm,
                }
                self.logs.add(values, at.step)
        at.sums.add(step.sums)
        at.step += 1
        at.step_in_epoch += 1
        self.clips += step.clips
        share = at.step_in_epoch / self.shop.steps_per_epoch
        self.listeners.progress("train", (at.epoch + share) / epochs)
        if self.listeners.step is not None and self.leads:
            clips = self.shop.clips_per_epoch
            self.listeners.step(StepFacts(at.epoch + 1, epochs, round(share * clips), clips, step.loss))

    def _due(self) -> bool:
        part = self.recipe.train
        by_time = 0 < part.checkpoint_s <= time.monotonic() - self.saved_at
        return by_time or (part.checkpoint_steps > 0 and self.at.step % part.checkpoint_steps == 0)

    def outcome(self, seconds: float) -> Outcome:
        """The end, in numbers."""
        at = self.at
        return Outcome(
            run=self.shop.run,
            rows=tuple(at.rows),
            references=self.references,
            best_epoch=at.patience.best_epoch,
            best_score=at.best_score,
            stopped_early=self._gave_up() and at.epoch < self.recipe.train.epochs,
            clips_per_s=self.clips / self.training_s if self.training_s else 0.0,
            waiting=self.waiting_s / self.training_s if self.training_s else 0.0,
            parameters=self.shop.bare.parameter_count(),
            device=str(self.shop.fabric.device),
            seconds=seconds,
            leader=self.leads,
        )
