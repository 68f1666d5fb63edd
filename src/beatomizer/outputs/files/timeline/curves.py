"""Curves and waveforms as pixels, smooth at the edges: each column's coverage is computed, nothing is stroked."""

import numpy as np

from beatomizer.arrays import F32
from beatomizer.outputs.files.timeline.sheet import PANEL, RGB


def blank(width: int, height: int, color: RGB = PANEL) -> F32:
    """A panel of one colour, ``[height, width, 3]`` in 0..255."""
    return np.broadcast_to(np.array(color, dtype=np.float32), (height, width, 3)).copy()


def add_curve(panel: F32, mean: F32, low: F32, high: F32, color: RGB, stroke: float = 1.1) -> None:
    """Draw one curve ``[width]`` (0 at the bottom, 1 at the top) onto ``panel``, in place.

    Under the curve is a veil of its colour and between ``low`` and ``high`` a denser one; crossing curves mix like
    light, so that three equal ones read as white.
    """
    height = len(panel)
    rows = np.arange(height, dtype=np.float32)[:, None]
    y = (1 - mean) * (height - 1)
    # A steep curve covers all rows half-way to its neighbours, or it would break up into dots.
    half = (y[1:] + y[:-1]) / 2
    before, after = np.concatenate([y[:1], half]), np.concatenate([half, y[-1:]])
    top = np.minimum(np.minimum(before, after), y) - stroke
    bottom = np.maximum(np.maximum(before, after), y) + stroke
    line = _covered(rows, top, bottom)
    swing = _covered(rows, (1 - high) * (height - 1), (1 - low) * (height - 1))
    under = np.clip(rows - y + 0.5, 0, 1)
    alpha = np.maximum(line, np.maximum(0.30 * swing, 0.16 * under))[..., None]
    light = np.array(color, dtype=np.float32) * alpha
    panel += light * (1 - panel / 255)


def add_waveform(panel: F32, peak: F32, rms: F32, colors: F32) -> None:
    """Draw a waveform mirrored about the middle, ``peak`` and ``rms`` ``[width]`` 0..1, ``colors`` ``[width, 3]``."""
    height = len(panel)
    away = np.abs(np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None]
    room = height / 2 - 2
    outer = np.clip(peak * room - away + 1.0, 0, 1) * 0.55
    inner = np.clip(rms * room - away + 0.5, 0, 1)
    alpha = np.maximum(outer, inner)[..., None]
    panel += (colors - panel) * alpha


def _covered(rows: F32, top: F32, bottom: F32) -> F32:
    return np.asarray(np.clip(rows - top + 0.5, 0, 1) * np.clip(bottom - rows + 0.5, 0, 1))
