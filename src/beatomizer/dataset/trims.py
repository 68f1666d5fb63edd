"""Trims: a person's word that only a part of a take or clip is good. The rest of a clip is masked, not cut off.

A clip stays fifteen seconds long and keeps its name and sound, so nothing is decoded again, verdicts about clips stay
true, and a model still hears what leads up to the light. Frames outside the part are marked ``MISSING``: losses and
metrics pass them over. Parts are whole frames.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from beatomizer.dataset.clip import CLIP_FRAMES, MISSING
from beatomizer.dataset.packed import PackedClip
from beatomizer.timebase import FPS

LEAST_S = 0.5
"""The shortest part that can be accepted."""

_LEAST_FRAMES = CLIP_FRAMES // 2
"""A clip of which a take's trim leaves less stays out, as one of which less was seen (``clips``)."""

_MOST_S = 24 * 3600.0
_TEXT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*-\s*(\d{1,6}(?:\.\d{1,6})?)")


@dataclass(frozen=True)
class Trim:
    """A part, in seconds from the beginning of its take or clip.

    Raises:
        ValueError: it is not at least half a second, begins before 0, or is not a number.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        finite = math.isfinite(self.start_s) and math.isfinite(self.end_s)
        if not finite or not 0 <= self.start_s < self.end_s <= _MOST_S or self._length < LEAST_S * FPS:
            raise ValueError(f"{self.start_s} to {self.end_s} is not a part")

    @classmethod
    def parse(cls, text: str) -> "Trim":
        """``3.017-9.5``, as ``str`` writes it; ValueError if it is something else."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"'{text}' is not a part")
        return cls(float(match[1]), float(match[2]))

    def __str__(self) -> str:
        return f"{_short(self.start_s)}-{_short(self.end_s)}"

    @property
    def _length(self) -> int:
        first, last = self.frames
        return last - first

    @property
    def frames(self) -> tuple[int, int]:
        """First frame, and the one behind the last."""
        return round(self.start_s * FPS), round(self.end_s * FPS)


def _short(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def good_frames(key: str, trims: Mapping[str, Trim]) -> tuple[int, int]:
    """Which frames of a clip (first, behind the last) its own trim and its take's leave; equal numbers if none."""
    take, _, number = key.rpartition("-")
    first, last = 0, CLIP_FRAMES
    for name, origin in ((take, int(number) * CLIP_FRAMES), (key, 0)):
        if name in trims:
            begin, end = trims[name].frames
            first, last = max(first, begin - origin), min(last, end - origin)
    return (first, last) if first < last else (0, 0)


def is_enough(frames: tuple[int, int], *, asked_for: bool) -> bool:
    """Whether a clip with these good frames is worth keeping; one that a person asked for is, if anything is left."""
    return frames[1] - frames[0] >= (1 if asked_for else _LEAST_FRAMES)


def trimmed(clip: PackedClip, trims: Mapping[str, Trim]) -> PackedClip:
    """The clip with what lies outside its good frames masked; the very same clip where there is no trim."""
    first, last = good_frames(clip.key, trims)
    if (first, last) == (0, CLIP_FRAMES):
        return clip
    frames = np.arange(CLIP_FRAMES)
    outside = (frames < first) | (frames >= last)
    flags = np.where(outside, clip.flags | MISSING, clip.flags).astype(np.uint8)
    part = [round(first / FPS, 3), round(last / FPS, 3)]
    return clip.with_flags(flags).with_facts(trim=part)
