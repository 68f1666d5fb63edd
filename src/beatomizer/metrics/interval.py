"""How sure a mean is: bootstrap over takes, because clips of one take are not independent."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64

ROUNDS = 1000
SHARE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean with its bootstrap interval.

    Attributes:
        mean: of all values that apply.
        low, high: 2.5 and 97.5 percentiles of the resampled mean; ``nan`` for fewer than two takes.
        count: how many values apply.
    """

    mean: float
    low: float
    high: float
    count: int


NOTHING = Interval(np.nan, np.nan, np.nan, 0)


def mean_interval(values: F64, groups: Sequence[str], seed: int = 0) -> Interval:
    """Mean of ``values [n]`` and its 95 % interval, takes drawn with replacement. Values that are ``nan`` do not apply.

    Args:
        values: one for each clip.
        groups: the take of each clip.
        seed: of the drawing.
    """
    return ratio_interval(values, np.where(np.isfinite(values), 1.0, np.nan), groups, seed)


def ratio_interval(above: F64, below: F64, groups: Sequence[str], seed: int = 0) -> Interval:
    """``Σ above / Σ below`` over the clips where both apply, and its interval; as ``mean_interval``."""
    known = np.isfinite(above) & np.isfinite(below)
    if not known.any() or below[known].sum() == 0.0:
        return NOTHING
    names, place = np.unique(np.asarray(groups)[known], return_inverse=True)
    sums = np.stack([np.bincount(place, part[known]) for part in (above, below)])
    mean = float(sums[0].sum() / sums[1].sum())
    if len(names) < 2:
        return Interval(mean, np.nan, np.nan, int(known.sum()))
    rng = np.random.default_rng([seed, len(names)])
    drawn = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=ROUNDS)
    tops, bottoms = drawn @ sums[0], drawn @ sums[1]
    ratios = (tops / np.where(bottoms != 0.0, bottoms, np.nan))[bottoms != 0.0]
    low, high = np.percentile(ratios, [50.0 * (1 - SHARE), 50.0 * (1 + SHARE)])
    return Interval(mean, float(low), float(high), int(known.sum()))
