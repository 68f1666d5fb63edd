"""The report: what the limiter changed, and whether the beat can still be seen."""

import numpy as np

from beatomizer.arrays import F64, U8, Bool
from beatomizer.color import LINEAR_OF_RGB8, LUMINANCE_WEIGHTS, lightness
from beatomizer.safety.judge import judge_signals
from beatomizer.safety.profiles import Profile
from beatomizer.safety.safe_show import SafetyReport
from beatomizer.safety.signals import signals_of, with_stage
from beatomizer.show.show import Show
from beatomizer.timebase import FPS, nearest_frame

VISIBLE_LIGHTNESS_STEP = 10.0
"""ΔL* from which a change is called visible."""

BEAT_NEIGHBOURHOOD_FRAMES = 6
"""A change belongs to a beat if it happens within 100 ms of it."""

_PASSAGE_GAP_FRAMES = FPS
"""Changed frames less than a second apart belong to one passage."""


def report_on(wanted: Show, shown: U8, profile: Profile) -> SafetyReport:
    """Compare what was wanted with what is shown, and judge the latter."""
    changed = (wanted.rgb8 != shown).any(axis=(1, 2))
    verdict = judge_signals(signals_of(with_stage(LINEAR_OF_RGB8[shown])), profile)
    times_s = [beat.time_s for beat in wanted.cues.beats] if wanted.cues else []
    visible = beats_visible(shown, [nearest_frame(time_s) for time_s in times_s])
    return SafetyReport(
        profile=profile.name,
        passages_limited=_passages(changed),
        frames_limited=int(changed.sum()),
        peak_flashes_per_s=verdict.peak_flashes_per_s,
        beats=len(visible),
        beats_visible=int(visible.sum()),
    )


def beats_visible(rgb8: U8, beat_frames: list[int]) -> Bool:
    """For each beat, whether any zone or the stage changes by ΔL* ≥ 10 within 100 ms of it.

    Args:
        rgb8: ``[T, Z, 3]``.
        beat_frames: frames of the beats; those outside the show are left out.
    """
    frames = [frame for frame in beat_frames if 0 <= frame < len(rgb8)]
    if not frames:
        return np.zeros(0, dtype=np.bool_)
    light: F64 = lightness(with_stage(LINEAR_OF_RGB8[rgb8]) @ LUMINANCE_WEIGHTS)
    near = np.arange(-BEAT_NEIGHBOURHOOD_FRAMES, BEAT_NEIGHBOURHOOD_FRAMES + 1)
    around = light[np.clip(np.array(frames)[:, None] + near, 0, len(rgb8) - 1)]
    swing = around.max(axis=1) - around.min(axis=1)
    return np.asarray((swing >= VISIBLE_LIGHTNESS_STEP).any(axis=1))


def _passages(changed: Bool) -> int:
    frames = np.flatnonzero(changed)
    return 0 if frames.size == 0 else 1 + int((np.diff(frames) > _PASSAGE_GAP_FRAMES).sum())
