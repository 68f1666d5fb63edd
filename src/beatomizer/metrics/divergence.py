"""How unlike two histograms, or two curves, are."""

import numpy as np

from beatomizer.arrays import F64


def jensen_shannon(first: F64, second: F64) -> float:
    """Jensen–Shannon divergence in bits, 0..1, of two histograms ``[K]`` that sum to 1.

    An empty histogram (no colour at all) is as far as possible from any other, and equal to another empty one.
    """
    empty = first.sum() <= 0.0, second.sum() <= 0.0
    if any(empty):
        return 0.0 if all(empty) else 1.0
    middle = (first + second) / 2
    return float(np.clip((_relative_bits(first, middle) + _relative_bits(second, middle)) / 2, 0.0, 1.0))


def _relative_bits(share: F64, of: F64) -> float:
    used = share > 0.0
    return float((share[used] * np.log2(share[used] / of[used])).sum())


def warped_distance(first: F64, second: F64) -> F64:
    """Dynamic time warping of curves, mean absolute difference along the best path.

    Args:
        first: ``[P, U]``: P curves of U steps.
        second: ``[P, U]``.

    Returns:
        ``[P]``: cost of the best path (steps: both, one or the other) divided by U.
    """
    pairs, steps = first.shape
    cost = np.full((pairs, steps + 1), np.inf)
    cost[:, 0] = 0.0
    for row in range(steps):
        apart = np.abs(first[:, row : row + 1] - second)
        after = np.full_like(cost, np.inf)
        cheapest = np.minimum(cost[:, :-1], cost[:, 1:])
        for column in range(steps):
            after[:, column + 1] = apart[:, column] + np.minimum(cheapest[:, column], after[:, column])
        cost = after
    return np.asarray(cost[:, -1] / steps)
