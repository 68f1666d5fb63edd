"""One trial: drawn settings → a run → how much better than a constant colour it sees the validation clips."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import optuna
import torch

from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError
from beatomizer.models.table import build
from beatomizer.search.processes import this_worker
from beatomizer.search.space import Choice, Space, as_settings
from beatomizer.training.history import Row, read_history
from beatomizer.training.loop import train
from beatomizer.training.recipe import Recipe, with_settings
from beatomizer.training.recipe_file import fingerprint
from beatomizer.training.run import REFERENCES, RunBusyError

WATCH = "colour_error"
"""The validation score that all trials are judged by, whatever their own loss is: the mean distance in OKLab."""

JUDGES = ("train.watch", "data.repeat_weight")
"""Keys that decide how a run is judged."""

WORKER, RUN, REASON = "worker", "run", "reason"
"""Names of what a study remembers of a trial besides Optuna's own facts."""


@dataclass(frozen=True)
class Task:
    """What all trials of a search share.

    Attributes:
        model: name in ``models/table.py``.
        shards: the data sets.
        folder: where the runs go, one folder each, named after its settings: the same settings go on, not anew.
        recipe: what is not varied.
        space: what is.
    """

    model: str
    shards: tuple[Path, ...]
    folder: Path
    recipe: Recipe
    space: Space

    def recipe_of(self, values: Mapping[str, Choice]) -> Recipe:
        """The whole recipe of a trial, watched by what all trials are judged by."""
        return with_settings(self.recipe, [*as_settings(values), f'train.watch="{WATCH}"'])

    def check(self) -> None:
        """Refuse a space that no model or recipe understands, before anything is trained.

        Raises:
            UsageError: nothing to vary, an unknown key, a value out of range, or a key that would change the judge.
        """
        if not self.space.ranges:
            raise UsageError("nothing is left to vary", "take a --set away, or name a larger --space")
        for key in JUDGES:
            if key in self.space.ranges:
                raise UsageError(f"{key} cannot be varied", "trials would be judged by different measures")
        built: set[str] = set()
        for key, span in self.space.ranges.items():
            for value in _ends(span):
                settings = self.recipe_of({key: value}).model_settings
                if repr(settings) not in built:  # most keys leave the model alone
                    build(self.model, settings)
                    built.add(repr(settings))

    def run_folder(self, recipe: Recipe) -> Path:
        """The run's folder: the same recipe, the same folder."""
        return self.folder / fingerprint(recipe)[:12]


def _ends(span: optuna.distributions.BaseDistribution) -> tuple[Choice, ...]:
    if isinstance(span, optuna.distributions.CategoricalDistribution):
        return tuple(choice for choice in span.choices if choice is not None)
    assert isinstance(span, optuna.distributions.FloatDistribution | optuna.distributions.IntDistribution)
    return span.low, span.high


def skill_of(task: Task, trial: optuna.Trial) -> float:
    """Train with drawn settings; ``1 − error / error of a constant colour`` at the best epoch.

    1 is perfect, 0 is what the constant colour reaches, below 0 is worse than it.

    Raises:
        optuna.TrialPruned: after an epoch in which it was clearly behind earlier trials, or because another worker is
            training the same settings.
        BeatomizerError: the training failed; the trial remembers why.
    """
    trial.set_user_attr(WORKER, this_worker())
    values = {key: _drawn(trial, key, span) for key, span in task.space.ranges.items()}
    try:
        recipe = task.recipe_of(values)
        run = task.run_folder(recipe)
        trial.set_user_attr(RUN, run.name)
        epochs = _Epochs(trial, run, recipe.train.epochs)
        for row in _rows_of(run):
            epochs.report(row)
        outcome = train(task.model, task.shards, run, recipe, on_epoch=epochs.after)
    except RunBusyError as error:
        trial.set_user_attr(REASON, "another worker is training the same settings")
        raise optuna.TrialPruned from error
    except torch.OutOfMemoryError as error:
        trial.set_user_attr(REASON, "the device has too little memory for these settings")
        raise BeatomizerError(
            "the device has too little memory", "search smaller models or batches"
        ) from error
    except BeatomizerError as error:
        trial.set_user_attr(REASON, str(error))
        raise
    for row in outcome.rows:
        epochs.report(row)
    return epochs.best()


class _Epochs:
    """Tells the study of each epoch once, also of those that an earlier, stopped trial trained."""

    def __init__(self, trial: optuna.Trial, run: Path, epochs: int) -> None:
        self._trial, self._run, self._epochs = trial, run, epochs
        self._skills: dict[int, float] = {}

    def report(self, row: Row) -> None:
        epoch = int(row["epoch"])
        if epoch not in self._skills:
            self._trial.report(_skill(self._run, row), epoch)
        self._skills[epoch] = _skill(self._run, row)

    def after(self, row: Row) -> None:
        """After an epoch: go on, or not. After the last one there is nothing to save any more."""
        self.report(row)
        if row["epoch"] < self._epochs and self._trial.should_prune():
            self._trial.set_user_attr(REASON, f"behind after epoch {row['epoch']:.0f}")
            raise optuna.TrialPruned

    def best(self) -> float:
        """The highest skill; not a number if there is none, which Optuna takes as a failure."""
        known = [skill for skill in self._skills.values() if math.isfinite(skill)]
        return max(known, default=math.nan)


def _rows_of(run: Path) -> list[Row]:
    """Epochs that are done in this run already; none of one that is not worth believing."""
    try:
        return read_history(run / "history.csv") if (run / REFERENCES).is_file() else []
    except (OSError, ValueError):
        return []


def _drawn(trial: optuna.Trial, key: str, span: optuna.distributions.BaseDistribution) -> Choice:
    drawn: Choice
    if isinstance(span, optuna.distributions.CategoricalDistribution):
        drawn = trial.suggest_categorical(key, span.choices)
    elif isinstance(span, optuna.distributions.IntDistribution):
        drawn = trial.suggest_int(key, span.low, span.high, step=span.step, log=span.log)
    else:
        assert isinstance(span, optuna.distributions.FloatDistribution)
        drawn = trial.suggest_float(key, span.low, span.high, step=span.step, log=span.log)
    return drawn


def _skill(run: Path, row: Row) -> float:
    try:
        constant = json.loads((run / REFERENCES).read_text(encoding="utf-8"))["constant"][WATCH]
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableInputError(
            f"'{run / REFERENCES}' is damaged", "delete the run and search again"
        ) from error
    return 1.0 - float(row[f"validation.{WATCH}"]) / max(float(constant), 1e-9)
