"""OKLab in torch: the values of ``color.py``, with gradients that stay finite at black."""

import torch
from torch import Tensor

# Björn Ottosson, "A perceptual color space for image processing" (2020); a test keeps them equal to ``color.py``.
_LINEAR_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LMS_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

_DARK = 1e-4
"""Below this linear light the cube root's slope (without bound at 0) is taken as it is here: 155."""


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """Undo the sRGB transfer curve; the slope of negative values is that of the toe."""
    curve = ((srgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(srgb <= 0.04045, srgb / 12.92, curve)


def srgb_to_oklab(srgb: Tensor) -> Tensor:
    """Encoded colours 0..1 ``[..., 3]`` to OKLab, equal to ``color.linear_to_oklab(color.srgb_to_linear(srgb))``."""
    to_lms, to_lab = (
        torch.tensor(matrix, dtype=srgb.dtype, device=srgb.device) for matrix in (_LINEAR_TO_LMS, _LMS_TO_LAB)
    )
    return _cube_root(srgb_to_linear(srgb) @ to_lms.T) @ to_lab.T


def _cube_root(values: Tensor) -> Tensor:
    """The exact cube root, whose backward slope is bounded."""
    size = values.detach().abs()
    slope = size.clamp(min=_DARK) ** (-2 / 3) / 3
    return values.detach().sign() * size ** (1 / 3) + slope * (values - values.detach())
