"""What a model costs: size and time."""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.timebase import FPS


def times_real_time(frames: int, seconds: float) -> float:
    """Seconds of music heard in one second."""
    return frames / FPS / seconds if seconds > 0.0 else np.inf


def ms_per_frame(frames: int, seconds: float) -> float:
    """Milliseconds for one frame of 1/60 s."""
    return 1000.0 * seconds / frames if frames else np.nan


def ms_percentiles(step_seconds: F64) -> tuple[float, float]:
    """p50 and p99 in milliseconds of the times that steps took."""
    if len(step_seconds) == 0:
        return np.nan, np.nan
    p50, p99 = np.percentile(step_seconds, [50.0, 99.0]) * 1000.0
    return float(p50), float(p99)
