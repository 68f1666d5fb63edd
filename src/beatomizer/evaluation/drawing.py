"""Pictures: one size, one style, the same bytes for the same numbers. The only door to matplotlib."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64, U8
from beatomizer.atomic import written_aside
from beatomizer.color import linear_to_rgb8, linear_to_srgb
from beatomizer.errors import MissingExtraError
from beatomizer.timebase import FPS

INK, FAINT, PAPER = "#222222", "#bbbbbb", "#ffffff"
PRIMARIES = ("#d62728", "#2ca02c", "#1f5fd6")
KIND_COLOURS = {"label": "#444444", "model": "#1f5fd6", "reference": "#b0b0b0"}
DPI = 110


@contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Any]:
    """Yield a matplotlib figure of ``width × height`` inches; written as PNG, whole or not at all.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("drawing pictures", "train") from error
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    yield figure
    with written_aside(path) as aside:
        figure.savefig(aside, metadata={"Software": None})


def margins(
    figure: Any,
    *,
    left: float = 1.4,
    right: float = 0.15,
    top: float = 0.4,
    bottom: float = 0.45,
    across: float = 0.2,
    down: float = 0.2,
) -> None:
    """Inches around the axes, and between them as shares of their mean size.

    Fixed, because matplotlib's own layout measures every text twice and takes as long as the drawing.
    """
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left / width, bottom / height, 1.0 - right / width, 1.0 - top / height, across, down
    )


def ribbon(linear: F32 | F64, columns: int = 1200) -> U8:
    """A show as a strip: ``[Z, columns, 3]`` 8-bit sRGB, each column the mean light of its frames.

    Zones lie above each other, stage left at the top.
    """
    frames = len(linear)
    columns = min(columns, frames)
    edges = np.arange(columns + 1) * frames // columns
    sums = np.concatenate([np.zeros((1, *linear.shape[1:])), np.cumsum(linear, axis=0, dtype=np.float64)])
    means = (sums[edges[1:]] - sums[edges[:-1]]) / np.diff(edges)[:, None, None]
    return linear_to_rgb8(np.clip(means, 0.0, 1.0)).transpose(1, 0, 2)


def draw_ribbon(axes: Any, linear: F32 | F64, duration_s: float, name: str) -> None:
    """Fill ``axes`` with a strip of light."""
    axes.imshow(ribbon(linear), aspect="auto", interpolation="nearest", extent=(0.0, duration_s, 0.0, 1.0))
    bare(axes, name)


def bare(axes: Any, name: str) -> None:
    """No ticks above and beside; the name at the left."""
    axes.set_yticks([])
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8, color=INK)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)


DENSE_FRAMES, COLUMN_FRAMES = 3600, 15
"""Curves longer than a minute are drawn as their mean over a quarter of a second, with a faint band of what was there:
the frames themselves would be a solid block of colour."""


def _draw_dense(axes: Any, primary: F64, colour: str) -> None:
    columns = len(primary) // COLUMN_FRAMES
    boxes = primary[: columns * COLUMN_FRAMES].reshape(columns, COLUMN_FRAMES)
    seconds = (np.arange(columns) + 0.5) * COLUMN_FRAMES / FPS
    axes.fill_between(seconds, boxes.min(axis=1), boxes.max(axis=1), color=colour, alpha=0.22, linewidth=0)
    axes.plot(seconds, boxes.mean(axis=1), color=colour, linewidth=0.9)


def draw_primaries(axes: Any, linear: F32 | F64, name: str) -> None:
    """The paper's intensity graph: red, green and blue of the whole stage over time, 8-bit sRGB values 0..255."""
    srgb = 255.0 * linear_to_srgb(np.asarray(linear, dtype=np.float64)).mean(axis=1)
    seconds = np.arange(len(srgb)) / FPS
    for primary, colour in zip(srgb.T, PRIMARIES):
        if len(srgb) <= DENSE_FRAMES:
            axes.plot(seconds, primary, color=colour, linewidth=0.7)
        else:
            _draw_dense(axes, primary, colour)
    axes.set_ylim(0, 258)
    axes.set_xlim(0, len(srgb) / FPS)
    axes.set_yticks([0, 128, 255])
    axes.tick_params(labelsize=7)
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8, color=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
