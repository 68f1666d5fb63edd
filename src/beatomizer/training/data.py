"""Sets of clips → batches: an order that follows from (seed, epoch), prepared in threads while the model works."""

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from beatomizer.arrays import F32, U8, Int
from beatomizer.dataset.clip import CLIP_FRAMES, CUT, MISSING, REPEAT
from beatomizer.progress import Progress, silent
from beatomizer.timebase import HOP
from beatomizer.training.augment import Example, augment
from beatomizer.training.cache import CachedSplit, hear
from beatomizer.training.recipe import AugmentPart, DataPart

_ORDER, _CROP, _AUGMENT = 1, 2, 3
"""Random streams of their own, so that one choice does not shift another."""


@dataclass(frozen=True)
class Batch:
    """What a model and a loss are given: frames ``[B, T, F]``, target ``[B, T, Z, 3]``, weight ``[B, T]``."""

    frames: Tensor
    target: Tensor
    weight: Tensor

    def __len__(self) -> int:
        return len(self.frames)

    def to(self, device: torch.device) -> "Batch":
        """On the device, without waiting where that is possible."""
        frames, target, weight = (
            tensor.to(device, non_blocking=True) for tensor in (self.frames, self.target, self.weight)
        )
        return Batch(frames, target, weight)


class Clips:
    """All clips of one split of several sets, as the model hears them.

    Args:
        sets: with the same number of zones.
        inputs: ``slices400`` or ``bank104``.
        part: how frames weigh and how long excerpts are.
        seed: of excerpts and augmentation.
        amounts: how clips are varied; ``None``: all clips, whole and as they are (validation).
    """

    def __init__(
        self,
        sets: Sequence[CachedSplit],
        inputs: str,
        part: DataPart,
        seed: int,
        amounts: AugmentPart | None,
        progress: Progress = silent,
    ) -> None:
        self._sets, self._part, self._seed, self._amounts = sets, part, seed, amounts
        self._crop = part.crop_frames if amounts is not None else 0
        self._raw = inputs == "slices400"
        heard_anew = amounts is not None and amounts.sound
        self._features = [] if self._raw or heard_anew else [clips.features(progress) for clips in sets]
        most = part.clips if amounts is not None else 0
        self.sizes = [min(len(clips), most) if most else len(clips) for clips in sets]
        self._place = [(number, clip) for number, size in enumerate(self.sizes) for clip in range(size)]

    def __len__(self) -> int:
        return len(self._place)

    def mean_colour(self) -> F32:
        """The mean label of all frames that count, ``[Z, 3]`` sRGB: the best that can be said without hearing."""
        total, weight = np.zeros(self._sets[0].rgb.shape[2:]), 0.0
        for number, clip in self._place:
            weights = frame_weights(self._sets[number].flags[clip], self._part.repeat_weight)
            total += np.tensordot(weights, self._sets[number].rgb[clip].astype(np.float64) / 65535, axes=1)
            weight += float(weights.sum())
        return np.asarray(total / max(weight, 1e-12), dtype=np.float32)

    def batch(self, indices: Int, epoch: int) -> Batch:
        """The clips of these indices in this epoch's variation."""
        examples = [self._example(int(index), epoch) for index in indices]
        frames, target, weight = (
            torch.from_numpy(np.stack([example[part] for example in examples])) for part in range(3)
        )
        return Batch(frames, target, weight)

    def _example(self, index: int, epoch: int) -> tuple[F32, F32, F32]:
        number, clip = self._place[index]
        clips = self._sets[number]
        example = Example(
            clips.audio[clip].astype(np.float32) * np.float32(1 / 32768),
            clips.rgb[clip].astype(np.float32) * np.float32(1 / 65535),
            frame_weights(clips.flags[clip], self._part.repeat_weight),
        )
        if self._amounts is not None:
            example = augment(example, self._amounts, (self._seed, epoch, index, _AUGMENT))
        if self._raw:
            frames: F32 = example.audio.reshape(-1, HOP)
        else:
            frames = np.asarray(self._features[number][clip]) if self._features else hear(example.audio)
        excerpt = self._excerpt(index, epoch)
        return frames[excerpt], example.rgb[excerpt], example.weight[excerpt]

    def _excerpt(self, index: int, epoch: int) -> slice:
        if not 0 < self._crop < CLIP_FRAMES:
            return slice(0, CLIP_FRAMES)
        rng = np.random.default_rng([self._seed, epoch, index, _CROP])
        start = int(rng.integers(0, CLIP_FRAMES - self._crop + 1))
        return slice(start, start + self._crop)


