"""What is doubtful about a take, for a person to decide: a flag is a reason to look, not a verdict.

The light is judged where it changes and the sound where it sounds; thresholds are round numbers that composed films
keep on the right side (``benchmarks/label_truth.py``), the same for every take.
"""

from collections.abc import Sequence

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.color import LINEAR_OF_RGB8, linear_to_oklab
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.offset import Offset
from beatomizer.timebase import SAMPLE_RATE

FLAGS = {
    "static": "the picture hardly changes: a still, or a screen with text",
    "talking head": "bright, hardly coloured, and the light hardly changes: no light show",
    "dark": "there is next to nothing to be seen",
    "grey": "next to no colour",
    "letterbox": "black bars: they take part in the mean",
    "many cuts": "more than one camera cut in two seconds",
    "no sync": "light and sound have no common moments; the offset is not known",
    "far off": "the picture is more than 150 ms from the sound",
    "silent": "a good part of the take is silence",
    "holes": "a good part of the take has no picture",
    "slow": "fewer than 20 pictures a second",
    "short": "less than one clip of 15 s",
}
"""Every flag, and what it means."""

_STATIC = 0.01
_DARK, _DARK_SHARE = 0.02, 0.9
_GREY = 0.02
_LIT_ROOM, _STEADY = 0.15, 0.25
_CUTS_A_SECOND = 0.5
_FAR_S = 0.15
_SILENCE, _SILENT_SHARE = 0.001, 0.25
_HOLE_S, _HOLE_SHARE = 1.0, 0.1
_SLOW = 20.0
_BAR = 6
_CLIP_S = 15.0


def quality_flags(
    observed: Observed, samples: F32, cuts_s: Sequence[float] | F64, offset: Offset
) -> tuple[str, ...]:
    """Names in ``FLAGS`` of what is doubtful, in that order.

    Args:
        observed: the pictures.
        samples: the take's sound, mono 24 kHz ``[N]``.
        cuts_s: its camera cuts.
        offset: how picture and sound lie.
    """
    duration_s = len(samples) / SAMPLE_RATE
    found = {
        **_of_pictures(observed),
        "letterbox": _has_bars(observed),
        "many cuts": len(cuts_s) > _CUTS_A_SECOND * max(duration_s, 1.0),
        "no sync": not offset.trusted,
        "far off": offset.trusted and abs(offset.seconds) > _FAR_S,
        "silent": _silent_share(samples) > _SILENT_SHARE,
        "holes": _hole_share(observed, duration_s) > _HOLE_SHARE,
        "slow": observed.step_s > 1 / _SLOW,
        "short": duration_s < _CLIP_S,
    }
    return tuple(name for name in FLAGS if found[name])


def _of_pictures(observed: Observed) -> dict[str, bool]:
    """What the mean colours and the small copies say."""
    if not len(observed.pts_s):
        return {"static": True, "talking head": False, "dark": True, "grey": True}
    some = observed.grid[:: max(1, len(observed.grid) // 200)]
    level = observed.mean_rgb.max(axis=1)
    middle = float(np.median(level))
    change = float(np.abs(some.astype(np.float32) - np.median(some, axis=0)).mean()) / 255
    swing = float(np.quantile(level, 0.95) - np.quantile(level, 0.05)) / max(middle, 1e-3)
    lab = linear_to_oklab(LINEAR_OF_RGB8[some].reshape(-1, 3))
    lit = lab[:, 0] > 0.25
    chroma = float(np.hypot(lab[lit, 1], lab[lit, 2]).mean()) if lit.any() else 0.0
    dark = float((level < _DARK).mean()) > _DARK_SHARE
    return {
        "static": change < _STATIC and not dark,
        "talking head": middle > _LIT_ROOM and swing < _STEADY and change >= _STATIC,
        "dark": dark,
        "grey": chroma < _GREY and not dark,
    }


def _has_bars(observed: Observed) -> bool:
    """Black rows above and below, or columns left and right, while there is light between them."""
    if not len(observed.grid):
        return False
    highest = observed.grid.max(axis=(0, 3))
    if highest.max() < 4 * _BAR:
        return False
    rows, columns = highest.max(axis=1) < _BAR, highest.max(axis=0) < _BAR
    return bool((rows[0] and rows[-1]) or (columns[0] and columns[-1]))


def _silent_share(samples: F32) -> float:
    """Share of tenths of a second whose level is under −60 dB."""
    block = SAMPLE_RATE // 10
    whole = np.asarray(samples[: len(samples) // block * block], np.float32).reshape(-1, block)
    if not len(whole):
        return 1.0
    return float((np.sqrt(np.mean(whole**2, axis=1)) < _SILENCE).mean())


def _hole_share(observed: Observed, duration_s: float) -> float:
    """Share of the sound that no picture goes with."""
    if duration_s <= 0:
        return 0.0
    if not len(observed.pts_s):
        return 1.0
    begins, ends = observed.pts_s, np.append(observed.pts_s[1:], observed.end_s)
    seen = np.minimum(np.minimum(ends, begins + _HOLE_S), duration_s) - np.maximum(begins, 0.0)
    return 1.0 - float(np.maximum(seen, 0.0).sum()) / duration_s
