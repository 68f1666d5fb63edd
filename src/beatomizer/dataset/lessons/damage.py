"""What happens to songs on their way to a listener: other speeds, rooms, masters, telephones, crowds.

Everything works on mono sound at 24 kHz. A learner that has heard only clean mixes takes every room for a new song.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import soxr

from beatomizer.arrays import F32, F64
from beatomizer.timebase import SAMPLE_RATE

_SPEED = 0.12
"""Songs are played up to so much faster or slower, pitch with tempo."""


@dataclass(frozen=True)
class Damage:
    """What is done to one song; zeros do nothing.

    Attributes:
        speed: 1 = as composed; times are divided by it.
        gain_db: of the whole.
        tilt_db: from the lowest to the highest octave, evenly.
        low_hz, high_hz: what is outside is lost, 12 dB an octave; 0: nothing is.
        drive_db: how far the sum is pushed into a soft ceiling.
        room_s, wet: reverberation: time to fall by 60 dB, and its share.
        noise_db: noise under the song's level; 0: none.
        noise_tilt_db: its colour, decibels an octave.
        seed: of noise and room.
    """

    speed: float = 1.0
    gain_db: float = 0.0
    tilt_db: float = 0.0
    low_hz: float = 0.0
    high_hz: float = 0.0
    drive_db: float = 0.0
    room_s: float = 0.0
    wet: float = 0.0
    noise_db: float = 0.0
    noise_tilt_db: float = 0.0
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """What was done, plain JSON, without what was not."""
        return {name: round(value, 4) for name, value in asdict(self).items() if value}


def drawn_damage(rng: np.random.Generator) -> Damage:
    """A way to the listener by chance; one song in six stays as it was but for speed and gain."""
    speed = float(2.0 ** rng.uniform(-_SPEED, _SPEED)) if rng.random() < 0.8 else 1.0
    gain = float(rng.uniform(-18.0, 3.0))
    if rng.random() < 1 / 6:
        return Damage(speed, gain)

    def sometimes(chance: float, low: float, high: float) -> float:
        value = float(rng.uniform(low, high))
        return value if rng.random() < chance else 0.0

    return Damage(
        speed=speed,
        gain_db=gain,
        tilt_db=sometimes(0.6, -14.0, 14.0),
        low_hz=sometimes(0.15, 60.0, 250.0),
        high_hz=sometimes(0.2, 2_500.0, 9_000.0),
        drive_db=sometimes(0.4, 3.0, 20.0),
        room_s=(room := sometimes(0.35, 0.2, 2.2)),
        wet=float(rng.uniform(0.1, 0.6)) if room else 0.0,
        noise_db=sometimes(0.25, 6.0, 40.0),
        noise_tilt_db=float(rng.uniform(-6.0, 0.0)),
        seed=int(rng.integers(2**31)),
    )


def damaged(samples: F32, rate: int, damage: Damage) -> F32:
    """Mono ``[n]`` at ``rate`` Hz → mono at 24 kHz, as it arrives; peaks stay within −1..1."""
    song = soxr.resample(samples, rate * damage.speed, SAMPLE_RATE).astype(np.float64)
    rng = np.random.default_rng(damage.seed)
    if damage.drive_db:
        song = _driven(song, damage.drive_db)
    if damage.wet:
        song = (1 - damage.wet) * song + damage.wet * _in_room(song, damage.room_s, rng)
    if damage.tilt_db or damage.low_hz or damage.high_hz:
        song = _coloured(song, damage)
    if damage.noise_db:
        level = np.sqrt(np.mean(song**2)) * 10 ** (-damage.noise_db / 20)
        song = song + level * noise(len(song), damage.noise_tilt_db, rng)
    song = song * 10 ** (damage.gain_db / 20)
    return np.asarray(song / max(1.0, float(np.abs(song).max(initial=0.0))), dtype=np.float32)


def noise(count: int, tilt_db: float, rng: np.random.Generator) -> F64:
    """Noise of that colour (0 white, −3 pink, −6 brown), root mean square 1."""
    size = _even(count)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    hertz = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 30.0)
    wave = np.fft.irfft(spectrum * (hertz / 1_000.0) ** (tilt_db / 6.02), size)[:count]
    return np.asarray(wave / max(float(np.sqrt(np.mean(wave**2))), 1e-12))


def _driven(song: F64, drive_db: float) -> F64:
    """Pushed into a soft ceiling, peaks back where they were."""
    peak = max(float(np.abs(song).max(initial=0.0)), 1e-9)
    push = 10 ** (drive_db / 20)
    return np.asarray(np.tanh(song / peak * push) / np.tanh(push) * peak)


def _in_room(song: F64, fall_s: float, rng: np.random.Generator) -> F64:
    """Convolved with falling noise, as loud as before."""
    count = int(min(fall_s, 1.5) * SAMPLE_RATE)
    echo = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / (fall_s * SAMPLE_RATE))
    size = _even(len(song) + count)
    wet = np.fft.irfft(np.fft.rfft(song, size) * np.fft.rfft(echo, size), size)[: len(song)]
    level = np.sqrt(np.mean(song**2)) / max(float(np.sqrt(np.mean(wet**2))), 1e-12)
    return np.asarray(wet * level)


def _coloured(song: F64, damage: Damage) -> F64:
    size = _even(len(song))
    hertz = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 20.0)
    gain_db = damage.tilt_db * (np.log2(hertz / 600.0) / 9.0)
    gain = 10 ** (gain_db / 20)
    if damage.low_hz:
        gain = gain / np.sqrt(1 + (damage.low_hz / hertz) ** 4)
    if damage.high_hz:
        gain = gain / np.sqrt(1 + (hertz / damage.high_hz) ** 4)
    return np.asarray(np.fft.irfft(np.fft.rfft(song, size) * gain, size)[: len(song)])


def _even(count: int) -> int:
    """A length that transforms fast: at least ``count``, of small factors."""
    block = 1 << max(0, count.bit_length() - 5)
    return -(-count // block) * block
