"""A trained listener → one ``.onnx`` file that keeps the contract of ``docs/models.md``, proven before written."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from beatomizer.arrays import F32
from beatomizer.errors import BeatomizerError, MissingExtraError, UnreadableInputError, UsageError
from beatomizer.features.bank import SETTINGS
from beatomizer.inference.engine import SCORE_WIDTHS
from beatomizer.models.listening.full import WIDTH, Full
from beatomizer.models.listening.heads import scores_of
from beatomizer.models.listening.live import Live, LiveStep
from beatomizer.models.listening.table import Listener
from beatomizer.progress import Progress, silent
from beatomizer.training.export import (
    OPSET,
    Exported,
    ModelFacts,
    exporter_hushed,
    forget_origin,
    written_if_proven,
    written_metadata,
)
from beatomizer.training.listening.workshop import load_listener
from beatomizer.training.run import run_facts

_EXAMPLE_FRAMES = 96
_LONGEST_FRAMES = 1_000_000
HALF = "_half"
"""At the end of the name of a weight that is stored as half floats."""
_WORTH_HALVING = 256
STATE, NEXT = "state_", "_next"


def export_run(
    run: Path, out: Path, *, name: str | None, licence: str, progress: Progress = silent
) -> Exported:
    """Write the best listener of a run; errors as ``training.export.export``."""
    facts = run_facts(run)
    if facts.features != SETTINGS:
        raise UnreadableInputError(
            f"the run was trained with the features '{facts.features}', this version has '{SETTINGS}'",
            "train again with this version",
        )
    model, _ = load_listener(run)
    told = ModelFacts(name or facts.model, facts.features, facts.dataset_hash, licence)
    return export_listener(model, told, out, progress)


def export_listener(model: Listener, facts: ModelFacts, out: Path, progress: Progress = silent) -> Exported:
    """Write a listener as a model file.

    Raises:
        UsageError: ``out`` does not end in ``.onnx``, or cannot be written.
        MissingExtraError: the ONNX exporter is not installed.
        BeatomizerError: the exported model does not say what torch says.
    """
    if out.suffix.lower() != ".onnx":
        raise UsageError(f"'{out}' does not end in .onnx", "name the model file so")
    progress("export", 0.0)
    still = rounded(deepcopy(model).cpu().eval().requires_grad_(False))
    data = _step_bytes(still, facts) if isinstance(still, Live) else _song_bytes(still, facts)
    progress("export", 0.6)
    return written_if_proven(data, parity(still, data), out, progress)


def rounded(model: Listener) -> Listener:
    """The model with weights that half floats can hold, in place: what is written is what was proven."""
    for values in model.state_dict().values():
        values.copy_(values.half().float())
    return model


@torch.no_grad()
def scores_in_torch(model: Listener, frames: F32) -> dict[str, F32]:
    """What a listener says of ``[T, F]``, as the line has it: ``[T]`` or ``[T, n]``."""
    said = model(torch.from_numpy(np.ascontiguousarray(frames, dtype=np.float32))[None])
    return {name: value[0].numpy() for name, value in scores_of(said, len(frames)).items()}


def parity(model: Listener, data: bytes) -> float:
    """Largest difference of any score between a model and its file, as the line runs it, over several lengths."""
    from beatomizer.inference.onnx_engine import OnnxEngine

    engine = OnnxEngine.from_bytes(data)
    rng = np.random.default_rng(3)
    song = np.clip(rng.standard_normal((1500, WIDTH)), -3.0, 3.0).astype(np.float32)
    largest = 0.0
    for count in (1, 5, 333, len(song)):
        ours, theirs = scores_in_torch(model, song[:count]), engine.outputs(song[:count])
        for name in SCORE_WIDTHS:
            if theirs[name].shape != ours[name].shape or not np.isfinite(theirs[name]).all():
                return float("inf")
            largest = max(largest, float(np.abs(theirs[name] - ours[name]).max()))
    return largest


class _Scores(nn.Module):
    """``full``, then scores."""

    def __init__(self, model: Full) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """``[1, T, F]`` → every score in the order of ``SCORE_WIDTHS``."""
        scores = scores_of(self.model(frames), frames.shape[1])
        return tuple(scores[name] for name in SCORE_WIDTHS)


class _Step(nn.Module):
    """One frame of ``live``, then scores and the next state."""

    def __init__(self, model: Live) -> None:
        super().__init__()
        self.step = LiveStep(model)
        self.names = tuple(self.step.state_shapes())

    def forward(self, frames: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """``[1, 1, F]`` and all states → every score, then every next state."""
        said, after = self.step(frames, dict(zip(self.names, state, strict=True)))
        scores = scores_of(said, 1)
        return (*(scores[name] for name in SCORE_WIDTHS), *(after[name] for name in self.names))


def _song_bytes(model: Full, facts: ModelFacts) -> bytes:
    length = torch.export.Dim("T", min=2, max=_LONGEST_FRAMES)
    frames = torch.zeros(1, _EXAMPLE_FRAMES, WIDTH)
    proto = _exported(
        _Scores(model).eval(), (frames,), ["frames"], list(SCORE_WIDTHS), {"frames": {1: length}}
    )
    told = {name: getattr(model, name) for name in ("context_frames", "lookahead_frames", "chunk_frames")}
    return _finished(proto, model, facts, told | {"state": "none"})


def _step_bytes(model: Live, facts: ModelFacts) -> bytes:
    step = _Step(model).eval()
    state = {STATE + name: torch.zeros(shape) for name, shape in step.step.state_shapes().items()}
    frames = torch.zeros(1, 1, WIDTH)
    outputs = [*SCORE_WIDTHS, *(name + NEXT for name in state)]
    proto = _exported(step, (frames, *state.values()), ["frames", *state], outputs, None)
    told = {"context_frames": 0, "lookahead_frames": 0, "chunk_frames": 0, "state": "tensors"}
    return _finished(proto, model, facts, told)


def _exported(
    module: nn.Module, example: tuple[Tensor, ...], inputs: list[str], outputs: list[str], shapes: Any
) -> Any:
    try:
        with exporter_hushed():
            program = torch.onnx.export(
                module,
                example,
                dynamo=True,
                dynamic_shapes=shapes,
                opset_version=OPSET,
                input_names=inputs,
                output_names=outputs,
                verbose=False,
            )
    except ImportError as error:
        raise MissingExtraError("export", "train") from error
    if program is None:
        raise BeatomizerError("the exporter gave no model", "install a newer torch")
    return program.model_proto


def _halved(proto: Any) -> None:
    """Store large weights as half floats, made whole again by a ``Cast`` when the model is loaded: half the bytes."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _WORTH_HALVING:
            continue
        whole = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), whole + HALF))
        casts.append(helper.make_node("Cast", [whole + HALF], [whole], to=TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


def _finished(proto: Any, model: Listener, facts: ModelFacts, told: dict[str, Any]) -> bytes:
    """The file's bytes, the same for the same weights and versions."""
    forget_origin(proto)
    _halved(proto)
    for key, value in written_metadata(model, facts, {"kind": "scores", "latency_frames": 0, **told}).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = f"beatomizer.{key}", value
    return bytes(proto.SerializeToString(deterministic=True))
