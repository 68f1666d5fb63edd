"""``live``: hears nothing but the past. Causal convolutions with 34 s of memory, and a GRU for the song so far.

Trained on whole stretches at once; runs one frame at a time with explicit state (``LiveStep``), which gives the same.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from beatomizer.errors import UsageError
from beatomizer.models.listening.blocks import ChannelNorm, Residual
from beatomizer.models.listening.full import WIDTH
from beatomizer.models.listening.heads import SLOW_FRAMES, Heads


@dataclass(frozen=True)
class LiveConfig:
    """Sizes of ``live``.

    Attributes:
        channels: of the convolutions.
        blocks: how many; the n-th reaches back 2ⁿ⁺¹ frames.
        memory: of the GRU.
        dropout: of channels.
        rgb: give the mean colour too (ablations).
    """

    channels: int = 96
    blocks: int = 10
    memory: int = 128
    dropout: float = 0.05
    rgb: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if not (1 <= self.channels <= 1024 and 1 <= self.blocks <= 12 and 1 <= self.memory <= 1024):
            raise UsageError(
                "sizes of 'live' are positive, blocks at most 12", "change [model] in the recipe"
            )


class Live(nn.Module):
    """Frames ``[B, T, 104]`` → logits of every score, each from the past and its own frame alone.

    The GRU hears the mean of eight frames and is heard by the eight after them; slow scores are said on the first
    frame of each eight.
    """

    name = "live"
    causal = True
    context_frames = lookahead_frames = chunk_frames = 0

    def __init__(self, config: LiveConfig) -> None:
        super().__init__()
        self.config = config
        size = config.channels
        self.stem = nn.Conv1d(WIDTH, size, 1)
        blocks = (Residual(size, 2**n, causal=True, dropout=config.dropout) for n in range(config.blocks))
        self.blocks = nn.ModuleList(blocks)
        self.memory = nn.GRU(size, config.memory, batch_first=True)
        self.recall = nn.Conv1d(config.memory, size, 1)
        self.widen = nn.Conv1d(size, 2 * size, 1)
        self.narrow = nn.Conv1d(2 * size, size, 1)
        self.finish = ChannelNorm(size)
        self.heads = Heads(size, size, config.rgb)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``[B, T, 104]`` → logits by score, ``[B, T or ⌈T/8⌉, n]``."""
        count = frames.shape[1]
        x = self.stem(functional.pad(frames.transpose(1, 2), (0, -count % SLOW_FRAMES)))
        for block in self.residuals():
            x = block(x)
        blocks = functional.avg_pool1d(x, SLOW_FRAMES).transpose(1, 2)
        memory = self.memory(blocks)[0].transpose(1, 2)
        before = functional.pad(memory, (1, 0))[:, :, :-1].repeat_interleave(SLOW_FRAMES, dim=2)
        fast = self.said(x, before)
        said = self.heads(fast, fast[:, :, ::SLOW_FRAMES])
        return {
            name: value[:, :count] if value.shape[1] == x.shape[2] else value for name, value in said.items()
        }

    def residuals(self) -> list[Residual]:
        """The blocks in order."""
        return [block for block in self.blocks if isinstance(block, Residual)]

    def said(self, x: Tensor, memory: Tensor) -> Tensor:
        """Channels of the blocks and of the memory before them, both ``[B, C, T]`` → those that the heads read."""
        x = x + self.recall(memory)
        return torch.as_tensor(self.finish(x + self.narrow(functional.silu(self.widen(x)))))


class LiveStep(nn.Module):
    """One frame of ``Live`` with explicit state: what is exported.

    State tensors, all zero at the beginning: ``past_n [1, C, 2·2ⁿ]`` of each block; ``sum [1, C]`` of the frames of
    the running eight; ``count [1, 8]``, a one that moves on with each frame (all zero counts as before the first);
    ``memory [1, M]``; ``slow [1, S]``, what the slow heads said on the first of the eight.
    """

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name → shape of each state."""
        config = self.live.config
        past = {f"past_{n}": (1, config.channels, 2 * 2**n) for n in range(config.blocks)}
        return past | {
            "sum": (1, config.channels),
            "count": (1, SLOW_FRAMES),
            "memory": (1, config.memory),
            "slow": (1, sum(self.live.heads.slow_widths())),
        }

    def forward(
        self, frames: Tensor, state: dict[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """``[1, 1, 104]`` and the state → logits ``[1, 1, n]`` and the next state."""
        live, after = self.live, dict[str, Tensor]()
        x = live.stem(frames.transpose(1, 2))
        for n, block in enumerate(live.residuals()):
            joined = torch.cat([state[f"past_{n}"], block.norm(x)], dim=2)
            after[f"past_{n}"] = joined[:, :, 1:]
            x = block.after(x, joined)
        fast = live.said(x, state["memory"][:, :, None])
        # ``count`` is one-hot of the frame's place in its eight; at the very beginning it is all zero: place 0.
        count = state["count"]
        first = 1.0 - count[:, 1:].sum(dim=1, keepdim=True)
        slow_now = torch.cat([head(fast)[:, :, 0] for head in live.heads.slow.values()], dim=1)
        slow = first * slow_now + (1.0 - first) * state["slow"]
        total = (1.0 - first) * state["sum"] + x[:, :, 0]
        last = count[:, -1:]
        heard = live.memory((total / SLOW_FRAMES)[:, None], state["memory"][None])[0][:, 0]
        after["memory"] = last * heard + (1.0 - last) * state["memory"]
        after["sum"], after["slow"] = total, slow
        after["count"] = torch.cat([last, first, count[:, 1:-1]], dim=1)
        said = {name: head(fast).transpose(1, 2) for name, head in live.heads.fast.items()}
        parts = torch.split(slow[:, None], live.heads.slow_widths(), dim=2)
        return said | dict(zip(live.heads.slow, parts, strict=True)), after
