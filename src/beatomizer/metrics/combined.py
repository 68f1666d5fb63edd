"""One number for many metrics, in which nobody can hide: a geometric mean of clipped ratios."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from beatomizer.metrics.table import DOWN, INTO, METRICS, UP, Metric


def merit(metric: Metric, value: float) -> float:
    """How good a value is, 0 or more, more is better, in units that can be divided.

    ``UP``: the value itself, at least 0. ``DOWN``: what is left to the worst value. ``INTO``: 1 inside the target,
    falling to 0 at one target's width outside it.
    """
    if metric.direction == UP:
        return max(value, 0.0)
    if metric.direction == DOWN:
        least, most = metric.range
        return max((most - value) / (most - least), 0.0)
    if metric.direction == INTO and metric.target is not None:
        return max(1.0 - outside(metric.target, value) / (metric.target[1] - metric.target[0]), 0.0)
    raise ValueError(f"'{metric.name}' has no better and worse")


def outside(target: tuple[float, float], value: float) -> float:
    """Distance of a value from an interval; 0 inside."""
    return max(target[0] - value, value - target[1], 0.0)


def hits(metric: Metric, value: float) -> bool | None:
    """Whether a value reaches the metric's target; ``None`` if it has none, or there is no value."""
    if metric.target is None or not np.isfinite(value):
        return None
    return outside(metric.target, value) <= 1e-12


def better(metric: Metric, one: float, other: float) -> bool:
    """Whether ``one`` is strictly better than ``other``."""
    if metric.direction == INTO:
        assert metric.target is not None
        return outside(metric.target, one) < outside(metric.target, other)
    return one > other if metric.direction == UP else one < other


AUC = "auc"
"""The name under which ``combined_score`` takes how well shows belong to their songs."""


def auc_merit(auc: float) -> float:
    """0 at chance or below, 1 where the own show always wins."""
    return max(2.0 * auc - 1.0, 0.0)


def combined_score(
    values: Mapping[str, float], teacher: Mapping[str, float], metrics: tuple[Metric, ...] = METRICS
) -> tuple[float, dict[str, float]]:
    """Geometric mean of the ratios to a human's or teacher's row, each clipped at 1, so 0..1.

    Clipping: being brighter or busier than the teacher buys nothing. Geometric: one zero makes all zero.

    Args:
        values: the model's means by metric name, and the AUC of ``metrics.belonging`` as ``"auc"`` if it is known.
        teacher: those of the row that it is compared with.
        metrics: those marked ``combined`` count, and the AUC: a fine show of another song is not half as good.

    Returns:
        The score, and the ratios in it by name: of metrics that apply to both and that the teacher has merit in.
        ``nan`` if there are none.
    """
    merits: dict[str, Callable[[float], float]] = {
        metric.name: partial(merit, metric) for metric in metrics if metric.combined
    }
    merits[AUC] = auc_merit
    ratios: dict[str, float] = {}
    for name, worth in merits.items():
        value, best = values.get(name, np.nan), teacher.get(name, np.nan)
        if np.isfinite(value) and np.isfinite(best) and worth(best) > 0.0:
            ratios[name] = min(worth(value) / worth(best), 1.0)
    if not ratios:
        return np.nan, {}
    return float(np.prod(list(ratios.values())) ** (1.0 / len(ratios))), ratios
