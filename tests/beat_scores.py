"""Scores of songs that never sounded: peaks where the beats would be."""

import numpy as np

from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS


def peaks(times_s, duration_s, heights=1.0):
    """An activation ``[T]``: a peak one to two frames wide at each time, like an engine's."""
    frames = np.arange(round(duration_s * FPS))
    activation = np.zeros(len(frames))
    for time_s, height in zip(times_s, np.broadcast_to(heights, len(times_s))):
        center = time_s * FPS
        low, high = max(0, int(center) - 4), min(len(frames), int(center) + 6)
        shape = height * np.exp(-0.5 * ((frames[low:high] - center) / 0.8) ** 2)
        activation[low:high] = np.maximum(activation[low:high], shape)
    return activation.astype(np.float32)


def click_times(bpm, duration_s, first_s=0.2, jitter_s=0.0, seed=0):
    """Times of beats at a constant tempo, with Gaussian jitter."""
    times = np.arange(first_s, duration_s - 0.1, 60.0 / bpm)
    return np.sort(times + np.random.default_rng(seed).normal(0.0, jitter_s, len(times)))


def song(bpm, duration_s, meter=4, *, offbeat=0.4, swing=0.5, jitter_s=0.0, first_s=0.2, noise=0.02, seed=0):
    """Beats with kick on 1 (and 3), snare between, hats in between; all as an engine would score them."""
    beats = click_times(bpm, duration_s, first_s, jitter_s, seed)
    places = np.arange(len(beats)) % meter
    off = beats[:-1] + swing * np.diff(beats)
    strong = (places == 0) | ((places == 2) & (meter == 4))
    beat = np.maximum(
        peaks(beats, duration_s, np.where(places == 0, 1.0, 0.8)), offbeat * peaks(off, duration_s)
    )
    kick, snare = peaks(beats[strong], duration_s), peaks(beats[~strong], duration_s)
    hat = np.maximum(peaks(beats, duration_s, 0.4), peaks(off, duration_s, 0.8))
    chance = np.random.default_rng(seed + 1)
    beat = np.clip(beat + noise * chance.random(len(beat)), 0.0, 1.0).astype(np.float32)
    downbeat = peaks(beats[places == 0], duration_s)
    onsets = np.stack([kick, snare, hat, np.zeros_like(hat)], axis=1)
    return beats, places + 1, Scores(beat=beat, downbeat=downbeat, onsets=onsets)


def f_measure(reference, estimate, tolerance_s=0.07):
    """Share of beats found and right, each matched once."""
    hits = there = here = 0
    while there < len(reference) and here < len(estimate):
        gap = estimate[here] - reference[there]
        if abs(gap) <= tolerance_s:
            hits, there, here = hits + 1, there + 1, here + 1
        elif gap < 0:
            here += 1
        else:
            there += 1
    return 2 * hits / max(1, len(reference) + len(estimate))
