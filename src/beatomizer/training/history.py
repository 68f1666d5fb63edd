"""What happened in each epoch: rows of numbers, as CSV and as TensorBoard logs."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beatomizer.training.run import write_text

Row = dict[str, float]
"""One epoch: ``epoch``, ``step``, ``learning_rate``, ``train.NAME`` and ``validation.NAME`` for the loss, its terms and
scores, ``gradient.GROUP``, ``clips_per_s``, ``waiting``."""


def write_history(path: Path, rows: Sequence[Row]) -> None:
    """All epochs as CSV, replaced whole."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _short(name, value) for name, value in row.items()} for row in rows)
    write_text(path, text.getvalue())


def _short(name: str, value: float) -> str:
    return str(int(value)) if name in ("epoch", "step") else f"{value:.6g}"


def read_history(path: Path) -> list[Row]:
    """The rows of a ``history.csv``."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


class Logs:
    """TensorBoard event files in a folder; steps after ``step`` that an earlier, killed process wrote are replaced."""

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder), purge_step=step + 1)

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Log numbers; ``train.loss`` becomes ``train/loss``."""
        for name, value in values.items():
            self._writer.add_scalar(name.replace(".", "/", 1), value, step)

    def close(self) -> None:
        """Write what is pending."""
        self._writer.close()
