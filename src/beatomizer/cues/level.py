"""The song's loudness as light: what makes a quiet verse dim and a chorus bright, whatever the looks do."""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.cuelist import Level
from beatomizer.features.bank import loudness_lufs
from beatomizer.features.features import Features
from beatomizer.timebase import FPS

STEP_S = 0.25
SILENT_LUFS = -60.0
"""Below this nothing is meant to be heard (a quiet room recorded without care lies about here)."""

_QUIET_SHARE = 0.4
"""Light of a song's quiet parts (its 10th percentile): dim, but not off."""

_CALM_BELOW_LUFS = -26.0
"""A song whose loud parts stay under this was meant to be quiet; its light stays under full."""


def light_level(features: Features) -> Level:
    """Loudness (400 ms, K-weighted, in LUFS) mapped to 0..1 by the song's own range, each quarter of a second."""
    lufs = quarter_seconds(loudness_lufs(features.frames)[:, 1].astype(np.float64))
    sounding = lufs[lufs > SILENT_LUFS]
    if not len(sounding):
        return Level(STEP_S, tuple(0.0 for _ in lufs))
    loud, quiet = np.percentile(sounding, [95, 10])
    span = float(np.clip(loud - quiet, 8.0, 36.0))
    above = _QUIET_SHARE + (1.0 - _QUIET_SHARE) * (lufs - (loud - span)) / span
    below = _QUIET_SHARE * (lufs - SILENT_LUFS) / max(float(loud - span - SILENT_LUFS), 1.0)
    light = np.clip(np.where(lufs >= loud - span, above, below), 0.0, 1.0)
    ceiling = float(np.clip(1.0 - (_CALM_BELOW_LUFS - loud) / 40.0, 0.5, 1.0))
    return Level(STEP_S, tuple(float(value) for value in light * ceiling))


def quarter_seconds(values: F64) -> F64:
    """Means of ``[T]`` around each multiple of a quarter of a second, ``[T / 15 + 1]``."""
    hop = int(FPS * STEP_S)
    if not len(values):
        return np.zeros(1)
    padded = np.pad(values, (hop // 2, hop + hop // 2), mode="edge")
    count = len(values) // hop + 1
    return np.asarray(padded[: count * hop].reshape(count, hop).mean(axis=1))
