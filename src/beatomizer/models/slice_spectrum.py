"""One raw slice → how loud it is at each pitch: a learned spectrum, blind to phase from the beginning.

A slice begins anywhere in a wave, so one filter's answer to a steady tone has random sign and size. Pairs of filters
a quarter wave apart, squared and added, do not care; their logarithm is loudness as ears have it.
"""

import math

import torch
from torch import Tensor, nn

from beatomizer.timebase import HOP, SAMPLE_RATE

LOWEST_HZ, HIGHEST_HZ = 60.0, 11_000.0
"""One wave in a slice, and a little under half of the sample rate."""

_FLOOR = 1e-4
"""Power under which a band counts as silent: 40 dB under a full-scale tone, where tape and room noise begins."""


class SliceSpectrum(nn.Module):
    """``[..., 400]`` → ``[..., bands]``: 0 in silence, 1 for a full-scale tone in the middle of a band.

    The filters begin as windowed cosines and sines, evenly spaced in pitch, and are learned from there.
    """

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.filters = nn.Parameter(torch.cat(quadrature(bands)))

    def forward(self, slices: Tensor) -> Tensor:
        """Log power of each band."""
        cosine, sine = nn.functional.linear(slices, self.filters).chunk(2, dim=-1)
        return torch.log1p((cosine.square() + sine.square()) / _FLOOR) / math.log1p(1.0 / _FLOOR)


def quadrature(bands: int) -> tuple[Tensor, Tensor]:
    """Filters ``[bands, 400]`` of gain 1, and those a quarter wave later.

    Each is as long as a slice; a Hann window gives 120 Hz of width, so that the lowest bands overlap.
    """
    pitch = torch.logspace(math.log10(LOWEST_HZ), math.log10(HIGHEST_HZ), bands)
    angle = 2.0 * math.pi * pitch[:, None] * (torch.arange(HOP) - (HOP - 1) / 2) / SAMPLE_RATE
    window = torch.hann_window(HOP, periodic=False)
    window = 2.0 * window / window.sum()
    return window * torch.cos(angle), window * torch.sin(angle)
