"""How strong the gradient is in each group of layers: the evidence for, or against, vanishing gradients."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def layer_groups(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Trainable parameters by the module that holds them, in the order of the model."""
    groups: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(name.rpartition(".")[0] or "model", []).append(parameter)
    return groups


def gradient_sizes(groups: dict[str, list[nn.Parameter]]) -> dict[str, float]:
    """Root mean square of the gradient in each group; 0 for a group that got none.

    Groups of any size compare: a network whose first layers show a thousandth of its last is not learning there.
    """
    return {name: _root_mean_square(p.grad for p in parameters) for name, parameters in groups.items()}


def _root_mean_square(gradients: Iterable[Tensor | None]) -> float:
    present = [gradient.detach().double() for gradient in gradients if gradient is not None]
    if not present:
        return 0.0
    squares = torch.stack([gradient.square().sum() for gradient in present]).sum()
    return float((squares / sum(gradient.numel() for gradient in present)).sqrt())
