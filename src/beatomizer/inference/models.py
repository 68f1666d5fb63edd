"""Trained models that ship with the program: by name, each pinned to the hash of its file."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from beatomizer.errors import UsageError, one_line
from beatomizer.inference.engine import Engine


@dataclass(frozen=True)
class ShippedModel:
    """One model file.

    Attributes:
        file: its name in ``beatomizer/inference/weights``, or an absolute path.
        sha256: of the file's bytes, in hexadecimal; a file that differs by a bit is refused.
    """

    file: str
    sha256: str


SHIPPED_MODELS = {
    "full": ShippedModel("full.onnx", "f114527d44833e85571fe26f5ee9e0fa1869cc04ee78ec49adad7ea9d78177df"),
    "live": ShippedModel("live.onnx", "6fff57f33c72fce04438c8fdfb678cefd0a5ab4b38d62a883fc7dd775b3d88bd"),
}
"""Name → file and hash. ``docs/model-card.md`` says what they are and how they were made."""


def load_shipped(name: str) -> Engine:
    """The shipped model called ``name``.

    Raises:
        UsageError: no model has that name.
        UnreadableInputError: its file is missing, or not the file that was released.
    """
    if name not in SHIPPED_MODELS:
        known = ", ".join(SHIPPED_MODELS) or "none ship with this version"
        raise UsageError(f"no model is called '{one_line(name, 60)}'", f"choose from: {known}")
    from beatomizer.inference.onnx_engine import OnnxEngine  # onnxruntime takes 0.1 s to import

    model = SHIPPED_MODELS[name]
    path = Path(model.file)
    if not path.is_absolute():
        path = Path(str(files("beatomizer.inference"))) / "weights" / model.file
    return OnnxEngine.from_file(path, sha256=model.sha256, name=name)
