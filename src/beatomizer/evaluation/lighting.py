"""From what an engine hears to linear light, before safety."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.audio import Audio
from beatomizer.color import rgb8_to_linear, srgb_to_linear
from beatomizer.cues.decide import decide
from beatomizer.cues.style import Style
from beatomizer.features.features import Features
from beatomizer.inference.engine import Engine, RawLight
from beatomizer.line import followed
from beatomizer.show.draw import draw_show


class Lighter(Protocol):
    """Something that lights a song.

    Attributes:
        name: of its row.
        facts: what is known of it, plain JSON: where it is from, its hash, its parameters.
        seeded: whether another seed gives another show.
    """

    name: str
    facts: dict[str, Any]
    seeded: bool

    def light(self, features: Features, zones: int, seed: int) -> F32:
        """Linear light ``[T, zones, 3]``, 0..1."""


def on_stage(linear: F32, zones: int) -> F32:
    """Light ``[T, Z', 3]`` on ``zones`` lights: fewer are spread, more are thinned out, as ``show.draw.raw_show``."""
    return linear[:, np.arange(zones) * linear.shape[1] // zones]


@dataclass
class EngineLighter:
    """An engine of the line, with the director's cues if it gives scores."""

    name: str
    engine: Engine
    facts: dict[str, Any]
    seeded: bool = False

    def light(self, features: Features, zones: int, seed: int) -> F32:
        """As ``render`` does it, up to but without the limiter (a follower limits itself as it goes)."""
        if self.engine.look == "follower":
            self.seeded = True
            shown = followed(Audio(features.samples), self.engine, Style(zones=zones, seed=seed))
            return _of_length(rgb8_to_linear(shown.rgb8).astype(np.float32), len(features.frames))
        heard = self.engine.listen(features)
        if isinstance(heard, RawLight):
            return on_stage(heard.linear, zones)
        self.seeded = self.engine.look == "director"
        cues = decide(heard, features, Style(zones=zones, seed=seed), look=self.engine.look)
        linear = rgb8_to_linear(draw_show(cues).rgb8).astype(np.float32)
        return _of_length(linear, len(features.frames))


@dataclass
class RunLighter:
    """A trained model of the learning trunk, straight from its run folder."""

    name: str
    model: Any
    facts: dict[str, Any]
    seeded: bool = False

    def light(self, features: Features, zones: int, seed: int) -> F32:
        """In pieces, as the line hears a model file."""
        from beatomizer.inference.model_card import SLICES
        from beatomizer.models.pieces import light_of

        heard = features.slices if self.model.inputs == SLICES else features.frames
        srgb = np.clip(light_of(self.model, heard).astype(np.float64), 0.0, 1.0)
        return on_stage(srgb_to_linear(srgb).astype(np.float32), zones)


def _of_length(linear: F32, frames: int) -> F32:
    """Cut, or hold the last frame: a show covers the samples, the features may have one frame more or less."""
    if len(linear) >= frames:
        return linear[:frames]
    return np.concatenate([linear, np.repeat(linear[-1:], frames - len(linear), axis=0)])


def lighter_of(name_or_path: str) -> Lighter:
    """The model that a person named: a run folder, an ``.onnx`` file, or an engine.

    Raises:
        UsageError: nothing has that name.
        UnreadableInputError: the run or the file is missing, damaged or not trusted.
        MissingExtraError: a run folder needs torch.
    """
    path = Path(name_or_path)
    if path.is_dir():
        return _run(path)
    from importlib.metadata import version

    from beatomizer.inference.engines import load_engine

    engine = load_engine(name_or_path)
    if name_or_path.lower().endswith(".onnx"):
        return EngineLighter(path.stem, engine, {"from": path.name, **_file_facts(path, engine)})
    return EngineLighter(name_or_path, engine, {"from": "engine", "version": version("beatomizer")})


def _file_facts(path: Path, engine: Engine) -> dict[str, Any]:
    import hashlib

    facts: dict[str, Any] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    card = getattr(engine, "card", None)
    if card is not None:
        facts |= {"model": card.name, "data": card.dataset, "latency_frames": card.latency_frames}
    parameters = onnx_parameters(path)
    return facts | ({} if parameters is None else {"parameters": parameters})


def onnx_parameters(path: Path) -> int | None:
    """Numbers in the initialisers of a model file that the guard has let in; ``None`` without the ``onnx`` package."""
    try:
        import onnx
    except ImportError:
        return None
    graph = onnx.load_model_from_string(path.read_bytes()).graph
    return sum(int(np.prod(list(tensor.dims), dtype=np.int64)) for tensor in graph.initializer)


def _run(path: Path) -> RunLighter:
    from beatomizer.errors import MissingExtraError

    try:
        from beatomizer.training.run import load_run
    except ImportError as error:
        raise MissingExtraError("a run folder", "train") from error
    model, recipe = load_run(path)
    return RunLighter(path.name or path.resolve().name, model, _run_facts(path, model, recipe))


def _run_facts(path: Path, model: Any, recipe: Any) -> dict[str, Any]:
    import hashlib

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    parameters = sum(int(tensor.numel()) for tensor in model.parameters())
    return {"from": "run", "model": model.name, "sha256": digest.hexdigest(), "parameters": parameters}
