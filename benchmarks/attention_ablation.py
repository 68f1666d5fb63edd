"""Why the paper's attention model does not learn, and which change mends what, on a made set (``tone_clips.py``).

    python benchmarks/attention_ablation.py [--steps 40] [--frames 900] [--batch 8] [--rows "paper,cnn"]

Each row trains one form of the model on the same clips in the same order and is judged on clips it has not seen, free
running. Columns: ``mse`` of sRGB; ``cos`` cosine similarity of lit frames; ``hue`` share of lit frames whose nearest of
the six colours is the right one (chance 0.17); ``sat`` saturation (labels: 1); ``r`` correlation of intensity within
the clip; ``move`` standard deviation over time, in shares of the labels'; ``keys`` effective number of encoder steps
that attention looks at, in shares of all; ``taught`` mse when fed the labels; ``s`` seconds of training. Below: the
gradient at the beginning and at the end. ``--steps 6 --frames 120`` is a quick look; the table in
``docs/paper-models.md`` is ``--steps 150 --frames 300``.
"""

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from beatomizer.models.attention import PAPER, Attention, AttentionConfig
from beatomizer.models.cnn import PAPER as CNN_PAPER
from beatomizer.models.cnn import Cnn, CnnConfig
from beatomizer.models.colour_model import ColourModel
from beatomizer.training.losses import cosine, moving_average
from tone_clips import HUES, tone_clips

DEFAULT = AttentionConfig()
LEARNING_RATE, LONGEST_GRADIENT = 2e-3, 1.0
DISTANCES = (0, 1, 10, 100, 400, 800)


@dataclass(frozen=True)
class Row:
    """One form of a model: its settings and its loss (``paper``: cosine + moving average; else ``mse``)."""

    config: AttentionConfig | CnnConfig
    loss: str = "mse"


HEARING: dict[str, Any] = {"embedding": "spectrum"}
SKIP = replace(DEFAULT, skip=True)
ROWS = {
    "paper": Row(PAPER, "paper"),
    "1 loss: mse": Row(PAPER),
    "2 + no feedback": Row(replace(PAPER, feedback=False)),
    "3 + hears loudness": Row(replace(PAPER, feedback=False, **HEARING)),
    "4 + steps of 4 frames": Row(replace(PAPER, feedback=False, reduce=4, block=4, **HEARING)),
    "5 + aligned": Row(replace(PAPER, feedback=False, reduce=4, block=4, aligned=True, **HEARING)),
    "6 + skip": Row(replace(PAPER, feedback=False, reduce=4, block=4, aligned=True, skip=True, **HEARING)),
    "7 + norm relu he": Row(replace(SKIP, output="linear")),
    "8 + factored": Row(SKIP),
    "9 - skip = default": Row(DEFAULT),
    "8: paper loss": Row(SKIP, "paper"),
    "8: fed labels": Row(replace(SKIP, feedback=True, teacher_share=1.0)),
    "8: fed half": Row(replace(SKIP, feedback=True, teacher_share=0.5)),
    "8: fed itself": Row(replace(SKIP, feedback=True, teacher_share=0.0)),
    "8: not aligned": Row(replace(SKIP, aligned=False)),
    "8: no attention": Row(replace(SKIP, attention=0)),
    "8: dense slices": Row(replace(SKIP, embedding="dense")),
    "8: conv slices": Row(replace(SKIP, embedding="conv")),
    "8: sigmoid": Row(replace(SKIP, output="sigmoid")),
    "8: every frame": Row(replace(SKIP, reduce=1, block=1)),
    "cnn": Row(CnnConfig()),
    "cnn paper": Row(CNN_PAPER, "paper"),
}


def build(row: Row, seed: int) -> ColourModel:
    """A fresh model; the same weights for the same seed."""
    torch.manual_seed(seed)
    return Cnn(row.config) if isinstance(row.config, CnnConfig) else Attention(row.config)


