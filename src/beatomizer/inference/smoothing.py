"""Smooth curves in whole-array steps: what offline engines shape their scores with. All along axis 0."""

import numpy as np

from beatomizer.arrays import F32, F64


def moving_mean(values: F32 | F64, reach: int) -> F64:
    """Mean over ``2 * reach + 1`` frames around each one; at the ends over those that exist."""
    count, column = len(values), (-1, *[1] * (values.ndim - 1))
    sums = np.zeros((count + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, dtype=np.float64, out=sums[1:])
    means = np.empty((count, *values.shape[1:]))
    if (
        count > 2 * reach
    ):  # the frames with whole neighbourhoods by slices: indices would be as large as the song
        inner = means[reach : count - reach]
        np.subtract(sums[2 * reach + 1 :], sums[: count - 2 * reach], out=inner)
        inner /= 2 * reach + 1
    edges = np.r_[0 : min(reach, count), max(min(reach, count), count - reach) : count]
    low, high = np.maximum(edges - reach, 0), np.minimum(edges + reach + 1, count)
    means[edges] = (sums[high] - sums[low]) / (high - low).reshape(column)
    return means


def bell(values: F32 | F64, reach: int) -> F64:
    """A smooth bell-shaped mean: three moving means, together a deviation of about ``1.3 * reach`` frames."""
    return moving_mean(moving_mean(moving_mean(values, reach), reach), reach)


def moving_max(values: F64, reach: int) -> F64:
    """Largest value within ``reach`` frames on either side; ``log2(reach)`` passes over doubled strides."""
    largest, covered = values, 0
    while covered < reach:
        step = min(max(covered, 1), reach - covered)
        padded = np.pad(largest, [(step, step), *[(0, 0)] * (values.ndim - 1)], mode="edge")
        largest = np.maximum(largest, np.maximum(padded[: -2 * step], padded[2 * step :]))
        covered += step
    return largest


def spread_0_1(values: F64, low: float = 5.0, high: float = 95.0, least_span: float = 1e-9) -> F64:
    """Offline: stretched so that the ``low`` and ``high`` percentiles of the song become 0 and 1, then clipped."""
    if len(values) == 0:
        return values
    bottom, top = np.percentile(values, [low, high])
    span = max(float(top - bottom), least_span)
    middle = (top + bottom) / 2
    return np.asarray(np.clip((values - middle) / span + 0.5, 0.0, 1.0))
