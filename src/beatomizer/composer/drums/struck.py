"""Drums and cymbals: each drawn from sines and noise by a small recipe."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.synth import RATE, decay, filtered, noise, samples, seconds


@dataclass(frozen=True)
class Skin:
    """A drum with a skin, a shell, hands or wood.

    Attributes:
        hz: where its pitch comes to rest.
        drop, drop_s: how far above that it begins (1 = an octave above), and how fast it falls.
        t60_s: how long the skin rings.
        punch: 1 rings as an exponential; above, it stays longer and stops sooner, as an electronic kick does.
        modes: frequency ratios of the skin's other modes (a circular membrane: 1.59, 2.14, 2.30 …).
        skin, noise, click: strengths of the skin, of the wires or air, and of the beater.
        low_hz, high_hz, noise_s: band and ring of the noise.
        bursts: how many hands clap, a few milliseconds apart.
        drive: saturation.
    """

    hz: float = 50.0
    drop: float = 2.0
    drop_s: float = 0.03
    t60_s: float = 0.5
    punch: float = 1.0
    modes: tuple[float, ...] = ()
    skin: float = 1.0
    noise: float = 0.0
    click: float = 0.2
    low_hz: float = 1500.0
    high_hz: float = 9000.0
    noise_s: float = 0.2
    bursts: int = 1
    drive: float = 0.0


@dataclass(frozen=True)
class Metal:
    """A cymbal, a shaker, a bell: high noise with inharmonic partials.

    Attributes:
        low_hz, high_hz: its band.
        t60_s: how long it rings.
        base_hz: the lowest of its square partials (those of a classic drum machine's six oscillators).
        metal: their share.
        swell_s: how long a shake takes to come.
        ping: strength of one clear tone, the bell of a ride.
    """

    low_hz: float = 7000.0
    high_hz: float = 16_000.0
    t60_s: float = 0.08
    base_hz: float = 4120.0
    metal: float = 0.3
    swell_s: float = 0.0005
    ping: float = 0.0


_PARTIALS = (1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523)


def skin(recipe: Skin, tone: float, hard: float, rng: np.random.Generator) -> F32:
    """One stroke on a skin, ``[n]``.

    Args:
        recipe: the drum.
        tone: octaves by which it is raised.
        hard: 0..1, how hard it is struck: soft strokes are duller.
        rng: of its noise.
    """
    ring_s = max(1.2 * recipe.t60_s, 1.1 * recipe.noise_s if recipe.noise else 0.0, 0.05)
    count = samples(ring_s)
    time_s = seconds(count)
    hz = recipe.hz * 2**tone
    turns = hz * (time_s + recipe.drop * recipe.drop_s * (1 - np.exp(-time_s / recipe.drop_s)))
    fall = np.exp(-6.9078 * (time_s / recipe.t60_s) ** recipe.punch).astype(np.float32)
    body = np.sin(2 * np.pi * turns).astype(np.float32) * fall
    for number, ratio in enumerate(recipe.modes):
        body += (
            np.float32(0.55 / (number + 1)) * np.sin(2 * np.pi * ratio * turns).astype(np.float32) * fall**1.7
        )
    out = np.float32(recipe.skin) * body
    if recipe.noise:
        out += _wires(recipe, count, hard, rng)
    if recipe.click:
        tick = filtered(noise(samples(0.012), rng), 1200, 3000 + 9000 * hard) * decay(samples(0.012), 0.014)
        reach = min(count, len(tick))
        out[:reach] += np.float32(recipe.click * (0.4 + 0.6 * hard)) * tick[:reach]
    if recipe.drive:
        out = np.tanh(out * np.float32(1 + recipe.drive))
    return _trimmed(out)


def _wires(recipe: Skin, count: int, hard: float, rng: np.random.Generator) -> F32:
    """The snare's wires, or clapping hands, ``[count]``."""
    reach = min(count, samples(1.1 * recipe.noise_s))
    top_hz = recipe.high_hz * (0.55 + 0.45 * hard)
    air = filtered(noise(reach, rng), recipe.low_hz, top_hz)
    air *= np.float32(1 / (np.sqrt((air[: samples(0.02)] ** 2).mean()) + 1e-6))
    time_s = seconds(reach)
    shape = np.zeros(reach)
    for burst in range(recipe.bursts):
        begun = time_s >= 0.0095 * burst
        fall_s = recipe.noise_s if burst == recipe.bursts - 1 else 0.03
        shape += np.where(
            begun, (0.75 + 0.25 * (burst % 2)) * np.exp(-6.9078 * (time_s - 0.0095 * burst) / fall_s), 0.0
        )
    out = np.zeros(count, dtype=np.float32)
    out[:reach] = np.float32(0.45 * recipe.noise) * air * shape.astype(np.float32)
    return out


def metal(recipe: Metal, tone: float, hard: float, rng: np.random.Generator) -> F32:
    """One stroke on metal, ``[2, n]``: each side has its own noise."""
    count = samples(1.05 * recipe.t60_s + recipe.swell_s + 0.01)
    wave = np.stack([noise(count, rng), noise(count, rng)])
    wave += 0.6 * wave.mean(axis=0)
    time_s = seconds(count)
    if recipe.metal:
        squares = np.zeros(count, dtype=np.float32)
        for ratio in _PARTIALS:
            turns = recipe.base_hz * 2**tone * ratio * time_s + rng.random()
            squares += np.where(turns % 1.0 < 0.5, np.float32(1), np.float32(-1))
        wave = (1 - recipe.metal) * wave + recipe.metal * 0.8 * squares
    wave = filtered(
        wave.astype(np.float32), recipe.low_hz * 2 ** (0.5 * tone), recipe.high_hz * (0.6 + 0.4 * hard), 3
    )
    wave *= decay(count, recipe.t60_s)
    if recipe.ping:
        bell = np.sin(2 * np.pi * 0.83 * recipe.base_hz * time_s).astype(np.float32) * decay(
            count, 0.6 * recipe.t60_s
        )
        wave += np.float32(recipe.ping) * bell
    rise = max(8, samples(recipe.swell_s))
    wave[:, :rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    return _trimmed(wave)


def _trimmed(wave: F32) -> F32:
    """The sound with its last 5 ms faded and nothing that cannot be heard at the end."""
    middle = np.abs(wave if wave.ndim == 1 else wave[0])
    block = RATE // 100
    peaks = middle[: len(middle) // block * block].reshape(-1, block).max(axis=1)
    heard = np.flatnonzero(peaks > 2e-3 * peaks.max()) if len(peaks) else np.array([0])
    wave = wave[..., : min(len(middle), (int(heard[-1]) + 2) * block)]
    fall = min(wave.shape[-1], RATE // 200)
    wave[..., wave.shape[-1] - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return wave
