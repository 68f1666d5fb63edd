"""The rows that every result stands beside: what can be had without listening, or without being clever."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.color import oklch_to_linear, srgb_to_linear
from beatomizer.dataset.clip import Clip
from beatomizer.evaluation.lighting import EngineLighter, Lighter, on_stage
from beatomizer.evaluation.sound import tracked_beats
from beatomizer.features.features import Features
from beatomizer.inference.engines import load_engine
from beatomizer.timebase import FPS

GREY, MEAN_COLOUR, LOUDNESS, FLASHER, RANDOM_WALK = (
    "constant grey",
    "constant mean colour",
    "loudness follower",
    "beat flasher",
    "random walk",
)
WRONG_SONG = "wrong song"
"""The label of another take's clip. Only where there are labels, so not a ``Lighter``."""

LABEL = "label"
"""The human's or teacher's own light: the upper row."""

MEAN_OF_CLIPS = 256
"""The mean colour is that of the first so many training clips."""

_TURN_PER_S, _LEVEL_PER_S = 0.6, 0.35
"""Deviations a second of the random walk's hue (radians) and intensity."""
_EASE_FRAMES = 30
"""Half a second over which it is smoothed: a show that shakes would be too easy to beat."""

_FLASH_FRAMES = 6.0


@dataclass
class ConstantLighter:
    """One colour for ever."""

    name: str
    linear: F64
    facts: dict[str, Any] = field(default_factory=dict)
    seeded: bool = False

    def light(self, features: Features, zones: int, seed: int) -> F32:
        """The same colour everywhere."""
        shape = (len(features.frames), zones, 3)
        return np.broadcast_to(self.linear.astype(np.float32), shape).copy()


@dataclass
class BeatFlasher:
    """The same white flash on every beat of the classical tracker, without a thought for safety.

    The engine ``flasher`` is gentler: it flashes in full only as often as the limiter lets it.
    """

    name: str = FLASHER
    facts: dict[str, Any] = field(default_factory=dict)
    seeded: bool = False

    def light(self, features: Features, zones: int, seed: int) -> F32:
        """Up at once, down within a tenth of a second."""
        frames = np.arange(len(features.frames))
        beats = np.round(tracked_beats(features)[0] * FPS).astype(np.int64)
        last = np.searchsorted(beats, frames, side="right") - 1
        since = frames - np.concatenate([beats, [0]])[last]
        level = np.where(last >= 0, np.exp(-since / _FLASH_FRAMES), 0.0)
        return on_stage(np.repeat(level[:, None, None], 3, axis=2).astype(np.float32), zones)


@dataclass
class RandomWalk:
    """A hue and an intensity that wander, deaf: smooth, colourful, alive, and of no song."""

    name: str = RANDOM_WALK
    facts: dict[str, Any] = field(default_factory=dict)
    seeded: bool = True

    def light(self, features: Features, zones: int, seed: int) -> F32:
        """Another walk for each seed and each song (by a fingerprint of its sound)."""
        frames = len(features.frames)
        heard = np.ascontiguousarray(features.samples[:: 1 + len(features.samples) // 4096])
        rng = np.random.default_rng([seed, zlib.crc32(heard.tobytes())])
        start, ease = rng.uniform(0.0, 1.0, 2), np.hanning(_EASE_FRAMES + 2)
        steps = rng.normal(0.0, 1.0 / np.sqrt(FPS), (frames + _EASE_FRAMES + 1, 2))
        hue, level = (
            np.convolve(np.cumsum(one), ease / ease.sum(), mode="valid")[:frames] for one in steps.T
        )
        angle, height = 2 * np.pi * start[0] + _TURN_PER_S * hue, _folded(start[1] + _LEVEL_PER_S * level)
        colour = oklch_to_linear(np.stack([np.full(frames, 0.7), np.full(frames, 0.25), angle], axis=1))
        return on_stage((colour * (0.05 + 0.95 * height[:, None]))[:, None].astype(np.float32), zones)


def _folded(walk: F64) -> F64:
    """Reflected at 0 and 1."""
    return np.abs((walk + 1.0) % 2.0 - 1.0)


def reference_lighters(mean_srgb: F64) -> list[Lighter]:
    """All rows but the label and the wrong song, in the order in which they are shown.

    Args:
        mean_srgb: ``[3]``, of the training labels.
    """
    engine = load_engine("constant")
    return [
        EngineLighter(GREY, engine, {"from": "engine constant"}),
        ConstantLighter(
            MEAN_COLOUR, srgb_to_linear(mean_srgb), {"srgb": [round(v, 4) for v in mean_srgb.tolist()]}
        ),
        EngineLighter(LOUDNESS, load_engine("loudness"), {"from": "engine loudness"}),
        BeatFlasher(),
        RandomWalk(),
    ]


def mean_label(clips: Iterable[Clip]) -> F64 | None:
    """Mean sRGB ``[3]`` of the usable frames of the first ``MEAN_OF_CLIPS`` clips; ``None`` if there are none."""
    total, count = np.zeros(3), 0
    for number, clip in enumerate(clips):
        if number >= MEAN_OF_CLIPS:
            break
        seen = clip.label[clip.usable].astype(np.float64).mean(axis=1)
        total, count = total + seen.sum(axis=0), count + len(seen)
    return total / count if count else None
