"""The paper's label: the mean of all pixels of a picture."""

from beatomizer.arrays import F32, F64
from beatomizer.dataset.observed import Observed


def mean_light(observed: Observed, *, cuts_s: F64, grid: tuple[int, int]) -> F32:
    """``[K, 1, 3]``: mean of the sRGB-encoded values. ``cuts_s`` and ``grid`` do not matter."""
    return observed.mean_rgb[:, None, :]
