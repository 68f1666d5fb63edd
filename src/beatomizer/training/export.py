"""A trained model → one ``.onnx`` file that keeps the contract of ``docs/models.md``, proven before it is written.

The graph takes ``frames`` of any length and gives ``rgb`` in linear light. Recurrences are ``GRU`` and ``Scan`` nodes,
so nothing is unrolled and nothing is left to the program.
"""

import contextlib
import hashlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from beatomizer.arrays import F32
from beatomizer.atomic import written_aside
from beatomizer.color import srgb_to_linear
from beatomizer.errors import BeatomizerError, MissingExtraError, UnreadableInputError, UsageError
from beatomizer.models.colour_model import INPUT_WIDTHS, ColourModel
from beatomizer.models.pieces import light_of
from beatomizer.progress import Progress, silent
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

OPSET = 18
"""The exporter's own; ``Scan`` and ``GRU`` are older."""
LARGEST_DIFFERENCE = 1e-4
"""Between torch and ONNX Runtime, in linear light or in scores."""
_EXAMPLE_FRAMES = 96
_LONGEST_FRAMES = 1_000_000


@dataclass(frozen=True)
class ModelFacts:
    """What a model file says about where it comes from; free text.

    Attributes:
        name: what cue lists and reports call it.
        features: ``slices400``, or the identity of the feature bank the model was trained with.
        dataset: hash of the data.
        licence: of the weights.
        revision: of weights and program; empty: made of the version and the weights' hash.
    """

    name: str
    features: str
    dataset: str
    licence: str = "not stated"
    revision: str = ""


@dataclass(frozen=True)
class Exported:
    """What was written: path, size, hash, and the largest difference from torch that was found (linear light)."""

    path: Path
    size_bytes: int
    sha256: str
    difference: float


def export(
    run: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    licence: str = ModelFacts.licence,
    progress: Progress = silent,
) -> Exported:
    """Write the best model of a run as a model file.

    Args:
        run: the folder that ``train`` wrote.
        out: the file, ``.onnx``; written only if it is right.
        name: what the model is to be called; by default as in the table of models.
        licence: of the weights, told in the file.
        progress: told how far it is.

    Raises:
        UnreadableInputError: not a run, nothing finished in it, or trained with another feature bank.
        UsageError: ``out`` does not end in ``.onnx``, or cannot be written.
        MissingExtraError: the ONNX exporter is not installed.
        BeatomizerError: the exported model does not give what torch gives.
    """
    from beatomizer.models.listening.table import LISTENERS
    from beatomizer.training.run import load_run, run_facts

    facts = run_facts(Path(run))
    if facts.model in LISTENERS:
        from beatomizer.training.listening.export import export_run

        return export_run(Path(run), Path(out), name=name, licence=licence, progress=progress)
    model, _ = load_run(run)
    told = ModelFacts(name or facts.model, facts.features, facts.dataset_hash, licence)
    return export_model(model, told, Path(out), progress)


def export_model(model: ColourModel, facts: ModelFacts, out: Path, progress: Progress = silent) -> Exported:
    """Write a model of the table as a model file; errors as for ``export``."""
    if out.suffix.lower() != ".onnx":
        raise UsageError(f"'{out}' does not end in .onnx", "name the model file so")
    _check_features(model, facts)
    progress("export", 0.0)
    still = deepcopy(model).cpu().eval().requires_grad_(False)
    data = _onnx_bytes(still, facts)
    progress("export", 0.6)
    difference = parity(still, data)
    progress("export", 0.9)
    return written_if_proven(data, difference, out, progress)


def written_if_proven(data: bytes, difference: float, out: Path, progress: Progress) -> Exported:
    """Write a model file that says what torch says.

    Args:
        data: the file's bytes.
        difference: the largest that was found between torch and the file.
        out: where to.
        progress: told of the end.

    Raises:
        BeatomizerError: they differ by more than ``LARGEST_DIFFERENCE``.
        UsageError: ``out`` cannot be written.
    """
    if not difference <= LARGEST_DIFFERENCE:
        raise BeatomizerError(
            f"the exported model differs from the trained one by {difference:.2g}, not written",
            "please report it with the recipe",
        )
    with written_aside(out) as aside:
        aside.write_bytes(data)
    progress("export", 1.0)
    return Exported(out, len(data), hashlib.sha256(data).hexdigest(), difference)


def parity(model: ColourModel, data: bytes) -> float:
    """Largest difference in linear light between a model in ``eval`` mode and its file, as the line runs it.

    One frame, a few, a clip, and a song of several pieces: noise, silence, a loud tone.
    """
    from beatomizer.inference.onnx_engine import OnnxEngine

    engine = OnnxEngine.from_bytes(data)
    largest = 0.0
    song = _trial_frames(model.inputs, max(2 * model.chunk_frames, 1900) + 7)
    for count in (1, 5, 900, len(song)):
        frames = song[-count:]
        ours = srgb_to_linear(light_of(model, frames).astype(np.float64))
        theirs = engine.outputs(frames)["rgb"]
        if theirs.shape != ours.shape or not np.isfinite(theirs).all():
            return float("inf")
        largest = max(largest, float(np.abs(theirs - ours).max()))
    return largest


