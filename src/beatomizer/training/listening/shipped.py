"""Weights read back out of a model file: what learning a taste begins with, where only the file is at hand.

An exported ``full`` keeps its parameters as initialisers under their own names (``model.stem.weight``), but for the
matrices of the transformer: the exporter turns them over and gives them names of its own. Each of those is the constant
of the ``MatMul`` to whose answer the bias of a known name is added. What was read is believed only if the network
built from it says what the file says.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch

from beatomizer.arrays import F32
from beatomizer.errors import MissingExtraError, UnreadableInputError, UsageError
from beatomizer.inference.models import SHIPPED_MODELS
from beatomizer.inference.onnx_guard import CheckedModel, read_model
from beatomizer.models.listening.full import Full, FullConfig, distance_bias
from beatomizer.training.export import LARGEST_DIFFERENCE
from beatomizer.training.listening.export import HALF, parity

_PREFIX = "model."
_HINT = "give another one with --start, or the run that it was exported from"


def shipped_file(name: str = "full") -> CheckedModel:
    """The model file that ships under a name, hash and all checked.

    Raises:
        UsageError: none ships under it.
        UnreadableInputError: it is missing, or not the file that was released.
    """
    if name not in SHIPPED_MODELS:
        raise UsageError(
            f"no model '{name}' ships with this version",
            "say what to begin with: --start RUN or --start FILE.onnx",
        )
    model = SHIPPED_MODELS[name]
    path = Path(model.file)
    if not path.is_absolute():
        path = Path(str(files("beatomizer.inference"))) / "weights" / model.file
    return read_model(path, sha256=model.sha256)


def full_of_file(model: CheckedModel) -> Full:
    """The network inside a model file, in ``eval`` mode.

    Args:
        model: a file that the guard let in.

    Raises:
        UnreadableInputError: it holds no ``full``, or does not say what its weights say.
        MissingExtraError: the package ``onnx`` is not installed.
    """
    graph = _graph(model)
    constants = dict(_constants(graph))
    weights = _weights(graph, constants)
    try:
        listener = Full(_config(weights, constants))
        listener.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    except (KeyError, RuntimeError, UsageError, ValueError) as error:
        raise UnreadableInputError(f"'{model.name}' holds no listener like 'full'", _HINT) from error
    listener = listener.eval().requires_grad_(False)
    difference = parity(listener, model.data)
    if not difference <= LARGEST_DIFFERENCE:
        raise UnreadableInputError(
            f"the weights in '{model.name}' do not say what it says (they differ by {difference:.2g})", _HINT
        )
    return listener


def _weights(graph: Any, constants: Mapping[str, F32]) -> dict[str, F32]:
    """Parameter → values, as torch has them: named ones as they are, anonymous matrices found and turned back."""
    found = {
        name.removeprefix(_PREFIX): value for name, value in constants.items() if name.startswith(_PREFIX)
    }
    made_by = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for bias, answer in (tuple(node.input), tuple(node.input)[::-1]):
            matrix = _matrix(made_by.get(answer), constants)
            if bias.startswith(_PREFIX) and bias.endswith(".bias") and matrix is not None:
                found[bias.removeprefix(_PREFIX).removesuffix("bias") + "weight"] = matrix
    return {name: np.array(value, dtype=np.float32) for name, value in found.items()}


def _matrix(node: Any, constants: Mapping[str, F32]) -> F32 | None:
    """The constant ``[in, out]`` of a product, as ``[out, in]``; ``None`` for anything else."""
    if node is None or node.op_type != "MatMul" or node.input[1] not in constants:
        return None
    return np.ascontiguousarray(constants[node.input[1]].T)


def _config(weights: Mapping[str, F32], constants: Mapping[str, F32]) -> FullConfig:
    """The settings that shapes tell; dropout is not among them."""
    layers = sum(name.startswith("song.") and name.endswith(".ask.bias") for name in weights)
    return FullConfig(
        fast=len(weights["stem.weight"]),
        middle=len(weights["down.weight"]),
        slow=len(weights["pool.weight"]),
        layers=layers,
        heads=_heads(constants) if layers else 1,
    )


def _heads(constants: Mapping[str, F32]) -> int:
    """How many heads attention has: as many as there are slopes with which they fade."""
    for value in constants.values():
        if value.ndim == 3 and value.shape[1:] == (1, 1):
            slopes = distance_bias(2, len(value), torch.zeros(()))[0, :, :1, 1:].numpy()
            if np.allclose(np.abs(value), np.abs(slopes)):
                return len(value)
    raise KeyError("slopes")


def _graph(model: CheckedModel) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("reading weights", "train") from error
    return onnx.load_from_string(model.data).graph


def _constants(graph: Any) -> Iterator[tuple[str, F32]]:
    from onnx.numpy_helper import to_array

    for one in graph.initializer:
        value = np.asarray(to_array(one))
        yield one.name.removesuffix(HALF), value.astype(np.float32) if value.dtype == np.float16 else value
