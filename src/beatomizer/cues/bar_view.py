"""The song bar by bar: where bars begin, how much happens in each, and which bars sound alike."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.cues.beat_grid import BeatGrid, sure_beats
from beatomizer.cues.level import SILENT_LUFS
from beatomizer.features.bank import COLUMNS, loudness_lufs
from beatomizer.features.features import Features
from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS

_FREE_BAR_S = 2.0
"""Where no beat is sure, two seconds stand in for a bar."""

_LEAST_CHANCE = 0.02
_LEAST_EDGE = 0.03
_CLEAR_EDGE = 0.3
_PEAK_ROOM = FPS // 2
"""Boundaries nearer to each other than half a second are one."""

_BARS_AT_ONCE = 256
"""Bars summed in double precision at a time: a whole long song would need 100 MB an hour for its copy."""


@dataclass(frozen=True)
class LearnedBars:
    """What a learned engine says about each of N bars.

    Attributes:
        part: float64 ``[N, 7]``, mean log chance of each of ``PARTS``.
        material: float64 ``[N, 16]``, mean vector; its length is how much the bar is of one material.
        edge: float64 ``[N]``, 0..1, the highest boundary whose nearest bar begins here.
        edge_s: float64 ``[N]``, where a section that begins with the bar begins: with it, or on another beat if the
            boundary clearly lies there (bars may be counted wrongly, and songs drop beats).
    """

    part: F64
    material: F64
    edge: F64
    edge_s: F64


@dataclass(frozen=True)
class BarView:
    """One row a bar.

    Attributes:
        edges_s: float64 ``[N + 1]``, beginnings of the bars, then the end of the song; the first one is 0.
        energy: float64 ``[N]``, 0..1 within the song.
        lufs: float64 ``[N]``, mean loudness.
        sound: float64 ``[N, D]``, one direction a bar: two bars sound as alike as their product says, −1..1.
        boundary: float64 ``[N]``, the engine's likelihood that a section begins with the bar; zeros without one.
        pulse: float64 ``[N]``, share of the bar's beats that are sure, 0 where it has none.
        learned: more, of engines that say it.
    """

    edges_s: F64
    energy: F64
    lufs: F64
    sound: F64
    boundary: F64
    pulse: F64
    learned: LearnedBars | None = None

    def __len__(self) -> int:
        return len(self.energy)


def bar_view(heard: Scores, features: Features, grid: BeatGrid, duration_s: float) -> BarView:
    """Everything the structure is read from."""
    edges_s = bar_edges(grid, duration_s)
    frames = np.clip(np.round(edges_s * FPS).astype(int), 0, len(features.frames))
    power = 10.0 ** (loudness_lufs(features.frames)[:, 1:2].astype(np.float64) / 10.0)
    lufs = 10.0 * np.log10(np.maximum(_bar_means(power, frames)[:, 0], 1e-9))
    columns = {name: _bar_means(features.frames[:, columns], frames) for name, columns in COLUMNS.items()}
    activity = columns["flux"].mean(axis=1)
    return BarView(
        edges_s,
        _energy(lufs, activity, heard, frames),
        lufs,
        _sound(columns, lufs),
        _boundary(heard, frames),
        _pulse(grid, edges_s),
        _learned(heard, grid, edges_s, frames),
    )


def bar_edges(grid: BeatGrid, duration_s: float) -> F64:
    """Beginnings of the bars and the end of the song; free time is cut into equal parts."""
    downbeats = np.array([beat.time_s for beat in grid.beats if beat.position == 1])
    if len(downbeats) < 2 or not sure_beats(grid.beats).any():
        count = max(1, round(duration_s / _FREE_BAR_S))
        return np.linspace(0.0, duration_s, count + 1)
    typical = float(np.median(np.diff(downbeats)))
    inner = downbeats[(downbeats > 0.4 * typical) & (downbeats < duration_s - 0.4 * typical)]
    return np.concatenate([[0.0], inner, [duration_s]])


def _bar_means(values: F32 | F64, frames: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> F64:
    """Means of ``[T, C]`` over each bar, ``[N, C]``."""
    starts = np.minimum(frames[:-1], len(values) - 1)
    counts = np.maximum(np.diff(frames), 1)
    sums = []
    for first in range(0, len(starts), _BARS_AT_ONCE):
        group = starts[first : first + _BARS_AT_ONCE]
        following = first + _BARS_AT_ONCE
        end = max(int(starts[following]), int(group[-1]) + 1) if following < len(starts) else len(values)
        sums.append(np.add.reduceat(values[group[0] : end].astype(np.float64), group - group[0], axis=0))
    return np.asarray(np.concatenate(sums) / counts[:, None])


def _energy(
    lufs: F64, activity: F64, heard: Scores, frames: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> F64:
    """How much happens in each bar, 0..1 within the song: loudness, onsets and what the engine says."""
    quiet = lufs <= SILENT_LUFS
    parts = [_within(lufs, np.maximum(np.ptp(lufs[~quiet]) if (~quiet).any() else 0.0, 6.0), quiet)]
    parts.append(_within(activity, max(float(np.ptp(activity)), 0.1), quiet))
    weights = [0.6, 0.4]
    if heard.energy is not None:
        said = _bar_means(np.nan_to_num(np.asarray(heard.energy))[:, None], frames)[:, 0]
        parts.append(_within(said, max(float(np.ptp(said)), 0.1), quiet))
        weights.append(0.5)
    mixed = sum(weight * part for weight, part in zip(weights, parts)) / sum(weights)
    return np.where(quiet, 0.0, np.clip(mixed, 0.0, 1.0))


def _within(values: F64, least_span: float, quiet: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> F64:
    """Place between the 5th and the 95th percentile of the sounding bars; an even song lies in the upper middle."""
    sounding = values[~quiet]
    if not len(sounding):
        return np.zeros(len(values))
    low, high = np.percentile(sounding, [5, 95])
    span = max(float(high - low), 0.35 * least_span, 1e-6)
    return np.asarray(np.clip(1.0 - (high - values) / span, 0.0, 1.0))


def _sound(columns: dict[str, F64], lufs: F64) -> F64:
    """Direction of each bar's standardised sound: timbre, harmony, rhythm, loudness, each with its own say."""
    groups = [
        (1.0, columns["mel"]),
        (0.8, columns["chroma"]),
        (0.8, columns["flux"]),
        (0.8, np.clip(lufs, -70.0, 0.0)[:, None] / 10.0),
    ]
    parts = []
    for weight, values in groups:
        centered = values - values.mean(axis=0)
        spread = np.sqrt((centered**2).mean())
        parts.append(weight * centered / (max(float(spread), 1e-3) * np.sqrt(values.shape[1])))
    sound = np.concatenate(parts, axis=1)
    length = np.sqrt((sound**2).sum(axis=1))
    return np.asarray(sound / np.maximum(length, 0.3)[:, None])


