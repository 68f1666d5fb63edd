"""Which zone each lamp shows, by where it stands and what it is for: one show, any rig.

* ``wash`` and ``accent``: each group by itself is spread over the whole stage, so a pair of accents in the middle still
  shows left and right. A lamp shows the zone at its place.
* ``strobe``: as above, and white: as much light as the zone has, without its colour.
* ``background``, and a lamp that is alone in its group: the mean of the whole stage.

Only single zones and the mean of all are ever shown, because those are what safety has judged. A maximum over zones, or
the mean of some, may flash more than any of them does.
"""

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.rig.fixture import Fixture

STAGE = -1
"""Instead of a zone's number: the mean of all zones' linear light."""


def zones_of_lamps(fixtures: tuple[Fixture, ...], zones: int) -> list[Int]:
    """For each fixture the zone of each of its pixels, ``[pixels]``, or ``STAGE``."""
    chosen: list[Int] = [np.full(fixture.pixels, STAGE, dtype=np.int64) for fixture in fixtures]
    for role in ("wash", "accent", "strobe"):
        members = [number for number, fixture in enumerate(fixtures) if fixture.role == role]
        if sum(fixtures[number].pixels for number in members) > 1:
            for number, place in zip(members, _places([fixtures[number] for number in members])):
                chosen[number] = np.minimum((place * zones).astype(np.int64), zones - 1)
    return chosen


def _places(group: list[Fixture]) -> list[F64]:
    """For each fixture of a group the place of each pixel, 0 at stage left to 1 at stage right."""
    marks = [mark for fixture in group for mark in (fixture.position, fixture.end) if mark is not None]
    low, high = min(marks, default=0.0), max(marks, default=0.0)
    unplaced = [fixture for fixture in group if fixture.position is None]
    places = []
    for fixture in group:
        if fixture.position is None:
            part = unplaced.index(fixture)
            span = (part / len(unplaced), (part + 1) / len(unplaced))
            places.append(_inside(fixture, *span))
            continue
        end = fixture.position if fixture.end is None else fixture.end
        metres = fixture.position + (end - fixture.position) * _along(fixture)
        places.append((metres - low) / (high - low) if high > low else np.full(fixture.pixels, 0.5))
    return places


def _inside(fixture: Fixture, start: float, stop: float) -> F64:
    """Pixels in the middles of equal parts between ``start`` and ``stop``."""
    columns = fixture.columns or fixture.pixels
    return start + (stop - start) * (_column(fixture) + 0.5) / columns


def _along(fixture: Fixture) -> F64:
    """Each pixel's way from ``position`` to ``end``, 0..1."""
    columns = fixture.columns or fixture.pixels
    return _column(fixture) / max(1, columns - 1)


def _column(fixture: Fixture) -> F64:
    pixel = np.arange(fixture.pixels)
    if not fixture.columns:
        return pixel.astype(np.float64)
    row, column = np.divmod(pixel, fixture.columns)
    backwards = fixture.snake & (row % 2 == 1)
    return np.where(backwards, fixture.columns - 1 - column, column).astype(np.float64)
