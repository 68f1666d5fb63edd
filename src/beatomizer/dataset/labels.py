"""Labels: what was seen of a take → the light of its stage, 60 frames a second.

Three readings of the same pictures: ``mean`` is the paper's (all pixels, so mostly the dark room), ``implied`` is the
colour that the lights must have had, ``zones`` is the stage cut into a grid. See ``docs/labels.md``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from beatomizer.arrays import F32, F64, U8
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.rate import Rate, to_frames
from beatomizer.registry import Registry
from beatomizer.timebase import frame_count_of_duration

LABELS = Registry(
    "kind of label",
    "beatomizer.labels",
    {
        "mean": "beatomizer.dataset.label_mean:mean_light",
        "implied": "beatomizer.dataset.label_implied:implied_light",
        "zones": "beatomizer.dataset.label_zones:zone_light",
    },
)
"""Each is a ``Reading``. Adding one is a function and a line here."""


class Reading(Protocol):
    """Colours of the stage in each picture, sRGB-encoded float ``[K, Z, 3]``, 0..1."""

    def __call__(self, observed: Observed, *, cuts_s: F64, grid: tuple[int, int]) -> F32:
        """Read ``observed``; ``cuts_s`` are camera cuts, ``grid`` the columns and rows of a stage with zones."""


@dataclass(frozen=True)
class Labels:
    """The light of a take.

    Attributes:
        rgb: float32 ``[T, Z, 3]``, sRGB-encoded, 0..1.
        flags: uint8 ``[T]``, ``REPEAT | CUT | MISSING`` of ``dataset.clip``.
    """

    rgb: F32
    flags: U8


def label(
    observed: Observed,
    mode: str = "mean",
    *,
    duration_s: float,
    rate: Rate = "duplicate",
    offset_s: float = 0.0,
    cuts_s: Sequence[float] | F64 = (),
    grid: tuple[int, int] = (8, 1),
) -> Labels:
    """Draw labels for the whole take.

    Args:
        observed: its pictures.
        mode: a name in ``LABELS``: "mean", "implied", "zones".
        duration_s: length of the take's sound; T is the number of frames that cover it.
        rate: "duplicate" (the paper) or "interpolate"; see ``dataset.rate``.
        offset_s: how late the picture is relative to the sound; frame ``t`` is the picture at ``t/60 + offset_s``.
        cuts_s: camera cuts, on the pictures' clock (``find_cuts``).
        grid: columns and rows of "zones"; zone 0 is at the left of the top row.

    Raises:
        UsageError: an unknown ``mode`` or ``rate``, or a grid that does not fit the small picture.
    """
    read = cast(Callable[..., F32], LABELS.load(mode))
    cuts = np.asarray(cuts_s, dtype=np.float64)
    seen = read(observed, cuts_s=cuts, grid=grid)
    timed = to_frames(
        seen,
        observed.pts_s,
        observed.end_s,
        frames=frame_count_of_duration(duration_s),
        rate=rate,
        offset_s=offset_s,
        cuts_s=cuts,
    )
    return Labels(timed.rgb, timed.flags)
