"""A loss on how intensity moves: its spectra over several lengths of time."""

import torch
from torch import Tensor

from beatomizer import color

_QUIET = 1e-3
"""Magnitudes are rounded off below this, so that the gradient at none is none."""


def spectral(
    prediction: Tensor, target: Tensor, weight: Tensor, *, windows: tuple[int, ...] = (16, 64, 256)
) -> Tensor:
    """Distance of the magnitude spectra of intensity over time, mean of several window lengths in frames.

    Intensity is the luminance-weighted sum of the sRGB values of each zone. Windows are Hann, a quarter apart; windows
    longer than the clip are shortened to it. Magnitudes are those of a sine's amplitude. A pulse that is late by less
    than a window costs little (phase is not compared), a missing pulse, a wrong tempo or a wrong level costs. Frames of
    weight 0 are black in both; a window weighs as its frames do.
    """
    seen = (weight > 0).to(prediction.dtype)
    ours, theirs = (_intensity(light) * seen[..., None] for light in (prediction, target))
    lengths = sorted({min(int(length), prediction.shape[1]) for length in windows})
    parts = [_distance(ours, theirs, weight, length) for length in lengths]
    return torch.stack(parts).mean()


def _intensity(light: Tensor) -> Tensor:
    weights = torch.as_tensor(color.LUMINANCE_WEIGHTS, dtype=light.dtype, device=light.device)
    return torch.as_tensor(light @ weights)


def _distance(ours: Tensor, theirs: Tensor, weight: Tensor, length: int) -> Tensor:
    hop = max(1, length // 4)
    difference = (_magnitudes(ours, length, hop) - _magnitudes(theirs, length, hop)).abs().mean(dim=-1)
    shares = weight.unfold(1, length, hop).mean(dim=-1)  # [B, windows]
    return (difference.mean(dim=-1) * shares).sum() / shares.sum().clamp(min=1e-12)


def _magnitudes(intensity: Tensor, length: int, hop: int) -> Tensor:
    """``[B, T, Z]`` → ``[B, windows, Z, bins]``."""
    window = torch.hann_window(length, periodic=False, dtype=intensity.dtype, device=intensity.device)
    window = window + 1e-3  # a window of one or two frames would be all zero
    spectrum = torch.fft.rfft(intensity.unfold(1, length, hop) * (2 * window / window.sum()), dim=-1)
    return torch.as_tensor((spectrum.real.square() + spectrum.imag.square() + _QUIET**2).sqrt() - _QUIET)
