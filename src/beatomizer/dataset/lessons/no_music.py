"""Sound that is not music: talk, applause, wind, hum, silence. It teaches that not everything has a beat."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.dataset.lessons.damage import noise
from beatomizer.timebase import SAMPLE_RATE

KINDS = ("talk", "applause", "wind", "hum", "silence")


def no_music(kind: str, rng: np.random.Generator) -> F32:
    """Mono ``[n]`` at 24 kHz, 30 to 60 s."""
    count = int(rng.uniform(30.0, 60.0) * SAMPLE_RATE)
    if kind == "silence":
        return np.zeros(count, dtype=np.float32)
    wave = {"talk": _talk, "applause": _applause, "wind": _wind, "hum": _hum}[kind](count, rng)
    return np.asarray(0.5 * wave / max(float(np.abs(wave).max()), 1e-9), dtype=np.float32)


def _talk(count: int, rng: np.random.Generator) -> F64:
    """Syllables: a buzzing or hissing source through three formants, in phrases with pauses."""
    wave = np.zeros(count)
    pitch_hz = float(rng.uniform(85.0, 230.0))
    rate = float(rng.uniform(3.0, 6.0))
    at = 0
    while at < count:
        if rng.random() < 0.12:  # a breath
            at += int(rng.uniform(0.2, 1.2) * SAMPLE_RATE)
            continue
        length = int(rng.gamma(6.0, 1 / (6.0 * rate)) * SAMPLE_RATE) + 240
        end = min(count, at + length)
        wave[at:end] += _syllable(length, pitch_hz, rng)[: end - at]
        at += length
    return wave


def _syllable(length: int, pitch_hz: float, rng: np.random.Generator) -> F64:
    time = np.arange(length) / SAMPLE_RATE
    glide = pitch_hz * rng.uniform(0.8, 1.25) * (1 + rng.uniform(-0.15, 0.15) * time * SAMPLE_RATE / length)
    voiced = rng.random() < 0.8
    phase = np.cumsum(glide) / SAMPLE_RATE
    source = 2 * (phase % 1.0) - 1 if voiced else rng.standard_normal(length)
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    formants = (rng.uniform(300, 850), rng.uniform(900, 2300), rng.uniform(2300, 3400))
    gain = sum(1 / (1 + ((hertz - place) / (0.06 * place + 60)) ** 2) for place in formants)
    shaped = np.fft.irfft(np.fft.rfft(source) * np.asarray(gain), length)
    swell = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** rng.uniform(0.3, 1.2)
    return np.asarray(shaped * swell * rng.uniform(0.5, 1.0))


def _applause(count: int, rng: np.random.Generator) -> F64:
    """Many hands: claps at random, denser and thinner."""
    wave = noise(count, -1.0, rng) * 0.2
    clap = rng.standard_normal(400) * np.exp(-np.arange(400) / 60)
    places = rng.integers(0, count - 400, int(count / SAMPLE_RATE * rng.uniform(10, 120)))
    for place in places:
        wave[place : place + 400] += clap * rng.uniform(0.2, 1.0)
    return np.asarray(wave * _drift(count, rng))


def _wind(count: int, rng: np.random.Generator) -> F64:
    return np.asarray(noise(count, -5.0, rng) * _drift(count, rng))


def _hum(count: int, rng: np.random.Generator) -> F64:
    time = np.arange(count) / SAMPLE_RATE
    base = float(rng.choice([50.0, 60.0, rng.uniform(100, 400)]))
    tones = sum(np.sin(2 * np.pi * base * n * time) / n for n in (1, 2, 3, 5))
    return np.asarray(tones + 0.05 * noise(count, -3.0, rng))


def _drift(count: int, rng: np.random.Generator) -> F64:
    """A slow random level, 0.1..1, a new wish each two seconds or so."""
    wishes = rng.uniform(0.1, 1.0, count // (2 * SAMPLE_RATE) + 3)
    return np.interp(np.arange(count) / (2 * SAMPLE_RATE), np.arange(len(wishes)), wishes)
