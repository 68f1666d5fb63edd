"""How fast the song goes, and how that changes: a tempogram and the likeliest path through it.

The beat activation is correlated with itself in windows of twelve seconds; each candidate period collects the
correlation at its first four multiples (a comb), so that a period is judged finer than a frame. A prior settles
what the sound alone cannot, the octave; then a Viterbi path lets the tempo drift but not jump about.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.timebase import FPS

SLOWEST_BPM, FASTEST_BPM = 55.0, 200.0
"""Candidates reach a little beyond 60–190 so that a tempo at the edge has neighbours on both sides."""

PERIODS: F64 = FPS * 60.0 / np.geomspace(FASTEST_BPM, SLOWEST_BPM, 260)
"""Candidate beat periods in frames, half a per cent apart."""

WINDOW, STEP = 16 * FPS, 3 * FPS
"""Frames correlated with each other, and frames from one window to the next."""

_FOUR = ((1, 0.25), (2, 0.25), (4, 0.25), (8, 0.25))
_THREE = ((1, 0.33), (3, 0.34), (6, 0.33))
_PRIOR_BPM, _PRIOR_OCTAVES = 117.0, 0.75
"""Centre and width of the log-normal prior: where people tap (McKinney and Moelants 2006: 120, about an octave)."""

_MAX_DRIFT = 6
"""Candidates the tempo may move by from one window to the next without a jump: 3 % in three seconds."""

_DRIFT_COST, _JUMP_COST = 0.02, 1.5


@dataclass(frozen=True)
class TempoPath:
    """The tempo over time.

    Attributes:
        period: float64 ``[T]``, frames from one beat to the next.
        clarity: float64 ``[T]``, 0..1, how much of the sound repeats at that period.
    """

    period: F64
    clarity: F64


def sharpened(activation: F64) -> F64:
    """The activation with its slow part taken away and its local strength made even, ≥ 0, same length.

    A quiet verse counts as much as a loud chorus, but near silence does not count as a verse.
    """
    raw = np.asarray(activation, dtype=np.float64)
    rising = np.maximum(raw - moving_mean(raw, FPS // 2), 0.0)
    local = np.sqrt(moving_mean(rising**2, 6 * FPS))
    overall = float(np.sqrt(np.mean(rising**2))) if len(rising) else 0.0
    return np.asarray(rising / np.maximum(local + 0.25 * overall, 1e-9))


def moving_mean(values: F64, width: int) -> F64:
    """Mean over ``width`` (made odd) frames around each frame; at the ends over what there is."""
    half = min(width // 2, max(0, len(values) - 1))
    total = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, len(values))
    return np.asarray((total[high] - total[low]) / (high - low))


def tempo_path(sharp: F64, octave_bonus: F64 | None = None) -> TempoPath:
    """The likeliest tempo at each frame of a sharpened activation.

    Args:
        sharp: ``[T]`` from ``sharpened``.
        octave_bonus: further evidence for each candidate of ``PERIODS``, in the unit of the comb (about 0..1).
    """
    comb = tempogram(sharp)
    wish = prior() if octave_bonus is None else prior() + octave_bonus
    overall = np.maximum(comb, 0.0).mean(axis=0)
    path = _viterbi(np.maximum(comb, 0.0) + 1.0 * overall + wish)
    centers = np.arange(len(comb)) * STEP
    frames = np.arange(len(sharp))
    clarity = np.take_along_axis(comb, path[:, None], axis=1)[:, 0]
    return TempoPath(
        np.interp(frames, centers, PERIODS[path]), np.clip(np.interp(frames, centers, clarity), 0.0, 1.0)
    )


def prior() -> F64:
    """What each candidate is worth before anything is heard, ≤ 0, in the unit of the comb."""
    octaves = np.log2(FPS * 60.0 / PERIODS / _PRIOR_BPM)
    return np.asarray(-0.12 * (octaves / _PRIOR_OCTAVES) ** 2)


def backbeat(kick: F64, snare: F64) -> F64:
    """How much kick and snare take turns at each candidate period, ``[P]``, 0..1: the beat of rock and pop.

    Kicks on one and three with snares on two and four repeat every two beats, which alone would halve the tempo.
    Their difference changes sign from beat to beat; sounds that are in both columns cancel.
    """
    kick, snare = sharpened(kick), sharpened(snare)
    turn = kick / max(float(kick.std()), 1e-9) - snare / max(float(snare.std()), 1e-9)
    lags = int(2 * PERIODS.max()) + 2
    size = 1 << int(np.ceil(np.log2(len(turn) + lags)))
    own = np.fft.irfft(np.abs(np.fft.rfft(turn, size)) ** 2, size)[:lags]
    if own[0] <= 1e-9:
        return np.zeros(len(PERIODS))
    once, twice = (np.interp(PERIODS * multiple, np.arange(lags), own / own[0]) for multiple in (1, 2))
    return np.asarray(np.clip(np.minimum(-once, twice), 0.0, 1.0))


def tempogram(sharp: F64, ternary_cost: float = 0.05) -> F64:
    """The comb's answer for each window and candidate, ``[W, P]``, about 0 (no repetition) to 1."""
    half = WINDOW // 2
    windows = max(1, -(-len(sharp) // STEP))
    padded = np.concatenate([np.zeros(half), sharp, np.zeros(half + windows * STEP - len(sharp) + STEP)])
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP][:windows]
    shaped = (cut - cut.mean(axis=1, keepdims=True)) * np.hanning(WINDOW)
    lags = int(PERIODS.max() * 8) + 2
    spectrum = np.fft.rfft(shaped, 2 * WINDOW, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :lags]
    correlation = _blurred(correlation) / np.maximum(correlation[:, :1], 1e-9) / _taper(lags)
    return np.asarray(
        np.maximum(
            correlation @ _comb_matrix(lags, _FOUR), correlation @ _comb_matrix(lags, _THREE) - ternary_cost
        )
    )


def _taper(lags: int) -> F64:
    """What the window itself takes away at each lag, relative to lag 0, never below a quarter."""
    window = np.hanning(WINDOW)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * WINDOW)) ** 2)[:lags]
    return np.asarray(np.maximum(own / own[0], 0.25))


