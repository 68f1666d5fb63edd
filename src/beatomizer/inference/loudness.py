"""Reference row: one warm light that follows the loudness, as a sound-to-light box does."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.color import parse_hex, rgb8_to_linear
from beatomizer.features.bank import BANK, COLUMNS, loudness_lufs
from beatomizer.features.features import Features
from beatomizer.inference.engine import RawLight

WARM = "#ff9a3c"
ATTACK_FRAMES, DECAY_FRAMES = 2.0, 14.0
"""Time constants: up within 35 ms, down within a quarter of a second, the way a lamp feels."""
SPAN_DB = 24.0
"""This far below the song's running reference the light is out."""


class LoudnessEngine:
    """Louder is lighter; causal, relative to the last 30 s."""

    name = "loudness"
    look = "director"

    def listen(self, features: Features) -> RawLight:
        """One zone, ``[T, 1, 3]``."""
        intensity = smoothed(wanted_intensity(features.frames))
        warm = rgb8_to_linear(np.array(parse_hex(WARM), dtype=np.uint8))
        return RawLight((intensity[:, None, None] * warm).astype(np.float32))


def wanted_intensity(frames: F32) -> F64:
    """0..1 a frame: the 50 ms loudness against the running reference, squared so that dark is dark."""
    lufs = loudness_lufs(frames)
    reference = lufs[:, 1] - (frames[:, COLUMNS["relative"]][:, 0] - 1.0) * BANK.relative_span_db
    share = np.clip(1.0 + (lufs[:, 0] - reference) / SPAN_DB, 0.0, 1.0) ** 2
    return np.asarray(share * np.clip((lufs[:, 1] + 78.0) / 8.0, 0.0, 1.0), dtype=np.float64)


def smoothed(wanted: F64, attack: float = ATTACK_FRAMES, decay: float = DECAY_FRAMES) -> F64:
    """Fast up, slow down: two one-pole followers in a row, one value a frame."""
    rise, fall = 1.0 - np.exp(-1.0 / attack), 1.0 - np.exp(-1.0 / decay)
    light = np.empty_like(wanted)
    now = 0.0
    for frame, value in enumerate(wanted.tolist()):
        now += (value - now) * (rise if value > now else fall)
        light[frame] = now
    return light
