"""Learning somebody's taste from clips of their shows, without forgetting how to listen.

Only colour and light are learned from what a camera saw: which hues are lit when (by slow steps), and how the light
rises, falls and pulses (by its slow level and its spectra: sound and picture may be some frames apart, so no frame is
compared with its own). Everything else that the listener says is held where it was: the weights that it began with
teach it beat, form and looks on the same sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from beatomizer.dataset.lessons.targets import HUES
from beatomizer.models.listening.heads import FAST
from beatomizer.timebase import FPS
from beatomizer.training.listening.clips import ShownBatch, Stretch, shown_batch, whole_batch
from beatomizer.training.listening.course import (
    VALIDATION_FRAMES,
    LessonCourse,
    answers,
    measure,
    taught_by,
)
from beatomizer.training.listening.losses import against_teacher, spectra, weighted
from beatomizer.training.listening.workshop import ListenWorkshop
from beatomizer.training.position import Sums

TAUGHT = ("light", "hue")
"""What shows teach; all other answers are kept."""

_LEVEL_FRAMES, _LEVEL_STEP = FPS, FPS // 4
"""Means over a second: a light that is a quarter of a second late has nearly the same."""

_LARGEST_GAIN = 8.0

_DOUBT = 0.03
"""Share of even chances in what was counted: a hue that was not seen is not impossible."""


_LESSONS = LessonCourse()


@dataclass(frozen=True)
class TasteCourse:
    """Shows, every other step lessons if there are any (``ListenWorkshop.train``).

    Attributes:
        train, aside: stretches to learn from, and for validation; as bright as the listener would have them
            (``exposed``).
    """

    train: list[Stretch]
    aside: list[Stretch]

    def batch(self, shop: ListenWorkshop, step: int) -> Any:
        """Excerpts of shows, or of lessons."""
        if shop.train and step % 2:
            return _LESSONS.batch(shop, step)
        frames, excerpts = measure(shop, step)
        seed = (shop.seed, step, shop.fabric.global_rank)
        return shown_batch(self.train, frames, excerpts, shop.recipe.augment, seed)

    def judged(
        self, shop: ListenWorkshop, said: dict[str, Tensor], batch: Any
    ) -> tuple[dict[str, Tensor], Tensor]:
        """What was seen, and what shall be kept."""
        if not isinstance(batch, ShownBatch):
            return _LESSONS.judged(shop, said, batch)
        terms = taste_terms(said, taught_by(shop, batch.frames), batch)
        return terms, _loss(terms, shop)

    @torch.no_grad()
    def validation(self, shop: ListenWorkshop) -> dict[str, float]:
        """Means over the stretches that are kept aside, each from its beginning."""
        shop.bare.eval()
        sums = Sums()
        for stretch in self.aside:
            batch = whole_batch(stretch, VALIDATION_FRAMES).to(shop.fabric.device)
            terms = taste_terms(answers(shop, batch.frames), taught_by(shop, batch.frames), batch)
            sums.add({"weight": 1.0, "loss": float(_loss(terms, shop))})
            sums.add({name: float(term) for name, term in terms.items()})
        return sums.means()


def _loss(terms: Mapping[str, Tensor], shop: ListenWorkshop) -> Tensor:
    share = shop.recipe.teacher
    return (1 - share) * weighted(terms, shop.recipe.loss) + share * terms["kept"]


def taste_terms(
    said: Mapping[str, Tensor], taught: Mapping[str, Tensor], batch: ShownBatch
) -> dict[str, Tensor]:
    """How far a listener is from the shows, and from what it said at the beginning.

    Args:
        said: logits of the listener.
        taught: logits of the one that it began as.
        batch: what was seen.

    Returns:
        ``light``: mean distance of the slow levels; ``spectral``: of the spectra; ``hue``: cross-entropy in nats
        (3.18 is no idea); ``kept``: how far everything else has moved, 0 at the beginning.
    """
    light = torch.sigmoid(said["light"][..., 0])
    mine, trust = slow_level(light, batch.fresh)
    theirs, _ = slow_level(batch.light, batch.fresh)
    hue = -(batch.hue * said["hue"].log_softmax(dim=-1)).sum()
    return {
        "light": ((mine - theirs).abs() * trust).sum() / (trust.sum() + 1e-6),
        "spectral": spectra(light, batch.light, batch.seen),
        "hue": hue / (batch.hue.sum() + 1e-6),
        "kept": kept(said, taught, batch.inside),
    }


def slow_level(light: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Means of ``[B, T]`` over a second, four a second, and how much of each second counts."""
    counted = functional.avg_pool1d(weight[:, None], _LEVEL_FRAMES, _LEVEL_STEP)[:, 0]
    total = functional.avg_pool1d((light * weight)[:, None], _LEVEL_FRAMES, _LEVEL_STEP)[:, 0]
    return total / (counted + 1e-6), counted


