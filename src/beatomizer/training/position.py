"""Where a training stands, in plain numbers, and the way into a checkpoint and back."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from beatomizer.errors import UnreadableInputError
from beatomizer.training.checkpoint import (
    Checkpoint,
    checkpoint_name,
    forget_newer,
    latest_checkpoint,
    save_checkpoint,
)
from beatomizer.training.run import CHECKPOINTS
from beatomizer.training.schedule import Patience


class Trainee(Protocol):
    """What a checkpoint is taken of: a ``Workshop`` of any kind of training."""

    @property
    def fabric(self) -> Any:
        """Device and processes."""

    @property
    def run(self) -> Path:
        """The run folder."""

    @property
    def bare(self) -> torch.nn.Module:
        """The model itself."""

    @property
    def optimiser(self) -> Any:
        """As Fabric wraps it."""

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""


@dataclass
class Sums:
    """Weighted sums of named numbers; ``weight`` is one of them."""

    values: dict[str, float] = field(default_factory=dict)

    def add(self, values: dict[str, float]) -> None:
        """Add to each."""
        for name, value in values.items():
            self.values[name] = self.values.get(name, 0.0) + value

    def means(self) -> dict[str, float]:
        """Each over ``weight``."""
        weight = max(self.values.get("weight", 0.0), 1e-12)
        return {name: value / weight for name, value in self.values.items() if name != "weight"}


@dataclass
class Position:
    """Where a training stands between two steps.

    Attributes:
        epoch: epochs complete.
        step_in_epoch: steps of the running epoch that are done: with seed and epoch, where the sampler is.
        step: steps done in all: with the seed, where dropout and the schedule are.
        sums, gradients: of the running epoch.
        patience: early stopping and plateau.
        best: name of the best checkpoint; empty before the first epoch's end.
        best_score: its watched score.
        rows: one for each complete epoch.
    """

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    sums: Sums = field(default_factory=Sums)
    gradients: Sums = field(default_factory=Sums)
    patience: Patience = field(default_factory=Patience)
    best: str = ""
    best_score: float = 0.0
    rows: list[dict[str, float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the checkpoint that would be written now."""
        return checkpoint_name(self.step)


def saved(workshop: Trainee, position: Position, folder: Path) -> Path:
    """Write a checkpoint of everything that a step changes."""
    tensors, numbers = _split(workshop.optimiser.state_dict()["state"])
    state = {**asdict(position), "optimiser": numbers, "seed": workshop.seed}
    state["threads"] = torch.get_num_threads()
    weights = {name: value.detach().cpu() for name, value in workshop.bare.state_dict().items()}
    return save_checkpoint(folder, Checkpoint(position.step, weights, tensors, state), position.best)


def restored(workshop: Trainee) -> Position:
    """Put the newest whole checkpoint into model and optimiser; the beginning if there is none.

    Raises:
        UnreadableInputError: the checkpoint does not fit the model.
    """
    folder = workshop.run / CHECKPOINTS
    checkpoint = latest_checkpoint(folder)
    workshop.fabric.barrier()  # all have chosen before the damaged ones go
    if workshop.fabric.is_global_zero:
        forget_newer(folder, checkpoint)
    if checkpoint is None:
        return Position()
    state = dict(checkpoint.state)
    numbers = state.pop("optimiser")
    for foreign in ("seed", "threads"):
        state.pop(foreign)
    try:
        workshop.bare.load_state_dict(checkpoint.model)
        inner = _joined(checkpoint.optimiser, numbers)
        groups = workshop.optimiser.state_dict()["param_groups"]
        workshop.optimiser.load_state_dict({"state": inner, "param_groups": groups})
        running: dict[str, Any] = {name: Sums(**state.pop(name)) for name in ("sums", "gradients")}
        return Position(patience=Patience(**state.pop("patience")), **running, **state)
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableInputError(
            f"the checkpoints of '{workshop.run}' do not fit", "start a new run"
        ) from error


def _split(state: dict[int, dict[str, Any]]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimiser's state as tensors by name, and what is no tensor."""
    tensors, numbers = {}, {}
    for index, entries in state.items():
        for key, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{key}"] = value.detach().cpu()
            elif value is not None:
                numbers[f"{index}.{key}"] = value
    return tensors, numbers


def _joined(tensors: dict[str, Tensor], numbers: dict[str, Any]) -> dict[int, dict[str, Any]]:
    state: dict[int, dict[str, Any]] = {}
    for name, value in {**tensors, **numbers}.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    return state
