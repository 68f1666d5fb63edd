"""A show as metrics look at it: luminance, OKLab, changes. Computed once, then read by many metrics."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beatomizer.arrays import F32, F64, Bool
from beatomizer.color import linear_to_oklab, linear_to_srgb, luminance
from beatomizer.timebase import FPS

BRIGHT_PERCENTILE = 99.0
"""A show's own full light is this percentile of its strongest primary: a few hot frames do not set the scale."""

DARKEST = 1e-3
"""Full light below this, sRGB 3 of 255, is no light at all."""

LIT = 0.1
"""A light is lit if its strongest primary is above this share of the show's full light. The strongest primary and
not luminance, because pure blue has a luminance of 0.072 and would never count."""

LAG_FRAMES = 3
"""Changes are measured over 50 ms. Over one frame, a step filmed at 25 or 30 pictures a second and brought to 60
would be split in two or three and its size would depend on the camera."""


@dataclass(frozen=True)
class Light:
    """A show ``[T, Z, 3]`` in linear light 0..1 at 60 fps, and everything that is derived from it.

    What is seen does not depend on how bright the lamps or how far open the iris of the camera were; so all but the
    paper's metrics look at ``relative``, in which the show's own full light is 1.

    Attributes:
        linear: float ``[T, Z, 3]``, as it is.
    """

    linear: F32 | F64

    def __post_init__(self) -> None:
        """Refuse what is not light."""
        if self.linear.ndim != 3 or self.linear.shape[2] != 3 or self.linear.shape[1] == 0:
            raise ValueError(f"light is [T, Z, 3], not {list(self.linear.shape)}")

    @property
    def frames(self) -> int:
        """T."""
        return len(self.linear)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / FPS

    @cached_property
    def srgb(self) -> F64:
        """``[T, 3]``, the stage as the paper sees it: the mean of the sRGB values of the zones."""
        return np.asarray(linear_to_srgb(self.linear.astype(np.float64)).mean(axis=1))

    @cached_property
    def relative(self) -> F64:
        """``[T, Z, 3]`` with the show's own full light as 1, clipped there; zero where there is no light at all."""
        strongest = self.linear.max(axis=(1, 2), initial=0.0)
        full = float(np.percentile(strongest, BRIGHT_PERCENTILE)) if self.frames else 0.0
        if full < DARKEST:
            return np.zeros(self.linear.shape)
        return np.clip(self.linear.astype(np.float64) / full, 0.0, 1.0)

    @cached_property
    def intensity(self) -> F64:
        """``[T]``, I: relative luminance of the stage, 0..1."""
        return np.asarray(self._luminances.mean(axis=1))

    @cached_property
    def _luminances(self) -> F64:
        return luminance(self.relative)

    @cached_property
    def opponent(self) -> F64:
        """``[T, Z, 2]``, u: OKLab a and b of each zone."""
        return linear_to_oklab(self.relative)[..., 1:]

    @cached_property
    def stage_oklab(self) -> F64:
        """``[T, 3]``: OKLab of the whole stage (the mean of its light)."""
        return linear_to_oklab(self.relative.mean(axis=1))

    @cached_property
    def chroma(self) -> F64:
        """``[T, Z]``, C: |u|."""
        return np.hypot(self.opponent[..., 0], self.opponent[..., 1])

    @cached_property
    def hue(self) -> F64:
        """``[T, Z]``: direction of u in radians −π..π; 0 for greys."""
        return np.arctan2(self.opponent[..., 1], self.opponent[..., 0])

    @cached_property
    def lit(self) -> Bool:
        """``[T, Z]``: which zones are lit when."""
        return np.asarray(self.relative.max(axis=2) > LIT)

    @cached_property
    def rise(self) -> F64:
        """``[T]``, dI⁺: how much brighter it becomes over 50 ms, mean of the zones (a chase rises somewhere)."""
        return _rise(_change(self._luminances))

    @cached_property
    def swing(self) -> F64:
        """``[T]``, |dI|: change of luminance over 50 ms, mean of the zones."""
        return np.asarray(np.abs(_change(self._luminances)).mean(axis=1))

    @cached_property
    def colour_swing(self) -> F64:
        """``[T]``, |du|: change of colour over 50 ms, mean of the zones."""
        return _length(_change(self.opponent))

    @cached_property
    def rise_at_once(self) -> F64:
        """``[T]``: dI⁺ from the frame before, which says most exactly when."""
        return _rise(_step(self._luminances))

    @cached_property
    def colour_swing_at_once(self) -> F64:
        """``[T]``: |du| from the frame before."""
        return _length(_step(self.opponent))


def _change(values: F64) -> F64:
    """``values[t + 1] − values[t − 2]`` along the first axis: a step between frames t − 1 and t peaks around t."""
    changed = np.zeros_like(values)
    if len(values) > LAG_FRAMES:
        changed[LAG_FRAMES - 1 : -1] = values[LAG_FRAMES:] - values[:-LAG_FRAMES]
    return changed


def _step(values: F64) -> F64:
    return np.diff(values, axis=0, prepend=values[:1])


def _rise(change: F64) -> F64:
    return np.asarray(np.maximum(change, 0.0).mean(axis=1))


def _length(change: F64) -> F64:
    return np.asarray(np.hypot(change[..., 0], change[..., 1]).mean(axis=1))
