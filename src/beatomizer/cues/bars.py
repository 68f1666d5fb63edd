"""Where the bars begin, and whether they have three beats or four.

Each beat gets a likelihood of being a bar's first: the engine's downbeat score if it has one, else the kick and
the new sounds on it. A Viterbi path counts the beats of the bar; it may start afresh, at a price, where a song
drops or adds a beat. Both meters are tried, and three wins only if it explains the song clearly better.
"""

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS

METERS = (4, 3)
_THREE_MUST_LEAD_BY = 0.12
_RESTART_COST, _STEADY_RESTART_COST = 8.0, 24.0
"""A bar of the wrong length costs as much as about five bars on the wrong foot; sequencers hardly make any."""

_BOUNDARY_WORTH = 3.0
"""A section begins on a downbeat: one sure boundary tells as much as two or three bars of ordinary evidence."""


def bar_positions(heard: Scores, times: F64, steady: bool = False) -> tuple[int, Int]:
    """Beats in a bar, and each beat's position in its bar, ``[B]``, 1 = downbeat.

    Args:
        heard: the engine's scores.
        times: beat times in seconds, ``[B]``, B ≥ 2.
        steady: the beats are a machine's, which seldom drops one.
    """
    first = downbeat_evidence(heard, times)
    restart = _STEADY_RESTART_COST if steady else _RESTART_COST
    results = {meter: _counted(first, meter, restart) for meter in METERS}
    three_leads = results[3][0] - results[4][0]
    meter = 3 if len(times) >= 12 and three_leads > _THREE_MUST_LEAD_BY else 4
    return meter, results[meter][1]


def downbeat_evidence(heard: Scores, times: F64) -> F64:
    """How much more each beat sounds like a bar's first than its neighbours do, ``[B]``, about −3..3."""
    if heard.downbeat is not None:
        evidence = _near(np.asarray(heard.downbeat, dtype=np.float64), times)
    else:
        evidence = _near(np.asarray(heard.beat, dtype=np.float64), times)
        if heard.onsets is not None:
            onsets = np.asarray(heard.onsets, dtype=np.float64)
            evidence = evidence + _near(onsets[:, 0], times) - 1.5 * _near(onsets[:, 1], times)
    evidence = _standardised(np.nan_to_num(evidence))
    if heard.boundary is None:
        return evidence
    begins = np.nan_to_num(_near(np.asarray(heard.boundary, dtype=np.float64), times, reach=6))
    return np.asarray(evidence + _BOUNDARY_WORTH * np.maximum(begins - 0.3, 0.0) / 0.7)


def _near(values: F64, times: F64, reach: int = 3) -> F64:
    frames = np.clip(np.round(times * FPS).astype(int), 0, len(values) - 1)
    near = np.clip(frames[:, None] + np.arange(-reach, reach + 1)[None, :], 0, len(values) - 1)
    return np.asarray(values[near].max(axis=1))


def _standardised(evidence: F64, width: int = 33) -> F64:
    """Less the local mean, over the overall spread, clipped."""
    kernel = np.ones(min(width, len(evidence)))
    weight = np.convolve(np.ones(len(evidence)), kernel, mode="same")
    local = np.convolve(evidence, kernel, mode="same") / weight
    spread = float(np.std(evidence - local))
    return np.clip((evidence - local) / max(spread, 1e-6), -3.0, 3.0) if spread > 1e-6 else 0.0 * evidence


def _counted(first: F64, meter: int, restart_cost: float) -> tuple[float, Int]:
    """Mean evidence gained per beat with bars of ``meter`` beats, and the positions."""
    gain = np.zeros((len(first), meter))
    gain[:, 0] = first
    gain[:, 1:] = (-first / (meter - 1))[:, None]
    score = gain[0].copy()
    came_from = np.zeros((len(first), meter), dtype=np.int64)
    before = (np.arange(meter) - 1) % meter
    for beat in range(1, len(first)):
        onward, source = score[before], before.copy()
        best = int(score.argmax())
        restart = score[best] - restart_cost
        if restart > onward[0]:
            onward[0], source[0] = restart, best
        came_from[beat], score = source, onward + gain[beat]
    positions = np.zeros(len(first), dtype=np.int64)
    positions[-1] = int(score.argmax())
    for beat in range(len(first) - 1, 0, -1):
        positions[beat - 1] = came_from[beat, positions[beat]]
    return float(score.max()) / len(first), positions + 1