def _boundary(heard: Scores, frames: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> F64:
    """The engine's strongest boundary within half a second of each bar's beginning."""
    if heard.boundary is None:
        return np.zeros(len(frames) - 1)
    values = np.nan_to_num(np.asarray(heard.boundary, dtype=np.float64))
    near = np.clip(frames[:-1, None] + np.arange(-FPS // 2, FPS // 2 + 1), 0, len(values) - 1)
    return np.asarray(values[near].max(axis=1))


def _pulse(grid: BeatGrid, edges_s: F64) -> F64:
    """Share of each bar's beats that are sure."""
    times = np.array([beat.time_s for beat in grid.beats])
    sure = times[sure_beats(grid.beats)]
    count = np.histogram(times, edges_s)[0]
    return np.asarray(np.histogram(sure, edges_s)[0] / np.maximum(count, 1))


def _learned(
    heard: Scores, grid: BeatGrid, edges_s: F64, frames: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> LearnedBars | None:
    """Parts, material and boundaries by the bar."""
    if heard.part is None or heard.material is None or heard.boundary is None:
        return None
    part = np.log(np.clip(np.nan_to_num(np.asarray(heard.part)), _LEAST_CHANCE, 1.0))
    material = np.nan_to_num(np.asarray(heard.material), nan=0.5)
    edge, where_s = _edges(np.nan_to_num(np.asarray(heard.boundary, dtype=np.float64)), edges_s)
    begins = _on_beats(edge, where_s, grid, edges_s)
    return LearnedBars(_bar_means(part, frames), 2.0 * _bar_means(material, frames) - 1.0, edge, begins)


def _edges(boundary: F64, edges_s: F64) -> tuple[F64, F64]:
    """Each bar's highest peak of the boundary score among those nearest to its beginning, and where it lies."""
    height, where = np.zeros(len(edges_s) - 1), edges_s[:-1].copy()
    padded = np.pad(boundary, _PEAK_ROOM)
    top = np.lib.stride_tricks.sliding_window_view(padded, 2 * _PEAK_ROOM + 1).max(axis=1)
    for peak in np.flatnonzero((boundary == top) & (boundary > _LEAST_EDGE)):
        bar = int(np.abs(edges_s[:-1] - peak / FPS).argmin())
        if boundary[peak] > height[bar]:
            height[bar], where[bar] = boundary[peak], peak / FPS
    return np.clip(height, 0.0, 1.0), where


def _on_beats(edge: F64, where_s: F64, grid: BeatGrid, edges_s: F64) -> F64:
    """Where sections would begin: clear boundaries far off their bar on the nearest beat, the rest with the bar."""
    begins = edges_s[:-1].copy()
    times = np.array([beat.time_s for beat in grid.beats])
    if len(times) < 2 or not sure_beats(grid.beats).any():
        return begins
    off = (edge >= _CLEAR_EDGE) & (np.abs(where_s - begins) > 0.6 * float(np.median(np.diff(times))))
    off[0] = False
    begins[off] = times[np.abs(times[:, None] - where_s[off]).argmin(axis=0)]
    return np.clip(np.maximum.accumulate(begins), 0.0, edges_s[-1])
