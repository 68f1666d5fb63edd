"""What swells and lands around the drums: risers, sweeps, cymbals backwards, impacts. Stereo, ``[2, n]``."""

from collections.abc import Callable

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.synth import (
    decay,
    envelope,
    filtered,
    noise,
    oscillator,
    samples,
    seconds,
    wavetables,
)

_BANDS_HZ = tuple(250.0 * 2**octave for octave in range(6))


def riser(duration_s: float, root_hz: float, rng: np.random.Generator) -> F32:
    """Noise that climbs five octaves while it grows, with a tone that climbs one."""
    count = samples(duration_s)
    share = np.linspace(0, 1, count)
    loop = np.stack([noise(1 << 16, rng), noise(1 << 16, rng)])
    wave = np.zeros((2, count), dtype=np.float32)
    for number, hz in enumerate(_BANDS_HZ):
        near = np.exp(-((share * (len(_BANDS_HZ) - 1) - number) ** 2) / 0.9).astype(np.float32)
        band = _looped(loop, hz, 1.6 * hz)
        wave += np.tile(band, (1, count // band.shape[1] + 1))[:, :count] * near
    climbing = np.cumsum(4 * root_hz * 2 ** (share**1.5)) / 48_000
    siren = oscillator(wavetables("saw", 43), climbing, 0.15 + 0.55 * share)
    swell = (0.04 + 0.96 * share**2.2).astype(np.float32)
    return (0.8 * wave + 0.22 * siren) * swell * envelope(count, 0.1, 0.02)


def _looped(wave: F32, low_hz: float, high_hz: float) -> F32:
    """A band of a loop of noise, itself a loop: the filter goes around."""
    spectrum = np.fft.rfft(wave, axis=1)
    hz = np.fft.rfftfreq(wave.shape[1], 1 / 48_000)
    gain = 1 / np.sqrt((1 + (low_hz / np.maximum(hz, 1)) ** 4) * (1 + (hz / high_hz) ** 4))
    return np.asarray(
        np.fft.irfft(spectrum * gain.astype(np.float32), wave.shape[1], axis=1), dtype=np.float32
    )


def sweep(duration_s: float, root_hz: float, rng: np.random.Generator) -> F32:
    """Noise that falls, after a drop or at the start of a break."""
    return riser(duration_s, root_hz, rng)[:, ::-1].copy()


def reverse(duration_s: float, root_hz: float, rng: np.random.Generator) -> F32:
    """A cymbal played backwards, up to its stroke."""
    count = samples(duration_s)
    wave = filtered(np.stack([noise(count, rng), noise(count, rng)]), 2500, 13000)
    return wave * decay(count, 1.5 * duration_s)[::-1] * envelope(count, 0.05, 0.02)


def impact(duration_s: float, root_hz: float, rng: np.random.Generator) -> F32:
    """What lands with a drop: a deep boom under a burst of air."""
    count = samples(2.2)
    time_s = seconds(count)
    hz = root_hz * (0.8 + 1.2 * np.exp(-time_s / 0.12))
    boom = np.sin(2 * np.pi * np.cumsum(hz) / 48_000).astype(np.float32) * decay(count, 1.6)
    air = filtered(np.stack([noise(count, rng), noise(count, rng)]), 150, 2500, order=1) * decay(count, 1.1)
    return (0.8 * boom + 0.35 * air) * envelope(count, 0.002, 0.5)


EFFECTS: dict[str, Callable[[float, float, np.random.Generator], F32]] = {
    "riser": riser,
    "sweep": sweep,
    "reverse": reverse,
    "impact": impact,
}
"""Every effect by the name that strokes use; each takes its length, the song's root and a source of noise."""
