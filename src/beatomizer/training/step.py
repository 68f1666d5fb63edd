"""One step: a batch goes through the model, the loss comes back as a gradient, the weights move."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from beatomizer.errors import BeatomizerError
from beatomizer.training.data import Batch
from beatomizer.training.distributed import all_sums
from beatomizer.training.gradients import gradient_sizes, layer_groups
from beatomizer.training.objective import Objective
from beatomizer.training.prepare import Workshop
from beatomizer.training.validation import weighed

_DROPOUT = 4
"""The random stream of dropout, beside those of ``data.py``."""


@dataclass(frozen=True)
class Step:
    """What a step came to, over all processes.

    Attributes:
        loss: its mean over all frames that count.
        clips: that were seen.
        sums: loss, terms and scores times ``weight``, for the epoch's means.
        norm: of the whole gradient, before it was clipped.
        gradients: root mean square of each layer group's gradient; empty if not asked for.
    """

    loss: float
    clips: int
    sums: dict[str, float]
    norm: float
    gradients: dict[str, float]


def take_step(
    shop: Workshop, objective: Objective, batch: Batch, number: int, rate: float, look: bool
) -> Step:
    """Move the weights once.

    Args:
        shop: model, optimiser and processes.
        objective: what is minimised.
        batch: of this process, on its device.
        number: of the step, from 0; with the seed it decides dropout.
        rate: the learning rate.
        look: whether to measure the gradient of each layer group.

    Raises:
        BeatomizerError: loss or gradient are no numbers any more; the weights have not moved.
    """
    torch.manual_seed(_mixed(shop.recipe.train.seed, number, shop.fabric.global_rank, _DROPOUT))
    for group in shop.optimiser.param_groups:
        group["lr"] = rate
    prediction = shop.model(batch.frames, batch.target).float()
    total, sums = weighed(objective, prediction, batch.target, batch.weight)
    mine = sums["weight"]
    sums = all_sums(shop.fabric, {**sums, "clips": float(len(batch))})
    clips, weight = int(sums.pop("clips")), max(sums["weight"], 1e-12)
    shop.optimiser.zero_grad(set_to_none=True)
    # Fabric takes the mean of the processes' gradients; the share makes it the mean over all frames that count.
    shop.fabric.backward(total * (mine * shop.fabric.world_size / weight))
    gradients = gradient_sizes(layer_groups(shop.bare)) if look else {}
    norm = _clipped(shop)
    loss = sums["loss"] / weight
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise BeatomizerError(
            f"the training blew up at step {number} (loss {loss:g}, gradient {norm:g})",
            "lower optimiser.learning_rate or optimiser.gradient_clip and choose another folder with -o",
        )
    shop.optimiser.step()
    return Step(loss, clips, sums, norm, gradients)


def _clipped(shop: Workshop) -> float:
    """Clip the gradient as the recipe says; its norm before."""
    most = shop.recipe.optimiser.gradient_clip or math.inf
    return float(
        shop.fabric.clip_gradients(shop.model, shop.optimiser, max_norm=most, error_if_nonfinite=False)
    )


def _mixed(*numbers: int) -> int:
    """One seed out of several numbers, by numpy's mixing."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
