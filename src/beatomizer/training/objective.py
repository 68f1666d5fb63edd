"""The weighted sum of a recipe's losses, and the scores that are watched beside it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from beatomizer.errors import UsageError
from beatomizer.training.losses import LOSSES, cosine_similarity, lit, oklab

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


class Objective:
    """What is minimised.

    Args:
        terms: for each loss its ``weight`` and other settings, as in ``Recipe.loss``.

    Raises:
        UsageError: a setting that the loss cannot take.
    """

    def __init__(self, terms: Mapping[str, Mapping[str, Any]]) -> None:
        self.weights = {name: float(term["weight"]) for name, term in terms.items()}
        self.losses: dict[str, Loss] = {name: _told(name, term) for name, term in terms.items()}

    def __call__(
        self, prediction: Tensor, target: Tensor, weight: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and each term before it is weighted."""
        parts = {name: loss(prediction, target, weight) for name, loss in self.losses.items()}
        total = torch.stack([self.weights[name] * part for name, part in parts.items()]).sum()
        return total, parts


def _told(name: str, term: Mapping[str, Any]) -> Loss:
    settings = {key: value for key, value in term.items() if key != "weight"}
    loss: Loss = partial(LOSSES.load(name), **settings)
    try:
        light = torch.full((1, 4, 1, 3), 0.5)
        loss(light, light, torch.ones(1, 4))
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"the loss '{name}' cannot be told {settings} ({error})", "see docs/training.md"
        ) from error
    return loss


SCORES = ("cosine_similarity", "movement", "colour_error")
"""What is watched besides the loss; see ``scores``."""


@torch.no_grad()
def scores(prediction: Tensor, target: Tensor, weight: Tensor) -> dict[str, Tensor]:
    """What is watched besides the loss, each a scalar tensor.

    * ``cosine_similarity``: its mean (as the loss of that name weighs frames), the paper's score. Never alone: grey
      light scores high.
    * ``movement``: how much the light moves, mean absolute deviation from each clip's mean, over that of the target.
      1 moves as much, 0 stands still: the failure that cosine does not see.
    * ``colour_error``: mean distance in OKLab, the same as the loss ``oklab``, here whatever the loss is: what a search
      compares runs by.
    """
    share = lit(target).mean(dim=-1) * weight
    similarity = (cosine_similarity(prediction, target) * lit(target)).mean(dim=-1)
    moved, wanted = (_deviation(light, weight) for light in (prediction, target))
    return {
        "cosine_similarity": (similarity * weight).sum() / share.sum().clamp(min=1e-12),
        "movement": moved / wanted.clamp(min=1e-6),
        "colour_error": oklab(prediction, target, weight),
    }


def _deviation(light: Tensor, weight: Tensor) -> Tensor:
    shares = (weight / weight.sum(dim=1, keepdim=True).clamp(min=1e-12))[..., None, None]
    mean = (light * shares).sum(dim=1, keepdim=True)
    return ((light - mean).abs() * shares).sum(dim=1).mean()
