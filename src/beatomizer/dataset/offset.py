"""How late the picture is, by when light begins and when sound begins.

Between two pictures a light can have begun at any moment, so its onset is spread over that interval; the sound's
onsets are known to 4 ms (``onset_trace``). For each lag, the sound's onsets are summed where light begins. If light had
nothing to do with the sound, these sums would be normally distributed; the highest one is the offset, and how far it
stands out of that distribution says whether to believe it.

What is measured is when *these* lights follow *this* sound. A designer whose hand is 30 ms late cannot be told from a
picture that is 30 ms late: both are the offset, and a label moved by it has its light on the beat.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.dataset.cuts import find_cuts
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.onset_trace import TRACE_HZ, moving_mean, onset_trace

FURTHEST_S = 0.25
"""Larger offsets are not looked for: at 120 BPM they meet the next half of the beat."""

SIGNIFICANT = 6.0
"""Deviations from chance from which on an offset is believed."""

ALONE = 1.15
"""So much higher than any other lag ``_APART_S`` away: light on the half beats fits in two places."""

BIAS_S = -0.004
"""What the estimate is off by when the truth is known: music's attacks are a little slower than a lamp's."""

_APART_S = 0.07
_STEP_S = 0.001
_HAND_S = 0.024
"""The agreement is blurred by this deviation: how far one designer's hits scatter around the beat."""

_STEADY_CHANGE = 6.0
"""8-bit steps that a cell may rise from one picture to the next without a lamp: noise, haze, a moving camera."""

_USUAL_S, _NEIGHBOURHOOD_S = 0.3, 4.0
_STRONGEST = 8.0
"""Of the neighbourhood's deviation: no single flash decides alone."""

_FEWEST_EVENTS = 8
_BLOCK = 1024


@dataclass(frozen=True)
class Offset:
    """How late the picture is.

    Attributes:
        seconds: positive where the picture is late; the light of a moment is seen at that time plus ``seconds``.
        significance: how far the agreement at this offset stands out, in deviations of light that begins at random.
        trusted: whether labels should be moved by it.
    """

    seconds: float
    significance: float
    trusted: bool


@dataclass(frozen=True)
class _LightOnsets:
    """Moments at which light begins: ``strength``, and the interval ``begin_s … end_s`` of each, all ``[E]``."""

    strength: F64
    begin_s: F64
    end_s: F64


def estimate_offset(observed: Observed, samples: F32, cuts_s: Sequence[float] | F64 | None = None) -> Offset:
    """Find the lag within ±``FURTHEST_S`` at which light and sound begin together.

    Args:
        observed: the pictures.
        samples: the take's sound, mono 24 kHz ``[N]``.
        cuts_s: camera cuts, which are no onsets of light; found here if they are not given.
    """
    cuts = find_cuts(observed) if cuts_s is None else np.asarray(cuts_s, dtype=np.float64)
    light = _light_onsets(observed, cuts)
    trace = onset_trace(samples)
    if len(light.strength) < _FEWEST_EVENTS or not trace.any():
        return Offset(0.0, 0.0, False)
    reach = round((FURTHEST_S + abs(BIAS_S)) / _STEP_S)
    lags: F64 = np.arange(-reach, reach + 1, dtype=np.float64) * _STEP_S
    agreement = _agreement(light, _blurred(trace), lags)
    best = int(agreement.argmax())
    others = agreement[np.abs(lags - lags[best]) > _APART_S]
    inside = 0 < best < len(lags) - 1
    alone = float(agreement[best]) > ALONE * float(others.max())
    seconds = float(lags[best]) + _STEP_S * _parabola(agreement, best) - BIAS_S
    significance = float(agreement[best])
    return Offset(seconds, significance, inside and alone and significance > SIGNIFICANT)


def _light_onsets(observed: Observed, cuts_s: F64) -> _LightOnsets:
    begin, end = observed.pts_s[:-1], observed.pts_s[1:]
    rise = np.zeros(len(begin))
    for start in range(0, len(rise), _BLOCK):
        part = observed.grid[start : start + _BLOCK + 1].astype(np.int16)
        higher = np.maximum(np.diff(part, axis=0) - _STEADY_CHANGE, 0.0)
        rise[start : start + len(higher)] = higher.mean(axis=(1, 2, 3))
    for cut in cuts_s:
        rise[(end > cut - 1e-3) & (begin < cut + 1e-3)] = 0.0
    a_second = 1 / observed.step_s
    sharp = np.maximum(rise - moving_mean(rise, max(3, round(_USUAL_S * a_second))), 0.0)
    near = np.sqrt(moving_mean(sharp**2, max(3, round(_NEIGHBOURHOOD_S * a_second))))
    overall = float(np.sqrt(np.mean(sharp**2))) if len(sharp) else 0.0
    strength = np.minimum(sharp / (near + 0.1 * overall + 1e-9), _STRONGEST)
    real = (strength > 0) & (end - begin < _USUAL_S)  # nothing is known of a hole in the film
    return _LightOnsets(strength[real], begin[real], end[real])


def _blurred(trace: F64) -> F64:
    width = _HAND_S * TRACE_HZ
    reach = int(4 * width) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.asarray(np.convolve(trace, kernel / kernel.sum(), mode="full")[reach : reach + len(trace)])


def _agreement(light: _LightOnsets, trace: F64, lags: F64) -> F64:
    """Mean sound onset where light begins, moved by each lag, in deviations of chance, ``[lags]``."""
    sums = np.concatenate([[0.0], np.cumsum(trace)]) / TRACE_HZ
    clock = (np.arange(len(sums)) - 0.5) / TRACE_HZ
    span = light.end_s - light.begin_s
    total = np.empty(len(lags))
    for index, lag in enumerate(lags):
        heard = np.interp(light.end_s - lag, clock, sums) - np.interp(light.begin_s - lag, clock, sums)
        total[index] = float(light.strength @ (heard / span))
    usual = moving_mean(trace, max(1, round(float(np.median(span)) * TRACE_HZ)))
    chance = float(np.std(usual)) * float(np.sqrt(light.strength @ light.strength))
    return np.asarray(total / max(chance, 1e-9))


def _parabola(values: F64, top: int) -> float:
    """Where between its neighbours the summit lies, −0.5 … 0.5."""
    if not 0 < top < len(values) - 1:
        return 0.0
    left, middle, right = values[top - 1 : top + 2]
    curve = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5)) if curve < 0 else 0.0