def _blurred(correlation: F64) -> F64:
    """Half a frame of leeway: beats of a fractional period fall on either of two frames."""
    ends = np.pad(correlation, ((0, 0), (1, 1)), mode="edge")
    return np.asarray(np.maximum(correlation, 0.5 * (ends[:, :-2] + ends[:, 2:])))


def _comb_matrix(lags: int, teeth: tuple[tuple[int, float], ...]) -> F64:
    """``[lags, P]``: weights that read the correlation at these multiples of each period, between frames."""
    matrix = np.zeros((lags, len(PERIODS)))
    columns = np.arange(len(PERIODS))
    for tooth, share in teeth:
        position = PERIODS * tooth
        below = position.astype(int)
        weight = position - below
        np.add.at(matrix, (below, columns), share * (1.0 - weight))
        np.add.at(matrix, (below + 1, columns), share * weight)
    return matrix


def _viterbi(emission: F64) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The best sequence of candidates, ``[W]``: small steps are cheap, a jump costs the same however far."""
    windows, candidates = emission.shape
    came_from = np.zeros((windows, candidates), dtype=np.int64)
    score = emission[0]
    index = np.arange(candidates)
    for window in range(1, windows):
        best, source = score.max() - _JUMP_COST, np.full(candidates, int(score.argmax()))
        total = np.full(candidates, best)
        for move in range(-_MAX_DRIFT, _MAX_DRIFT + 1):
            old = index + move
            inside = (old >= 0) & (old < candidates)
            reached = np.full(candidates, -np.inf)
            reached[inside] = score[old[inside]] - _DRIFT_COST * abs(move)
            better = reached > total
            total, source = np.where(better, reached, total), np.where(better, old, source)
        came_from[window], score = source, total + emission[window]
    path = np.zeros(windows, dtype=np.int64)
    path[-1] = int(score.argmax())
    for window in range(windows - 1, 0, -1):
        path[window - 1] = came_from[window, path[window]]
    return path
