"""From pictures at any rate to 60 frames a second: the paper's duplication, or interpolation.

Frame ``t`` is light from ``t/60`` s until ``(t + 1)/60`` s, and it shows the last picture that appears before its end.
So a picture appears in frame ``floor(60 · pts)``, as a click at sample ``n`` is heard in frame ``n // 400``: sound and
picture of one moment share a frame. For an even rate this is a cycle of counts (24 pictures a second: 2, 3, 2, 3, …),
and for any other it is simply done by the pictures' times.
"""

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from beatomizer.arrays import F32, F64, U8, Int
from beatomizer.color import linear_to_srgb, srgb_to_linear
from beatomizer.dataset.clip import CUT, MISSING, REPEAT
from beatomizer.errors import UsageError
from beatomizer.timebase import FPS

Rate = Literal["duplicate", "interpolate"]

CUT_FRAMES = 3
"""Frames before and after a camera cut that are not to be believed."""

_ROUNDING = 0.05
"""Of a frame, 0.8 ms: containers round times to a millisecond (Matroska, FLV); a picture that begins that little
before a frame begins with it."""

_LONGEST_HELD_S = 1.0
_LONGEST_HELD_STEPS = 3.0
"""A picture is believed for a second, or for three steps of a slower film; after that, pictures are missing."""


class Timed(NamedTuple):
    """Colours at 60 frames a second: float32 sRGB ``[T, Z, 3]``, and ``flags`` uint8 ``[T]`` (see ``clip``)."""

    rgb: F32
    flags: U8


def duplication_cycle(fps: Fraction) -> tuple[int, ...]:
    """How many 60ths of a second each picture is shown, over one cycle: 24 → (2, 3), 25 → (2, 2, 3, 2, 3).

    A rate above 60 has zeros in its cycle: pictures that share a frame with a later one.

    Raises:
        UsageError: a rate that is not positive.
    """
    if fps <= 0:
        raise UsageError(f"{fps} pictures a second", "a rate is above 0")
    ticks = FPS / Fraction(fps)
    begins = [(ticks * k).__floor__() for k in range(ticks.denominator + 1)]
    return tuple(later - earlier for earlier, later in pairwise(begins))


def describe_cycle(fps: Fraction, most: int = 12) -> str:
    """The cycle for people: ``24 → 60: 2, 3``; a long one by its beginning and how often each count occurs."""
    cycle = duplication_cycle(fps)
    name = str(fps.numerator) if fps.denominator == 1 else f"{float(fps):.3f}"
    if len(cycle) <= most:
        return f"{name} → {FPS}: " + ", ".join(map(str, cycle))
    counts = ", ".join(f"{count} × {times}" for times, count in sorted(Counter(cycle).items()))
    begin = ", ".join(map(str, cycle[:most]))
    return f"{name} → {FPS}: {begin}, … ({counts} in {len(cycle)} pictures)"


def first_frames(pts_s: F64, offset_s: float = 0.0) -> Int:
    """The frame in which each picture appears, int64 ``[K]``: ``floor(60 · (pts − offset))``."""
    return np.floor((np.asarray(pts_s) - offset_s) * FPS + _ROUNDING).astype(np.int64)


