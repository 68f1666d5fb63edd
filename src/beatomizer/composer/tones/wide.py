"""Many players at once: pads, strings, choirs and supersaws, drawn in the spectrum as seamless loops."""

from functools import lru_cache

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.composer.synth import RATE, SHAPES, harmonics, hertz, opened, samples
from beatomizer.composer.tones.recipe import Recipe, Tone, driven, loudness
from beatomizer.composer.tones.sung import vowel_gain

_LOOP = 1 << 17
"""Samples of a loop, 2.7 s: a third of a hertz between bins, so that copies seven cents apart still beat."""

_VOICES = 6
"""Detuned copies a side."""


@lru_cache(maxsize=48)
def _loop(shape: str, pitch: int, detune: float, brightness: float, ring: float) -> F32:
    """A seamless loop ``[2, n]``; each side has other detunings and phases, so it is wide.

    Each partial sits on a bin, so the loop has no seam.
    """
    rng = np.random.default_rng([pitch, 7])
    base = hertz(pitch)
    number = harmonics(pitch)
    number = number[number * base < 17_000]
    strength = _strengths(shape, number, base) * opened(number * base, brightness, ring)
    keep = strength > 1e-4 * strength.max()
    number, strength = number[keep], strength[keep]
    spectrum = np.zeros((2, _LOOP // 2 + 1), dtype=np.complex64)
    for side in range(2):
        cents = np.linspace(-1, 1, _VOICES) * detune + rng.uniform(-1, 1, _VOICES)
        hz = number[None, :] * base * 2 ** (cents[:, None] / 1200)
        bins = np.round(hz * _LOOP / RATE).astype(np.int64)
        phases = np.exp(2j * np.pi * rng.random(bins.shape))
        np.add.at(spectrum[side], bins.ravel(), (strength * phases).ravel())
    return np.asarray(np.fft.irfft(spectrum, _LOOP, axis=1) * (_LOOP / 2), dtype=np.float32)


def _strengths(shape: str, number: F64, base: float) -> F64:
    if shape.startswith("choir"):
        return vowel_gain(shape[-1], number * base) / number**0.8
    return np.asarray(SHAPES[shape](number))


def wide(tone: Tone, recipe: Recipe) -> F32:
    """A chord voice of a dozen players, ``[2, n]``."""
    pitch = tone.pitch + 12 * recipe.octave
    count = samples(tone.duration_s)
    brightness = float(np.clip(round(tone.brightness + recipe.bright, 2), 0, 1))
    loop = _loop(recipe.shape, pitch, recipe.detune, brightness, recipe.ring)
    rows = -(-count // _LOOP)
    wave = np.tile(loop, (1, rows))[:, :count] if rows > 1 else loop[:, :count]
    return driven(wave, recipe.drive) * loudness(count, tone, recipe)
