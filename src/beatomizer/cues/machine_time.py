"""Music made by a machine keeps one tempo to the sample: find it, and put every beat on its grid.

If quarter beats of one exact rate stay in phase through the whole song, the song is sequenced, whatever the beats
themselves seem to do: a syncopated verse may pull a beat tracker off the beat, but not off the grid of quarters.
"""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.timebase import FPS

SUBDIVISION = 4
"""Sixteenth notes where the beat is a quarter: what sequencers place notes on."""

IN_PHASE = 0.9
"""Agreement of the windows' phases: 1 is a machine. Real sequenced tracks reach 0.92–1.00, rubato 0.46–0.55."""

LEAST_STRENGTH = 0.1
SHORTEST_S = 12.0
_WINDOW = 8 * FPS
_AROUND = 0.015

_TRIED, _KEPT = 200, 3
"""How many of the strongest rates of a song are tried, and how many of those in phase are told."""

_CLEAR_STRENGTH, _LEAST_REACH = 0.2, 0.7
"""Rates found by search must be clearer: free music reaches 0.17 by chance, two tempi half of the windows each."""

_LINE_BEATS = 16
"""Fewest sure beats that a line is laid through, and how many are averaged to see it bend."""
_LINE_BEND_S, _LINE_SPREAD_S = 0.010, 0.016
"""How far the middles of 16 beats and the typical beat may lie off a machine's line: people drift by far more."""


def steady_rate(sharp: F64, rough_period: float) -> float | None:
    """Beats a second if the song keeps one exact tempo near ``rough_period`` frames a beat, else ``None``.

    Args:
        sharp: sharpened beat activation ``[T]``.
        rough_period: frames a beat, right to about one per cent.
    """
    if len(sharp) < SHORTEST_S * FPS or sharp.sum() <= 0:
        return None
    size = 1 << int(np.ceil(np.log2(8 * len(sharp))))
    magnitude = np.abs(np.fft.rfft(sharp, size))
    resolution = FPS / size
    fine = SUBDIVISION * FPS / rough_period / resolution
    bins = np.arange(int(fine * (1 - _AROUND)), int(fine * (1 + _AROUND)) + 2)
    bins = bins[bins < len(magnitude)]
    agreement = sum(magnitude[np.round(bins / share).astype(int)] for share in (1, 2, SUBDIVISION))
    rate = float(bins[np.argmax(agreement)]) * resolution / SUBDIVISION
    in_phase, strength = _coherence(sharp, rate * SUBDIVISION)
    return rate if in_phase >= IN_PHASE and strength >= LEAST_STRENGTH else None