def loss_of(row: Row, prediction: Tensor, target: Tensor) -> Tensor:
    """The row's loss."""
    if row.loss == "mse":
        return torch.nn.functional.mse_loss(prediction, target)
    weight = torch.ones(target.shape[:2])
    return cosine(prediction, target, weight) + moving_average(prediction, target, weight)


def train(
    row: Row, slices: Tensor, colours: Tensor, steps: int, batch: int, seed: int
) -> tuple[ColourModel, float]:
    """Train; the model and the seconds it took."""
    model, rng = build(row, seed), np.random.default_rng([seed, 5])
    optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(1.0, (step + 1) / 10) * (0.02 + 0.98 * math.cos(0.5 * math.pi * step / steps) ** 2),
    )
    begun = time.perf_counter()
    for _ in range(steps):
        chosen = torch.from_numpy(rng.choice(len(slices), batch, replace=False))
        target = colours[chosen]
        optimiser.zero_grad()
        torch.autograd.backward(loss_of(row, model(slices[chosen], target), target))
        clip_grad_norm_(model.parameters(), LONGEST_GRADIENT)
        optimiser.step()
        schedule.step()
    return model, time.perf_counter() - begun


def judge(model: ColourModel, slices: Tensor, colours: Tensor) -> dict[str, float]:
    """The columns, free running."""
    keys = _KeysLookedAt(model)
    model.eval()
    with torch.no_grad():
        shown = model(slices)
    keys.close()
    columns = compare(shown, colours) | {"keys": keys.share}
    if getattr(model.config, "feedback", False):
        model.train()
        model.teacher_share = 1.0
        with torch.no_grad():
            columns["taught"] = float((model(slices, colours) - colours).square().mean())
        model.eval()
    return columns


def compare(shown: Tensor, colours: Tensor) -> dict[str, float]:
    """The columns that need nothing but the light."""
    light = colours.amax(-1)
    lit = light > 0.3
    shine = shown[lit]
    hues = torch.from_numpy(HUES)
    nearest = (
        torch.nn.functional.normalize(shine, dim=-1) @ torch.nn.functional.normalize(hues, dim=-1).T
    ).argmax(-1)
    right = (colours[lit] @ torch.nn.functional.normalize(hues, dim=-1).T).argmax(-1)
    peak = shine.amax(-1).clamp(min=1e-6)
    return {
        "mse": float((shown - colours).square().mean()),
        "cos": float(torch.nn.functional.cosine_similarity(shine, colours[lit], dim=-1).mean()),
        "hue": float((nearest == right).float().mean()),
        "sat": float((1.0 - shine.amin(-1) / peak).mean()),
        "r": float(np.mean([correlation(a.amax(-1), b.amax(-1)) for a, b in zip(shown, colours)])),
        "move": float(shown.std(dim=1).mean() / colours.std(dim=1).mean()),
    }


def correlation(one: Tensor, other: Tensor) -> float:
    """Pearson's, 0 where one is constant."""
    a, b = one.flatten() - one.mean(), other.flatten() - other.mean()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-6))


class _KeysLookedAt:
    """Watches the attention: e^entropy of its weights, as a share of all keys."""

    def __init__(self, model: ColourModel) -> None:
        self._shares: list[float] = []
        score = getattr(model, "score", None)
        self._hook = score.register_forward_hook(self._see) if score is not None else None

    def _see(self, module: torch.nn.Module, inputs: object, energy: Tensor) -> None:
        weights = torch.softmax(energy[..., 0], dim=-1)
        entropy = -(weights * weights.clamp(min=1e-12).log()).sum(-1)
        self._shares.append(float(entropy.exp().mean()) / weights.shape[-1])

    @property
    def share(self) -> float:
        """Mean over all steps."""
        return float(np.mean(self._shares)) if self._shares else math.nan

    def close(self) -> None:
        """Look away."""
        if self._hook is not None:
            self._hook.remove()


