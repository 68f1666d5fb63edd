"""What a designer's work measures like, in the units in which human designers were measured.

Human numbers (``HUMAN``): finished shows for mapped electronic songs and for stages, counted key frame by key frame;
loudness correlation over 161 professionally lit segments (Kohl et al., ACM MM 2025).
"""

from dataclasses import asdict, dataclass

import numpy as np

from beatomizer.arrays import F64, U8, Bool
from beatomizer.color import linear_to_oklab, luminance, oklab_to_oklch, rgb8_to_linear
from beatomizer.composer.annotations import Annotations
from beatomizer.dataset.compose.designer import Design
from beatomizer.dataset.compose.key_frames import key_times
from beatomizer.dataset.compose.song_view import SongView
from beatomizer.timebase import FPS

HUMAN = {
    "key_frames_per_s": "1.4–2.5",
    "median_gap_s": "0.17–0.21",
    "fading": "0.25–0.50",
    "on_beat": "0.27",
    "on_half": "0.43",
    "on_quarter": "0.62",
    "on_eighth": "0.73",
    "near_beat": "0.29 (0.11 by chance)",
    "level_r": "0.44–0.52",
    "grey_share": "≤ 0.05",
    "effective_hues": "2.5–6",
}
"""What human designers do; ``grey_share`` and ``effective_hues`` are the targets for shows."""

_ON_GRID_S = 0.012
"""A key frame is on the grid if it is this near: less than a frame of 1/60 s, as in shows that an editor snaps."""

_NEAR_S = 0.030
_LIT, _GREY_CHROMA = 0.1, 0.04
_HUE_BINS = 24


@dataclass(frozen=True)
class Habits:
    """Numbers of one designed song; shares are 0..1, and NaN where a song gives no answer."""

    key_frames_per_s: float
    median_gap_s: float
    fading: float
    on_beat: float
    on_half: float
    on_quarter: float
    on_eighth: float
    near_beat: float
    level_r: float
    grey_share: float
    effective_hues: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return asdict(self)


def habits_of(design: Design, song: Annotations) -> Habits:
    """Measure one design; the designer's mean latency is taken off before times are compared with the beat."""
    view = SongView(song)
    times = key_times(design.keys)
    exact: F64 = np.unique([key.time_s for key in design.keys]) - design.manner.latency_ms / 1000
    end = float(view.beats[-1]) + view.beat_s
    grids = [_share_near(exact, view.grid(0.0, end, per_beat), _ON_GRID_S) for per_beat in (1, 2, 4, 8)]
    light = rgb8_to_linear(design.rgb8)
    return Habits(
        key_frames_per_s=len(times) / max(song.duration_s, 1e-9),
        median_gap_s=float(np.median(np.diff(times))) if len(times) > 1 else float("nan"),
        fading=float(np.mean([key.fade_s > 1 / FPS for key in design.keys])) if design.keys else float("nan"),
        on_beat=grids[0],
        on_half=grids[1],
        on_quarter=grids[2],
        on_eighth=grids[3],
        near_beat=_share_near(exact, view.beats, _NEAR_S),
        level_r=_level_r(light, view),
        grey_share=grey_share(design.rgb8),
        effective_hues=effective_hues(design.rgb8),
    )


def grey_share(rgb8: U8) -> float:
    """Share of lit lights (luminance over 0.1) whose OKLCh chroma is under 0.04."""
    lit, chroma, _ = _lit(rgb8)
    return float(np.mean(chroma[lit] < _GREY_CHROMA)) if lit.any() else float("nan")


def effective_hues(rgb8: U8) -> float:
    """Exp of the entropy of the chroma-weighted histogram of hues in 24 bins, over lit lights."""
    lit, chroma, hue = _lit(rgb8)
    if not lit.any():
        return float("nan")
    counts, _ = np.histogram(hue[lit], bins=_HUE_BINS, range=(-np.pi, np.pi), weights=chroma[lit])
    share = counts[counts > 0] / counts.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def _lit(rgb8: U8) -> tuple[Bool, F64, F64]:
    linear = rgb8_to_linear(rgb8[::6])  # ten frames a second are enough for shares
    lch = oklab_to_oklch(linear_to_oklab(linear))
    return np.asarray(luminance(linear) > _LIT), lch[..., 1], lch[..., 2]


def _share_near(times: F64, grid: F64, within_s: float) -> float:
    if not len(times) or not len(grid):
        return float("nan")
    after = np.clip(np.searchsorted(grid, times), 1, max(1, len(grid) - 1))
    nearest = np.minimum(np.abs(times - grid[after - 1]), np.abs(times - grid[min(1, len(grid) - 1) * after]))
    return float(np.mean(nearest <= within_s))


def _level_r(light: F64, view: SongView) -> float:
    """Correlation of the stage's luminance (means over 4 s) with the score's energy."""
    level = luminance(light).mean(axis=1)
    energy = view.energy(np.arange(len(level)) / FPS)
    seconds = len(level) // (4 * FPS)
    if seconds < 4:
        return float("nan")
    a, b = (values[: seconds * 4 * FPS].reshape(seconds, -1).mean(axis=1) for values in (level, energy))
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-9 and b.std() > 1e-9 else float("nan")
