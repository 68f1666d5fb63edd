"""What a listener says: one linear map for each score, fast ones for each frame, slow ones an eighth as often."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from beatomizer.inference.engine import SCORE_WIDTHS

SLOW_FRAMES = 8
"""Frames that one slow step lasts: 7.5 steps a second."""

FAST = ("beat", "downbeat", "onsets", "boundary", "phase", "light")
SLOW = ("energy", "tempo", "part", "material", "look", "hue")
_CHANCES = ("tempo", "part", "look", "hue")
_SIGNED = ("phase",)

_RARE = {"beat": -3.0, "downbeat": -4.0, "onsets": -3.0, "boundary": -4.0}
"""First biases: what is rare is not expected, so that training does not begin by unlearning it."""

RGB = "rgb"
"""A head for the mean colour itself, sRGB, as the paper has it; only ablations train it."""


class Heads(nn.Module):
    """Linear maps from channels to scores.

    Args:
        fast, slow: channels at 60 frames a second, and at 7.5 steps a second.
        with_rgb: whether there is a head for colour itself.
    """

    def __init__(self, fast: int, slow: int, with_rgb: bool = False) -> None:
        super().__init__()
        self.fast = nn.ModuleDict({name: _map(fast, name) for name in FAST})
        self.slow = nn.ModuleDict({name: _map(slow, name) for name in SLOW})
        if with_rgb:
            self.fast[RGB] = nn.Conv1d(fast, 3, 1)

    def slow_widths(self) -> list[int]:
        """Numbers of each slow head."""
        return [max(1, SCORE_WIDTHS[name]) for name in SLOW]

    def forward(self, fast: Tensor, slow: Tensor) -> dict[str, Tensor]:
        """``[B, C, T]`` and ``[B, S, U]`` → for each score its logits, ``[B, T or U, n]``."""
        said = {name: head(fast).transpose(1, 2) for name, head in self.fast.items()}
        return said | {name: head(slow).transpose(1, 2) for name, head in self.slow.items()}


def _map(channels: int, name: str) -> nn.Conv1d:
    head = nn.Conv1d(channels, max(1, SCORE_WIDTHS[name]), 1)
    nn.init.normal_(head.weight, std=0.02)
    nn.init.constant_(head.bias, _RARE.get(name, 0.0)) if head.bias is not None else None
    return head


def scores_of(said: Mapping[str, Tensor], frames: int) -> dict[str, Tensor]:
    """Logits → scores as the line has them: ``[B, T]`` or ``[B, T, n]``, 0..1, slow ones held for their frames."""
    scores = {}
    for name in SCORE_WIDTHS:
        logits = said[name]
        if name in _CHANCES:
            value = logits.softmax(dim=-1)
        elif name in _SIGNED:
            value = 0.5 + 0.5 * torch.tanh(logits)
        elif name == "material":
            value = 0.5 + 0.5 * functional.normalize(logits, dim=-1, eps=1e-6)
        else:
            value = logits.sigmoid()
        if name in SLOW:
            value = value.repeat_interleave(SLOW_FRAMES, dim=1)[:, :frames]
        scores[name] = value if SCORE_WIDTHS[name] else value[..., 0]
    return scores
