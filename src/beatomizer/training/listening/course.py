"""What the training loop of a listener asks of what is learned: batches, how wrong answers are, validation.

There are two courses: lessons, where everything is known (here), and somebody's own shows (``taste.py``).
"""

from typing import Any, Protocol

import torch
from torch import Tensor

from beatomizer.models.listening.heads import SLOW_FRAMES
from beatomizer.timebase import FPS
from beatomizer.training.listening.excerpts import Batch, batch_of, stacked, whole
from beatomizer.training.listening.losses import against_teacher, loss_terms, weighted
from beatomizer.training.listening.workshop import ListenWorkshop
from beatomizer.training.position import Sums

VALIDATION_FRAMES = 6000
"""A hundred seconds from the beginning of each song."""


class Course(Protocol):
    """Something to learn."""

    def batch(self, shop: ListenWorkshop, step: int) -> Any:
        """The batch of a step, drawn from (seed, step, process) alone; has ``frames``, ``inside`` and ``to``."""

    def judged(
        self, shop: ListenWorkshop, said: dict[str, Tensor], batch: Any
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The terms of the loss, and the loss."""

    def validation(self, shop: ListenWorkshop) -> dict[str, float]:
        """Means over what is kept aside; has ``loss``."""


class LessonCourse:
    """Lessons, and the answers of a teacher if there is one."""

    def batch(self, shop: ListenWorkshop, step: int) -> Batch:
        """Excerpts of lessons."""
        frames, excerpts = measure(shop, step)
        seed = (shop.seed, step, shop.fabric.global_rank)
        return batch_of(shop.train, frames, excerpts, shop.recipe.augment, seed)

    def judged(
        self, shop: ListenWorkshop, said: dict[str, Tensor], batch: Batch
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Against the truth, and against the teacher."""
        terms = loss_terms(said, batch)
        loss = weighted(terms, shop.recipe.loss)
        if shop.teacher is not None and shop.recipe.teacher > 0:
            terms["teacher"] = against_teacher(said, taught_by(shop, batch.frames), batch.inside)
            loss = (1 - shop.recipe.teacher) * loss + shop.recipe.teacher * terms["teacher"]
        return terms, loss

    @torch.no_grad()
    def validation(self, shop: ListenWorkshop) -> dict[str, float]:
        """Mean of each term over the validation songs, each from its beginning; ``loss`` without a teacher's share."""
        shop.bare.eval()
        sums = Sums()
        for song in shop.validation:
            frames = min(len(song), VALIDATION_FRAMES) // SLOW_FRAMES * SLOW_FRAMES
            batch = stacked([whole(song, frames)]).to(shop.fabric.device)
            terms = loss_terms(answers(shop, batch.frames), batch)
            sums.add({"weight": 1.0, "loss": float(weighted(terms, shop.recipe.loss))})
            sums.add({name: float(term) for name, term in terms.items()})
        return sums.means()


def measure(shop: ListenWorkshop, step: int) -> tuple[int, int]:
    """Frames of the excerpts of a step, and how many there are."""
    data = shop.recipe.data
    seconds = data.excerpt_s[step % len(data.excerpt_s)]
    return seconds * FPS // SLOW_FRAMES * SLOW_FRAMES, max(1, round(data.batch_s / seconds))


def answers(shop: ListenWorkshop, frames: Tensor) -> dict[str, Tensor]:
    """Logits of the model that is trained, as float32."""
    with shop.fabric.autocast():
        said = shop.bare(frames)
    return {name: value.float() for name, value in said.items()}


def taught_by(shop: ListenWorkshop, frames: Tensor) -> dict[str, Tensor]:
    """Logits of the teacher, as float32, without gradients."""
    if shop.teacher is None:
        raise ValueError("nobody teaches")
    with torch.no_grad(), shop.fabric.autocast():
        taught = shop.teacher(frames)
    return {name: value.float() for name, value in taught.items()}