class _Linear(nn.Module):
    """The model, then out of sRGB into linear light."""

    def __init__(self, model: ColourModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> Tensor:
        """``[1, T, F]`` → ``[1, T, Z, 3]`` linear."""
        srgb = self.model(frames).clamp(0.0, 1.0)
        return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _onnx_bytes(model: ColourModel, facts: ModelFacts) -> bytes:
    """The model file, the same bytes for the same weights and versions."""
    frames = torch.zeros(1, _EXAMPLE_FRAMES, INPUT_WIDTHS[model.inputs])
    length = torch.export.Dim("T", min=2, max=_LONGEST_FRAMES)
    try:
        with exporter_hushed():
            program = torch.onnx.export(
                _Linear(model).eval(),
                (frames,),
                dynamo=True,
                dynamic_shapes={"frames": {1: length}},
                opset_version=OPSET,
                input_names=["frames"],
                output_names=["rgb"],
                verbose=False,
            )
    except ImportError as error:
        raise MissingExtraError("export", "train") from error
    if program is None:
        raise BeatomizerError("the exporter gave no model", "install a newer torch")
    proto = program.model_proto
    forget_origin(proto)
    told = {
        "kind": "rgb",
        "state": "none",
        "latency_frames": 0,
        "lookahead_frames": model.lookahead_frames,
        "context_frames": model.context_frames,
        "chunk_frames": model.chunk_frames,
        "zones": model.zones,
    }
    for key, value in written_metadata(model, facts, told).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = f"beatomizer.{key}", value
    return bytes(proto.SerializeToString(deterministic=True))


def written_metadata(model: nn.Module, facts: ModelFacts, told: Mapping[str, object]) -> dict[str, str]:
    """What ``inference/model_card.py`` reads: where the model comes from, and ``told``, how it is to be run."""
    known = {
        "format": "1",
        "name": facts.name,
        "licence": facts.licence,
        "dataset": facts.dataset,
        "revision": facts.revision or revision_of(model),
        "features": facts.features,
        "fps": FPS,
        "hop": HOP,
        "sample_rate": SAMPLE_RATE,
    }
    return {name: str(value) for name, value in {**known, **told}.items()}


def revision_of(model: nn.Module) -> str:
    """The program's version and a fingerprint of the weights: ``0.1.0+0a1b2c3d4e5f``."""
    digest = hashlib.sha256(repr(model.config).encode())
    for name, values in sorted(model.state_dict().items()):
        digest.update(name.encode() + values.cpu().numpy().tobytes())
    return f"{version('beatomizer')}+{digest.hexdigest()[:12]}"


def forget_origin(proto: Any) -> None:
    """Drop what the exporter notes about the source: stack traces with the paths of this machine."""
    del proto.metadata_props[:]
    graphs = [proto.graph, *proto.functions]
    while graphs:
        graph = graphs.pop()
        for part in (graph, *graph.node, *graph.value_info, *getattr(graph, "initializer", ())):
            part.doc_string = ""
            if hasattr(part, "metadata_props"):
                del part.metadata_props[:]
        for port in (*getattr(graph, "input", ()), *getattr(graph, "output", ())):
            if not isinstance(port, str):
                del port.metadata_props[:]
        graphs += [
            attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")
        ]


@contextlib.contextmanager
def exporter_hushed() -> Iterator[None]:
    """The exporter logs and warns about its own insides; what matters is found by ``parity``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def _check_features(model: ColourModel, facts: ModelFacts) -> None:
    from beatomizer.features.bank import SETTINGS

    ours = "slices400" if model.inputs == "slices400" else SETTINGS
    if facts.features != ours:
        raise UnreadableInputError(
            f"the run was trained with the features '{facts.features}', this version has '{ours}'",
            "train again with this version",
        )


def _trial_frames(inputs: str, count: int) -> F32:
    """``[count, F]``: quiet and loud noise, a tone over full scale, silence."""
    rng = np.random.default_rng(3)
    frames = rng.standard_normal((count, INPUT_WIDTHS[inputs])).astype(np.float32)
    if inputs != "slices400":
        return np.asarray(np.clip(frames, -3.0, 3.0), dtype=np.float32)
    frames *= rng.choice([0.003, 0.03, 0.3], size=(count, 1)).astype(np.float32)
    frames[count // 3 : count // 2] += np.sin(np.arange(HOP) * 0.11).astype(np.float32)
    frames[-count // 6 :] = 0.0
    return frames
