"""The song's loudness as light: what makes a quiet verse dim and a chorus bright, whatever the looks do."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.cues.beat_grid import BeatGrid, sure_beats
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

_LEAST_SPAN_DB = 6.0
"""A song that hardly changes in loudness is not stretched to the whole range of light."""

_AUDIBLE = 0.05
"""Level from which on a model's light is asked: nobody lights silence."""

_SLOW_STEPS = 17
"""Four seconds: what a model says faster than that is its pulse, which the looks draw; beats so near tell whether a
moment has one."""

_CALM_STEPS = 9
"""Two seconds: faster than that no light follows sound without a pulse. Syllables come four in a second."""

_LIGHT_SAY = 0.25
"""How much a model's light counts beside the loudness."""


def light_level(features: Features, grid: BeatGrid | None = None, light: F32 | None = None) -> Level:
    """Loudness (K-weighted, in LUFS) mapped to 0..1 by the song's own range, each quarter of a second.

    Over 400 ms where beats are sure, over 2 s where they are not: there nothing should twitch (talk, free time).

    Args:
        features: of the song.
        grid: its beats; ``None``: all are taken for sure.
        light: ``[T]``, how high a learned model would have the light, 0..1; its slow rise and fall has a say.
    """
    fast = quarter_seconds(loudness_lufs(features.frames)[:, 1].astype(np.float64))
    slow = _smoothed(fast, _CALM_STEPS)
    sure = np.ones(len(fast)) if grid is None else _sureness(grid, len(fast))
    lufs = sure * fast + (1.0 - sure) * slow
    sounding = lufs[lufs > SILENT_LUFS]
    if not len(sounding):
        return Level(STEP_S, tuple(0.0 for _ in lufs))
    loud, quiet = np.percentile(sounding, [95, 10])
    span = float(np.clip(loud - quiet, _LEAST_SPAN_DB, 36.0))
    above = _QUIET_SHARE + (1.0 - _QUIET_SHARE) * (lufs - (loud - span)) / span
    below = _QUIET_SHARE * (lufs - SILENT_LUFS) / max(float(loud - span - SILENT_LUFS), 1.0)
    height = np.clip(np.where(lufs >= loud - span, above, below), 0.0, 1.0)
    if light is not None and len(light):
        height = _with_opinion(height, light)
    ceiling = float(np.clip(1.0 - (_CALM_BELOW_LUFS - loud) / 40.0, 0.5, 1.0))
    return Level(STEP_S, tuple(float(value) for value in height * ceiling))


def _sureness(grid: BeatGrid, steps: int) -> F64:
    """Share of sure beats within two seconds of each step, ``[steps]``, 0 where there are none."""
    times = np.array([beat.time_s for beat in grid.beats])
    sure = times[sure_beats(grid.beats)]
    edges = np.arange(steps + 1) * STEP_S
    near, surely = (_smoothed(np.histogram(some, edges)[0].astype(np.float64)) for some in (times, sure))
    return np.asarray(surely / np.maximum(near, 1e-9))


def _smoothed(values: F64, steps: int = _SLOW_STEPS) -> F64:
    """Means over ``steps`` (odd) around each; what lies beyond the ends does not count."""
    kernel = np.ones(min(steps, 2 * len(values) - 1))
    counted = np.convolve(np.ones(len(values)), kernel)
    first = len(kernel) // 2
    return np.asarray((np.convolve(values, kernel) / counted)[first : first + len(values)])


def _with_opinion(height: F64, light: F32) -> F64:
    """The level moved towards the model's slow light, brought to the level's mean, where there is sound."""
    said = _smoothed(quarter_seconds(np.clip(np.nan_to_num(light.astype(np.float64)), 0.0, 1.0)))
    said = np.pad(said, (0, max(0, len(height) - len(said))), mode="edge")[: len(height)]
    sounding = height > _AUDIBLE
    mean = float(said[sounding].mean()) if sounding.any() else 0.0
    if mean < 1e-3:
        return height
    wanted = np.clip(said * (float(height[sounding].mean()) / mean), 0.0, 1.0)
    return np.where(sounding, height + _LIGHT_SAY * (wanted - height), height)


def quarter_seconds(values: F64) -> F64:
    """Means of ``[T]`` around each multiple of a quarter of a second, ``[T / 15 + 1]``."""
    hop = int(FPS * STEP_S)
    if not len(values):
        return np.zeros(1)
    padded = np.pad(values, (hop // 2, hop + hop // 2), mode="edge")
    count = len(values) // hop + 1
    return np.asarray(padded[: count * hop].reshape(count, hop).mean(axis=1))
