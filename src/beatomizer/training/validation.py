"""Scores over all validation clips: of a model, and beside it of lights that hear nothing."""

from collections.abc import Callable

import torch
from torch import Tensor

from beatomizer.training.data import batches_of, epoch_order, prefetched
from beatomizer.training.distributed import all_sums
from beatomizer.training.objective import SCORES, Objective, scores
from beatomizer.training.position import Sums
from beatomizer.training.prepare import Workshop

References = dict[str, dict[str, float]]
"""Row → score: ``constant`` (the mean colour of the training clips, always) and ``white``."""


def references(shop: Workshop, objective: Objective) -> References:
    """The scores of lights that hear nothing, on the validation clips."""
    mean = torch.from_numpy(shop.train.mean_colour()).to(shop.fabric.device)
    rows = {"constant": mean, "white": torch.ones_like(mean)}
    return {name: validation_scores(shop, objective, _always(colour)) for name, colour in rows.items()}


def _always(colour: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda frames: colour.expand(*frames.shape[:2], *colour.shape)


@torch.no_grad()
def validation_scores(
    shop: Workshop, objective: Objective, light: Callable[[Tensor], Tensor]
) -> dict[str, float]:
    """Loss, terms and scores of ``frames → light`` over all validation clips, whole and as they are."""
    order = epoch_order([len(shop.validation)], [1.0], 0, 0)
    order.sort()
    size, fabric = shop.recipe.train.batch_size, shop.fabric
    mine = batches_of(order, size, fabric.world_size, fabric.global_rank)
    sums = Sums(dict.fromkeys(("loss", *objective.weights, *SCORES, "weight"), 0.0))
    for batch in prefetched(shop.validation, mine, 0, shop.recipe.data, pin=False):
        there = batch.to(shop.fabric.device)
        sums.add(weighed(objective, light(there.frames).float(), there.target, there.weight)[1])
    return Sums(all_sums(shop.fabric, sums.values)).means()


def weighed(
    objective: Objective, prediction: Tensor, target: Tensor, weight: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch to go back from; and loss, terms and scores times ``weight``, to be summed."""
    total, parts = objective(prediction, target, weight)
    values = {"loss": total, **parts, **scores(prediction.detach(), target, weight)}
    weighs = float(weight.sum())
    return total, {
        **{name: float(value.detach()) * weighs for name, value in values.items()},
        "weight": weighs,
    }
