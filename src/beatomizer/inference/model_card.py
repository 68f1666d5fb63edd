"""What a model file says about itself, and whether it fits this program. The contract is ``docs/models.md``."""

import math
from dataclasses import dataclass

from beatomizer.errors import UnreadableInputError, one_line
from beatomizer.features.bank import SETTINGS, WIDTH
from beatomizer.inference.engine import SCORE_WIDTHS
from beatomizer.inference.onnx_guard import FLOAT, CheckedModel, Port
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

FORMAT = "1"
PREFIX = "beatomizer."
SLICES = "slices400"
INPUT = "frames"
EXTRA = "extra_"
STATE, NEXT = "state_", "_next"
MAX_STATE_VALUES = 16 * 2**20
MAX_FRAMES = 60 * 60 * FPS
"""No chunk, overlap or latency is longer than an hour."""
MAX_ZONES = 4096


@dataclass(frozen=True)
class ModelCard:
    """The metadata of a model that fits.

    Attributes:
        name, licence, dataset, revision: where it comes from; free text, shown to people.
        kind: ``"scores"`` or ``"rgb"``.
        features: the settings of the feature bank it was trained with, or ``"slices400"``: raw audio.
        state: ``"none"``: each run stands alone; ``"tensors"``: state goes in and comes out; ``"ring"``: the past
            ``context_frames`` go in again with every run.
        latency_frames: output ``t`` speaks of frame ``t - latency_frames``.
        lookahead_frames: frames of the future that output ``t`` depends on; 0 is causal.
        context_frames: frames of the past that output ``t`` depends on, for chunks and rings.
        chunk_frames: the longest run, in frames; 0 is the whole song at once.
        zones: of an rgb model; else 0.
        step_frames: 1 if the model takes one frame at a time; 0 if it takes any number.
        states: the state inputs.
    """

    name: str
    licence: str
    dataset: str
    revision: str
    kind: str
    features: str
    state: str
    latency_frames: int
    lookahead_frames: int
    context_frames: int
    chunk_frames: int
    zones: int
    step_frames: int
    states: tuple[Port, ...]

    @property
    def width(self) -> int:
        """Numbers in one input frame."""
        return HOP if self.features == SLICES else WIDTH

    @property
    def streams(self) -> bool:
        """Whether it can follow live sound."""
        return self.lookahead_frames == 0 and self.state != "none"


def read_card(model: CheckedModel) -> ModelCard:
    """The card of a checked model.

    Raises:
        UnreadableInputError: a key is missing or wrong, the model was made for other features, frame rates or
            formats, or its inputs and outputs are not those of the contract.
    """
    reader = _Keys(model)
    reader.must_be("format", FORMAT)
    kind = reader.one_of("kind", ("scores", "rgb"))
    features = reader.one_of("features", (SETTINGS, SLICES))
    reader.must_be("fps", str(FPS))
    reader.must_be("hop", str(HOP))
    reader.must_be("sample_rate", str(SAMPLE_RATE))
    state = reader.one_of("state", ("none", "tensors", "ring"))
    card = ModelCard(
        name=reader.text("name"),
        licence=reader.text("licence"),
        dataset=reader.text("dataset"),
        revision=reader.text("revision"),
        kind=kind,
        features=features,
        state=state,
        latency_frames=reader.number("latency_frames", 0, MAX_FRAMES),
        lookahead_frames=reader.number("lookahead_frames", 0, MAX_FRAMES),
        context_frames=reader.number("context_frames", 0, MAX_FRAMES),
        chunk_frames=reader.number("chunk_frames", 0, MAX_FRAMES),
        zones=reader.number("zones", 1, MAX_ZONES) if kind == "rgb" else 0,
        step_frames=_step_frames(model),
        states=tuple(port for port in model.inputs if port.name.startswith(STATE)),
    )
    _check_inputs(model, card)
    _check_outputs(model, card)
    if state != "none" and card.lookahead_frames:
        raise _unfit(model, "it keeps a state but its lookahead_frames are not 0, which cannot be streamed")
    if card.step_frames and (card.step_frames != 1 or state != "tensors"):
        raise _unfit(model, "it takes a fixed number of frames; only 1, with state tensors, can be fed")
    if card.chunk_frames and card.chunk_frames <= 2 * (card.context_frames + card.lookahead_frames):
        raise _unfit(model, "its chunk_frames leave no room between context and lookahead")
    return card


def _step_frames(model: CheckedModel) -> int:
    """The fixed T of the input, 0 if it is free."""
    shapes = [port.shape for port in model.inputs if port.name == INPUT]
    return (shapes[0][1] or 0) if shapes and len(shapes[0]) == 3 else 0


