"""What a training begins with, or is taught by: a run, a model file, or a model that ships."""

import hashlib
from pathlib import Path

from beatomizer.errors import UsageError
from beatomizer.inference.models import SHIPPED_MODELS
from beatomizer.inference.onnx_guard import CheckedModel, read_model
from beatomizer.models.listening.table import Listener
from beatomizer.training.checkpoint import MODEL
from beatomizer.training.listening.shipped import full_of_file, shipped_file
from beatomizer.training.listening.workshop import load_listener
from beatomizer.training.run import DataFacts, best_checkpoint


def beginning(model_name: str, start: Path | None) -> tuple[Listener, DataFacts]:
    """The listener that learning begins with, and what the run remembers of where it came from.

    Args:
        model_name: ``full`` or ``live``.
        start: a run, a model file of ``full``, or the name of a shipped one; ``None``: what ships as ``model_name``.

    Raises:
        UsageError: nothing ships to begin with, or it is another model.
        UnreadableInputError: a run or a model file cannot be read.
    """
    if start is not None and start.is_dir():
        listener, _ = load_listener(start)
        if listener.name != model_name:
            raise UsageError(
                f"'{start}' is a run of '{listener.name}'", f"say: beatomizer train {listener.name}"
            )
        return listener, _from(start.resolve().name, best_checkpoint(start) / MODEL)
    if model_name != "full":
        raise UsageError(
            f"'{model_name}' can only begin with a run",
            f"name one: --start RUN of 'beatomizer train {model_name}'",
        )
    file = shipped_file(str(start or model_name)) if start is None or _ships(start) else read_model(start)
    return full_of_file(file), _from(file.name, file)


def teacher_named(teacher: Path) -> Listener:
    """Who teaches: a run of either listener, a model file of ``full``, or a shipped name.

    Raises:
        UnreadableInputError: it cannot be read.
    """
    return load_listener(teacher)[0] if teacher.is_dir() else beginning("full", teacher)[0]


def _ships(start: Path) -> bool:
    return str(start) in SHIPPED_MODELS and not start.exists()


def _from(name: str, source: Path | CheckedModel) -> DataFacts:
    if isinstance(source, CheckedModel):
        return DataFacts(name, source.sha256[:16], "weights", 0, 0)
    with source.open("rb") as file:
        return DataFacts(name, hashlib.file_digest(file, "sha256").hexdigest()[:16], "weights", 0, 0)
