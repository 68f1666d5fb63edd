"""One hue for each picture: the mode of its hue histogram, without flickering between two that are equally strong.

Hues lie on a circle of ``BINS``; a histogram's weight is chroma, so grey has no say. The path through the song is the
one that collects the most weight while paying for each change (Viterbi), so a decision needs a moment's worth of
evidence, and comes without delay because the path knows what follows.
"""

import numpy as np

from beatomizer.arrays import F32, F64, Int

BINS = 72
"""5° each."""

_BLUR = np.exp(-0.5 * (np.arange(-6, 7) / 2.0) ** 2)
"""Weights of neighbours in a blurred histogram: a deviation of 10°, about what haze and coding scatter one colour."""

CHANGE_S = 0.05
"""A change of hue costs as much as a twentieth of a second of the strongest hue's weight."""


def hue_histograms(hue: F32, weight: F32) -> F32:
    """Blurred histograms ``[K, BINS]`` of hues in radians ``[K, C]`` with weights ``[K, C]``."""
    places = np.floor((hue / (2 * np.pi)) * BINS).astype(np.int64) % BINS
    rows = np.arange(len(hue))[:, None] * BINS
    counts = np.bincount((rows + places).ravel(), weights=weight.ravel(), minlength=len(hue) * BINS)
    histograms = counts.reshape(len(hue), BINS)
    reach = len(_BLUR) // 2
    blurred = sum(
        share * np.roll(histograms, step, axis=1) for step, share in zip(range(-reach, reach + 1), _BLUR)
    )
    return np.asarray(blurred / _BLUR.sum(), dtype=np.float32)


def steady_path(histograms: F32, steps_s: F64) -> Int:
    """The bin of each picture's hue, int64 ``[K]``.

    Args:
        histograms: ``[K, BINS]``, weights ≥ 0; a picture without any keeps the hue of its neighbours.
        steps_s: how long each picture is seen, ``[K]``.
    """
    count = len(histograms)
    if count == 0:
        return np.zeros(0, np.int64)
    # The square root keeps a bright moment from outvoting what is seen for longer.
    total = histograms.sum(axis=1, keepdims=True)
    strength = np.sqrt(total / max(float(total.max()), 1e-12))
    gain = strength * histograms / np.maximum(histograms.max(axis=1, keepdims=True), 1e-12)
    gain = gain * np.minimum(steps_s, 0.1)[:, None]
    came_from = np.empty((count, histograms.shape[1]), np.int16)
    score = gain[0].astype(np.float64)
    stay = np.arange(len(score))
    came_from[0] = stay
    for index in range(1, count):
        best = int(score.argmax())
        change = score[best] - CHANGE_S > score
        came_from[index] = np.where(change, best, stay)
        score = np.where(change, score[best] - CHANGE_S, score) + gain[index]
    path = np.empty(count, np.int64)
    path[-1] = int(score.argmax())
    for index in range(count - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    return path


def bin_hue(path: Int) -> F64:
    """Hue in radians at the middle of each bin."""
    return np.asarray((path + 0.5) * (2 * np.pi / BINS))
