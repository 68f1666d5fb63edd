"""Time: 60 frames a second, and every conversion to and from it.

One module owns the frame rate, so that no other one multiplies by a rounded 1/60. Conversions that must be
exact fail on a remainder instead of drifting (22,050 Hz has no whole number of samples in a frame: over four
minutes a rounded hop is a third of a second late).

Frame ``t`` is the light shown from ``t/60`` s until ``(t + 1)/60`` s. It has heard the samples before
``(t + 1) * HOP`` and nothing later.
"""

import math

FPS = 60
"""Frames a second, everywhere in this package."""

SAMPLE_RATE = 24_000
"""Samples a second of all audio in memory, mono."""


def exact_div(numerator: int, denominator: int) -> int:
    """Divide two integers that must divide; raise ``ValueError`` on a remainder."""
    quotient, remainder = divmod(numerator, denominator)
    if remainder:
        raise ValueError(f"{numerator} is not a whole multiple of {denominator}")
    return quotient


def hop_samples(sample_rate: int) -> int:
    """Samples in one frame at ``sample_rate`` Hz: 400 at 24 kHz, 735 at 44.1 kHz, 800 at 48 kHz."""
    return exact_div(sample_rate, FPS)


HOP = hop_samples(SAMPLE_RATE)
"""Samples from one frame to the next: 400."""


def frame_count(n_samples: int) -> int:
    """Frames that cover ``n_samples`` samples at ``SAMPLE_RATE``; the last one may be partly past the end."""
    return -(-n_samples // HOP)


def frame_count_of_duration(duration_s: float) -> int:
    """Frames that cover ``duration_s`` seconds (a millionth of a frame over a whole number is rounding noise)."""
    return max(0, math.ceil(duration_s * FPS - 1e-6))


def frame_time_s(frame: int) -> float:
    """Seconds at which ``frame`` begins to be shown."""
    return frame / FPS


def nearest_frame(time_s: float) -> int:
    """The frame whose beginning is nearest to ``time_s``; halves go to the later one."""
    return math.floor(time_s * FPS + 0.5)


def clock(time_s: float) -> str:
    """A time for people, in whole seconds gone by, as players show it: ``3:07`` or ``1:02:03``."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def length(duration_s: float) -> str:
    """A length for people: ``3:07``, or ``0.5 s`` where a clock would show next to nothing."""
    return clock(duration_s) if duration_s >= 10 else f"{duration_s:.1f} s"
