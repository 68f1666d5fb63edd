"""The raw materials of sound: oscillators without aliasing, envelopes, noise, filters.

Oscillators read wavetables whose harmonics end below the highest frequency that the rate can hold, so nothing
folds back. A filter that opens and closes is a walk through a stack of such tables, dull to bright; no recursion,
so everything runs at the speed of whole arrays.
"""

from collections.abc import Callable
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


def cutoff_hz(brightness: float) -> float:
    """Where a voice of this brightness begins to lose its harmonics: 160 Hz at 0, 18 kHz at 1."""
    return float(160.0 * 2.0 ** (6.8 * brightness))


def opened(hz: F64, brightness: float, ring: float = 0.5) -> F64:
    """Gain of a gentle low-pass (12 dB an octave) whose corner stands out by ``ring``."""
    ratio = hz / cutoff_hz(brightness)
    return np.asarray((1 + ring * np.exp(-((ratio - 0.9) ** 2) / 0.08)) / np.sqrt(1 + ratio**4))


def _pulse(width: float) -> Callable[[F64], F64]:
    return lambda number: np.abs(np.sin(np.pi * number * width)) / number


def _drawbars(*bars: int) -> Callable[[F64], F64]:
    """An organ: strengths of the harmonics 1, 2, 3, 4, 6, 8, 10, 12, 16 from 0 to 8 (a step is 3 dB)."""
    places = (1, 2, 3, 4, 6, 8, 10, 12, 16)
    levels = {place: 10 ** (3 * (bar - 8) / 20) for place, bar in zip(places, bars, strict=True) if bar}
    return lambda number: np.array([levels.get(int(one), 0.0) for one in number])


SHAPES: dict[str, Callable[[F64], F64]] = {
    "saw": lambda n: 1 / n,
    "square": lambda n: (n % 2) / n,
    "pulse25": _pulse(0.25),
    "pulse12": _pulse(0.125),
    "pulse37": _pulse(0.375),
    "pulse06": _pulse(0.0625),
    "triangle": lambda n: (n % 2) / n**2,
    "stairs": lambda n: (n % 2) / n**2 + (n > 1) * ((n % 32 == 1) | (n % 32 == 31)) / n,
    "hollow": lambda n: np.where(n % 2 == 1, 1.0, 0.3) / n**1.3,
    "sine": lambda n: (n == 1).astype(np.float64),
    "soft": lambda n: 1 / n**2,
    "reed": lambda n: np.where(n % 2 == 1, 1.0, 0.45) * np.exp(-((n - 4) ** 2) / 60) + 0.1 / n,
    "brass": lambda n: np.exp(-np.abs(n - 3) / 5) / np.sqrt(n),
    "bowed": lambda n: (1 + 0.6 * np.cos(0.9 * n)) / n**1.1,
    "hammer": lambda n: np.abs(np.sin(np.pi * n / 8.3)) / n**1.25 + (n == 1) * 0.3,
    "full organ": _drawbars(8, 8, 8, 6, 4, 5, 2, 2, 3),
    "jazz organ": _drawbars(8, 6, 8, 0, 0, 0, 0, 0, 2),
    "pipes": _drawbars(7, 8, 2, 7, 2, 6, 0, 0, 4),
}
"""Strength of a plain wave's harmonics, by their number; phases are a sine's."""


def harmonics(pitch: int) -> F64:
    """Numbers of the harmonics of a pitch that may sound."""
    top = min(_TABLE // 2 - 1, int(TOP_HZ / hertz(pitch)))
    return np.arange(1, max(1, top) + 1, dtype=np.float64)


@lru_cache(maxsize=256)
def wavetables(shape: str, pitch: int, ring: float = 0.5) -> F32:
    """One period of ``shape`` at ``LEVELS`` brightnesses, ``[LEVELS, 4097]``; the last sample repeats the first.

    ``ring`` is how much the filter's corner stands out: 0.5 is mild, 4 whistles.
    """
    number = harmonics(pitch)
    levels = [opened(number * hertz(pitch), level / (LEVELS - 1), ring) for level in range(LEVELS)]
    return tabled(np.array(levels) * SHAPES[shape](number))


def tabled(gains: F64) -> F32:
    """Tables ``[levels, 4097]`` from the strengths ``[levels, harmonics]`` of sines."""
    spectrum = np.zeros((len(gains), _TABLE // 2 + 1), dtype=np.complex64)
    spectrum[:, 1 : gains.shape[1] + 1] = -0.5j * gains * _TABLE
    tables = np.fft.irfft(spectrum, _TABLE, axis=1).astype(np.float32)
    return np.concatenate([tables, tables[:, :1]], axis=1)


def oscillator(tables: F32, cycles: F64, brightness: F64) -> F32:
    """Read a stack of tables.

    Args:
        tables: as ``tabled`` makes them.
        cycles: ``[n]`` phase in whole periods, rising.
        brightness: ``[n]`` 0..1, the place in the stack.
    """
    place = cycles * _TABLE
    index = place.astype(np.int64)
    between = (place - index).astype(np.float32)
    index &= _TABLE - 1
    level = np.clip(brightness, 0.0, 1.0) * (len(tables) - 1.001)
    lower = level.astype(np.int64)
    mix = (level - lower).astype(np.float32)
    flat = tables.ravel()
    at = lower * (_TABLE + 1) + index
    dull = flat[at]
    dull += (flat[at + 1] - dull) * between
    at += _TABLE + 1
    bright = flat[at]
    bright += (flat[at + 1] - bright) * between
    return np.asarray(dull + (bright - dull) * mix, dtype=np.float32)


def decay(count: int, t60_s: float) -> F32:
    """An exponential that falls by 60 dB in ``t60_s`` seconds."""
    fall = np.exp(np.arange(count, dtype=np.float32) * np.float32(-6.9078 / (t60_s * RATE)))
    return np.asarray(fall, dtype=np.float32)


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
    size = fast_size(count + 2048)
    spectrum = np.fft.rfft(wave, size, axis=-1) * _band_gain(size, low_hz, high_hz, order)
    return np.asarray(np.fft.irfft(spectrum, size, axis=-1)[..., :count], dtype=np.float32)


def fast_size(count: int) -> int:
    """A length of at least ``count`` that transforms fast: a power of two, or three quarters or five eighths of one."""
    power = 1 << (count - 1).bit_length()
    return next((power // 8 * part for part in (5, 6) if power // 8 * part >= count), power)


@lru_cache(maxsize=64)
def _band_gain(size: int, low_hz: float, high_hz: float, order: int) -> F32:
    hz = frequencies(size)
    above = 1 / np.sqrt(1 + (low_hz / np.maximum(hz, 1e-3)) ** (2 * order))
    below = 1 / np.sqrt(1 + (hz / high_hz) ** (2 * order))
    return np.asarray(above * below, dtype=np.float32)


def frequencies(size: int) -> F64:
    """Frequency in Hz of each bin of a real spectrum of ``size`` samples."""
    return np.asarray(np.fft.rfftfreq(size, 1 / RATE), dtype=np.float64)


def level(wave: F32) -> float:
    """Root mean square of the loudest 40 ms of ``wave [n]`` or ``[2, n]``: what sounds are made equal by."""
    middle = wave if wave.ndim == 1 else wave[0]
    block = samples(0.04)
    power = middle[: max(block, len(middle) // block * block)] ** 2
    if len(power) < 2 * block:
        return float(np.sqrt(power.sum() / block)) + 1e-9
    return float(np.sqrt(power[: len(power) // block * block].reshape(-1, block).mean(axis=1).max())) + 1e-9
