"""One frame of sound → a vector: convolutions and pooling over its 400 samples, frames independent of each other."""

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

Activation: TypeAlias = Literal["relu", "tanh", "sigmoid"]
Compression: TypeAlias = Literal["none", "log"]
Norm: TypeAlias = Literal["none", "batch"]
Initialisation: TypeAlias = Literal["he", "glorot"]

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}

_FRAMES_AT_ONCE = 450
"""In the first layer, which is the widest: its activations then stay in memory that is used again and again instead
of being asked of the system each time (2 to 4 times as fast for batches of 8 clips, on a CPU)."""

LOG_GAIN = 100.0
"""Compression: ``log1p(100·x)``: levels 40 dB under a unit response still move the output."""


class FrameEncoder(nn.Module):
    """``[M, L]`` → ``[M, E]``: ``Conv1D → MaxPool`` once for each entry of ``channels``, then flattened.

    Pooling comes before the activation: all activations here rise, so the result is the same and costs a quarter.
    The convolution runs as a flat two-dimensional one with channels last, which is 1.7 times as fast on a CPU.

    Args:
        length: L, samples (or features) a frame.
        channels, kernels: of each layer.
        stride: of the first convolution; 1 in the paper.
        pool: pooling width; the last window of a row may be partly filled.
        activation: after each layer.
        compression: ``log`` after the first layer: loudness in dB, as ears have it.
        norm: ``batch`` before each activation but a compressed one. Norms over the frame itself are not offered:
            they would remove its level, which is what the intensity of the light follows.
    """

    def __init__(
        self,
        length: int,
        channels: tuple[int, ...],
        kernels: tuple[int, ...],
        stride: int,
        pool: int,
        activation: str,
        compression: str,
        norm: str,
    ) -> None:
        super().__init__()
        self._pool, self._activation, self._log = pool, ACTIVATIONS[activation], compression == "log"
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, (1, kernel), stride=(1, 1 if index else stride))
            for index, (before, after, kernel) in enumerate(zip((1, *channels), channels, kernels))
        )
        self._padding = [((kernel - 1) // 2, kernel // 2) for kernel in kernels]
        norms = [nn.BatchNorm2d(width) if norm == "batch" else nn.Identity() for width in channels]
        self.norms = nn.ModuleList(norms)
        length = -(-length // stride)
        for _ in channels:
            length = -(-length // pool)
        self.width = length * channels[-1]

    def forward(self, frames: Tensor) -> Tensor:
        """``[M, L]`` → ``[M, width]``."""
        small = frames.device.type == "cpu" and not torch.compiler.is_exporting()
        parts = torch.split(frames, _FRAMES_AT_ONCE) if small else (frames,)
        now = torch.cat([self._pooled(0, part[:, None, None]) for part in parts])
        now = torch.log1p(LOG_GAIN * torch.relu(now)) if self._log else now
        now = self.norms[0](now) if self._log else self._activation(self.norms[0](now))
        for index in range(1, len(self.layers)):
            now = self._activation(self.norms[index](self._pooled(index, now)))
        return now.flatten(1)

    def _pooled(self, index: int, now: Tensor) -> Tensor:
        """Convolution and pooling of one layer, ``[M, C, 1, L]``; the channels lie last in memory."""
        now = functional.pad(now.contiguous(memory_format=torch.channels_last), self._padding[index])
        return functional.max_pool2d(self.layers[index](now), (1, self._pool), ceil_mode=True)


def initialise(module: nn.Module, how: str) -> None:
    """Set the weights of all dense and convolutional layers inside ``module``; biases become zero.

    Args:
        module: changed in place.
        how: ``he`` keeps the size of signals through ReLU (He et al. 2015); ``glorot`` is uniform, the default of
            Keras (Glorot & Bengio 2010).
    """
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d):
            if how == "he":
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            else:
                nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
