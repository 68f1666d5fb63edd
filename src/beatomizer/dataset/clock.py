"""Times of pictures as a file states them → times that rise, on the clock of the sound.

Clocks lie in known ways: no stamp at all, one stamp that its neighbours contradict, a clock that starts again in the
middle (joined recordings), stamps that come twice. The rules are those of ``audio.timeline``, so that picture and sound
of a restarted file stay together.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.audio.timeline import LONGEST_GAP_S, LONGEST_OVERLAP_S

_SAME_S = 1e-4
"""Pictures closer than this (a tenth of the roughest clock's tick) are one."""

_UNEVEN = 0.1
"""Of a step: containers round to a millisecond, which is 6 % of a step at 60 pictures a second."""

_KNOWN_RATES = tuple(
    Fraction(rate)
    for rate in (
        12,
        15,
        20,
        Fraction(24000, 1001),
        24,
        25,
        Fraction(30000, 1001),
        30,
        48,
        50,
        Fraction(60000, 1001),
    )
) + tuple(map(Fraction, (60, 90, 100, 120, 144, 240)))

_SNAP = 4e-4
"""Rates closer than this, in parts of one, are taken for a known rate; 30 and 30000/1001 are 1e-3 apart."""


class Clock(NamedTuple):
    """Repaired times.

    Attributes:
        pts_s: float64 ``[n]``, rising.
        kept: int64 ``[n]``: which of the given pictures they belong to.
        mended: stamps that were missing or contradicted by their neighbours.
        leaps: restarts of the clock.
        dropped: pictures that came late or twice.
    """

    pts_s: F64
    kept: Int
    mended: int
    leaps: int
    dropped: int


def repaired(stamps_s: Sequence[float], step_s: float) -> Clock:
    """Make times of pictures in the order in which they were decoded rise.

    Args:
        stamps_s: times by the file, NaN where it has none.
        step_s: nominal time between pictures, for those without a believable time.
    """
    times: list[float] = []
    kept: list[int] = []
    mended = leaps = dropped = 0
    shift = 0.0
    for index, stamp in enumerate(stamps_s):
        time = stamp - shift
        if not np.isfinite(time):
            time = times[-1] + step_s if times else 0.0
            mended += 1
        elif times:
            jump = time - times[-1]
            if _is_alone(stamps_s, index, shift, times[-1], step_s):
                time = times[-1] + step_s
                mended += 1
            elif jump > LONGEST_GAP_S or jump < -LONGEST_OVERLAP_S:
                shift += jump - step_s
                time = times[-1] + step_s
                leaps += 1
            elif jump < _SAME_S:
                dropped += 1
                continue
        times.append(time)
        kept.append(index)
    return Clock(np.array(times, np.float64), np.array(kept, np.int64), mended, leaps, dropped)


def _is_alone(stamps: Sequence[float], index: int, shift: float, last: float, step: float) -> bool:
    """Whether a stamp far away is noise: the one after it goes on where the one before it was."""
    if abs(stamps[index] - shift - last - step) <= max(LONGEST_OVERLAP_S, 5 * step):
        return False
    following = stamps[index + 1] - shift - last if index + 1 < len(stamps) else np.nan
    return bool(abs(following - 2 * step) <= step)


def described_rate(pts_s: F64) -> tuple[str, Fraction]:
    """Pictures a second by their times: as a fraction ("30000/1001", "25") or "variable", and the (mean) rate.

    A rate is even if nine in ten steps are within a tenth of the median; a film with a dropped picture still is.
    """
    if len(pts_s) < 2:
        return "variable", Fraction(30)
    steps = np.diff(pts_s)
    median = float(np.median(steps))
    even = np.abs(steps - median) <= np.maximum(_UNEVEN * median, 0.0011)
    whole_steps = np.round(steps / median)
    measured = float(whole_steps.sum() / (pts_s[-1] - pts_s[0]))
    if even.mean() < 0.9:
        mean = (len(pts_s) - 1) / (pts_s[-1] - pts_s[0])
        return "variable", Fraction(mean).limit_denominator(1000)
    nearest = min(_KNOWN_RATES, key=lambda rate: abs(float(rate) - measured))
    # The ends of a short film are rounded too.
    snap = max(_SNAP, 0.002 / (pts_s[-1] - pts_s[0]))
    known = abs(float(nearest) / measured - 1) <= snap
    rate = nearest if known else Fraction(measured).limit_denominator(100)
    return str(rate), rate
