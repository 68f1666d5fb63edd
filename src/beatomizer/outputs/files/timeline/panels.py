"""The measured part of the timeline: the sound, the light, and the stage's colour over time."""

import numpy as np
from PIL import Image

from beatomizer.arrays import F32, U8
from beatomizer.outputs.files.timeline.columns import Columns
from beatomizer.outputs.files.timeline.curves import add_curve, add_waveform, blank
from beatomizer.outputs.files.timeline.peaks import Peaks
from beatomizer.outputs.files.timeline.ruler import Ruler, written
from beatomizer.outputs.files.timeline.sheet import GRID, MUTED, PANEL, RGB, Box, Sheet

CURVES: tuple[tuple[str, RGB], ...] = (("R", (255, 72, 84)), ("G", (62, 214, 120)), ("B", (78, 140, 255)))
"""Name and colour of the three curves, told apart by lightness too."""

_ZONE_GAPS_UP_TO = 24
"""Zones that are drawn with a gap between them; more run together into a picture."""


def draw_sound(sheet: Sheet, box: Box, peaks: Peaks, columns: Columns) -> None:
    """The waveform, with a tint of the light that the stage shows meanwhile."""
    width, height = box.pixels
    panel = blank(width, height)
    loudest = max(1e-4, float(np.percentile(peaks.peak, 99.5)))
    scale = min(1.0 / loudest, 4.0)  # quiet songs are shown larger, but near-silence stays flat
    add_waveform(
        panel, np.minimum(peaks.peak * scale, 1), np.minimum(peaks.rms * scale, 1), _tint(columns.mean)
    )
    sheet.paste(panel, box)


def _tint(mean: F32) -> F32:
    """Half grey, half the stage's hue at full height, smoothed so that it does not flicker with the beat."""
    window = max(1, len(mean) // 60)
    padded = np.pad(mean, ((window // 2, window - 1 - window // 2), (0, 0)), mode="edge")
    total = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    smooth = (total[window:] - total[:-window]) / window
    top = np.maximum(smooth.max(axis=1, keepdims=True), 1.0)
    share = np.minimum(top / 24.0, 1.0) * 0.62  # a dark stage leaves the waveform grey
    return np.asarray((1 - share) * np.array((150, 156, 172)) + share * smooth / top * 255, dtype=np.float32)


def draw_light(sheet: Sheet, box: Box, ribbon: U8) -> None:
    """What the lights do: one row a zone, stage left on top, in true colours."""
    width, height = box.pixels
    zones = len(ribbon)
    rows = Image.fromarray(ribbon).resize(
        (width, height), Image.Resampling.BOX if zones > height else Image.Resampling.NEAREST
    )
    picture = np.array(rows)
    if 1 < zones <= _ZONE_GAPS_UP_TO:
        for zone in range(1, zones):
            at = zone * height // zones
            picture[at - 1 : at + 1] = PANEL
    sheet.paste(picture, box)


def draw_intensity(sheet: Sheet, box: Box, columns: Columns) -> None:
    """Red, green and blue of the stage's mean colour, 0 to 255, with its axis and legend."""
    width, height = box.pixels
    panel = blank(width, height)
    for level in (64, 128, 192):
        panel[round((1 - level / 255) * (height - 1))] = GRID
    for channel, (_, color) in enumerate(CURVES):
        mean, low, high = (
            part[:, channel] / np.float32(255) for part in (columns.mean, columns.low, columns.high)
        )
        add_curve(panel, mean, low, high, color)
    sheet.paste(panel, box)
    for level in (0, 64, 128, 192, 255):
        y = box.y + (1 - level / 255) * box.height
        sheet.text(box.x - 8, y, str(level), 10.5, MUTED, anchor="right")


def draw_legend(sheet: Sheet, right: float, y: float) -> None:
    """Which curve is which, ending at ``right``."""
    for name, color in reversed(CURVES):
        word = {"R": "red", "G": "green", "B": "blue"}[name]
        right -= sheet.text(right, y, word, 11, MUTED, anchor="right") + 18
        sheet.fill(Box(right, y - 1.5, 13, 3), color, radius=1.5)
        right -= 16


def draw_ruler(sheet: Sheet, ruler: Ruler, y: float) -> None:
    """The time axis: ticks down from ``y`` and their times."""
    marks = ruler.marks()
    fine = len(marks) > 1 and marks[1] < 1
    for mark in marks:
        x = ruler.at(mark)
        sheet.fill(Box(x - 0.25, y, 0.75, 5), MUTED, 0.8)
        sheet.text(x, y + 15, written(mark, fine), 11, MUTED, anchor="middle")
