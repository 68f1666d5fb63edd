"""A recipe for a listener: everything that decides its training besides the lessons."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from beatomizer.errors import UsageError
from beatomizer.training.recipe import OptimiserPart, TrainPart
from beatomizer.training.recipe_fields import in_range, part_from, unknown
from beatomizer.training.recipe_file import written

LOSS_WEIGHTS = {
    "beat": 1.0,
    "downbeat": 1.0,
    "phase": 1.0,
    "tempo": 0.3,
    "onsets": 1.0,
    "boundary": 1.0,
    "energy": 1.0,
    "part": 0.3,
    "material": 0.5,
    "light": 1.0,
    "spectral": 1.0,
    "look": 0.2,
    "hue": 0.2,
    "rgb": 0.0,
}
"""Terms of the loss and their usual weights."""


@dataclass(frozen=True)
class LessonPart:
    """How lessons are cut.

    Attributes:
        excerpt_s: lengths of excerpts in seconds; each step takes one of them in turn.
        batch_s: seconds of music in a step.
        validation_every: each so many-th lesson is kept for validation.
        songs: at most so many lessons are used; 0: all.
        steps_per_epoch: steps from one validation to the next.
    """

    excerpt_s: tuple[int, ...] = (30, 60, 120)
    batch_s: int = 240
    validation_every: int = 25
    songs: int = 0
    steps_per_epoch: int = 300

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not self.excerpt_s:
            raise UsageError("data.excerpt_s is empty", "give at least one length, in seconds")
        for seconds in self.excerpt_s:
            in_range("data.excerpt_s", seconds, 2, 600)
        in_range("data.batch_s", self.batch_s, 2, 100_000)
        in_range("data.validation_every", self.validation_every, 2, 10**6)
        in_range("data.songs", self.songs, 0, 10**9)
        in_range("data.steps_per_epoch", self.steps_per_epoch, 1, 10**6)


@dataclass(frozen=True)
class AugmentPart:
    """How excerpts are varied: chances 0..1, but for ``stretch``.

    Attributes:
        stretch: faster or slower by up to this natural logarithm.
        key: pitch classes turned, bands moved by up to two.
        bands: some bands missing.
        noise: levels trembling.
        hush: up to a second of silence.
        deaf: no pitch classes at all.
    """

    stretch: float = 0.22
    key: float = 0.6
    bands: float = 0.3
    noise: float = 0.3
    hush: float = 0.15
    deaf: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        in_range("augment.stretch", self.stretch, 0.0, 0.7)
        for name in ("key", "bands", "noise", "hush", "deaf"):
            in_range(f"augment.{name}", getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True)
class ListenRecipe:
    """All parts.

    Attributes:
        model: ``name`` and the settings of its own configuration.
        loss: term → weight, see ``LOSS_WEIGHTS``.
        teacher: share 0..1 of the loss that is asked of a teacher's answers instead of the lessons' truth; used where
            a teacher is given.
        trunk: what is learned from shows moves everything but the heads of light and hue this much slower; 0: not at
            all.
    """

    model: Mapping[str, Any] = field(default_factory=dict)
    data: LessonPart = field(default_factory=LessonPart)
    loss: Mapping[str, float] = field(default_factory=lambda: dict(LOSS_WEIGHTS))
    optimiser: OptimiserPart = field(
        default_factory=lambda: OptimiserPart(learning_rate=1.5e-3, warmup_steps=100, weight_decay=0.02)
    )
    train: TrainPart = field(default_factory=lambda: TrainPart(epochs=10, precision="bf16", patience=0))
    augment: AugmentPart = field(default_factory=AugmentPart)
    teacher: float = 0.5
    trunk: float = 1.0


_SHARES = ("teacher", "trunk")
_PARTS: dict[str, type[Any]] = {
    "data": LessonPart,
    "optimiser": OptimiserPart,
    "train": TrainPart,
    "augment": AugmentPart,
}


def listen_recipe_from(table: Mapping[str, Any]) -> ListenRecipe:
    """A recipe from what TOML gives; what is left out keeps its default.

    Raises:
        UsageError: an unknown table or key, a wrong type, a value out of range.
    """
    known = ("model", "loss", *_SHARES, *_PARTS)
    plain = ListenRecipe()
    parts: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise unknown("table", name, known)
        if name in _SHARES:
            in_range(name, value, 0.0, 1.0)
            parts[name] = float(value)
        elif not isinstance(value, Mapping):
            raise UsageError(f"'{name}' in a recipe is a table", f"write [{name}] and its keys below it")
        elif name in _PARTS:
            before = {key: getattr(getattr(plain, name), key) for key in _PARTS[name].__dataclass_fields__}
            parts[name] = part_from(name, _PARTS[name], {**before, **value})
        elif name == "loss":
            parts[name] = _weights(value)
        else:
            parts[name] = dict(value)
    return ListenRecipe(**parts)


def _weights(table: Mapping[str, Any]) -> dict[str, float]:
    weights = dict(LOSS_WEIGHTS)
    for name, value in table.items():
        if name not in weights:
            raise unknown("loss", name, tuple(weights))
        in_range(f"loss.{name}", value, 0.0, 1e6)
        weights[name] = float(value)
    return weights


def to_toml(recipe: ListenRecipe) -> str:
    """The resolved recipe as TOML; reading it gives an equal recipe."""
    tables = {"model": dict(recipe.model), "loss": dict(recipe.loss)}
    tables |= {name: asdict(getattr(recipe, name)) for name in _PARTS}
    lines = [f"teacher = {written(recipe.teacher)}"]
    lines += [f"trunk = {written(recipe.trunk)}"] if recipe.trunk != ListenRecipe.trunk else []
    lines.append("")
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {written(value)}" for key, value in table.items()), ""]
    return "\n".join(lines)