def steady_rates(sharp: F64, slowest: float, fastest: float) -> list[float]:
    """Beats a second at which the whole song keeps in phase, the clearest first; none if no machine plays.

    Half and double of one rate count as the same.

    Args:
        sharp: sharpened beat activation ``[T]``.
        slowest: least beats a second.
        fastest: most beats a second.
    """
    if len(sharp) < SHORTEST_S * FPS or sharp.sum() <= 0:
        return []
    size = 1 << int(np.ceil(np.log2(8 * len(sharp))))
    magnitude = np.abs(np.fft.rfft(sharp, size))
    bins = np.arange(int(slowest * size / FPS), int(fastest * size / FPS) + 1)
    agreement = sum(magnitude[np.minimum(bins * share, size // 2)] for share in (1, 2, SUBDIVISION))
    found: list[float] = []
    for bin_ in bins[np.argsort(-agreement)[:_TRIED]]:
        rate = float(bin_) * FPS / size
        octaves = np.log2(rate / np.array(found)) if found else np.zeros(0)
        if (np.abs(octaves - np.round(octaves)) < _AROUND).any():
            continue
        in_phase, strength = _coherence(sharp, rate * SUBDIVISION)
        clear = in_phase >= IN_PHASE and strength >= _CLEAR_STRENGTH
        if clear and _reach(sharp, rate * SUBDIVISION) >= _LEAST_REACH:
            found.append(rate)
    return found[:_KEPT]


def _coherence(sharp: F64, rate: float) -> tuple[float, float]:
    """How well windows agree on the phase of ``rate``, and how much of the sound follows it, each 0..1."""
    windows, _ = _turned(sharp, rate)
    total = float(np.abs(windows).sum())
    return float(np.abs(windows.sum())) / max(total, 1e-9), total / max(float(sharp.sum()), 1e-9)


def _reach(sharp: F64, rate: float) -> float:
    """Share of the sounding windows that follow ``rate`` in the common phase: a machine plays to the end."""
    windows, mass = _turned(sharp, rate)
    strength = np.abs(windows) / np.maximum(mass, 1e-9)
    sounding = mass > 0.3 * np.median(mass)
    if not sounding.any():
        return 0.0
    in_phase = np.cos(np.angle(windows) - np.angle(windows.sum())) > 0.5
    follows = in_phase & (strength >= 0.3 * np.quantile(strength[sounding], 0.75))
    return float(follows[sounding].mean())


def _turned(sharp: F64, rate: float) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.complex128]], F64]:
    """Each window's sum with the phase of ``rate`` turned back, and its plain sum."""
    turning = sharp * np.exp(-2j * np.pi * rate * np.arange(len(sharp)) / FPS)
    width = min(_WINDOW, len(sharp) // 4)
    whole = len(sharp) // width * width
    return turning[:whole].reshape(-1, width).sum(axis=1), sharp[:whole].reshape(-1, width).sum(axis=1)


def steady_grid(sharp: F64, rate: float, tracked_s: F64) -> F64:
    """Beat times in seconds over the whole song, at ``rate`` beats a second.

    The fine phase comes from the quarters of the beat; which quarter is the beat, from the sound on it and from how
    many of the tracked beats lie there.
    """
    seconds = np.arange(len(sharp)) / FPS
    fine = rate * SUBDIVISION
    angle = float(np.angle((sharp * np.exp(-2j * np.pi * fine * seconds)).sum()))
    first = -angle / (2 * np.pi * fine)
    best, best_worth = first, -np.inf
    for quarter in range(SUBDIVISION):
        phase = (first + quarter / fine) % (1 / rate)
        times = np.arange(phase, len(sharp) / FPS, 1 / rate)
        votes = np.abs((tracked_s - phase) * rate - np.round((tracked_s - phase) * rate)) < 0.13
        worth = (0.25 + float(votes.mean())) * float(_peaks(sharp, times).mean())
        if worth > best_worth:
            best, best_worth = phase, worth
    return np.arange(best, len(sharp) / FPS, 1 / rate)


def _peaks(sharp: F64, times: F64) -> F64:
    frames = np.clip(np.round(times * FPS).astype(int), 1, len(sharp) - 2)
    return np.asarray(np.maximum(np.maximum(sharp[frames - 1], sharp[frames]), sharp[frames + 1]))


def steady_line(times: F64, sure: F64) -> tuple[float, float] | None:
    """Beats a second and the time of the first beat if beats already found lie on one line, else ``None``.

    Args:
        times: ``[B]`` seconds, every beat of the song, none left out.
        sure: ``[B]`` how much each is to be believed.
    """
    believed = sure > 0.5 * float(sure.max(initial=0.0))
    if believed.sum() < _LINE_BEATS or times[-1] - times[0] < SHORTEST_S:
        return None
    number, seconds, weight = np.flatnonzero(believed).astype(np.float64), times[believed], sure[believed]
    for _ in range(4):
        slope, first = np.polyfit(number, seconds, 1, w=weight)
        off = seconds - first - slope * number
        weight = sure[believed] / (1.0 + (off / _LINE_SPREAD_S) ** 2)
    count = len(off) // _LINE_BEATS
    means = np.median(off[: count * _LINE_BEATS].reshape(count, _LINE_BEATS), axis=1)
    straight = (
        float(np.abs(means).max()) <= _LINE_BEND_S and float(np.median(np.abs(off))) <= _LINE_SPREAD_S / 2
    )
    return (1.0 / float(slope), float(first)) if straight else None
