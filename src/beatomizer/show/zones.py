"""Which lights a cue means: group names to zone numbers, and how a stage is divided.

Zones are numbered from 0 at stage left. ``left`` and ``right``, ``center`` and ``edges``, ``odd`` and ``even`` each
divide the stage in two; with a single light every group is that light.
"""

import numpy as np

from beatomizer.arrays import Int
from beatomizer.cues.cuelist import ZoneGroup

BANDS = 4
"""Parts into which the zones of a pulse are divided: one of them takes each beat that is not a full flash."""


def zones_of(group: ZoneGroup | tuple[int, ...], zones: int) -> Int:
    """The zone numbers ``[k]``, ascending, that ``group`` means on a stage of ``zones`` lights.

    Numbers that the stage does not have are left out, so that a cue list made for a larger stage can be drawn.
    """
    stage = np.arange(zones)
    if not isinstance(group, str):
        return stage[np.isin(stage, group)]
    if zones == 1 or group == "all":
        return stage
    margin = max(1, round(zones / 4))
    central = (stage >= margin) & (stage < zones - margin) if zones > 2 else stage == 0
    members = {
        "left": 2 * stage < zones,
        "right": 2 * stage >= zones,
        "center": central,
        "edges": ~central,
        "odd": stage % 2 == 1,
        "even": stage % 2 == 0,
    }
    return np.asarray(stage[members[group]])


def outwardness(count: int) -> Int:
    """Rank of each of ``count`` zones by its distance from the middle, ``[count]``: 0 is nearest the middle."""
    distance = np.abs(np.arange(count) - (count - 1) / 2)
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(distance, kind="stable")] = np.arange(count)
    return rank


def bands(count: int) -> Int:
    """The band 0..3 of each of ``count`` zones, from the middle outwards; fewer than four zones are one band."""
    if count < BANDS:
        return np.zeros(count, dtype=np.int64)
    return np.asarray(outwardness(count) * BANDS // count)
