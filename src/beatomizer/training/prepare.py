"""Everything a training needs, laid out: device, data, model, optimiser, the run folder claimed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from beatomizer.dataset.shards import set_facts
from beatomizer.errors import UsageError
from beatomizer.features.bank import SETTINGS
from beatomizer.models.colour_model import ColourModel
from beatomizer.models.table import build, inputs_of
from beatomizer.progress import Progress
from beatomizer.training.cache import open_split
from beatomizer.training.data import Clips, batches_of, epoch_order
from beatomizer.training.distributed import make_fabric
from beatomizer.training.recipe import OptimiserPart, Recipe
from beatomizer.training.run import DataFacts, RunFacts, claim, same_zones, write_claim


@dataclass(frozen=True)
class Workshop:
    """The tools of a training.

    Attributes:
        fabric: device and processes.
        run: the run folder.
        recipe: resolved: with all settings of the model.
        model: as Fabric wraps it; what is called.
        bare: the model itself; what is saved.
        optimiser: as Fabric wraps it.
        train, validation: the clips.
        weights: how often each set is drawn from.
        steps_per_epoch, clips_per_epoch: of all processes together.
    """

    fabric: Any
    run: Path
    recipe: Recipe
    model: Any
    bare: ColourModel
    optimiser: Any
    train: Clips
    validation: Clips
    weights: tuple[float, ...]
    steps_per_epoch: int
    clips_per_epoch: int

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""
        return self.recipe.train.seed


def prepare(
    model_name: str, shards: Sequence[Path], run: Path, recipe: Recipe, progress: Progress, accelerator: str
) -> Workshop:
    """Check all wishes, claim the folder, unpack the data, build the model from its seed.

    Errors as ``loop.train``.
    """
    part = recipe.train
    if part.threads:
        torch.set_num_threads(part.threads)
    watchable = ("loss", "cosine_similarity", "colour_error", *recipe.loss)
    if part.watch not in watchable:
        raise UsageError(f"train.watch is '{part.watch}'", f"choose from {', '.join(watchable)}")
    weights = recipe.data.weights or (1.0,) * len(shards)
    if len(weights) != len(shards):
        raise UsageError(
            f"data.weights has {len(weights)} numbers for {len(shards)} data sets", "give one for each"
        )
    facts = [set_facts(path) for path in shards]
    zones = same_zones([int(item["zones"]) for item in facts])
    fabric = make_fabric(part.precision, accelerator)
    torch.manual_seed(part.seed)
    bare = build(model_name, recipe.model_settings, zones)
    recipe = _resolved(recipe, model_name, bare)
    run_facts = _facts(bare, shards, facts, zones, fabric.world_size)
    claim(run, run_facts, recipe)
    fabric.barrier()
    if fabric.is_global_zero:
        run.mkdir(parents=True, exist_ok=True)
        write_claim(run, run_facts, recipe)
    train, validation = _clips(fabric, shards, run, recipe, inputs_of(bare), progress)
    order = epoch_order(train.sizes, weights, part.seed, 0)
    steps = len(batches_of(order, part.batch_size, fabric.world_size, fabric.world_size - 1))
    check_enough({"training": len(order), "validation": len(validation)}, fabric.world_size)
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        synchronised: Any = torch.nn.SyncBatchNorm
        synchronised.convert_sync_batchnorm(bare)  # replaces what is inside ``bare``
    model, optimiser = fabric.setup(bare, optimiser_of(bare, recipe.optimiser))
    return Workshop(
        fabric,
        run,
        recipe,
        model,
        bare,
        optimiser,
        train,
        validation,
        weights,
        steps,
        clips_per_epoch=len(order),
    )


def check_enough(clips: dict[str, int], world: int) -> None:
    """Refuse fewer clips than processes: there would be no batch at all, and a validation of nothing is perfect.

    Raises:
        UsageError: naming the split.
    """
    for split, count in clips.items():
        if count < world:
            raise UsageError(f"{count} {split} clips are too few for {world} processes", "use fewer")


def _resolved(recipe: Recipe, model_name: str, model: ColourModel) -> Recipe:
    """With every setting of the model written out, so that later versions with other defaults build the same."""
    config: dict[str, Any] = asdict(model.config)
    known = {key: list(value) if isinstance(value, tuple) else value for key, value in config.items()}
    return replace(recipe, model={"name": model_name, **known})


def _facts(
    model: ColourModel, shards: Sequence[Path], facts: Sequence[dict[str, Any]], zones: int, world: int
) -> RunFacts:
    data = tuple(
        DataFacts(
            name=path.resolve().name,
            hash=str(item["hash"]),
            labels=str(item.get("labels", "")),
            train=_count(item, "train"),
            validation=_count(item, "validation"),
        )
        for path, item in zip(shards, facts)
    )
    for split in ("train", "validation"):
        if not any(getattr(item, split) for item in data):
            hint = (
                "build the data set from more takes"
                if split == "validation"
                else "look at it with 'dataset info'"
            )
            raise UsageError(f"there are no clips in the split '{split}'", hint)
    inputs = inputs_of(model)
    return RunFacts(model.name, zones, inputs if inputs == "slices400" else SETTINGS, data, world)


def _count(facts: dict[str, Any], split: str) -> int:
    return int(facts["splits"].get(split, {}).get("clips", 0))


def _clips(
    fabric: Any, shards: Sequence[Path], run: Path, recipe: Recipe, inputs: str, progress: Progress
) -> tuple[Clips, Clips]:
    """One process a machine unpacks, the others then find it done."""
    seed = recipe.train.seed
    with fabric.rank_zero_first(local=True):
        sets = {
            split: [open_split(path, split, run / "cache", progress) for path in shards]
            for split in ("train", "validation")
        }
        return (
            Clips(sets["train"], inputs, recipe.data, seed, recipe.augment, progress),
            Clips(sets["validation"], inputs, recipe.data, seed, None, progress),
        )


def optimiser_of(model: nn.Module, part: OptimiserPart) -> torch.optim.Optimizer:
    """Weight decay for matrices and kernels only."""
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learned if p.ndim > 1], "weight_decay": part.weight_decay},
        {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if part.name == "sgd":
        return torch.optim.SGD(groups, lr=part.learning_rate, momentum=part.momentum)
    kind = torch.optim.AdamW if part.name == "adamw" else torch.optim.Adam
    return kind(groups, lr=part.learning_rate)
