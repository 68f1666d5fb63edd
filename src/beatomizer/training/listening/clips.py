"""Clips of filmed shows → stretches to learn a taste from: what is heard, and the light that was seen meanwhile.

Clips of one take lie side by side, so neighbours are joined again: a listener that hears the whole song should not be
taught by pieces of fifteen seconds. Light seen by a camera is believed only so far: not around cuts, not where the
picture is missing, not where one picture stood still, and its moment never to the frame.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from beatomizer.arrays import F16, F32, F64
from beatomizer.audio.audio import Audio
from beatomizer.color import linear_to_oklab, luminance, oklab_to_oklch, srgb_to_linear
from beatomizer.dataset.clip import CUT, MISSING, REPEAT, Clip
from beatomizer.dataset.lessons.targets import HUES, soft_hue
from beatomizer.dataset.shards import read_clips, set_facts
from beatomizer.errors import UnreadableInputError
from beatomizer.features.bank import extract_features
from beatomizer.models.listening.heads import SLOW_FRAMES
from beatomizer.progress import Progress, silent
from beatomizer.training.listening.excerpts import SILENCE, varied
from beatomizer.training.listening.recipe import AugmentPart

_STILL_FRAMES = 3
"""A picture that stands longer (slower than 15 a second) is one that the camera did not take."""

_GREY_CHROMA = 0.04
_LIT = 0.1
"""Of the brightest light of the stretch (95th percentile of the root of luminance): what is darker has no colour."""


@dataclass(frozen=True)
class Stretch:
    """Neighbouring clips of one take, of T frames and U = ⌈T / 8⌉ slow steps.

    Attributes:
        name: the first clip's key.
        frames: float16 ``[T, F]``.
        light: float32 ``[T]``, the root of the stage's mean luminance, as bright as the label has it.
        seen: float32 ``[T]``, 1 where the light was seen and moved with the stage.
        fresh: float32 ``[T]``, the same without pictures that repeat the one before.
        hue: float32 ``[U, 24]``, chances of each hue among the coloured light, scaled by how much of the step that
            was seen had any; all zero where there was none.
    """

    name: str
    frames: F16
    light: F32
    seen: F32
    fresh: F32
    hue: F32

    def __len__(self) -> int:
        """Frames."""
        return len(self.frames)


def read_stretches(folders: Iterable[Path], split: str, progress: Progress = silent) -> list[Stretch]:
    """All stretches of one split of some data sets.

    Args:
        folders: each a set of ``dataset build``.
        split: ``train``, ``validation`` or ``test``.
        progress: told the share of the clips that were heard, as stage ``clips``.

    Raises:
        UnreadableInputError: a set is damaged.
    """
    sets = list(folders)
    total = sum(_count(folder, split) for folder in sets)
    done, found = 0, []
    with ThreadPoolExecutor(1) as pool:  # the next take is decoded while one is heard
        for folder in sets:
            parts = _runs(read_clips(folder, split))
            ahead = pool.submit(next, parts, None)
            while (clips := ahead.result()) is not None:
                ahead = pool.submit(next, parts, None)
                found.append(stretch_of(clips))
                done += len(clips)
                progress("clips", done / max(total, 1))
    return found


def _count(folder: Path, split: str) -> int:
    try:
        return int(set_facts(folder)["splits"][split]["clips"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableInputError(f"'{folder}' is damaged", "build the data set again") from error


def _runs(clips: Iterable[Clip]) -> Iterator[list[Clip]]:
    """Clips that follow one another, as lists; a take with a gap gives several."""
    for _, take in groupby(clips, key=lambda clip: clip.key.rpartition("-")[0]):
        ordered = sorted(take, key=lambda clip: clip.key)
        numbers = [int(clip.key.rpartition("-")[2]) for clip in ordered]
        edges = [0, *(place for place, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(ordered)]
        yield from (ordered[low:high] for low, high in pairwise(edges))


def stretch_of(clips: list[Clip]) -> Stretch:
    """Neighbouring clips as one stretch."""
    sound = np.concatenate([clip.sound for clip in clips])
    linear = srgb_to_linear(np.concatenate([clip.label for clip in clips]).astype(np.float64))
    flags = np.concatenate([clip.flags for clip in clips])
    light = np.sqrt(luminance(linear).mean(axis=1))
    seen = ((flags & (CUT | MISSING)) == 0) & ~_still((flags & REPEAT) > 0)
    return Stretch(
        name=clips[0].key,
        frames=extract_features(Audio(sound)).frames.astype(np.float16),
        light=light.astype(np.float32),
        seen=seen.astype(np.float32),
        fresh=(seen & ((flags & REPEAT) == 0)).astype(np.float32),
        hue=hue_chances(linear, light, seen),
    )


def _still(repeats: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Frames within runs of more than ``_STILL_FRAMES`` repeats."""
    edges = np.flatnonzero(np.diff(repeats.astype(np.int8), prepend=0, append=0))
    out = np.zeros(len(repeats), dtype=np.bool_)
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        out[low:high] = high - low > _STILL_FRAMES
    return out


