"""Arithmetic of curves over time: correlation, moving means, peaks. Every function is finite for constant input."""

import numpy as np

from beatomizer.arrays import F32, F64, Int

FLAT = 1e-9
"""A curve whose deviation is below this share of its size is constant, and correlates with nothing."""


def pearson(first: F32 | F64, second: F32 | F64) -> float:
    """Pearson's r of two curves of equal length, −1..1; 0 if either is constant (it says nothing)."""
    if len(first) != len(second):
        raise ValueError(f"curves of {len(first)} and {len(second)} frames")
    if len(first) < 2:
        return 0.0
    a, b = (_centred(np.asarray(curve, dtype=np.float64)) for curve in (first, second))
    if a is None or b is None:
        return 0.0
    return float(np.clip(a @ b, -1.0, 1.0))


def _centred(curve: F64) -> F64 | None:
    """Mean taken off, length 1; ``None`` for a constant."""
    size = float(np.abs(curve).max())
    centred = curve - curve.mean()
    length = float(np.linalg.norm(centred))
    return None if length <= FLAT * max(size, FLAT) * np.sqrt(len(curve)) else centred / length


def moving_mean(curve: F32 | F64, frames: int) -> F64:
    """Mean over ``frames`` values, for each place where all of them exist: ``[T − frames + 1]``, at least one."""
    width = max(1, min(frames, len(curve)))
    sums = np.concatenate([[0.0], np.cumsum(curve, dtype=np.float64)])
    return np.asarray((sums[width:] - sums[:-width]) / width)


def peaks(curve: F64, prominence: float, gap: int) -> Int:
    """Frames of the peaks that stand out by ``prominence``, at least ``gap`` frames apart, the higher ones first.

    A plateau's peak is its middle frame. Prominence as in topography: height over the higher of the two lowest points
    between the peak and higher ground or the end. The first and the last frame can be peaks; a constant has none.
    """
    top = _summits(curve)
    top = top[curve[top] >= prominence]  # curves are not negative, so prominence is at most the height
    top = np.array([frame for frame in top if _prominence(curve, int(frame)) >= prominence], dtype=np.int64)
    return _apart(curve, top, gap)


def _summits(curve: F64) -> Int:
    """The middles of all stretches of equal values that are higher than both neighbours."""
    if len(curve) == 0:
        return np.zeros(0, dtype=np.int64)
    edges = np.flatnonzero(np.diff(curve)) + 1
    starts = np.concatenate([[0], edges])
    ends = np.concatenate([edges, [len(curve)]])
    levels = np.concatenate([[-np.inf], curve[starts], [-np.inf]])
    higher = (levels[1:-1] > levels[:-2]) & (levels[1:-1] > levels[2:])
    return np.asarray((starts + ends - 1)[higher] // 2)


def _prominence(curve: F64, frame: int) -> float:
    height = curve[frame]
    before, after = curve[:frame][::-1], curve[frame + 1 :]
    return float(height - max(_lowest_before_higher(before, height), _lowest_before_higher(after, height)))


def _lowest_before_higher(side: F64, height: float) -> float:
    higher = side > height
    reach = int(higher.argmax()) if higher.any() else len(side)
    return float(side[:reach].min(initial=height)) if len(side) else -np.inf


def _apart(curve: F64, frames: Int, gap: int) -> Int:
    kept: list[int] = []
    for frame in frames[np.argsort(-curve[frames], kind="stable")].tolist():
        if all(abs(frame - other) >= gap for other in kept):
            kept.append(frame)
    return np.array(sorted(kept), dtype=np.int64)
