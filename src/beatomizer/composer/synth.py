"""The raw materials of sound: oscillators without aliasing, envelopes, noise, filters.

Oscillators read wavetables whose harmonics end below the highest frequency that the rate can hold, so nothing
folds back. A filter that opens and closes is a walk through a stack of such tables, dull to bright; no recursion,
so everything runs at the speed of whole arrays.
"""

from functools import lru_cache

import numpy as np

from beatomizer.arrays import F32, F64

RATE = 48_000
"""Samples a second of composed songs."""

TOP_HZ = 20_000.0
"""Harmonics above are left out."""

_TABLE = 4096
LEVELS = 12
"""Tables in a stack, from dull to bright."""


def hertz(pitch: float) -> float:
    """Frequency of a MIDI note number, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def seconds(count: int) -> F64:
    """The time of each of ``count`` samples."""
    return np.arange(count) / RATE


def samples(duration_s: float) -> int:
    """Samples in a duration, rounded."""
    return round(duration_s * RATE)


def cutoff_hz(brightness: float | F64) -> float | F64:
    """Where a voice of this brightness begins to lose its harmonics: 160 Hz at 0, 18 kHz at 1."""
    return 160.0 * 2.0 ** (6.8 * brightness)


def harmonic_gain(shape: str, number: F64) -> F64:
    """Strength of the harmonics of a plain wave: ``saw``, ``square``, ``triangle``, ``hollow`` or ``sine``."""
    odd = number % 2 == 1
    strengths = {
        "saw": 1 / number,
        "square": odd / number,
        "triangle": odd / number**2,
        "hollow": np.where(odd, 1.0, 0.3) / number**1.3,
        "sine": (number == 1).astype(float),
    }
    return np.asarray(strengths[shape])


def opened(hz: F64, brightness: float) -> F64:
    """Gain of a gentle low-pass (12 dB an octave) with a slight ring at the corner."""
    ratio = hz / cutoff_hz(brightness)
    return np.asarray((1 + 0.5 * np.exp(-((ratio - 0.9) ** 2) / 0.08)) / np.sqrt(1 + ratio**4))


@lru_cache(maxsize=256)
def wavetables(shape: str, pitch: int) -> F32:
    """One period of ``shape`` at ``LEVELS`` brightnesses, ``[LEVELS, 4097]``; the last sample repeats the first."""
    number = np.arange(1, min(_TABLE // 2, int(TOP_HZ / hertz(pitch))) + 1, dtype=np.float64)
    strength = harmonic_gain(shape, number)
    spectrum = np.zeros((LEVELS, _TABLE // 2 + 1), dtype=np.complex64)
    for level in range(LEVELS):
        gain = strength * opened(number * hertz(pitch), level / (LEVELS - 1))
        spectrum[level, 1 : len(number) + 1] = -0.5j * gain * _TABLE
    tables = np.fft.irfft(spectrum, _TABLE, axis=1).astype(np.float32)
    return np.concatenate([tables, tables[:, :1]], axis=1)


def oscillator(tables: F32, cycles: F64, brightness: F64) -> F32:
    """Read a stack of tables.

    Args:
        tables: as ``wavetables`` makes them.
        cycles: ``[n]`` phase in whole periods, rising.
        brightness: ``[n]`` 0..1.
    """
    place = (cycles % 1.0) * _TABLE
    index = place.astype(np.int32)
    between = (place - index).astype(np.float32)
    level = np.clip(brightness, 0.0, 1.0) * (LEVELS - 1.001)
    lower = level.astype(np.int32)
    mix = (level - lower).astype(np.float32)
    flat = tables.ravel()
    at = lower * (_TABLE + 1) + index
    dull = flat[at] * (1 - between) + flat[at + 1] * between
    at += _TABLE + 1
    bright = flat[at] * (1 - between) + flat[at + 1] * between
    return np.asarray(dull + (bright - dull) * mix, dtype=np.float32)


def decay(count: int, t60_s: float) -> F32:
    """An exponential that falls by 60 dB in ``t60_s`` seconds."""
    return np.exp(-6.9078 * seconds(count) / t60_s).astype(np.float32)


def envelope(count: int, attack_s: float, release_s: float) -> F32:
    """1 with a rounded rise at the beginning and a rounded fall to nothing at the very end."""
    rise, fall = min(samples(attack_s), count // 2), min(samples(release_s), count // 2)
    shape = np.ones(count, dtype=np.float32)
    shape[:rise] = 0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / max(1, rise))
    shape[count - fall :] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 0.5) / max(1, fall))
    return shape


def noise(count: int, rng: np.random.Generator) -> F32:
    """White noise of standard deviation 1."""
    return rng.standard_normal(count, dtype=np.float32)


def filtered(wave: F32, low_hz: float, high_hz: float, order: int = 2) -> F32:
    """``wave [..., n]`` between two frequencies, without delay; 0 and infinity leave an end open.

    Args:
        wave: any number of channels.
        low_hz: the lower edge, where the gain is down by 3 dB.
        high_hz: the upper edge, likewise.
        order: steepness of both, 6 dB an octave each.
    """
    count = wave.shape[-1]
    size = 1 << (count + 2048).bit_length()
    spectrum = np.fft.rfft(wave, size, axis=-1) * _band_gain(size, low_hz, high_hz, order)
    return np.asarray(np.fft.irfft(spectrum, size, axis=-1)[..., :count], dtype=np.float32)


@lru_cache(maxsize=64)
def _band_gain(size: int, low_hz: float, high_hz: float, order: int) -> F32:
    hz = frequencies(size)
    above = 1 / np.sqrt(1 + (low_hz / np.maximum(hz, 1e-3)) ** (2 * order))
    below = 1 / np.sqrt(1 + (hz / high_hz) ** (2 * order))
    return np.asarray(above * below, dtype=np.float32)


def frequencies(size: int) -> F64:
    """Frequency in Hz of each bin of a real spectrum of ``size`` samples."""
    return np.asarray(np.fft.rfftfreq(size, 1 / RATE), dtype=np.float64)
