"""The paper's second model: sequence to sequence with additive attention over the clip, the softmax at the end gone.

A bidirectional GRU hears the clip; a decoder GRU walks along it, looks back and forth over all of it through additive
attention (Bahdanau et al. 2015), and gives colours. ``PAPER`` is the plain form, which does not learn; the defaults
are the form that does. Why, measured: ``docs/paper-models.md``.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from beatomizer.models.both_ways import BothWaysGru
from beatomizer.models.colour_model import INPUT_WIDTHS, ColourModel, Inputs
from beatomizer.models.frame_encoder import ACTIVATIONS, Activation, FrameEncoder, Initialisation, initialise
from beatomizer.models.output import OUTPUT_NUMBERS, Output, to_srgb
from beatomizer.models.settings import require
from beatomizer.models.slice_spectrum import SliceSpectrum
from beatomizer.models.walk import Carry, walk


@dataclass(frozen=True)
class AttentionConfig:
    """Settings of ``Attention``.

    Attributes:
        inputs: raw 400-sample slices, or the feature bank.
        embedding: a frame's vector: ``dense``, one matrix (the paper); ``conv``, convolutions and pooling with
            logarithmic loudness, as in ``cnn``; ``spectrum``, a learned spectrum. The feature bank always takes
            ``dense``.
        bands: of the spectrum.
        channels, kernels, stride, pool: of the convolutions.
        width: of a frame's vector.
        reduce: frames that the encoder joins in one step; 1 in the paper.
        block: frames that the decoder lights in one step; 1 in the paper, ``reduce`` or a multiple of it.
        encoder, decoder: width of the encoder in each direction, and of the decoder.
        attention: width of the additive attention's comparison; 0 leaves attention out.
        aligned: the decoder also hears the encoder at its own place; without, it must find out through attention
            where it is.
        skip: the last layers also hear the very frame they light.
        feedback: the decoder is fed its own last colour (in training: the label, ``teacher_share`` of the time).
        teacher_share: see ``feedback``; 1 is teacher forcing, 0 is training as in use.
        forget: initial bias of the GRUs' update gates: higher is a longer memory, 0 is the usual.
        norm: ``layer`` after the embedding and before the last layer.
        dropout: in the last layers.
        activation, initialisation, output: as in ``cnn``.
    """

    inputs: Inputs = "slices400"
    embedding: Literal["dense", "conv", "spectrum"] = "spectrum"
    bands: int = 96
    channels: tuple[int, ...] = (16, 24, 32, 32)
    kernels: tuple[int, ...] = (32, 4, 4, 3)
    stride: int = 2
    pool: int = 4
    width: int = 64
    reduce: int = 4
    block: int = 4
    encoder: int = 64
    decoder: int = 96
    attention: int = 32
    aligned: bool = True
    skip: bool = False
    feedback: bool = False
    teacher_share: float = 0.0
    forget: float = 1.0
    norm: Literal["none", "layer"] = "layer"
    dropout: float = 0.0
    activation: Activation = "relu"
    initialisation: Initialisation = "he"
    output: Output = "factored"

    def __post_init__(self) -> None:
        require(len(self.channels) == len(self.kernels) > 0, "channels and kernels differ in length")
        sizes = (
            *self.channels,
            *self.kernels,
            self.pool,
            self.width,
            self.reduce,
            self.encoder,
            self.decoder,
        )
        require(min(sizes) >= 1, "sizes must be 1 or more")
        require(self.attention >= 0, "attention must be 0 or more")
        require(self.block >= 1 and self.block % self.reduce == 0, "block must be a multiple of reduce")
        require(self.attention > 0 or self.aligned, "without attention the decoder must be aligned")
        require(0.0 <= self.teacher_share <= 1.0, "teacher_share must lie in 0..1")
        require(0.0 <= self.dropout < 1.0, "dropout must lie in 0..1")


PAPER = AttentionConfig(
    embedding="dense",
    reduce=1,
    block=1,
    aligned=False,
    skip=False,
    feedback=True,
    teacher_share=1.0,
    forget=0.0,
    norm="none",
    activation="tanh",
    initialisation="glorot",
    output="linear",
)
"""Plain Bahdanau over 900 raw slices with teacher forcing: what the paper describes, as far as it does."""


class Attention(ColourModel):
    """Colour of a whole clip at once."""

    name: ClassVar[str] = "attention"
    context_frames = 240
    lookahead_frames = 120
    chunk_frames = 900

    def __init__(self, config: AttentionConfig = AttentionConfig(), zones: int = 1) -> None:
        super().__init__()
        self.config, self.zones, self.teacher_share = config, zones, config.teacher_share
        self._activation = ACTIVATIONS[config.activation]
        self._build_encoder(config)
        self._build_decoder(config)
        initialise(self, config.initialisation)
        for gru in (self.encoder, self.cell):
            remember(gru, config.forget)

    def _build_encoder(self, config: AttentionConfig) -> None:
        length = INPUT_WIDTHS[config.inputs]
        self.hear: FrameEncoder | SliceSpectrum | None = None
        if config.inputs == "slices400" and config.embedding == "spectrum":
            self.hear, length = SliceSpectrum(config.bands), config.bands
        elif config.inputs == "slices400" and config.embedding == "conv":
            self.hear = FrameEncoder(
                length,
                config.channels,
                config.kernels,
                config.stride,
                config.pool,
                config.activation,
                "log",
                "none",
            )
            length = self.hear.width
        self.embed = nn.Linear(length, config.width)
        self.embed_norm = _norm(config, config.width)
        self.encoder = BothWaysGru(config.width * config.reduce, config.encoder)

    def _build_decoder(self, config: AttentionConfig) -> None:
        heard = 2 * config.encoder
        context = heard if config.attention else 0
        colours = 3 * self.zones if config.feedback else 0
        aligned = heard * (config.block // config.reduce) if config.aligned else 0
        self.begin = nn.Linear(heard, config.decoder)
        if config.attention:
            self.key = nn.Linear(heard, config.attention)
            self.query = nn.Linear(config.decoder, config.attention, bias=False)
            self.score = nn.Linear(config.attention, 1, bias=False)
        self.cell = nn.GRUCell(context + aligned + colours, config.decoder)
        self.read = nn.Linear(config.decoder + context, config.width * config.block)
        if config.skip:
            self.now = nn.Linear(config.width, config.width)
        self.read_norm = _norm(config, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.last = nn.Linear(config.width, self.zones * OUTPUT_NUMBERS[config.output])

    def forward(self, frames: Tensor, teacher: Tensor | None = None) -> Tensor:
        """``[B, T, F]`` → ``[B, T, Z, 3]``."""
        count = frames.shape[1]
        vectors = self._vectors(whole_blocks(frames, self.config.block))
        heard = self.encoder.heard(vectors.reshape(len(vectors), -1, self.encoder.input_size))
        given: Carry = (vectors.reshape(len(vectors), -1, self.config.block, self.config.width),)
        if self.config.aligned:
            given += (heard.reshape(len(vectors), given[0].shape[1], -1),)
        if self.config.feedback and self.training and teacher is not None:
            given += self._taught(whole_blocks(teacher.flatten(2), self.config.block))
        numbers = self._decode(heard, given)
        return to_srgb(numbers, self.config.output, self.training)[:, :count]

    def _vectors(self, frames: Tensor) -> Tensor:
        """``[B, T, F]`` → ``[B, T, width]``: each frame by itself."""
        if self.hear is not None:
            frames = self.hear(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return torch.as_tensor(self.embed_norm(self.embed(frames)))

    def _taught(self, teacher: Tensor) -> tuple[Tensor, Tensor]:
        """The label just before each step, ``[B, U, 3·Z]``, and whether the step is told it, ``[B, U, 1]``."""
        last = teacher[:, self.config.block - 1 :: self.config.block]
        before = functional.pad(last, (0, 0, 1, 0))[:, :-1]
        return before, (torch.rand_like(before[..., :1]) < self.teacher_share).to(before.dtype)

    def _decode(self, heard: Tensor, given: Carry) -> Tensor:
        """Numbers of the output layer for all frames, ``[B, U·block, …]``."""
        keys = self.key(heard) if self.config.attention else heard
        state = torch.tanh(self.begin(heard.mean(dim=1)))
        carry: Carry = (state,)
        if self.config.feedback:
            carry += (state.new_zeros(len(state), 3 * self.zones),)

        def step(carry: Carry, row: Carry) -> tuple[Carry, Tensor]:
            vectors, hints = row[0], row[1 : 1 + self.config.aligned]
            context = (self._attend(carry[0], keys, heard),) if self.config.attention else ()
            colour = carry[1:]
            if len(row) > 1 + len(hints):
                taught, told = row[-2:]
                colour = (taught * told + colour[0] * (1.0 - told),)
            state = self.cell(torch.cat((*context, *hints, *colour), dim=-1), carry[0])
            reading = torch.cat((state, *context), dim=-1)
            if not self.config.feedback:
                return (state,), reading
            numbers = self._lit(reading, vectors)
            shown = to_srgb(numbers[:, -1], self.config.output, False).flatten(1)
            return (state, shown), numbers

        out = walk(step, carry, tuple(tensor.transpose(0, 1) for tensor in given)).transpose(0, 1)
        return (out if self.config.feedback else self._lit(out, given[0])).flatten(1, 2)

    def _attend(self, state: Tensor, keys: Tensor, heard: Tensor) -> Tensor:
        """Additive attention: ``[B, S]`` asks ``[B, K, …]``; what it gets is ``[B, 2·encoder]``."""
        energy = self.score(torch.tanh(keys + self.query(state)[:, None]))
        return torch.bmm(torch.softmax(energy, dim=1).transpose(1, 2), heard).squeeze(1)

    def _lit(self, reading: Tensor, vectors: Tensor) -> Tensor:
        """``[…, R]`` of a step and ``[…, block, width]`` of its frames → ``[…, block, numbers]``."""
        hidden = self.read(reading).unflatten(-1, (self.config.block, self.config.width))
        if self.config.skip:
            hidden = hidden + self.now(vectors)
        return torch.as_tensor(self.last(self.dropout(self._activation(self.read_norm(hidden)))))


def whole_blocks(rows: Tensor, block: int) -> Tensor:
    """``[B, T, F]`` with silence behind it, until T is a multiple of ``block``."""
    count = rows.shape[1]
    blocks = (count + block - 1) // block
    if block == 1:
        return rows
    padding = rows.new_zeros(rows.shape[0], blocks * block - count, rows.shape[2])
    return torch.cat((rows, padding), dim=1).reshape(rows.shape[0], blocks * block, rows.shape[2])


def remember(gru: nn.GRU | nn.GRUCell, forget: float) -> None:
    """Orthogonal recurrence, and update gates (the middle third of the biases) that begin at ``forget``."""
    for name, values in gru.named_parameters():
        if name.startswith("weight_hh"):
            for gate in values.data.chunk(3):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            nn.init.xavier_uniform_(values)
        else:
            nn.init.zeros_(values)
        if name.startswith("bias_ih"):
            values.data.chunk(3)[1].fill_(forget)


def _norm(config: AttentionConfig, width: int) -> nn.Module:
    return nn.LayerNorm(width) if config.norm == "layer" else nn.Identity()
