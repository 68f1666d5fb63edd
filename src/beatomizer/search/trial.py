"""One trial: drawn settings → a run → how much better than a constant colour it sees the validation clips."""

import hashlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import optuna

from beatomizer.errors import BeatomizerError, UnreadableInputError
from beatomizer.models.table import build
from beatomizer.search.space import Choice, Space, as_settings
from beatomizer.training.history import Row
from beatomizer.training.loop import train
from beatomizer.training.recipe import Recipe, with_settings
from beatomizer.training.recipe_file import to_toml
from beatomizer.training.run import REFERENCES

WATCH = "colour_error"
"""The validation score that all trials are judged by, whatever their own loss is: the mean distance in OKLab."""

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
            UsageError: an unknown key, or a value out of range.
        """
        for key, span in self.space.ranges.items():
            for value in _ends(span):
                recipe = self.recipe_of({key: value})
                build(self.model, recipe.model_settings)

    def run_folder(self, recipe: Recipe) -> Path:
        """The run's folder: the same recipe, the same folder."""
        return self.folder / hashlib.sha256(to_toml(recipe).encode()).hexdigest()[:12]


def _ends(span: optuna.distributions.BaseDistribution) -> tuple[Choice, ...]:
    if isinstance(span, optuna.distributions.CategoricalDistribution):
        return tuple(choice for choice in span.choices if choice is not None)
    assert isinstance(span, optuna.distributions.FloatDistribution | optuna.distributions.IntDistribution)
    return span.low, span.high


def skill_of(task: Task, trial: optuna.Trial) -> float:
    """Train with drawn settings; ``1 − error / error of a constant colour`` at the best epoch.

    1 is perfect, 0 is what the constant colour reaches, below 0 is worse than it.

    Raises:
        optuna.TrialPruned: after an epoch in which it was clearly behind earlier trials.
        optuna.exceptions.OptunaError: see ``Study.optimize``; a training that fails ends its trial, not the search.
    """
    trial.set_user_attr(WORKER, this_worker())
    values = {key: _drawn(trial, key, span) for key, span in task.space.ranges.items()}
    recipe = task.recipe_of(values)
    run = task.run_folder(recipe)
    trial.set_user_attr(RUN, run.name)

    def after_epoch(row: Row) -> None:
        trial.report(_skill(run, row), int(row["epoch"]))
        if trial.should_prune():
            raise optuna.TrialPruned(f"behind after epoch {row['epoch']:.0f}")

    try:
        outcome = train(task.model, task.shards, run, recipe, on_epoch=after_epoch)
    except BeatomizerError as error:
        trial.set_user_attr(REASON, str(error))
        raise
    return max(_skill(run, row) for row in outcome.rows)


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


def this_worker() -> str:
    """Who works on a trial: machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_gone(worker: str) -> bool:
    """Whether the process that worked on a trial ended on this machine; of other machines nothing is known."""
    host, _, number = worker.rpartition(":")
    if host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
