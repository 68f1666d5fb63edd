"""The drum kit and the effects around it: every stroke is drawn from sines and noise, stereo, ``[2, n]``.

A drum is a function of the stroke's length in seconds, its tone and the song's ``Kit``. To add one, write a function
and enter it in ``DRUMS``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.composer.synth import (
    RATE,
    decay,
    envelope,
    filtered,
    noise,
    oscillator,
    samples,
    seconds,
    wavetables,
)


@dataclass(frozen=True)
class Kit:
    """How the drums of one song sound.

    Attributes:
        kick_hz: where the kick's pitch comes to rest; the song's root.
        kick_s: how long it rings.
        snare_hz: pitch of the snare's skin.
        seed: of all noise.
    """

    kick_hz: float = 49.0
    kick_s: float = 0.32
    snare_hz: float = 190.0
    seed: int = 0

    def rng(self, drum: int) -> np.random.Generator:
        """The source of one drum's noise: the same for every stroke, as a sample would be."""
        return np.random.default_rng([self.seed, drum])


def kick(duration_s: float, tone: float, kit: Kit) -> F32:
    """A falling sine with a click."""
    count = samples(kit.kick_s + 0.12)
    time_s = seconds(count)
    hz = kit.kick_hz * (1 + 2.6 * np.exp(-time_s / 0.028) + 5.0 * np.exp(-time_s / 0.005))
    body = np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.exp(-((time_s / kit.kick_s) ** 1.6) * 3.0)
    click = filtered(noise(samples(0.012), kit.rng(1)), 1500, 9000) * decay(samples(0.012), 0.012)
    wave = np.tanh(1.6 * body).astype(np.float32) * envelope(count, 0.001, 0.04)
    wave[: len(click)] += 0.38 * click
    return np.stack([wave, wave])


def clap(duration_s: float, tone: float, kit: Kit) -> F32:
    """Four hands a few milliseconds apart, a different room on each side."""
    count = samples(0.32)
    time_s = seconds(count)
    hands = np.zeros(count, dtype=np.float32)
    for start_s, fall_s, level in (
        (0.0, 0.004, 0.8),
        (0.010, 0.004, 0.7),
        (0.019, 0.005, 0.8),
        (0.028, 0.055, 1.0),
    ):
        since_s = np.maximum(0.0, time_s - start_s)
        hands += np.where(time_s >= start_s, level * np.exp(-since_s / fall_s), 0.0).astype(np.float32)
    rng = kit.rng(2)
    wave = np.stack([noise(count, rng), noise(count, rng)])
    middle = wave.mean(axis=0)
    wave = filtered(0.6 * wave + middle, 900, 6500)
    return wave * hands * envelope(count, 0.001, 0.1)


def snare(duration_s: float, tone: float, kit: Kit) -> F32:
    """A skin and its wires; ``tone`` shifts the pitch by up to an octave."""
    count = samples(0.22)
    time_s = seconds(count)
    hz = kit.snare_hz * 2**tone * (1 + 0.8 * np.exp(-time_s / 0.012))
    skin = np.sin(2 * np.pi * np.cumsum(hz) / RATE).astype(np.float32) * decay(count, 0.18)
    rng = kit.rng(3)
    wires = filtered(np.stack([noise(count, rng), noise(count, rng)]), 1800, 11000) * decay(count, 0.22)
    return (0.7 * skin + 0.55 * wires) * envelope(count, 0.001, 0.05)


def hat(duration_s: float, tone: float, kit: Kit) -> F32:
    """A closed hat: a tick of high noise."""
    return _metal(0.09, 0.06 + 0.02 * tone, 7500, 4, kit)


def open_hat(duration_s: float, tone: float, kit: Kit) -> F32:
    """An open hat."""
    return _metal(0.34, 0.42, 6500, 5, kit)