def frame_weights(flags: U8, repeat_weight: float) -> F32:
    """``[T]``: 0 near a cut or without a picture, ``repeat_weight`` where the picture is repeated, else 1."""
    weights = np.where(flags & REPEAT, np.float32(repeat_weight), np.float32(1.0))
    return np.asarray(np.where(flags & (CUT | MISSING), np.float32(0.0), weights), dtype=np.float32)


def epoch_order(sizes: Sequence[int], weights: Sequence[float], seed: int, epoch: int) -> Int:
    """Which clips an epoch sees, in order: ``round(n · weight)`` of a set of ``n``, none twice before all once."""
    rng = np.random.default_rng([seed, epoch, _ORDER])
    parts, first = [], 0
    for size, weight in zip(sizes, weights, strict=True):
        wanted = round(size * weight)
        rounds = [rng.permutation(size) for _ in range(-(-wanted // size))] if size else []
        parts.append(first + np.concatenate([*rounds, np.empty(0, np.int64)])[:wanted])
        first += size
    return np.asarray(rng.permutation(np.concatenate(parts)), dtype=np.int64)


def batches_of(order: Int, batch_size: int, world: int, rank: int) -> list[Int]:
    """The batches of one process. All have as many, and together they see each clip of ``order`` once.

    Batch ``k`` of all processes together is batch ``k`` of one process with ``world · batch_size``. The last one may be
    smaller; a rest of fewer clips than processes is left out (another order, another rest).
    """
    whole = range(0, len(order), batch_size * world)
    shares = [np.array_split(order[start : start + batch_size * world], world) for start in whole]
    return [share[rank] for share in shares if len(share[-1]) > 0]


class Prefetched:
    """Work done ahead in threads, handed over in order.

    Args:
        jobs: each makes one batch; numpy lets other threads run while it computes.
        workers: threads.
        ahead: jobs that are done or under way before they are asked for.
    """

    def __init__(self, jobs: Sequence[Callable[[], Batch]], workers: int, ahead: int) -> None:
        self._jobs, self._ahead = jobs, max(ahead, workers)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="batches")

    def __iter__(self) -> Generator[Batch, None, None]:
        waiting: deque[Future[Batch]] = deque()
        jobs = iter(self._jobs)
        try:
            for job in jobs:
                waiting.append(self._pool.submit(job))
                if len(waiting) >= self._ahead:
                    break
            while waiting:
                batch = waiting.popleft().result()
                for job in jobs:
                    waiting.append(self._pool.submit(job))
                    break
                yield batch
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)


class Source(Protocol):
    """What batches are made from: ``Clips``, or anything of its kind."""

    def batch(self, indices: Int, epoch: int) -> Batch:
        """The clips of these indices in this epoch's variation."""


def prefetched(source: Source, batches: Sequence[Int], epoch: int, part: DataPart, pin: bool) -> Prefetched:
    """Batches made ahead by ``part.workers`` threads; ``pin``: in memory a GPU can fetch from."""

    def job(indices: Int) -> Callable[[], Batch]:
        def make() -> Batch:
            batch = source.batch(indices, epoch)
            if not pin:
                return batch
            return Batch(batch.frames.pin_memory(), batch.target.pin_memory(), batch.weight.pin_memory())

        return make

    workers = part.workers or max(1, min(4, (os.cpu_count() or 2) // 2))
    return Prefetched([job(indices) for indices in batches], workers, part.prefetch)
