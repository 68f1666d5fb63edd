"""Camera cuts: where the picture shows something else, not the same thing lit otherwise.

Light multiplies what is there, so in the logarithm of the picture it is added, mostly smoothly; what a camera sees
(heads, truss, walls) are the differences between neighbours, which light leaves alone. So each small picture becomes
a pattern: logarithm, minus the mean of its surroundings, of unit length. Light shows do change the pattern: lamps are
themselves seen, and whole sides go dark. But such changes come back, and a cut does not: at a cut *no* picture of the
third of a second before is like *any* picture of the third of a second after it.

Found on composed films of 24 to 60 pictures a second (``benchmarks/label_truth.py``).
"""

import numpy as np

from beatomizer.arrays import F32, F64, Bool
from beatomizer.color import LINEAR_OF_RGB8
from beatomizer.dataset.observed import Observed

WINDOW_S = 0.3
"""Pictures before and after that are compared. Shorter than any shot."""

FEWEST_PICTURES = 3
"""On each side, also in slow films."""

UNLIKE, SURELY_UNLIKE = 0.62, 0.8
"""1 − likeness from which on pictures may, and surely do, show different things. Median of a cut: 0.93."""

SLOW_WINDOW_S = 0.6
SLOWLY_UNLIKE = 0.55
"""Between the two it must also be so over a longer time: lamps that take turns come back within a beat."""

_FAINT = 0.003
"""Linear light added before the logarithm: under it there is more noise than picture."""

_DARK = 0.0025
"""Mean linear light (sum of the channels) under which nothing can be seen, so that nothing is decided."""

_PLAIN = 0.3
"""Length of a pattern in which there is nothing to see; films have 2 to 20."""

_BAR = 6
"""8-bit value that cells of a black bar never reach."""

_BLOCK = 2048


def find_cuts(observed: Observed) -> F64:
    """Times of hard cuts, float64 ``[C]``: when the first picture of the new camera appears."""
    unlike = unlikeness(observed)
    reach, seen = _reach(observed, WINDOW_S), ~_bars(observed)
    cuts = [
        int(index)
        for index in np.flatnonzero(unlike > UNLIKE)
        if unlike[index] >= unlike[max(0, index - reach) : index + reach + 1].max()
        and (unlike[index] > SURELY_UNLIKE or _stays_unlike(observed, int(index), seen))
    ]
    apart = [one for place, one in enumerate(cuts) if not place or one - cuts[place - 1] > reach]
    return observed.pts_s[np.array(apart, dtype=np.int64)]


def unlikeness(observed: Observed) -> F64:
    """How unlike all pictures shortly before each picture are to all that follow, ``[K]``, 0 … about 1.

    0 where there are too few pictures on one side, or where one side is dark.
    """
    count, reach = len(observed.pts_s), _reach(observed, WINDOW_S)
    unlike = np.zeros(count)
    seen = ~_bars(observed)
    if not seen.any():
        return unlike
    for start in range(0, count, _BLOCK):
        first, last = max(0, start - reach), min(count, start + _BLOCK + reach)
        pattern, light = _patterns(observed, first, last, seen)
        stop = min(count - FEWEST_PICTURES + 1, start + _BLOCK)
        begin = max(FEWEST_PICTURES, start)
        if begin < stop:
            unlike[begin:stop] = _across(pattern, light, begin - first, stop - first, reach)
    return unlike


def _reach(observed: Observed, window_s: float) -> int:
    return max(FEWEST_PICTURES, round(window_s / observed.step_s))


def _stays_unlike(observed: Observed, index: int, seen: Bool) -> bool:
    reach = _reach(observed, SLOW_WINDOW_S)
    first, last = max(0, index - reach), min(len(observed.pts_s), index + reach)
    pattern, _ = _patterns(observed, first, last, seen)
    likeness = pattern[: index - first] @ pattern[index - first :].T
    return bool(1 - likeness.max() > SLOWLY_UNLIKE)


def _across(pattern: F32, light: F32, begin: int, stop: int, reach: int) -> F64:
    """1 − the greatest likeness of a picture before and one after each of ``begin … stop − 1``."""
    count = len(pattern)
    like = np.full((2 * reach, count), -1.0)  # [lag, later picture]
    for lag in range(1, 2 * reach):
        like[lag, lag:] = np.einsum("kc,kc->k", pattern[lag:], pattern[:-lag])
    unlike = np.zeros(stop - begin)
    for row, index in enumerate(range(begin, stop)):
        low, high = max(0, index - reach), min(count, index + reach)
        if min(light[low:index].max(), light[index:high].max()) < _DARK:
            continue
        after = np.arange(index, high)[:, None]
        before = np.arange(low, index)[None, :]
        unlike[row] = 1.0 - like[after - before, np.broadcast_to(after, (len(after), before.shape[1]))].max()
    return unlike


def _patterns(observed: Observed, first: int, last: int, seen: Bool) -> tuple[F32, F32]:
    """What is there, apart from how it is lit: ``[k, C]`` of unit length; and mean light ``[k]``, 0 if nothing is."""
    table = LINEAR_OF_RGB8.astype(np.float32)
    light = table[observed.grid[first:last]].sum(axis=-1)
    level = np.where(seen, np.log(light + np.float32(_FAINT)), 0.0)
    around = _summed(level) / np.maximum(_summed(seen[None].astype(np.float32)), 1.0)
    pattern = np.where(seen, level - around, 0.0).reshape(len(light), -1)
    length = np.linalg.norm(pattern, axis=1, keepdims=True)
    # A picture without differences (all white, all one colour) shows nothing either.
    mean = np.where(length[:, 0] > _PLAIN, light.mean(axis=(1, 2)), 0.0)
    return (pattern / np.maximum(length, 1e-6)).astype(np.float32), mean.astype(np.float32)


def _summed(values: F32) -> F32:
    """Sum over each cell and its eight neighbours."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return np.asarray(rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:])


def _bars(observed: Observed) -> Bool:
    """Cells that are black in every picture, ``[18, 32]``: their edge would be a pattern that no cut changes."""
    if not len(observed.grid):
        return np.ones(observed.grid.shape[1:3], dtype=np.bool_)
    return np.asarray(observed.grid.max(axis=(0, 3)) < _BAR)