def to_frames(
    rgb: F64 | F32,
    pts_s: F64,
    end_s: float,
    *,
    frames: int,
    rate: Rate = "duplicate",
    offset_s: float = 0.0,
    cuts_s: F64 | tuple[float, ...] = (),
) -> Timed:
    """Bring colours of pictures to 60 frames a second.

    ``duplicate`` shows each picture until the next one; where several appear within one frame (more than 60 a second)
    they are averaged in linear light, each for as long as it is seen. ``interpolate`` goes straight, in linear light,
    from picture to picture, and holds before a cut. Frames without a picture have the colour of the last one before
    (black before the first) and the flag ``MISSING``.

    Args:
        rgb: sRGB-encoded ``[K, Z, 3]``, 0..1.
        pts_s: ``[K]``, rising.
        end_s: when the last picture ceases to be seen.
        frames: T.
        rate: how.
        offset_s: picture late relative to sound is positive; frame ``t`` shows the picture of ``t/60 + offset_s``.
        cuts_s: times of camera cuts, on the pictures' clock.

    Raises:
        UsageError: an unknown ``rate``.
    """
    if rate not in ("duplicate", "interpolate"):
        raise UsageError(f"no rate is called '{rate}'", "choose duplicate or interpolate")
    times, end = np.asarray(pts_s, dtype=np.float64) - offset_s, end_s - offset_s
    colours = np.asarray(rgb, dtype=np.float32)
    if len(times) == 0 or frames == 0:
        empty = np.zeros((frames, colours.shape[1] if colours.ndim == 3 else 1, 3), np.float32)
        return Timed(empty, np.full(frames, MISSING, np.uint8))
    begins = first_frames(times)
    shown = np.searchsorted(begins, np.arange(frames), side="right") - 1  # the last picture in each frame
    held = np.maximum(shown, 0)
    cuts = np.asarray(cuts_s, dtype=np.float64) - offset_s
    if rate == "duplicate":
        out = colours[held]
        _average_crowded(out, colours, times, begins)
    else:
        out = _interpolated(colours, times, cuts, frames)
    missing = _missing(shown, times, end, frames)
    out[shown < 0] = 0.0
    flags = np.where(missing, MISSING, 0).astype(np.uint8)
    if rate == "duplicate":
        repeated = np.diff(shown, prepend=-1) == 0
        repeated[0] = shown[0] >= 0 and begins[shown[0]] < 0
        flags[repeated & ~missing] |= REPEAT
    flags[_near(first_frames(cuts), frames)] |= CUT
    return Timed(np.ascontiguousarray(out, dtype=np.float32), flags)


def _missing(
    shown: Int, times: F64, end: float, frames: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """``[T]``: before the first picture, after the last one, or where one picture stands for too long."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    longest = max(_LONGEST_HELD_S, _LONGEST_HELD_STEPS * step)
    clock = np.arange(frames) / FPS
    age = clock - times[np.maximum(shown, 0)]
    over = np.arange(frames) >= max(first_frames(np.array([end]))[0], first_frames(times)[-1] + 1)
    return np.asarray((shown < 0) | (age > longest) | over)


def _average_crowded(out: F32, colours: F32, times: F64, begins: Int) -> None:
    """Where pictures share a frame, replace its colour by their mean over the frame's time, in linear light."""
    crowded = np.unique(begins[1:][np.diff(begins) == 0])
    for frame in crowded[(crowded >= 0) & (crowded < len(out))]:
        first, last = np.searchsorted(begins, [frame, frame + 1])
        first = max(0, first - 1)  # what was there when the frame began
        edges = np.clip(np.append(times[first:last], (frame + 1) / FPS), frame / FPS, (frame + 1) / FPS)
        weights = np.diff(edges)
        if weights.sum() <= 0:
            continue
        linear = srgb_to_linear(colours[first:last].astype(np.float64))
        mixed = np.tensordot(weights / weights.sum(), linear, axes=1)
        out[frame] = linear_to_srgb(mixed).astype(np.float32)


def _interpolated(colours: F32, times: F64, cuts: F64, frames: int) -> F32:
    """Straight lines between pictures in linear light, ``[T, Z, 3]``; steps at cuts and after long holes."""
    clock = np.arange(frames) / FPS
    last = len(times) - 1
    before = np.clip(np.searchsorted(times, clock + _ROUNDING / FPS, side="right") - 1, 0, last)
    after = np.minimum(before + 1, last)
    span = np.maximum(times[after] - times[before], 1e-9)
    share = np.clip((clock - times[before]) / span, 0.0, 1.0)
    share[after == before] = 0.0
    share[span > _LONGEST_HELD_S] = 0.0
    if len(cuts):
        nearest = np.unique(np.clip(np.searchsorted(times, cuts - 1e-6), 0, last))
        share[np.isin(after, nearest)] = 0.0
    linear = srgb_to_linear(colours.astype(np.float64))
    weight = share[:, None, None]
    return linear_to_srgb(linear[before] * (1 - weight) + linear[after] * weight).astype(np.float32)


def _near(cut_frames: Int, frames: int) -> Int:
    """Frames within ``CUT_FRAMES`` of a cut."""
    around = cut_frames[:, None] + np.arange(-CUT_FRAMES, CUT_FRAMES + 1)
    inside = np.unique(around)
    return np.asarray(inside[(inside >= 0) & (inside < frames)])
