"""Does the light follow how loud the music is, and how busy?"""

from beatomizer.arrays import F32, F64
from beatomizer.metrics.light import Light
from beatomizer.metrics.series import moving_mean, pearson
from beatomizer.timebase import FPS


def loudness_r_1s(loudness_db: F32 | F64, light: Light) -> float:
    """Pearson of loudness (dB, 400 ms) and intensity, both as means over 1 s, −1..1."""
    return _loudness_r(loudness_db, light, FPS)


def loudness_r_4s(loudness_db: F32 | F64, light: Light) -> float:
    """Pearson of loudness and intensity as means over 4 s. Professionals reach 0.44 in the mean and 0.52 in the median
    (Kohl et al., ACM MM 2025, 161 segments); 1.0 is a mere follower.
    """
    return _loudness_r(loudness_db, light, 4 * FPS)


def _loudness_r(loudness_db: F32 | F64, light: Light, frames: int) -> float:
    if light.frames < 2 * frames:
        frames = max(1, light.frames // 2)  # a song of a few seconds still has a louder half
    return pearson(moving_mean(loudness_db, frames), moving_mean(light.intensity, frames))


def onset_r(onset: F32 | F64, light: Light) -> float:
    """Pearson of the onset envelope and ``|dI| + |du|``, frame by frame, −1..1. Video labels reach about 0.06."""
    return pearson(onset, light.swing + light.colour_swing)
