"""Does the light shake? A constant light is perfect here, so none of these is ever read alone."""

import numpy as np

from beatomizer.arrays import Bool
from beatomizer.metrics.light import Light
from beatomizer.timebase import FPS

STILL = 1.0 / 255.0
"""Changes of intensity below one 8-bit step are no changes."""

FAST_HZ = 8.0


def jitter(light: Light) -> float:
    """Mean |d²I| from frame to frame, 0..4; Skip-BART has 2.4 times that of people."""
    bend = np.diff(light.intensity, 2)
    return float(np.abs(bend).mean()) if len(bend) else 0.0


def alternation(light: Light) -> float:
    """Share of frames at which the intensity turns round, 0..1: up by an 8-bit step or more, then down, or reversed."""
    step = np.diff(light.intensity)
    if len(step) < 2:
        return 0.0
    moving = (np.abs(step[1:]) >= STILL) & (np.abs(step[:-1]) >= STILL)
    return float((moving & (step[1:] * step[:-1] < 0.0)).mean())


def fast_share(light: Light) -> float:
    """Share of the intensity's power above 8 Hz, 0..1, without its mean; 0 if it never changes."""
    moved = light.intensity - light.intensity.mean() if light.frames else light.intensity
    power = np.abs(np.fft.rfft(moved)) ** 2 if light.frames else np.zeros(1)
    total = float(power.sum())
    if total <= 1e-12 * max(light.frames, 1):
        return 0.0
    return float(power[np.fft.rfftfreq(light.frames, 1 / FPS) > FAST_HZ].sum()) / total


def flash_violations(unsafe: Bool) -> float:
    """Share of frames at which a judge of the safety room finds a flash rule broken, 0..1; must be 0.

    Args:
        unsafe: ``[T]``, from the judge, of the light before the limiter.
    """
    return float(unsafe.mean()) if len(unsafe) else 0.0
