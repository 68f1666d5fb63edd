"""The last step of every model: numbers → sRGB, black and full colours within reach."""

from typing import Literal, TypeAlias

import torch
from torch import Tensor

Output: TypeAlias = Literal["factored", "sigmoid", "linear"]
"""How colour is made of the last numbers; see ``to_srgb``."""

OUTPUT_NUMBERS = {"factored": 4, "sigmoid": 3, "linear": 3}
"""Numbers a zone that the last layer gives."""


def to_srgb(numbers: Tensor, kind: str, training: bool) -> Tensor:
    """``[..., Z·n]`` → ``[..., Z, 3]``.

    * ``sigmoid``: each channel by itself.
    * ``linear``: as it is (the paper: regression, no softmax); clipped to 0..1 except while training.
    * ``factored``: intensity × hue. A sigmoid says how light the strongest channel is, three exponentials how far
      the others stay behind it. Black is one number away, and so is every full colour.
    """
    values = torch.unflatten(numbers, -1, (-1, OUTPUT_NUMBERS[kind]))
    if kind == "sigmoid":
        return torch.sigmoid(values)
    if kind == "linear":
        return values if training else values.clamp(0.0, 1.0)
    light, hue = torch.sigmoid(values[..., :1]), values[..., 1:]
    return light * torch.exp(hue - hue.amax(dim=-1, keepdim=True))
