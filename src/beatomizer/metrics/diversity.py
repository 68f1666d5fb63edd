"""Are two songs lit differently? Are two seeds? Measures of a set of shows, not of one."""

from itertools import combinations

import numpy as np

from beatomizer.arrays import F64
from beatomizer.metrics.colour import hue_histogram
from beatomizer.metrics.divergence import jensen_shannon, warped_distance
from beatomizer.metrics.light import Light
from beatomizer.timebase import FPS, exact_div

STEP_FRAMES = exact_div(FPS, 3)
MOST_STEPS = 45
"""Intensity is compared at 3 Hz over at most 15 s."""

MOST_PAIRS = 400
"""Of more shows, so many pairs are drawn from a fixed seed."""


def outline(light: Light) -> tuple[F64, F64]:
    """All that is kept of a show to compare it with others: hue histogram ``[24]`` and intensity ``[U]``, 3 Hz."""
    count = min(light.frames // STEP_FRAMES, MOST_STEPS)
    curve = light.intensity[: count * STEP_FRAMES].reshape(count, STEP_FRAMES).mean(axis=1)
    return hue_histogram(light), curve


def hue_diversity(histograms: list[F64]) -> float:
    """Mean Jensen–Shannon divergence (bits) of all pairs of hue histograms, 0..1; ``nan`` for fewer than two."""
    pairs = chosen_pairs(len(histograms))
    return (
        float(np.mean([jensen_shannon(histograms[a], histograms[b]) for a, b in pairs])) if pairs else np.nan
    )


def intensity_diversity(curves: list[F64]) -> float:
    """Mean DTW distance of all pairs of intensity curves, 0..1; 0 if all shows move alike."""
    length = min((len(curve) for curve in curves), default=0)
    pairs = chosen_pairs(len(curves))
    if not pairs or length == 0:
        return np.nan
    matrix = np.stack([curve[:length] for curve in curves])
    first, second = np.array(pairs).T
    return float(warped_distance(matrix[first], matrix[second]).mean())


def chosen_pairs(count: int) -> list[tuple[int, int]]:
    """All pairs of ``count`` shows, or ``MOST_PAIRS`` of them."""
    if count * (count - 1) // 2 <= MOST_PAIRS:
        return list(combinations(range(count), 2))
    rng = np.random.default_rng([count])
    first = rng.integers(0, count, MOST_PAIRS)
    second = (first + rng.integers(1, count, MOST_PAIRS)) % count
    return [(int(a), int(b)) for a, b in zip(first, second)]
