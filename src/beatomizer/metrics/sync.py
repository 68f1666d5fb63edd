"""Does the light move when the music does? Events against beats, and the lag between the two."""

import numpy as np

from beatomizer.arrays import F32, F64, Int
from beatomizer.metrics.light import Light
from beatomizer.metrics.series import peaks
from beatomizer.timebase import FPS

PROMINENCE = 0.1
GAP_FRAMES = 6
"""Light events are at least 100 ms apart."""

COLOUR_WEIGHT = 0.5
TOLERANCE_S = 0.07
"""The window of beat tracking evaluation (MIREX; ``mir_eval.beat.f_measure``)."""

BAS_SIGMA_S = 0.05
REACH_FRAMES = 15
"""Lags are looked for within ±250 ms."""

BEST_LAG_MS = (-40.0, 10.0)
"""People see light and sound as together when the light leads by up to 40 ms (``docs/metrics.md``)."""

STILL = 1.0 / 255.0
"""A light that never rises by an 8-bit step from one frame to the next has no lag."""

_DRAWS = 24


def light_events(light: Light) -> F64:
    """Seconds at which something happens in the light: peaks of ``max(dI, 0) + 0.5 |du|``.

    Prominence 0.1 of the show's own full light, at least 100 ms apart; the change is measured over 50 ms and dated at
    the frame in it that changed most.
    """
    found = peaks(light.rise + COLOUR_WEIGHT * light.colour_swing, PROMINENCE, GAP_FRAMES)
    at_once = light.rise_at_once + COLOUR_WEIGHT * light.colour_swing_at_once
    around = np.clip(found[:, None] + np.array([-1, 0, 1]), 0, max(light.frames - 1, 0))
    return np.unique(around[np.arange(len(found)), at_once[around].argmax(axis=1)]) / FPS


def light_beat_f1(beats_s: F64, light: Light) -> float:
    """F of light events against beats within ±70 ms, minus the F of as many random events; about −0.5..1.

    The random events keep the 100 ms between them and are drawn 24 times from a fixed seed. Score of one draw:
    ``mir_eval.beat.f_measure``.
    """
    from mir_eval.beat import f_measure

    if len(beats_s) == 0:
        return np.nan
    events_s = light_events(light)
    if len(events_s) == 0:
        return 0.0
    reached = float(f_measure(beats_s, events_s, f_measure_threshold=TOLERANCE_S))
    return reached - chance_f1(beats_s, len(events_s), light.duration_s)


def chance_f1(beats_s: F64, count: int, duration_s: float) -> float:
    """Mean F of ``count`` events at random times, at least 100 ms apart where there is room."""
    rng = np.random.default_rng([count, len(beats_s)])
    gap_s = min(GAP_FRAMES / FPS, duration_s / max(count, 1))
    room_s = duration_s - (count - 1) * gap_s
    draws = np.sort(rng.uniform(0.0, room_s, (_DRAWS, count)), axis=1) + gap_s * np.arange(count)
    hits = [matched(beats_s, draw) for draw in draws]
    return float(2.0 * np.mean(hits) / (len(beats_s) + count))


def matched(beats_s: F64, events_s: F64) -> int:
    """Pairs of one beat and one event within the tolerance, as many as possible.

    Both are sorted and the tolerance is the same everywhere, so taking the earliest pair each time is a best matching;
    the tests hold it to ``mir_eval.util.match_events``.
    """
    beats, events = beats_s.tolist(), events_s.tolist()
    pairs = beat = event = 0
    while beat < len(beats) and event < len(events):
        apart = events[event] - beats[beat]
        if abs(apart) <= TOLERANCE_S:
            pairs, beat, event = pairs + 1, beat + 1, event + 1
        elif apart < 0:
            event += 1
        else:
            beat += 1
    return pairs


def bas_precision(beats_s: F64, light: Light) -> float:
    """Mean over events of ``exp(−d² / (2 · 0.05²))``, d to the nearest beat, 0..1; 0 without events.

    The beat alignment score of dance generation (Li et al., AIST++ 2021). Hygiene only: models exceed humans on it.
    """
    return _alignment(light_events(light), beats_s) if len(beats_s) else np.nan


def bas_recall(beats_s: F64, light: Light) -> float:
    """Mean over beats of ``exp(−d² / (2 · 0.05²))``, d to the nearest event, 0..1. More flashing never lowers it."""
    return _alignment(beats_s, light_events(light)) if len(beats_s) else np.nan


def event_rate(light: Light) -> float:
    """Light events a second. Sync scores rise with flashing, so it stands beside them; designers: 1.4–2.5."""
    return len(light_events(light)) / max(light.duration_s, 1 / FPS)


def lag_ms(onset: F32 | F64, light: Light) -> float:
    """Milliseconds by which the light comes after the sound: the peak of the cross-correlation of dI⁺ and o.

    Looked for within ±250 ms; negative if the light leads. A light that never rises, or a sound without onsets, counts
    as 250 ms late, the worst there is.
    """
    worst = 1000.0 * REACH_FRAMES / FPS
    rise = light.rise_at_once
    if len(rise) <= 2 * REACH_FRAMES or float(np.ptp(onset)) <= 0.0 or rise.max() < STILL:
        return worst
    sound, rise = onset - np.mean(onset), rise - np.mean(rise)
    lags = np.arange(-REACH_FRAMES, REACH_FRAMES + 1)
    product = np.array([_lagged(sound, rise, int(lag)) for lag in lags])
    best = int(product.argmax())
    return float((lags[best] + _vertex(product, best)) * 1000.0 / FPS)


def lag_error_ms(onset: F32 | F64, light: Light) -> float:
    """How far ``lag_ms`` is outside −40…+10 ms, at most 240. Its mean over clips, unlike that of the lag itself, is
    not zero for a light that has no lag at all, only noise.
    """
    lag, (low, high) = lag_ms(onset, light), BEST_LAG_MS
    return max(low - lag, lag - high, 0.0)


def _lagged(sound: F64, rise: F64, lag: int) -> float:
    """Sum of ``sound[t] · rise[t + lag]``."""
    count = len(rise)
    return float(sound[max(0, -lag) : count - max(0, lag)] @ rise[max(0, lag) : count - max(0, -lag)])


def _vertex(values: F64, top: int) -> float:
    """Where between its neighbours the parabola through a peak has its top, −0.5..0.5."""
    if top in (0, len(values) - 1):
        return 0.0
    left, middle, right = values[top - 1 : top + 2]
    bend = left - 2.0 * middle + right
    return float(0.5 * (left - right) / bend) if bend < 0.0 else 0.0


def _alignment(of_s: F64, to_s: F64) -> float:
    if len(of_s) == 0 or len(to_s) == 0:
        return 0.0
    return float(np.exp(-0.5 * (nearest(of_s, to_s) / BAS_SIGMA_S) ** 2).mean())


def nearest(of_s: F64, to_s: F64) -> F64:
    """Distance from each of ``of_s`` to the nearest of ``to_s`` (sorted, not empty)."""
    after: Int = np.searchsorted(to_s, of_s)
    return np.minimum(
        np.abs(of_s - to_s[np.minimum(after, len(to_s) - 1)]), np.abs(of_s - to_s[np.maximum(after - 1, 0)])
    )