def _check_inputs(model: CheckedModel, card: ModelCard) -> None:
    by_name = _by_name(model, model.inputs)
    frames = by_name.get(INPUT)
    if frames is None or frames.dtype != FLOAT or not _fits(frames.shape, (1, None, card.width)):
        raise _unfit(model, f"its input must be '{INPUT}', float32 [1, T, {card.width}]")
    unknown = [name for name in by_name if name != INPUT and not name.startswith(STATE)]
    if unknown:
        raise _unfit(model, f"it asks for an unknown input '{one_line(unknown[0], 40)}'")
    if bool(card.states) != (card.state == "tensors"):
        raise _unfit(
            model, f"its metadata say state '{card.state}' but it has {len(card.states)} state inputs"
        )
    for port in card.states:
        if port.dtype != FLOAT or None in port.shape:
            raise _unfit(model, f"state '{one_line(port.name, 40)}' must be float32 of a fixed shape")
    if sum(math.prod(size or 0 for size in port.shape) for port in card.states) > MAX_STATE_VALUES:
        raise _unfit(model, "its state is enormous")


def _check_outputs(model: CheckedModel, card: ModelCard) -> None:
    by_name = _by_name(model, model.outputs)
    for port in card.states:
        after = by_name.pop(port.name + NEXT, None)
        if after is None or after.dtype != FLOAT or not _fits(after.shape, port.shape):
            raise _unfit(model, f"state '{one_line(port.name, 40)}' does not come out as '{port.name}{NEXT}'")
    for name, port in by_name.items():
        shape = expected_shape(card, name)
        more = name.startswith(EXTRA)
        if shape is None or port.dtype != FLOAT or not _fits(port.shape, shape, more_axes=more):
            raise _unfit(model, f"its output '{one_line(name, 40)}' is not of the contract")
    needed = "rgb" if card.kind == "rgb" else "beat"
    if needed not in by_name:
        raise _unfit(model, f"it has no output '{needed}'")


def expected_shape(card: ModelCard, name: str) -> tuple[int | None, ...] | None:
    """Of an output that is not a state: sizes, ``None`` for T and for what is free; ``None`` if it is unknown."""
    if name.startswith(EXTRA):
        return (1, None)
    if card.kind == "rgb":
        return (1, None, card.zones, 3) if name == "rgb" else None
    if name not in SCORE_WIDTHS:
        return None
    return (1, None, SCORE_WIDTHS[name]) if SCORE_WIDTHS[name] else (1, None)


def _by_name(model: CheckedModel, ports: tuple[Port, ...]) -> dict[str, Port]:
    by_name = {port.name: port for port in ports}
    if len(by_name) != len(ports):
        raise _unfit(model, "two of its inputs or outputs share a name")
    return by_name


def _fits(shape: tuple[int | None, ...], wanted: tuple[int | None, ...], *, more_axes: bool = False) -> bool:
    """Whether a declared shape allows the wanted one; ``None`` on either side fits anything."""
    if len(shape) != len(wanted) and not (more_axes and len(shape) > len(wanted)):
        return False
    return all(size is None or want is None or size == want for size, want in zip(shape, wanted))


class _Keys:
    """The metadata under our prefix."""

    def __init__(self, model: CheckedModel) -> None:
        self._model = model

    def text(self, key: str) -> str:
        """The value, one printable line."""
        value = self._model.metadata.get(PREFIX + key)
        if value is None:
            raise _unfit(self._model, f"its metadata lack '{PREFIX}{key}'")
        return one_line(value, 120)

    def must_be(self, key: str, wanted: str) -> None:
        """Refuse any other value."""
        value = self.text(key)
        if value != wanted:
            raise _unfit(self._model, f"its {key} is {value!r}, this program's is {wanted!r}")

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        """The value, if it is one of these."""
        value = self.text(key)
        if value not in choices:
            wanted = " or ".join(repr(choice) for choice in choices)
            raise _unfit(self._model, f"its {key} is {value!r}, this program knows {wanted}")
        return value

    def number(self, key: str, least: int, most: int) -> int:
        """The value as a whole number in a range."""
        value = self.text(key)
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and least <= int(value) <= most):
            raise _unfit(self._model, f"its {key} is {value!r}, not a whole number {least}..{most}")
        return int(value)


def _unfit(model: CheckedModel, why: str) -> UnreadableInputError:
    return UnreadableInputError(
        f"the model '{one_line(model.name, 80)}' does not fit ({one_line(why, 160)})",
        "use one exported for this version",
    )
