"""A small made set in which everything is known: tones choose the colour, loudness the intensity.

A tone of a third of a second announces a colour; then only clicks and noise sound, and the colour holds until the
next tone. So the intensity can be read from each frame by itself, the colour only by someone who remembers.
"""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

HUES: F32 = np.array(
    [[1, 0, 0], [1, 0.6, 0], [0, 1, 0.1], [0, 0.8, 1], [0.15, 0, 1], [1, 0, 0.8]], dtype=np.float32
)
"""sRGB of the six colours, all saturated."""

TONES_HZ = (233.0, 349.0, 523.0, 784.0, 1175.0, 1760.0)
"""About a fifth apart; none is a multiple of 60 Hz, so each slice begins at another phase."""

_TONE_S, _LEAST_S, _MOST_S = 0.33, 0.8, 3.0


def tone_clip(frames: int, seed: int) -> tuple[F32, F32]:
    """Slices ``[T, 400]`` and colours ``[T, 1, 3]`` (sRGB) of one clip."""
    rng = np.random.default_rng([seed, 7])
    count = frames * HOP
    time = np.arange(count) / SAMPLE_RATE
    clicks, light = _clicks(time, rng)
    sound = clicks * rng.standard_normal(count) * 0.25
    colour = np.zeros((frames, 3), dtype=np.float32)
    start = 0.0
    hue = int(rng.integers(len(HUES)))
    while start < time[-1]:
        hue = (hue + int(rng.integers(1, len(HUES)))) % len(HUES)
        length = rng.uniform(_LEAST_S, _MOST_S)
        here = (time >= start) & (time < start + _TONE_S)
        phase = rng.uniform(0, 2 * np.pi)
        sound[here] += 0.25 * np.sin(2 * np.pi * TONES_HZ[hue] * time[here] + phase)
        colour[round(start * FPS) : round((start + length) * FPS)] = HUES[hue]
        start += length
    gain = rng.uniform(0.4, 1.0)
    slices = (gain * sound).astype(np.float32).reshape(frames, HOP)
    return slices, (colour * light.reshape(frames, HOP).mean(axis=1)[:, None])[:, None]


def _clicks(time: F64, rng: np.random.Generator) -> tuple[F64, F64]:
    """Decaying clicks at a tempo of their own, some left out, and the intensity they ask for: 0.15..1."""
    period = 60.0 / rng.uniform(90, 150)
    beat = np.floor(time / period).astype(int)
    loud = rng.choice([0.0, 0.35, 1.0], p=[0.15, 0.35, 0.5], size=int(beat[-1]) + 1)[beat]
    decay = loud * np.exp(-(time - beat * period) / 0.25)
    return decay, np.clip(0.15 + 0.85 * decay, 0.0, 1.0)


def tone_clips(clips: int, frames: int, seed: int) -> tuple[F32, F32]:
    """``[B, T, 400]`` and ``[B, T, 1, 3]``."""
    made = [tone_clip(frames, seed * 100_003 + index) for index in range(clips)]
    slices, colours = np.stack([pair[0] for pair in made]), np.stack([pair[1] for pair in made])
    return slices, colours.astype(np.float32)
