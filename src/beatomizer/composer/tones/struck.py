"""Plucked strings and struck bars: sounds that are set going once and ring."""

from functools import lru_cache

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.synth import RATE, hertz, noise, samples, seconds
from beatomizer.composer.tones.recipe import Recipe, Tone, driven, loudness

MODES = {
    "marimba": ((1.0, 1.0, 1.0), (3.93, 0.35, 0.4), (9.2, 0.12, 0.2)),
    "vibraphone": ((1.0, 1.0, 1.0), (4.0, 0.25, 0.5), (10.1, 0.08, 0.2)),
    "kalimba": ((1.0, 1.0, 1.0), (5.4, 0.2, 0.25), (13.3, 0.12, 0.1)),
    "glockenspiel": ((1.0, 1.0, 1.0), (2.76, 0.4, 0.6), (5.4, 0.25, 0.4), (8.93, 0.12, 0.25)),
    "bell": (
        (0.5, 0.5, 1.2), (1.0, 1.0, 1.0), (1.19, 0.6, 0.8), (1.5, 0.4, 0.7), (2.0, 0.7, 0.6), (2.51, 0.3, 0.4),
        (3.01, 0.25, 0.35), (4.1, 0.2, 0.25),
    ),
    "gamelan": ((1.0, 1.0, 1.0), (1.02, 0.8, 1.0), (2.71, 0.5, 0.7), (5.15, 0.2, 0.4)),
    "glass": ((1.0, 1.0, 1.0), (2.32, 0.3, 0.9), (4.25, 0.2, 0.6), (6.63, 0.1, 0.4)),
}  # fmt: skip
"""Struck bodies: frequency ratio, strength and length of ring of each mode (bars, bells: Fletcher & Rossing 1998)."""


def string(tone: Tone, recipe: Recipe) -> F32:
    """A plucked string ``[n]`` after Karplus and Strong (1983), all its periods drawn at once.

    Each period is the one before, filtered; in the spectrum that is a power, so the whole note is one table of
    spectra, one row a period, and one batch of short transforms.
    """
    pitch = tone.pitch + 12 * recipe.octave
    count = samples(recipe.ring_s or tone.duration_s)
    period = max(16, round(RATE / hertz(pitch)))
    rows = int(count * hertz(pitch) / RATE) + 3
    ring_s = max(0.15, recipe.decay_s * 2.0 ** ((60 - pitch) / 24))
    hz = np.fft.rfftfreq(period, 1 / RATE)
    damping = 6.9078 * period / RATE * (1 / ring_s + (hz / (1500 + 9000 * recipe.ring)) ** 2 / 0.25)
    spectrum = _pluck(period, pitch, round(np.clip(tone.brightness + recipe.bright, 0, 1), 2))
    fading = np.exp(-damping[None, :] * np.arange(rows)[:, None]).astype(np.float32)
    periods = np.fft.irfft(spectrum * fading, period, axis=1).astype(np.float32).ravel()
    at = np.arange(count) * (hertz(pitch) * period / RATE)
    index = at.astype(np.int64)
    between = (at - index).astype(np.float32)
    body = periods[index] * (1 - between) + periods[index + 1] * between
    body[: samples(0.0015)] *= np.linspace(0, 1, samples(0.0015), dtype=np.float32)
    return driven(body, recipe.drive) * loudness(count, tone, recipe)


@lru_cache(maxsize=256)
def _pluck(period: int, pitch: int, brightness: float) -> np.ndarray[tuple[int], np.dtype[np.complex64]]:
    """The first period: noise, duller for a soft finger, with the comb of a pluck at a seventh of the string."""
    number = np.arange(period // 2 + 1)
    start = np.fft.rfft(noise(period, np.random.default_rng([pitch, 17])))
    hz = number * RATE / period
    soft = 1 / (1 + (hz / (400 * 2 ** (5.2 * brightness))) ** 2)
    comb = np.abs(np.sin(np.pi * number / 7.3)) + 0.1
    spectrum = np.exp(1j * np.angle(start)) * soft * comb / np.maximum(number, 1) ** 0.35
    spectrum[0] = 0
    return np.asarray(spectrum * period, dtype=np.complex64)


def bar(tone: Tone, recipe: Recipe) -> F32:
    """A struck body, ``[n]``: each mode a sine that dies in its own time."""
    pitch = tone.pitch + 12 * recipe.octave
    count = samples(recipe.ring_s or tone.duration_s)
    time_s = seconds(count).astype(np.float32)
    ring_s = recipe.decay_s * 2.0 ** ((60 - pitch) / 36)
    body = np.zeros(count, dtype=np.float32)
    for ratio, strength, length in MODES[recipe.shape]:
        hz = hertz(pitch) * ratio
        if hz > 18_000:
            continue
        strength *= (0.35 + 0.9 * tone.brightness) ** max(0.0, ratio - 1) ** 0.5
        reach = min(count, samples(1.2 * ring_s * length))
        turns = (2 * np.pi * hz * time_s[:reach].astype(np.float64)) % (2 * np.pi)
        fall = np.exp(time_s[:reach] * np.float32(-6.9078 / (ring_s * length)))
        body[:reach] += np.float32(strength) * np.sin(turns.astype(np.float32)) * fall
    return driven(body, recipe.drive) * loudness(count, tone, recipe)
