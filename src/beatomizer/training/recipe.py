"""A recipe: everything that decides a training besides the data, as a frozen tree of small dataclasses.

On disk it is TOML with the tables ``[model] [data] [loss] [optimiser] [train] [augment]``. Every key has a default, a
key nobody knows is an error, and the resolved recipe is written into the run's folder, so that a run can be repeated
from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beatomizer.errors import UsageError
from beatomizer.training.recipe_fields import in_range, one_of, part_from, unknown


@dataclass(frozen=True)
class DataPart:
    """What is taken from the shards.

    Attributes:
        weights: how often each ``--data`` set is drawn from, 1 = every clip once an epoch; empty: 1 for all.
        repeat_weight: weight of frames that repeat the picture before them (video slower than 60 fps), 0..1.
            Frames near a cut or without a picture always weigh 0.
        crop_frames: train on random excerpts of this length; 0: whole clips.
        clips: at most so many training clips of each set (the first by key); 0: all. For trials and learning curves.
        workers: threads that prepare batches; 0: half of the cores, one to four.
        prefetch: batches prepared ahead.
    """

    weights: tuple[float, ...] = ()
    repeat_weight: float = 1.0
    crop_frames: int = 0
    clips: int = 0
    workers: int = 0
    prefetch: int = 4

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for weight in self.weights:
            in_range("data.weights", weight, 0.0, 100.0)
        in_range("data.repeat_weight", self.repeat_weight, 0.0, 1.0)
        in_range("data.crop_frames", self.crop_frames, 0, 900)
        in_range("data.clips", self.clips, 0, 10**9)
        in_range("data.workers", self.workers, 0, 256)
        in_range("data.prefetch", self.prefetch, 1, 64)


@dataclass(frozen=True)
class OptimiserPart:
    """How weights move.

    Attributes:
        name: ``adamw``, ``adam`` or ``sgd`` (with ``momentum``).
        learning_rate: the highest one.
        weight_decay: of matrices and kernels; biases and gains (one dimension) are left alone.
        momentum: of ``sgd``.
        gradient_clip: largest norm of the whole gradient; 0: not clipped.
        schedule: ``constant``; ``cosine``: falls to ``final_share`` of the rate over all epochs; ``plateau``: is
            multiplied by ``plateau_factor`` after ``plateau_patience`` epochs without improvement.
        warmup_steps: steps in which the rate rises linearly from near 0.
    """

    name: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    momentum: float = 0.9
    gradient_clip: float = 1.0
    schedule: str = "cosine"
    warmup_steps: int = 20
    final_share: float = 0.05
    plateau_factor: float = 0.5
    plateau_patience: int = 2

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        one_of("optimiser.name", self.name, ("adamw", "adam", "sgd"))
        one_of("optimiser.schedule", self.schedule, ("constant", "cosine", "plateau"))
        in_range("optimiser.learning_rate", self.learning_rate, 1e-9, 10.0)
        in_range("optimiser.weight_decay", self.weight_decay, 0.0, 10.0)
        in_range("optimiser.momentum", self.momentum, 0.0, 0.9999)
        in_range("optimiser.gradient_clip", self.gradient_clip, 0.0, 1e9)
        in_range("optimiser.warmup_steps", self.warmup_steps, 0, 10**9)
        in_range("optimiser.final_share", self.final_share, 0.0, 1.0)
        in_range("optimiser.plateau_factor", self.plateau_factor, 0.01, 0.99)
        in_range("optimiser.plateau_patience", self.plateau_patience, 0, 10**6)


@dataclass(frozen=True)
class TrainPart:
    """How long, how many at once, how often saved.

    Attributes:
        epochs: at most so many.
        batch_size: clips a step and process.
        seed: of the first weights, the order of clips, dropout and augmentation.
        precision: ``32``, or ``bf16`` (mixed: products in bfloat16, weights in float32).
        patience: epochs without improvement after which training ends; 0: never before ``epochs``.
        watch: the validation score that decides what is best: ``loss``, ``cosine_similarity``, ``colour_error`` or a
            loss term's name.
        checkpoint_s: seconds between checkpoints within an epoch (0: none); each epoch ends with one in any case.
        checkpoint_steps: steps between checkpoints within an epoch (0: none).
        log_steps: steps between logged gradient norms.
        threads: processor threads of torch; 0: torch's choice. Equal results need equal threads.
    """

    epochs: int = 12
    batch_size: int = 8
    seed: int = 0
    precision: str = "32"
    patience: int = 5
    watch: str = "loss"
    checkpoint_s: float = 120.0
    checkpoint_steps: int = 0
    log_steps: int = 10
    threads: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        one_of("train.precision", self.precision, ("32", "bf16"))
        in_range("train.epochs", self.epochs, 1, 10**6)
        in_range("train.batch_size", self.batch_size, 1, 10**5)
        in_range("train.seed", self.seed, 0, 2**32 - 1)
        in_range("train.patience", self.patience, 0, 10**6)
        in_range("train.checkpoint_s", self.checkpoint_s, 0.0, 1e9)
        in_range("train.checkpoint_steps", self.checkpoint_steps, 0, 10**9)
        in_range("train.log_steps", self.log_steps, 1, 10**9)
        in_range("train.threads", self.threads, 0, 4096)


@dataclass(frozen=True)
class AugmentPart:
    """How clips are varied; all zero: not at all. See ``training/augment.py`` for what each does.

    Attributes:
        gain_db, tilt_db: drawn evenly from minus to plus so much.
        polarity, band_limit, clipping, noise, dropout, mirror, hue_rotation: the chance, 0..1, that a clip gets it.
        shift_frames: the clip begins up to so many frames earlier or later, light and sound together.
        tempo: faster or slower by up to this share, pitch with it, light and sound together.
    """

    gain_db: float = 0.0
    polarity: float = 0.0
    tilt_db: float = 0.0
    band_limit: float = 0.0
    clipping: float = 0.0
    noise: float = 0.0
    dropout: float = 0.0
    shift_frames: int = 0
    tempo: float = 0.0
    mirror: float = 0.0
    hue_rotation: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for chance in ("polarity", "band_limit", "clipping", "noise", "dropout", "mirror", "hue_rotation"):
            in_range(f"augment.{chance}", getattr(self, chance), 0.0, 1.0)
        in_range("augment.gain_db", self.gain_db, 0.0, 60.0)
        in_range("augment.tilt_db", self.tilt_db, 0.0, 40.0)
        in_range("augment.shift_frames", self.shift_frames, 0, 300)
        in_range("augment.tempo", self.tempo, 0.0, 0.3)

    @property
    def sound(self) -> bool:
        """Whether the sound changes, so that features must be heard anew."""
        amounts = (self.gain_db, self.polarity, self.tilt_db, self.band_limit, self.clipping)
        return any((*amounts, self.noise, self.dropout, self.shift_frames, self.tempo))


@dataclass(frozen=True)
class Recipe:
    """All parts.

    Attributes:
        model: ``name`` and the settings of the model's own configuration (``models/``), which checks them.
        loss: for each term of ``training/losses.py`` its ``weight`` and, if given, its other settings. The loss is
            the weighted sum.
    """

    model: Mapping[str, Any] = field(default_factory=dict)
    data: DataPart = field(default_factory=DataPart)
    loss: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"oklab": {"weight": 1.0}})
    optimiser: OptimiserPart = field(default_factory=OptimiserPart)
    train: TrainPart = field(default_factory=TrainPart)
    augment: AugmentPart = field(default_factory=AugmentPart)

    @property
    def model_name(self) -> str:
        """The model's name in ``models/table.py``."""
        return str(self.model.get("name", ""))

    @property
    def model_settings(self) -> dict[str, Any]:
        """The model's own configuration, without its name."""
        return {key: value for key, value in self.model.items() if key != "name"}


