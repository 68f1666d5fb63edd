"""Parts that both listeners are built of."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class ChannelNorm(nn.Module):
    """Root mean square over the channels of each frame made 1, then a gain for each channel; sees no other frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C, T]`` → the same shape."""
        return torch.as_tensor(x * (torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-5) * self.gain))


class Residual(nn.Module):
    """``x + mix(silu(conv(norm(x))))``: three taps ``dilation`` frames apart, centred, or all of the past."""

    TAPS = 3

    def __init__(self, channels: int, dilation: int, *, causal: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.dilation, self.causal = dilation, causal
        self.norm = ChannelNorm(channels)
        self.conv = nn.Conv1d(channels, channels, self.TAPS, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.drop = nn.Dropout1d(dropout)
        nn.init.normal_(self.mix.weight, std=0.02)
        nn.init.zeros_(self.mix.bias) if self.mix.bias is not None else None

    @property
    def reach(self) -> int:
        """Frames of the past (and, if centred, of the future) that an output sees, in this block alone."""
        return 2 * self.dilation if self.causal else self.dilation

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C, T]`` → the same shape."""
        pad = (2 * self.dilation, 0) if self.causal else (self.dilation, self.dilation)
        return self.after(x, functional.pad(self.norm(x), pad))

    def after(self, x: Tensor, padded: Tensor) -> Tensor:
        """The block's answer for ``x [B, C, T]``, given the normalised frames with their surroundings."""
        return torch.as_tensor(x + self.drop(self.mix(functional.silu(self.conv(padded)))))
