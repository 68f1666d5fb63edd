"""``full``: hears the whole song at once. Convolutions at 60 and 30 frames a second, a transformer at 7.5, and back."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from beatomizer.errors import UsageError
from beatomizer.models.listening.blocks import ChannelNorm, Residual
from beatomizer.models.listening.heads import SLOW_FRAMES, Heads

WIDTH = 104


@dataclass(frozen=True)
class FullConfig:
    """Sizes of ``full``.

    Attributes:
        fast, middle, slow: channels at 60, 30 and 7.5 steps a second.
        layers, heads: of the transformer.
        dropout: of channels in the convolutions, of everything in the transformer.
        rgb: give the mean colour too (ablations).
    """

    fast: int = 64
    middle: int = 112
    slow: int = 192
    layers: int = 4
    heads: int = 6
    dropout: float = 0.1
    rgb: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if min(self.fast, self.middle, self.slow, self.heads) < 1 or self.layers < 0:
            raise UsageError("sizes of 'full' are positive", "change [model] in the recipe")
        if self.slow % self.heads:
            raise UsageError(
                f"{self.slow} channels cannot be shared by {self.heads} heads",
                "model.slow must be a multiple",
            )


class Full(nn.Module):
    """Frames ``[B, T, 104]`` → logits of every score.

    Args:
        config: sizes.
    """

    name = "full"
    causal = False
    context_frames, lookahead_frames, chunk_frames = 2400, 2400, 18000
    """A song of up to five minutes is heard at once; a longer one in pieces with forty seconds on either side."""

    def __init__(self, config: FullConfig) -> None:
        super().__init__()
        self.config = config
        fast, middle, slow, drop = config.fast, config.middle, config.slow, config.dropout
        self.stem = nn.Conv1d(WIDTH, fast, 3, padding=1)
        self.near = nn.Sequential(*(Residual(fast, d, dropout=drop) for d in (1, 3)))
        self.down = nn.Conv1d(fast, middle, 2, stride=2)
        self.wide = nn.Sequential(*(Residual(middle, d, dropout=drop) for d in (1, 2, 4, 8, 16, 32)))
        self.pool = nn.Conv1d(middle, slow, 4, stride=4)
        self.far = nn.Sequential(*(Residual(slow, d, dropout=drop) for d in (1, 2, 4, 8)))
        self.song = nn.ModuleList(_Layer(slow, config.heads, drop) for _ in range(config.layers))
        self.settle = ChannelNorm(slow)
        self.unpool = nn.Conv1d(slow, middle, 1)
        self.join = nn.Sequential(*(Residual(middle, d, dropout=drop) for d in (1, 4, 16)))
        self.up = nn.Conv1d(middle, fast * 2, 1)
        self.sharpen = nn.Sequential(*(Residual(fast, d, dropout=drop) for d in (1, 2)))
        self.finish = ChannelNorm(fast)
        self.heads = Heads(fast, slow, config.rgb)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``[B, T, 104]`` → logits by score, ``[B, T or ⌈T/8⌉, n]``."""
        count = frames.shape[1]
        near = self.near(self.stem(functional.pad(frames.transpose(1, 2), (0, -count % SLOW_FRAMES))))
        wide = self.wide(self.down(near))
        slow = self.far(self.pool(wide))
        song = slow.transpose(1, 2)
        bias = distance_bias(song.shape[1], self.config.heads, frames)
        for layer in self.song:
            song = layer(song, bias)
        slow = self.settle(song.transpose(1, 2))
        back = self.join(wide + self.unpool(slow).repeat_interleave(4, dim=2))
        fine = self.up(back)
        # Each middle step speaks for two frames, with channels of its own for each: no checkerboard.
        fine = fine.unflatten(1, (self.config.fast, 2)).transpose(2, 3).flatten(2)
        fast = self.finish(self.sharpen(near + fine))
        said = self.heads(fast, slow)
        return {
            name: value[:, :count] if value.shape[1] == near.shape[2] else value
            for name, value in said.items()
        }


def distance_bias(steps: int, heads: int, like: Tensor) -> Tensor:
    """``[1, H, U, U]`` added to attention: heads fade with distance, from a second to (almost) never (ALiBi)."""
    place = torch.arange(steps, device=like.device, dtype=like.dtype)
    distance = (place[None, :] - place[:, None]).abs()
    slopes = torch.tensor(
        [2.0 ** (-1.5 * (head + 1)) if head < heads - 1 else 0.0 for head in range(heads)],
        device=like.device,
        dtype=like.dtype,
    )
    return (-slopes[:, None, None] * distance)[None]


class _Layer(nn.Module):
    """Attention over the song, then a small network for each step; both after a norm, both added."""

    def __init__(self, channels: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before = nn.LayerNorm(channels)
        self.ask = nn.Linear(channels, 3 * channels)
        self.answer = nn.Linear(channels, channels)
        self.between = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 3 * channels)
        self.narrow = nn.Linear(3 * channels, channels)
        for last in (self.answer, self.narrow):
            nn.init.normal_(last.weight, std=0.02 / math.sqrt(2))
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """``[B, U, C]`` → the same shape."""
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part in self.ask(self.before(x)).chunk(3, dim=-1)
        )
        heard = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = x + self._dropped(self.answer(heard.transpose(1, 2).flatten(2)))
        return torch.as_tensor(x + self._dropped(self.narrow(functional.silu(self.widen(self.between(x))))))

    def _dropped(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training)
