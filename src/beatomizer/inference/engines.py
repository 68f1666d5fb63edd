"""All engines by name, and the one door to them."""

from pathlib import Path

from beatomizer.errors import UsageError, one_line
from beatomizer.inference.engine import Engine
from beatomizer.inference.models import SHIPPED_MODELS, load_shipped
from beatomizer.registry import Registry

ENGINES = Registry(
    "engine",
    "beatomizer.engines",
    {
        "classic": "beatomizer.inference.classic:ClassicEngine",
        "flasher": "beatomizer.inference.flasher:FlasherEngine",
        "loudness": "beatomizer.inference.loudness:LoudnessEngine",
        "constant": "beatomizer.inference.constant:ConstantEngine",
    },
)

DEFAULT_ENGINE = "full"
"""The shipped whole-song model."""


def load_engine(name_or_path: str) -> Engine:
    """The engine of that name, or the one in that ``.onnx`` file.

    Raises:
        UsageError: nothing has that name, or it is a folder.
        UnreadableInputError: the file is missing, not a model, not trusted, or made for other features.
        ResourceLimitError: the file is larger than a model may be.
    """
    if name_or_path in SHIPPED_MODELS:
        return load_shipped(name_or_path)
    if name_or_path.lower().endswith(".onnx"):
        from beatomizer.inference.onnx_engine import OnnxEngine  # onnxruntime takes 0.1 s to import

        return OnnxEngine.from_file(Path(name_or_path))
    if Path(name_or_path).is_dir() and name_or_path not in ENGINES:
        raise _no_folder(name_or_path)
    engine: Engine = ENGINES.load(name_or_path, also=SHIPPED_MODELS)()
    return engine


def _no_folder(path: str) -> UsageError:
    name = one_line(path, 80)
    if (Path(path) / "run.json").is_file():
        return UsageError(
            f"'{name}' is a training run, not a model file",
            f"export it first: beatomizer export {name} -o {Path(name).name or 'model'}.onnx",
        )
    return UsageError(f"'{name}' is a folder, not a model", "give an .onnx file or an engine's name")