def layer_gradients(row: Row, model: ColourModel, slices: Tensor, colours: Tensor) -> dict[str, float]:
    """Root mean square of the loss's gradient, in millionths, for each part of the model."""
    model.train()
    model.zero_grad()
    torch.autograd.backward(loss_of(row, model(slices, colours), colours))
    parts: dict[str, list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None and parameter.ndim > 1:
            parts.setdefault(name.partition(".")[0], []).append(parameter.grad.flatten())
    return {name: 1e6 * float(torch.cat(grads).square().mean().sqrt()) for name, grads in parts.items()}


def reach(model: ColourModel, slices: Tensor) -> list[float]:
    """How much the last colour depends on the sound so many frames before: |∂ last / ∂ slice|, mean over clips."""
    model.eval()
    sound = slices.clone().requires_grad_()
    torch.autograd.backward(model(sound)[:, -1].sum())
    assert sound.grad is not None
    size = sound.grad.norm(dim=-1).mean(dim=0)
    return [float(size[len(size) - 1 - k]) for k in DISTANCES if k < len(size)]


def memory(model: ColourModel, slices: Tensor) -> list[float]:
    """How much a colour so many frames after the beginning depends on the decoder's first state."""
    if not isinstance(model, Attention):
        return []
    model.eval()
    rgb = model(slices)
    at = [k for k in DISTANCES if k < rgb.shape[1]]
    sizes = [torch.autograd.grad(rgb[:, k].sum(), model.begin.bias, retain_graph=True)[0].norm() for k in at]
    return [float(size) for size in sizes]


@dataclass(frozen=True)
class Gradients:
    """What ``layer_gradients``, ``reach`` and ``memory`` gave at one moment of a training."""

    layers: dict[str, float]
    reach: list[float]
    memory: list[float]

    @classmethod
    def of(cls, row: Row, model: ColourModel, slices: Tensor, colours: Tensor) -> "Gradients":
        """Measure all three."""
        return cls(layer_gradients(row, model, slices, colours), reach(model, slices), memory(model, slices))

    def told(self) -> str:
        """Three lines."""
        layers = " ".join(f"{part} {size:.3g}" for part, size in self.layers.items())
        lines = [f"  loss → layers, millionths: {layers}"]
        for name, sizes in (
            ("sound so far back → last colour", self.reach),
            ("first state → colour", self.memory),
        ):
            told = ", ".join(f"{k} fr. {size:.2g}" for k, size in zip(DISTANCES, sizes))
            lines += [f"  {name}: {told}"] if told else []
        return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--frames", type=int, default=900)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1, help="of the weights and of the order of clips")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", default=",".join(ROWS))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    made: Callable[[int, int], tuple[Tensor, ...]] = lambda clips, seed: tuple(  # noqa: E731
        torch.from_numpy(part) for part in tone_clips(clips, options.frames, seed)
    )
    slices, colours = made(max(options.clips, options.batch), 1)
    unseen, wanted = made(8, 2)
    columns = ("mse", "cos", "hue", "sat", "r", "move", "keys", "taught")
    print(f"{'':24}{''.join(f'{name:>8}' for name in columns)}{'s':>7}")
    print(line("labels", compare(wanted, wanted), columns, 0.0))
    mean = colours.mean(dim=(0, 1)).expand_as(wanted)
    print(line("mean colour", compare(mean, wanted), columns, 0.0))
    gradients = []
    for name in options.rows.split(","):
        row = ROWS[name]
        first = Gradients.of(row, build(row, options.seed), unseen[:2], wanted[:2])
        model, seconds = train(row, slices, colours, options.steps, options.batch, options.seed)
        print(line(name, judge(model, unseen, wanted), columns, seconds), flush=True)
        gradients.append((name, first, Gradients.of(row, model, unseen[:2], wanted[:2])))
    for name, first, last in gradients:
        print(f"{name}, before training:\n{first.told()}\n{name}, after:\n{last.told()}")


def line(name: str, values: dict[str, float], columns: tuple[str, ...], seconds: float) -> str:
    """One row of the table."""
    told = "".join(f"{values[key]:8.3f}" if key in values else f"{'':8}" for key in columns)
    return f"{name:24}{told}{seconds:7.0f}"


if __name__ == "__main__":
    main()