PARTS: dict[str, type[Any]] = {
    "data": DataPart,
    "optimiser": OptimiserPart,
    "train": TrainPart,
    "augment": AugmentPart,
}
"""The tables whose keys are fixed; ``model`` and ``loss`` are checked by those who own the names in them."""


def recipe_from(table: Mapping[str, Any]) -> Recipe:
    """A recipe from what TOML gives; what is left out keeps its default.

    Raises:
        UsageError: an unknown table or key (the message names similar ones), a wrong type, a value out of range.
    """
    known = ("model", "data", "loss", "optimiser", "train", "augment")
    for name, value in table.items():
        if name not in known:
            raise unknown("table", name, known)
        if not isinstance(value, Mapping):
            raise UsageError(f"'{name}' in a recipe is a table", f"write [{name}] and its keys below it")
    parts = {name: part_from(name, part, table.get(name, {})) for name, part in PARTS.items()}
    if "loss" in table:
        parts["loss"] = _loss_from(table["loss"])
    return Recipe(model=dict(table.get("model", {})), **parts)


def _loss_from(table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """``cosine = 1.0`` and ``[loss.cosine] weight = 1.0`` mean the same; terms of weight 0 are left out."""
    from beatomizer.training.losses import LOSSES, settings_of

    terms: dict[str, dict[str, Any]] = {}
    for name, value in table.items():
        if name not in LOSSES:
            raise unknown("loss", name, LOSSES.names())
        term = dict(value) if isinstance(value, Mapping) else {"weight": value}
        weight = term.setdefault("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise UsageError(f"loss.{name}.weight is a number", f"not {weight!r}")
        in_range(f"loss.{name}.weight", weight, 0.0, 1e6)
        for key in term:
            if key not in ("weight", *settings_of(name)):
                raise unknown(f"loss.{name}", key, ("weight", *settings_of(name)))
        if weight > 0:
            terms[name] = {**term, "weight": float(weight)}
    if not terms:
        raise UsageError(
            "a recipe needs a loss whose weight is over 0", f"one of {', '.join(LOSSES.names())}"
        )
    return terms


def with_settings(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """The recipe with ``part.key=value`` laid over it, in order; values as in TOML (quotes may be left out).

    Raises:
        UsageError: not of that form, or as ``recipe_from``.
    """
    from beatomizer.training.recipe_file import laid_over, table_of

    table = table_of(recipe)
    for setting in settings:
        laid_over(table, setting)
    return recipe_from(table)
