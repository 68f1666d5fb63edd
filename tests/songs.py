"""Small songs for tests, made in a moment and written with the standard library."""

import wave
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32

MUSIC = Path(__file__).parents[2] / "shared" / "music"
"""Real songs to try things on; not part of the repository, so tests that use them skip where they are missing."""


def beat_song(seconds: float = 8.0, bpm: float = 120.0, rate: int = 44_100, seed: int = 0) -> F32:
    """Kick on every beat, noise on two and four, a chord that changes each bar: float32 ``[N]``."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    song = np.zeros_like(t)
    for index, start in enumerate(np.arange(0.0, seconds, 60.0 / bpm)):
        local = t - start
        on = (local >= 0) & (local < 0.25)
        song[on] += (
            0.6
            * np.sin(2 * np.pi * (50 * local[on] + 6 * (1 - np.exp(-local[on] * 30))))
            * np.exp(-12 * local[on])
        )
        if index % 2:
            song[on] += 0.2 * rng.standard_normal(int(on.sum())) * np.exp(-25 * local[on])
    root = 110 * 2 ** (np.array([0, 5, 7, 3])[(t * bpm / 240).astype(int) % 4] / 12)
    song += 0.08 * sum(np.sin(2 * np.pi * np.cumsum(root * ratio) / rate) for ratio in (1, 1.26, 1.5))
    scaled: F32 = (song / max(1.0, np.abs(song).max()) * 0.9).astype(np.float32)
    return scaled


def write_wav(path: Path, samples: F32, rate: int = 44_100) -> Path:
    """Write mono ``[N]`` or interleavable ``[N, C]`` samples as 16-bit WAV."""
    samples = samples.reshape(len(samples), -1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
