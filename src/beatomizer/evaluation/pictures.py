"""The pictures of an evaluation: bars with intervals, ribbons of every row, hues and saturations."""

from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.color import linear_to_oklab, linear_to_srgb
from beatomizer.evaluation.collect import Collected, Row
from beatomizer.evaluation.drawing import FAINT, INK, KIND_COLOURS, bare, draw_ribbon, margins, picture
from beatomizer.evaluation.results import Results
from beatomizer.metrics.table import GROUPS, METRICS, Metric
from beatomizer.timebase import FPS

_COLUMNS = 4
_POINTS = 1500


def draw_bars(path: Path, results: Results, group: str) -> None:
    """One small chart a metric, a bar a row with its 95 % interval; the target is shaded."""
    metrics = [metric for metric in METRICS if metric.group == group and _applies(results, metric)]
    rows, height = -(-len(metrics) // _COLUMNS), 0.28 * len(results.rows) + 0.9
    with picture(path, 13.0, rows * height + 0.4) as figure:
        grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharey=True).ravel()
        margins(figure, top=0.65, bottom=0.3, across=0.12, down=0.9 / (height - 0.5))
        for axes in grid[len(metrics) :]:
            axes.set_visible(False)
        for axes, metric in zip(grid, metrics):
            _bars(axes, results, metric)
        figure.suptitle(f"{group}: means and 95 % intervals", fontsize=11, color=INK)


def _applies(results: Results, metric: Metric) -> bool:
    return any(row["values"][metric.name]["mean"] is not None for row in results.rows)


def _bars(axes: Any, results: Results, metric: Metric) -> None:
    names = [row["name"] for row in results.rows]
    values = [row["values"][metric.name] for row in results.rows]
    places = np.arange(len(names))
    means = np.array([np.nan if v["mean"] is None else v["mean"] for v in values])
    edges = np.array([[np.nan if v[side] is None else v[side] for v in values] for side in ("low", "high")])
    if metric.target:
        axes.axvspan(metric.target[0], metric.target[1], color="#dff3df", linewidth=0)
    colours = [KIND_COLOURS[row["kind"]] for row in results.rows]
    axes.barh(places, np.nan_to_num(means), color=colours, height=0.7)
    axes.hlines(places, edges[0], edges[1], color=INK, linewidth=1.2)
    for place, mean in zip(places, means):
        if np.isnan(mean):
            axes.text(0.0, place, " –", va="center", fontsize=8)
    axes.set_yticks(places, names, fontsize=7)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.axvline(0.0, color=FAINT, linewidth=0.6)
    _limits(axes, np.concatenate([means, edges.ravel(), [0.0]]))
    arrow = {"up": " →", "down": " ←"}.get(metric.direction, "")
    axes.set_title(f"{metric.title}{f' [{metric.unit}]' if metric.unit else ''}{arrow}", fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _limits(axes: Any, numbers: F64) -> None:
    """What the bars need, not what a far target would."""
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    room = 0.06 * max(high - low, 1e-6)
    axes.set_xlim(low - (room if low < 0 else 0.0), high + room)


def draw_ribbons(path: Path, found: Collected, rows: list[Row], clip: int) -> None:
    """Waveform and beats of one clip, and below them each row's light as a strip of colour."""
    song, sound = found.songs[clip], found.sounds[clip]
    duration_s = len(sound) / FPS
    with picture(path, 11.0, 0.8 + 0.42 * (len(rows) + 1)) as figure:
        heights = [1.3] + [1.0] * len(rows)
        axes = figure.subplots(len(rows) + 1, 1, sharex=True, height_ratios=heights)
        margins(figure)
        seconds = np.arange(len(sound)) / FPS
        axes[0].fill_between(seconds, -sound, sound, color="#777777", linewidth=0)
        for beats, width in ((song.beats_s, 0.4), (song.downbeats_s, 1.2)):
            if beats is not None:
                axes[0].vlines(beats, -1.0, 1.0, color="#d62728", linewidth=width)
        axes[0].set_ylim(-1.0, 1.0)
        bare(axes[0], "sound, beats")
        for one, row in zip(axes[1:], rows):
            draw_ribbon(one, row.lights[clip], duration_s, row.name)
        axes[-1].set_xlim(0.0, duration_s)
        axes[-1].set_xlabel("seconds", fontsize=8)
        axes[-1].tick_params(labelsize=7)
        for part in song.parts or ():
            for one in axes:
                one.axvline(part.start_s, color="#ffffff", linewidth=0.8, linestyle=":")
        figure.suptitle(found.keys[clip], fontsize=9, color=INK)


def draw_hues(path: Path, rows: list[Row]) -> None:
    """For each row, colours of its frames in the OKLab plane: the angle is hue, the distance from grey chroma."""
    columns = min(len(rows), 5)
    lines = -(-len(rows) // columns)
    with picture(path, 2.4 * columns, 2.5 * lines + 0.3) as figure:
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        margins(figure, left=0.1, right=0.1, top=0.6, bottom=0.1, across=0.05, down=0.15)
        for axes in grid[len(rows) :]:
            axes.set_visible(False)
        for axes, row in zip(grid, rows):
            colours = _sampled(row.lights)
            lab = linear_to_oklab(colours)
            axes.scatter(
                lab[:, 1], lab[:, 2], c=linear_to_srgb(colours), s=9, linewidths=0.2, edgecolors="#555555"
            )
            axes.set_xlim(-0.36, 0.36)
            axes.set_ylim(-0.36, 0.36)
            axes.set_aspect("equal")
            axes.axhline(0.0, color=FAINT, linewidth=0.5, zorder=0)
            axes.axvline(0.0, color=FAINT, linewidth=0.5, zorder=0)
            axes.set_facecolor("#1c1c1c")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_title(row.name, fontsize=8)
        figure.suptitle("hue (angle) and chroma (distance) of the frames, OKLab", fontsize=10, color=INK)


def _sampled(lights: list[F32]) -> F64:
    """``[n, 3]``: at most ``_POINTS`` colours, evenly through all clips."""
    every = np.concatenate([light.reshape(-1, 3) for light in lights])
    return every[:: max(1, len(every) // _POINTS)].astype(np.float64)


def draw_all(
    folder: Path, results: Results, found: Collected, rows: list[Row], examples: list[int]
) -> list[Path]:
    """All pictures of an evaluation into ``folder``; returns their paths."""
    from beatomizer.evaluation.intensity_graph import draw_intensity_graph

    written: list[Path] = []
    for group in GROUPS:
        if not any(metric.group == group and _applies(results, metric) for metric in METRICS):
            continue
        written.append(folder / f"bars-{group}.png")
        draw_bars(written[-1], results, group)
    written.append(folder / "hues.png")
    draw_hues(written[-1], rows)
    shown = [row for row in rows if row.kind != "reference"]
    for number, clip in enumerate(examples):
        written.append(folder / f"ribbons-{number + 1}.png")
        draw_ribbons(written[-1], found, rows, clip)
        written.append(folder / f"intensity-{number + 1}.png")
        lights = [(row.name, row.lights[clip]) for row in shown]
        song = found.songs[clip]
        draw_intensity_graph(
            written[-1], lights, song.loudness_db, title=found.keys[clip], beats_s=song.beats_s
        )
    return written
