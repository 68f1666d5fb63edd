"""The paper's baseline: ``Conv1D → MaxPool`` ×4, flatten, dense ×4, one colour a frame; frames know of no others."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from beatomizer.models.colour_model import INPUT_WIDTHS, ColourModel, Inputs
from beatomizer.models.frame_encoder import (
    ACTIVATIONS,
    Activation,
    Compression,
    FrameEncoder,
    Initialisation,
    Norm,
    initialise,
)
from beatomizer.models.output import OUTPUT_NUMBERS, Output, to_srgb
from beatomizer.models.settings import require


@dataclass(frozen=True)
class CnnConfig:
    """Settings of ``Cnn``; what the paper leaves open is told in ``docs/paper-models.md``.

    Attributes:
        inputs: raw 400-sample slices, or the feature bank.
        channels, kernels: of the four convolutions.
        stride: of the first convolution; 1 in the paper.
        pool: width of the max pooling after each.
        dense: widths of the dense layers before the last one, which gives the colour.
        activation: after each layer but the last.
        compression: ``log`` after the first convolution.
        norm: ``batch`` or none.
        dropout: before each hidden dense layer but the first.
        initialisation: of the weights.
        output: how colour is made; see ``models.output``.
    """

    inputs: Inputs = "slices400"
    channels: tuple[int, ...] = (16, 32, 64, 64)
    kernels: tuple[int, ...] = (32, 4, 4, 3)
    stride: int = 2
    pool: int = 4
    dense: tuple[int, ...] = (128, 128, 64)
    activation: Activation = "relu"
    compression: Compression = "log"
    norm: Norm = "batch"
    dropout: float = 0.0
    initialisation: Initialisation = "he"
    output: Output = "factored"

    def __post_init__(self) -> None:
        require(len(self.channels) > 0, "channels is empty")
        require(len(self.channels) == len(self.kernels), "channels and kernels differ in length")
        require(
            min((*self.channels, *self.kernels, *self.dense, self.stride, self.pool)) >= 1,
            "sizes must be 1 or more",
        )
        require(0.0 <= self.dropout < 1.0, "dropout must lie in 0..1")


PAPER = CnnConfig(
    stride=1,
    kernels=(8, 4, 4, 3),
    dense=(128, 64, 32),
    compression="none",
    norm="none",
    initialisation="glorot",
    output="linear",
)
"""As the paper describes it, as far as it does: no normalisation, the input as it is, regression without a bound."""


class Cnn(ColourModel):
    """Colour of a frame from its own 16.7 ms of sound and nothing else."""

    name: ClassVar[str] = "cnn"
    context_frames = 0
    lookahead_frames = 0
    chunk_frames = 1800

    def __init__(self, config: CnnConfig = CnnConfig(), zones: int = 1) -> None:
        super().__init__()
        self.config, self.zones = config, zones
        self._activation = ACTIVATIONS[config.activation]
        self.encoder = FrameEncoder(
            INPUT_WIDTHS[config.inputs],
            config.channels,
            config.kernels,
            config.stride,
            config.pool,
            config.activation,
            config.compression,
            config.norm,
        )
        widths = (self.encoder.width, *config.dense)
        self.dense = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(width) if config.norm == "batch" else nn.Identity() for width in config.dense
        )
        self.dropout = nn.Dropout(config.dropout)
        self.last = nn.Linear(widths[-1], zones * OUTPUT_NUMBERS[config.output])
        initialise(self, config.initialisation)

    def forward(self, frames: Tensor, teacher: Tensor | None = None) -> Tensor:
        """``[B, T, F]`` → ``[B, T, Z, 3]``; ``teacher`` is not looked at."""
        now = self.encoder(frames.flatten(0, 1))
        for index, (layer, norm) in enumerate(zip(self.dense, self.norms)):
            now = self._activation(norm(layer(self.dropout(now) if index else now)))
        rgb = to_srgb(self.last(now), self.config.output, self.training)
        return torch.unflatten(rgb, 0, frames.shape[:2])