def hue_chances(linear: F64, light: F64, seen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> F32:
    """``[T, Z, 3]`` linear, ``[T]`` and ``[T]`` → ``[U, 24]``, see ``Stretch.hue``."""
    lch = oklab_to_oklch(linear_to_oklab(linear))
    own = np.sqrt(luminance(linear))
    threshold = _LIT * float(np.percentile(light[seen], 95)) if seen.any() else 1.0
    weight = np.where(
        (own > threshold) & (lch[..., 1] > _GREY_CHROMA) & seen[:, None], own * lch[..., 1], 0.0
    )
    said = (soft_hue(lch[..., 2].astype(np.float32)) * weight[..., None]).sum(axis=1)
    coloured = (weight.sum(axis=1) > 0).astype(np.float64)
    pad = -len(said) % SLOW_FRAMES
    total = np.pad(said, ((0, pad), (0, 0))).reshape(-1, SLOW_FRAMES, HUES).sum(axis=1)
    share = np.pad(coloured, (0, pad)).reshape(-1, SLOW_FRAMES).mean(axis=1)
    chances = total / np.maximum(total.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(chances * share[:, None], dtype=np.float32)


@dataclass(frozen=True)
class ShownBatch:
    """B excerpts of T frames (U = T / 8) of filmed shows.

    Attributes:
        frames: ``[B, T, F]``.
        light, seen, fresh: ``[B, T]``; ``hue``: ``[B, U, 24]``; as in ``Stretch``.
        inside: ``[B, T]``, 1 within the stretch.
    """

    frames: Tensor
    light: Tensor
    seen: Tensor
    fresh: Tensor
    hue: Tensor
    inside: Tensor

    def to(self, device: torch.device) -> "ShownBatch":
        """The same elsewhere."""
        return ShownBatch(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def shown_batch(
    stretches: list[Stretch], frames: int, excerpts: int, augment: AugmentPart, seed: tuple[int, ...]
) -> ShownBatch:
    """Excerpts by chance; the same seed gives the same batch. They are varied, but never faster or slower."""
    rng = np.random.default_rng(seed)
    weights = np.array([len(stretch) for stretch in stretches], dtype=np.float64)
    parts = []
    for place in rng.choice(len(stretches), size=excerpts, p=weights / weights.sum()):
        stretch = stretches[int(place)]
        steps = max(0, len(stretch) - frames) // SLOW_FRAMES
        part = cut(stretch, int(rng.integers(steps + 1)) * SLOW_FRAMES, frames)
        part["frames"] = varied(part["frames"], augment, rng)
        parts.append(part)
    return ShownBatch(
        **{name: torch.from_numpy(np.stack([part[name] for part in parts])) for name in parts[0]}
    )


def whole_batch(stretch: Stretch, most: int) -> ShownBatch:
    """A stretch from its beginning, at most ``most`` frames, as a batch of one."""
    frames = min(len(stretch) + -len(stretch) % SLOW_FRAMES, most // SLOW_FRAMES * SLOW_FRAMES)
    return ShownBatch(
        **{name: torch.from_numpy(part)[None] for name, part in cut(stretch, 0, frames).items()}
    )


def cut(stretch: Stretch, start: int, frames: int) -> dict[str, F32]:
    """``frames`` frames from frame ``start``, both multiples of eight; silence where the stretch has ended."""

    def padded(values: F32, count: int) -> F32:
        out = np.zeros((count, *values.shape[1:]), dtype=np.float32)
        out[: len(values)] = values
        return out

    here = slice(start, start + frames)
    heard = padded(stretch.frames[here].astype(np.float32), frames)
    count = len(stretch.frames[here])
    heard[count:] = SILENCE
    slow = slice(start // SLOW_FRAMES, (start + frames) // SLOW_FRAMES)
    part = {name: padded(getattr(stretch, name)[here], frames) for name in ("light", "seen", "fresh")}
    inside = np.zeros(frames, dtype=np.float32)
    inside[:count] = 1.0
    return part | {"frames": heard, "hue": padded(stretch.hue[slow], frames // SLOW_FRAMES), "inside": inside}
