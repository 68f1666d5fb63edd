"""What the light of a whole set is like: counted clip by clip while shards are written, for the card."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from beatomizer.arrays import F64
from beatomizer.color import srgb_to_linear
from beatomizer.dataset.clip import CUT, MISSING, REPEAT
from beatomizer.dataset.packed import PackedClip
from beatomizer.metrics.colour import GREY_CHROMA, HUE_BINS, hue_histogram
from beatomizer.metrics.light import Light

CHROMA_BINS = 33
CHROMA_STEP = 0.01
"""OKLab chroma of the screen's colours ends at 0.32."""

LEVEL_BINS = 32


@dataclass
class Census:
    """Counts over all clips of a set. Colours as in ``metrics.colour``: relative to each clip's own full light.

    Attributes:
        clips: how many.
        hue: ``[24]``: hues weighted by chroma; each clip with some colour counts 1.
        chroma: ``[33]``: zone-frames by OKLab chroma, lit ones only.
        level: ``[32]``: frames by the strongest primary, sRGB-encoded, as it is.
        lit, grey: zone-frames that are lit, and those of them without colour.
        frames, repeats, cuts, missing: frames, and how many have each flag.
    """

    clips: int = 0
    hue: F64 = field(default_factory=lambda: np.zeros(HUE_BINS))
    chroma: F64 = field(default_factory=lambda: np.zeros(CHROMA_BINS))
    level: F64 = field(default_factory=lambda: np.zeros(LEVEL_BINS))
    lit: int = 0
    grey: int = 0
    frames: int = 0
    repeats: int = 0
    cuts: int = 0
    missing: int = 0

    def count(self, clip: PackedClip) -> None:
        """Add one clip."""
        flags, rgb = clip.flags, clip.rgb
        usable = (flags & (CUT | MISSING)) == 0
        self.clips += 1
        self.frames += len(flags)
        self.repeats += int(((flags & REPEAT) != 0).sum())
        self.cuts += int(((flags & CUT) != 0).sum())
        self.missing += int(((flags & MISSING) != 0).sum())
        if not usable.any():
            return
        srgb = rgb[usable] / 65535.0
        light = Light(srgb_to_linear(srgb))
        chroma = light.chroma[light.lit]
        self.lit += len(chroma)
        self.grey += int((chroma < GREY_CHROMA).sum())
        self.hue += hue_histogram(light)
        places = np.minimum((chroma / CHROMA_STEP).astype(np.int64), CHROMA_BINS - 1)
        self.chroma += np.bincount(places, minlength=CHROMA_BINS)
        levels = np.minimum((srgb.max(axis=(1, 2)) * LEVEL_BINS).astype(np.int64), LEVEL_BINS - 1)
        self.level += np.bincount(levels, minlength=LEVEL_BINS)

    @property
    def grey_share(self) -> float:
        """Share of what is lit that has no colour, 0..1."""
        return self.grey / self.lit if self.lit else 0.0

    def to_json(self) -> dict[str, Any]:
        """What ``dataset.json`` says: shares, rounded."""
        frames = max(1, self.frames)
        return {
            "grey_share": round(self.grey_share, 4),
            "repeat_share": round(self.repeats / frames, 4),
            "cut_share": round(self.cuts / frames, 4),
            "missing_share": round(self.missing / frames, 4),
        }
