"""Ask for less: a show whose picture failed after encoding, with less contrast where it failed."""

from dataclasses import replace

import numpy as np

from beatomizer.arrays import F64, Bool
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.safety.envelope import (
    floor_of,
    less_red,
    luminance_of,
    moving_maximum,
    moving_mean,
    with_luminance,
)
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import profile_named
from beatomizer.safety.report import report_on
from beatomizer.safety.safe_show import SafeShow, sealed
from beatomizer.show.show import Show

CONTRAST_OF_ROUNDS = (0.6, 0.3, 0.08)
"""What each round leaves of the swings above the floor; later rounds work on what the rounds before left."""

_BEFORE_FRAMES, _AFTER_FRAMES = 90, 30
"""A frame fails because of the second before it; the slope into the passage comes on top."""

_SLOPE_FRAMES = 20
_CALM_RED_SHARE = 0.7


def tighten(show: SafeShow, failed: Bool, round: int) -> SafeShow:
    """Reduce contrast around failed frames and limit again.

    Args:
        show: what failed.
        failed: ``[T]``, frames at which a judge found fault with the picture.
        round: 1, 2, 3 …, each one clearly stronger.

    Returns:
        A safe show of the same length; the report counts from the show as it was first wanted.
    """
    contrast = CONTRAST_OF_ROUNDS[min(max(round, 1), len(CONTRAST_OF_ROUNDS)) - 1]
    amount = _around(failed, show.frames)
    if not amount.any():
        return show
    linear = LINEAR_OF_RGB8[show.rgb8]
    linear = less_red(linear, _CALM_RED_SHARE, amount[:, None] * np.ones(show.zones))
    luminance = luminance_of(linear)
    floor = floor_of(luminance)
    kept = 1.0 - (1.0 - contrast) * amount[:, None]
    calmer = with_luminance(linear, luminance, floor + (luminance - floor) * kept)
    # Frames outside the passages keep their exact bytes.
    wanted = np.where((amount > 0.0)[:, None, None], linear_to_rgb8(calmer), show.rgb8)
    profile = profile_named(show.report.profile)
    shown = Limiter(show.zones, profile).run(wanted)
    fresh = report_on(Show(show.rgb8, show.cues, show.source), shown, profile)
    report = replace(
        fresh,
        passages_limited=show.report.passages_limited + fresh.passages_limited,
        frames_limited=max(show.report.frames_limited, fresh.frames_limited),
    )
    return sealed(Show(shown, show.cues, show.source), report)


def _around(failed: Bool, frames: int) -> F64:
    """1 in the passages that led to a failure, 0 elsewhere, with smooth slopes between."""
    near = np.zeros(frames)
    for frame in np.flatnonzero(failed[:frames]):
        near[max(0, frame - _BEFORE_FRAMES) : frame + _AFTER_FRAMES] = 1.0
    if not near.any():
        return near
    return np.clip(moving_mean(moving_maximum(near, _SLOPE_FRAMES), _SLOPE_FRAMES), 0.0, 1.0)
