"""The pictures of a dataset card. The same set gives the same bytes: no dates, no names of programs.

No text of strangers is drawn: it may hold signs that no font has.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64, U8
from beatomizer.atomic import written_aside
from beatomizer.color import linear_to_srgb, oklch_to_linear
from beatomizer.dataset.census import CHROMA_STEP, Census
from beatomizer.errors import MissingExtraError
from beatomizer.metrics.colour import GREY_CHROMA

_DPI = 100
_INK = "#33373d"
_STRIP_INCHES = 1.55


@dataclass(frozen=True)
class Strip:
    """Fifteen seconds of a take for people.

    Attributes:
        name: what stands beside it, of plain letters and digits.
        pictures: uint8 ``[P, 18, 32, 3]``: what was seen, at even distances.
        rgb: sRGB ``[T, Z, 3]``: the labels.
        unusable: ``[T]``: frames that are masked.
    """

    name: str
    pictures: U8
    rgb: F32
    unusable: Any


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("the dataset card", "train") from error
    figure = Figure(figsize=(width, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Any, path: Path) -> None:
    with written_aside(path) as aside:
        figure.savefig(aside, format="png", metadata={"Software": None})


def draw_strips(path: Path, strips: Sequence[Strip]) -> None:
    """Pictures of some takes, and below them the labels of the same moments; masked frames are marked."""
    height = _STRIP_INCHES * max(1, len(strips))
    figure = _figure(11, height)
    for number, strip in enumerate(strips):
        top = 1 - number * _STRIP_INCHES / height

        def place(begin: float, end: float, top: float = top) -> Any:
            """Axes between two heights in inches below the strip's top."""
            axes = figure.add_axes((0.005, top - end / height, 0.99, (end - begin) / height))
            axes.set_axis_off()
            return axes

        gap = np.full((len(strip.pictures[0]), 1, 3), 255, np.uint8)
        row = np.hstack([part for picture in strip.pictures for part in (picture, gap)][:-1])
        figure.text(0.005, top - 0.16 / height, strip.name, fontsize=8, color=_INK)
        place(0.2, 1.0).imshow(row, aspect="auto", interpolation="nearest")
        below = place(1.06, 1.46)
        ribbon = np.clip(strip.rgb.transpose(1, 0, 2), 0, 1)
        below.imshow(ribbon, aspect="auto", interpolation="nearest")
        masked = np.flatnonzero(strip.unusable)
        below.scatter(masked, np.full(len(masked), -0.5), s=2, color="#d0021b", clip_on=False, linewidths=0)
    _save(figure, path)


def draw_colours(path: Path, census: Census) -> None:
    """Hues, saturation and levels of all labels, with the share of grey."""
    figure = _figure(11, 3.2)
    figure.subplots_adjust(0.06, 0.17, 0.99, 0.97, wspace=0.17)
    hues, saturation, levels = figure.subplots(1, 3)
    count = len(census.hue)
    turn = (np.arange(count) + 0.5) / count * 2 * np.pi
    shown = np.stack([np.full(count, 0.72), np.full(count, 0.16), turn], axis=-1)
    hues.bar(
        np.degrees(turn),
        _shares(census.hue),
        width=360 / count * 0.9,
        color=linear_to_srgb(oklch_to_linear(shown)),
    )
    _dress(hues, "hue of coloured light (OKLCh, degrees)", "share")
    hues.set_xticks(range(0, 361, 60))
    chroma = (np.arange(len(census.chroma)) + 0.5) * CHROMA_STEP
    grey = chroma < GREY_CHROMA
    saturation.bar(
        chroma, _shares(census.chroma), width=CHROMA_STEP * 0.9, color=np.where(grey, "#9aa0a6", "#3b6fd4")
    )
    _dress(saturation, f"saturation of lit light (chroma); {census.grey_share:.1%} grey", "")
    level = (np.arange(len(census.level)) + 0.5) / len(census.level)
    levels.bar(level, _shares(census.level), width=0.9 / len(census.level), color="#c98a1b")
    _dress(levels, "strongest primary of a frame (sRGB, 0 to 1)", "")
    _save(figure, path)


def draw_offsets(path: Path, offsets_ms: F64, significance: F64, trusted: Any) -> None:
    """How late pictures were, and how sure that is; offsets that were not corrected are hollow."""
    figure = _figure(7, 3.2)
    figure.subplots_adjust(0.09, 0.16, 0.98, 0.97)
    place = figure.subplots()
    sure = np.asarray(trusted, bool)
    place.scatter(
        offsets_ms[sure], significance[sure], s=18, color="#3b6fd4", label=f"corrected ({sure.sum()})"
    )
    place.scatter(
        offsets_ms[~sure], significance[~sure], s=18, facecolors="none", edgecolors="#9aa0a6",
        label=f"not trusted ({(~sure).sum()})",
    )  # fmt: skip
    place.axvline(0, color=_INK, linewidth=0.6)
    place.set_xlim(-260, 260)
    place.set_ylim(bottom=0)
    _dress(place, "picture late by (ms)", "significance")
    place.legend(fontsize=8, frameon=False)
    _save(figure, path)


def draw_reasons(path: Path, reasons: Mapping[str, int]) -> None:
    """How many takes and files were left out, by reason."""
    most = Counter(reasons).most_common(12)[::-1]
    height = 0.8 + 0.3 * max(1, len(most))
    figure = _figure(8, height)
    figure.subplots_adjust(0.45, 0.6 / height, 0.97, 1 - 0.1 / height)
    place = figure.subplots()
    place.barh(
        [_plain(reason) for reason, _ in most], [count for _, count in most], color="#b3475b", height=0.6
    )
    place.xaxis.get_major_locator().set_params(integer=True)
    _dress(place, "takes and files left out" if most else "nothing was left out", "")
    if not most:
        place.set_xticks([])
        place.set_yticks([])
    _save(figure, path)


def _plain(text: str) -> str:
    """Letters that every font has and that mean nothing special."""
    plain = "".join(sign if sign.isascii() and sign not in "$\\" else "?" for sign in text)
    return plain if len(plain) <= 60 else plain[:59] + "~"


def _shares(counts: F64) -> F64:
    return counts / max(1e-12, float(counts.sum()))


def _dress(place: Any, below: str, beside: str) -> None:
    place.set_xlabel(below, fontsize=8, color=_INK)
    place.set_ylabel(beside, fontsize=8, color=_INK)
    place.tick_params(labelsize=7, colors=_INK)
    for side in ("top", "right"):
        place.spines[side].set_visible(False)
