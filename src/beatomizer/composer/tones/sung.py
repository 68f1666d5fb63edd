"""Voices that sing: harmonics of the throat under the formants of vowels."""

from functools import lru_cache

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.composer.synth import RATE, filtered, harmonics, hertz, noise, oscillator, samples, tabled
from beatomizer.composer.tones.recipe import Recipe, Tone, cycles, loudness

_FORMANTS_HZ = {
    "a": ((800, 1150, 2900, 3900), (1.0, 0.5, 0.12, 0.1)),
    "e": ((400, 1600, 2700, 3300), (1.0, 0.3, 0.25, 0.15)),
    "i": ((350, 1700, 2700, 3700), (1.0, 0.2, 0.2, 0.12)),
    "o": ((450, 800, 2830, 3800), (1.0, 0.6, 0.1, 0.08)),
    "u": ((325, 700, 2530, 3500), (1.0, 0.3, 0.06, 0.04)),
}
"""Formant frequencies and strengths of an alto's vowels (after the tables in the Csound manual)."""

_WORDS = ("ao", "ea", "io", "ua", "ae", "oa", "ei", "ou")
_PLACES = 9


def vowel_gain(vowel: str, hz: F64) -> F64:
    """Gain of a throat that forms a vowel."""
    places, strengths = _FORMANTS_HZ[vowel]
    gain = np.full(len(hz), 0.015)
    for place, strength in zip(places, strengths, strict=True):
        gain += strength / (1 + ((hz - place) / (0.09 * place + 30)) ** 2)
    return np.asarray(gain)


@lru_cache(maxsize=192)
def _tables(word: str, pitch: int) -> F32:
    """A stack of wavetables that goes from a word's first vowel to its second."""
    number = harmonics(pitch)
    first, second = (vowel_gain(vowel, number * hertz(pitch)) for vowel in word)
    share = np.linspace(0, 1, _PLACES)[:, None]
    gains = first ** (1 - share) * second**share / number**0.9
    return tabled(gains / np.sqrt((gains**2).sum(axis=1, keepdims=True)))


def voice(tone: Tone, recipe: Recipe) -> F32:
    """A singer, ``[n]``: a vowel that becomes another, vibrato, breath, now and then a consonant."""
    pitch = tone.pitch + 12 * recipe.octave
    count = samples(tone.duration_s)
    word = _WORDS[(pitch * 7 + int(tone.duration_s * 16)) % len(_WORDS)]
    turn = np.clip((np.arange(count) / RATE - 0.08) / 0.25, 0, 1)
    scoop = -0.012 * np.exp(-np.arange(count) / (0.035 * RATE))  # singers slide up into a note
    body = oscillator(_tables(word, pitch), cycles(count, hertz(pitch), recipe) + scoop * 12, turn)
    rng = np.random.default_rng([pitch, count, 41])
    air = filtered(noise(count, rng), 1500, 9000)
    out = body + np.float32(0.1 * recipe.breath) * air
    if (pitch + count) % 3 == 0:
        hiss = min(count, samples(0.05))
        out[:hiss] += np.float32(0.5 * recipe.breath) * air[:hiss] * np.linspace(1, 0, hiss, dtype=np.float32)
    return out * loudness(count, tone, recipe)
