"""The paper's intensity graph for a clip or a whole song: RGB over time, the light itself, and the loudness."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.evaluation.drawing import FAINT, INK, draw_primaries, draw_ribbon, margins, picture
from beatomizer.timebase import FPS

QUIETEST_DB = -50.0


def draw_intensity_graph(
    path: Path,
    lights: Sequence[tuple[str, F32]],
    loudness_db: F32 | F64,
    *,
    title: str = "",
    beats_s: F64 | None = None,
) -> None:
    """Write one PNG: for each light its RGB over time and its ribbon, and below them the loudness.

    Args:
        path: where to.
        lights: name and linear light ``[T, Z, 3]`` of each row.
        loudness_db: ``[T]``.
        title: above all.
        beats_s: small marks beside the loudness.

    Raises:
        MissingExtraError: matplotlib is not installed.
        UsageError: the place cannot be written to.
    """
    duration_s = len(loudness_db) / FPS
    heights = [ratio for _ in lights for ratio in (3.0, 0.7)] + [1.4]
    with picture(path, 11.0, 0.6 + 0.42 * sum(heights)) as figure:
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        margins(figure, down=0.35)
        for place, (name, linear) in enumerate(lights):
            draw_primaries(axes[2 * place], linear, name)
            draw_ribbon(axes[2 * place + 1], linear, duration_s, "")
        level = np.maximum(np.asarray(loudness_db, dtype=np.float64), QUIETEST_DB)
        seconds = np.arange(len(level)) / FPS
        axes[-1].fill_between(seconds, QUIETEST_DB, level, color=FAINT, linewidth=0)
        if beats_s is not None and duration_s <= 60.0:
            axes[-1].vlines(beats_s, QUIETEST_DB, 0.0, color=INK, linewidth=0.4)
        axes[-1].set_ylim(QUIETEST_DB, 0.0)
        axes[-1].set_xlim(0.0, duration_s)
        axes[-1].set_ylabel("loudness\n[LUFS]", rotation=0, ha="right", va="center", fontsize=8)
        axes[-1].set_xlabel("seconds", fontsize=8)
        axes[-1].tick_params(labelsize=7)
        if title:
            figure.suptitle(title, fontsize=10, color=INK)