def shaker(duration_s: float, tone: float, kit: Kit) -> F32:
    """A soft shake that swells and goes."""
    count = samples(0.1)
    rng = kit.rng(6)
    wave = filtered(np.stack([noise(count, rng), noise(count, rng)]), 4500, 11000)
    return wave * envelope(count, 0.03, 0.06) * 0.8


def crash(duration_s: float, tone: float, kit: Kit) -> F32:
    """A cymbal that washes out over two bars."""
    return _metal(2.8, 2.4, 3200, 7, kit)


def _metal(ring_s: float, t60_s: float, low_hz: float, drum: int, kit: Kit) -> F32:
    """High noise with a few inharmonic partials, as cymbals have."""
    count = samples(ring_s)
    rng = kit.rng(drum)
    wave = np.stack([noise(count, rng), noise(count, rng)])
    wave = 0.75 * wave + 0.5 * wave.mean(axis=0)
    time_s = seconds(count)
    for ratio in (1.0, 1.342, 1.2312, 1.6532, 1.9523):
        wave += 0.22 * np.sign(np.sin(2 * np.pi * 4120 * ratio * time_s + rng.uniform(0, 6.3))).astype(
            np.float32
        )
    wave = filtered(wave, low_hz, 16000, order=3)
    return wave * decay(count, t60_s) * envelope(count, 0.001, 0.3 * ring_s)


def reverse(duration_s: float, tone: float, kit: Kit) -> F32:
    """A cymbal played backwards, up to its stroke."""
    count = samples(duration_s)
    rng = kit.rng(8)
    wave = filtered(np.stack([noise(count, rng), noise(count, rng)]), 2500, 13000)
    return wave * decay(count, 1.5 * duration_s)[::-1] * envelope(count, 0.05, 0.02)


def impact(duration_s: float, tone: float, kit: Kit) -> F32:
    """What lands with the drop: a deep boom under a burst of air."""
    count = samples(2.2)
    time_s = seconds(count)
    hz = kit.kick_hz * (0.8 + 1.2 * np.exp(-time_s / 0.12))
    boom = np.sin(2 * np.pi * np.cumsum(hz) / RATE).astype(np.float32) * decay(count, 1.6)
    rng = kit.rng(9)
    air = filtered(np.stack([noise(count, rng), noise(count, rng)]), 150, 2500, order=1) * decay(count, 1.1)
    return (0.8 * boom + 0.35 * air) * envelope(count, 0.002, 0.5)


_RISER_BANDS_HZ = tuple(250.0 * 2**octave for octave in range(6))


def riser(duration_s: float, tone: float, kit: Kit) -> F32:
    """Noise that climbs five octaves while it grows, with a tone that climbs one."""
    count = samples(duration_s)
    share = np.linspace(0, 1, count)
    rng = kit.rng(10)
    wave = np.zeros((2, count), dtype=np.float32)
    for number, hz in enumerate(_RISER_BANDS_HZ):
        near: F64 = np.exp(-((share * (len(_RISER_BANDS_HZ) - 1) - number) ** 2) / 0.9)
        wave += filtered(np.stack([noise(count, rng), noise(count, rng)]), hz, 1.6 * hz) * near.astype(
            np.float32
        )
    climbing = np.cumsum(4 * kit.kick_hz * 2 ** (share**1.5)) / RATE
    siren = oscillator(wavetables("saw", 43), climbing, 0.15 + 0.55 * share)
    swell = (0.04 + 0.96 * share**2.2).astype(np.float32)
    return (0.8 * wave + 0.22 * siren) * swell * envelope(count, 0.1, 0.02)


DRUMS: dict[str, Callable[[float, float, Kit], F32]] = {
    "kick": kick,
    "clap": clap,
    "snare": snare,
    "hat": hat,
    "open_hat": open_hat,
    "shaker": shaker,
    "crash": crash,
    "reverse": reverse,
    "impact": impact,
    "riser": riser,
}
"""Every drum and effect by the name that strokes use."""
