"""The training curves as a picture: loss and cosine similarity, training and validation, beside what grey gets."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.training.history import Row
from beatomizer.training.recipe import Recipe

_TRAIN, _VALIDATION, _REFERENCE = "#2a6fdb", "#e07a1f", "#7a7a7a"
_PANELS = (
    ("loss", "Loss", ("constant",)),
    ("cosine_similarity", "Cosine similarity", ("constant", "white")),
    ("movement", "Movement (1 = as the labels)", ()),
)
_DASHES = {"constant": "--", "white": ":"}


def draw_curves(
    path: Path, rows: Sequence[Row], references: Mapping[str, Mapping[str, float]], recipe: Recipe
) -> None:
    """Write a PNG of what happened in each epoch: three panels, and the gradient of each layer group.

    Args:
        path: a .png.
        rows: of ``history.csv``, at least one.
        references: scores of lights that hear nothing, drawn as dashed lines.
        recipe: for the title.
    """
    if not rows:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(12, 7.5))
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2)
    figure.subplots_adjust(left=0.06, right=0.87, top=0.91, bottom=0.07, wspace=0.16, hspace=0.28)
    for axis, (score, title, kinds) in zip(axes.flat, _PANELS):
        _panel(axis, rows, score, title)
        axis.margins(y=0.1)  # room for a label under the lowest line
        levels = {kind: references[kind][score] for kind in kinds}
        for kind, level in levels.items():
            under = len(levels) > 1 and kind == min(levels, key=lambda name: levels[name])
            axis.axhline(level, color=_REFERENCE, linestyle=_DASHES[kind], linewidth=1.2)
            axis.annotate(
                f"{kind} {level:.3f}",
                (1, level),
                xytext=(0, -2 if under else 2),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va="top" if under else "bottom",
            )
    axes.flat[2].axhline(1.0, color=_REFERENCE, linewidth=0.8)
    axes.flat[2].set_ylim(bottom=0)
    _gradients(axes.flat[3], rows)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="upper right", ncols=2, frameon=False)
    terms = " + ".join(f"{term['weight']:g} {name}" for name, term in recipe.loss.items())
    figure.suptitle(
        f"{recipe.model_name}: {terms}; {recipe.optimiser.name} {recipe.optimiser.learning_rate:g}"
    )
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=110, metadata={"Software": None})


def _panel(axis: Any, rows: Sequence[Row], score: str, title: str) -> None:
    epochs = [row["epoch"] for row in rows]
    for part, color in (("train", _TRAIN), ("validation", _VALIDATION)):
        values = [row[f"{part}.{score}"] for row in rows]
        axis.plot(epochs, values, color=color, marker="o", markersize=3.5, label=part)
    axis.set_title(title)
    _epochs(axis)


def _gradients(axis: Any, rows: Sequence[Row]) -> None:
    """One line a layer group, first layers dark: lines that lie decades apart are a vanishing gradient."""
    import matplotlib

    groups = [name for name in rows[0] if name.startswith("gradient.")]
    colors = matplotlib.colormaps["viridis"]
    for index, name in enumerate(groups):
        values = [max(row.get(name, 0.0), 1e-12) for row in rows]
        label = name.removeprefix("gradient.")
        axis.semilogy(
            [row["epoch"] for row in rows],
            values,
            color=colors(index / max(1, len(groups))),
            label=label,
            marker=".",
        )
    axis.set_title("Gradient of each layer group (root mean square)")
    _epochs(axis)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize="x-small")


def _epochs(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_xlabel("epoch")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(alpha=0.25)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