def kept(said: Mapping[str, Tensor], taught: Mapping[str, Tensor], inside: Tensor) -> Tensor:
    """How far all answers but those of ``TAUGHT`` are from the teacher's; 0 where they are the same."""
    others = {name: taught[name] if name in TAUGHT else value for name, value in said.items()}
    moved = against_teacher(others, taught, inside) - against_teacher(taught, taught, inside)
    alike = functional.cosine_similarity(said["material"], taught["material"], dim=-1)
    slow_inside = inside[:, :: inside.shape[1] // alike.shape[1]]
    return moved + ((1 - alike) * slow_inside).sum() / (slow_inside.sum() + 1e-6)


@torch.no_grad()
def exposed(stretches: list[Stretch], shop: ListenWorkshop) -> tuple[list[Stretch], Tensor]:
    """The stretches with their light as bright as the teacher would have it on the whole.

    How bright a film is tells about the camera; what the light does within it, about the designer. Stretches in which
    nothing was seen are left out.

    Returns:
        them, and two rows ``[2, 24]``: how often each hue was seen, and how often the teacher would have had it.
    """
    out, hues = [], torch.full((2, HUES), 1e-3)
    for stretch in stretches:
        seen = stretch.seen > 0
        if not seen.any() or float(stretch.light[seen].mean()) < 1e-4:
            continue
        batch = whole_batch(stretch, 3 * VALIDATION_FRAMES).to(shop.fabric.device)
        taught = taught_by(shop, batch.frames)
        wanted = torch.sigmoid(taught["light"][..., 0])
        seen_by = batch.seen.sum() + 1e-6
        ours, theirs = (float((one * batch.seen).sum() / seen_by) for one in (wanted, batch.light))
        gain = float(np.clip(ours / max(theirs, 1e-4), 1 / _LARGEST_GAIN, _LARGEST_GAIN))
        out.append(replace(stretch, light=np.minimum(stretch.light * gain, 1.0).astype(np.float32)))
        coloured = batch.hue.sum(dim=-1, keepdim=True)
        hues[0] += batch.hue.sum(dim=(0, 1)).cpu()
        hues[1] += (taught["hue"].softmax(dim=-1) * coloured).sum(dim=(0, 1)).cpu()
    return out, hues / hues.sum(dim=1, keepdim=True)


@torch.no_grad()
def lean(listener: nn.Module, hues: Tensor) -> None:
    """Move the bias of the hue head so that hues are as frequent as they were seen to be, in place.

    What can be counted need not be found by small steps: a handful of films tells which colours somebody likes, long
    before it tells when.
    """
    seen, said = (1 - _DOUBT) * hues[0] + _DOUBT / HUES, hues[1]
    bias = _head(listener, "hue").get_parameter("bias")
    bias.add_((seen.log() - said.clamp(min=1e-4).log()).to(bias.device))


def paced(optimiser: torch.optim.Optimizer, listener: nn.Module, trunk: float) -> torch.optim.Optimizer:
    """The same optimiser, in which everything but the heads that shows teach moves ``trunk`` times as fast."""
    heads = {id(one) for name in TAUGHT for one in _head(listener, name).parameters()}
    if trunk == 0:
        for one in listener.parameters():
            one.requires_grad_(id(one) in heads)
    groups = []
    for group in optimiser.param_groups:
        for share, ours in ((1.0, True), (trunk, False)):
            chosen = [one for one in group["params"] if (id(one) in heads) == ours and one.requires_grad]
            groups += [{**group, "params": chosen, "share": share}] if chosen else []
    optimiser.param_groups[:] = groups
    return optimiser


def _head(listener: nn.Module, name: str) -> nn.Module:
    return listener.get_submodule(f"heads.{'fast' if name in FAST else 'slow'}.{name}")
