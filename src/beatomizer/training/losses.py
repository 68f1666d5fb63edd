"""Losses: how far a prediction is from the light that was seen.

Each is ``f(prediction, target, weight) -> scalar``: prediction and target sRGB 0..1 ``[B, T, Z, 3]``, weight ``[B, T]``
0..1. The result is a weighted mean over frames (all zones alike), 0 or more; frames of weight 0 have no influence and
get no gradient; if all weigh 0 it is 0. Values and gradients are finite everywhere, also at black and at equality.

| name | zero at | prediction × 2 | time shift |
|---|---|---|---|
| ``cosine`` | same direction | does not see it | sees it |
| ``moving_average`` | still light | doubles | does not see it |
| ``mse`` ``l1`` ``oklab`` | equality | sees it | sees it |
| ``spectral`` | same intensity | sees it | small ones only a little |
"""

import inspect

import torch
from torch import Tensor
from torch.nn import functional

from beatomizer.registry import Registry
from beatomizer.training.oklab import srgb_to_oklab

LOSSES = Registry(
    "loss",
    "beatomizer.losses",
    {
        "cosine": "beatomizer.training.losses:cosine",
        "moving_average": "beatomizer.training.losses:moving_average",
        "mse": "beatomizer.training.losses:mse",
        "l1": "beatomizer.training.losses:l1",
        "oklab": "beatomizer.training.losses:oklab",
        "spectral": "beatomizer.training.spectral:spectral",
    },
)

BLACK = 1 / 255
"""A colour shorter than one 8-bit step has no direction: predictions are divided by this instead of their length."""

DIM = 8 / 255
"""Targets shorter than this count less for the cosine, in proportion: their direction is rounding noise."""


def settings_of(name: str) -> list[str]:
    """What a loss can be told besides prediction, target and weight."""
    parameters = inspect.signature(LOSSES.load(name)).parameters.values()
    return [item.name for item in parameters if item.kind is inspect.Parameter.KEYWORD_ONLY]


def frame_mean(values: Tensor, weight: Tensor) -> Tensor:
    """The mean of ``[B, T, ...]`` over frames weighted by ``[B, T]``; 0 if nothing weighs."""
    per_frame = values.flatten(2).mean(dim=2) if values.dim() > 2 else values
    return (per_frame * weight).sum() / weight.sum().clamp(min=1e-12)


def cosine_similarity(prediction: Tensor, target: Tensor) -> Tensor:
    """Cosine of the angle between colours, ``[...]``; 0 where one is black.

    A prediction shorter than ``BLACK`` is divided by ``BLACK``, so the gradient there is bounded and leads out of
    black; elsewhere the gradient is orthogonal to the prediction.
    """
    direction = prediction / _length(prediction).clamp(min=BLACK)
    wanted = target / _length(target).clamp(min=BLACK)
    return (direction * wanted).sum(dim=-1)


def lit(target: Tensor) -> Tensor:
    """How far a target has a direction, ``[..., 1→]``: 0 at black, 1 from ``DIM`` on."""
    return (_length(target) / DIM).clamp(max=1.0)[..., 0]


def _length(colors: Tensor) -> Tensor:
    """``[..., 1]``; the square root's infinite slope at 0 is kept from the gradient (which is 0 there)."""
    squares = colors.square().sum(dim=-1, keepdim=True)
    return torch.where(squares > 0, squares, torch.ones_like(squares)).sqrt() * (squares > 0)


def cosine(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """1 − cosine similarity, the paper's loss: 0 same direction … 1 at right angles, or predicted black.

    It sees neither magnitude nor, much, greyness (white scores 0.75 against random saturated hues). Where the target is
    black there is no direction, and the paper does not say what then: a frame's weight falls to 0 with the target's
    length below ``DIM``.
    """
    share = lit(target)
    misses = (1.0 - cosine_similarity(prediction, target)) * share
    per_frame, lit_share = misses.mean(dim=-1), share.mean(dim=-1)
    return (per_frame * weight).sum() / (lit_share * weight).sum().clamp(min=1e-12)


def moving_average(
    prediction: Tensor, target: Tensor, weight: Tensor, *, frames: int = 15, of: str = "prediction"
) -> Tensor:
    """The paper's term against jitter and flashiness: |prediction − moving average|, mean over channels.

    The paper does not say of what. ``of="prediction"`` (our choice): of the prediction itself, for jitter is a property
    of the light alone, and because the paper saw what this leads to: a still light is perfect. ``of="target"``: of the
    labels, which asks for a smoothed copy of them. The average is centred over ``frames`` (a quarter second), of those
    inside the clip and of weight over 0.
    """
    if of not in ("prediction", "target"):
        raise ValueError(f"of is prediction or target, not {of!r}")
    source = prediction if of == "prediction" else target
    return frame_mean((prediction - smoothed(source, weight > 0, frames)).abs(), weight)


def smoothed(light: Tensor, seen: Tensor, frames: int) -> Tensor:
    """The centred moving average over time of ``[B, T, Z, 3]``, of the frames that were ``seen`` ``[B, T]``."""
    frames = max(1, min(frames | 1, 2 * light.shape[1] - 1))
    mask = seen.to(light.dtype)[:, None]
    columns = light.flatten(2).transpose(1, 2) * mask
    means = _window_sum(columns, frames) / _window_sum(mask, frames).clamp(min=1.0)
    return means.transpose(1, 2).reshape(light.shape)


def _window_sum(columns: Tensor, frames: int) -> Tensor:
    """Sums over a centred window of odd length along the last axis; nothing lies outside."""
    return functional.avg_pool1d(columns, frames, stride=1, padding=frames // 2) * frames


def mse(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean squared difference of the sRGB values."""
    return frame_mean((prediction - target).square(), weight)


def l1(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute difference of the sRGB values."""
    return frame_mean((prediction - target).abs(), weight)


def oklab(prediction: Tensor, target: Tensor, weight: Tensor, *, chroma: float = 1.0) -> Tensor:
    """Perceived distance: Euclidean in OKLab (0.02 is just visible), rounded off below 0.001.

    ``chroma`` multiplies the colour axes: over 1, a wrong hue, or grey instead of colour, costs more than wrong
    lightness.
    """
    difference = srgb_to_oklab(prediction) - srgb_to_oklab(target)
    scale = torch.tensor([1.0, chroma, chroma], dtype=difference.dtype, device=difference.device)
    squares = (difference * scale).square().sum(dim=-1)
    return frame_mean((squares + _ROUND**2).sqrt() - _ROUND, weight)


_ROUND = 1e-3
