"""The rig as a page sees it: its file as text, checked as strictly as an added light; and where its lamps stand."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.errors import UsageError
from beatomizer.rig.rig import Rig
from beatomizer.rig.rig_file import rig_of, write_rig
from beatomizer.rig.zone_map import STAGE, zones_of_lamps
from beatomizer.studio.light_kinds import Place, place_of_url

MOST_LETTERS = 65_536
_MOST_FIXTURES, _MOST_PIXELS = 512, 65_536
_NOWHERE = Path("/nonexistent")


def checked_rig(text: str) -> Rig:
    """A rig from its text: nothing in it leads to files, devices or other networks.

    Raises:
        UsageError: it makes no sense, or something of it is not allowed here; the message says what.
    """
    if len(text) > MOST_LETTERS:
        raise UsageError("the rig is too long", f"at most {MOST_LETTERS} letters")
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"this is not a rig file ({error})", "see docs/rig.md") from None
    fixtures = told.get("fixture", [])
    if isinstance(fixtures, list) and any(isinstance(one, dict) and "ofl" in one for one in fixtures):
        raise UsageError("'ofl' names a file, which cannot be done here", "write the lamp's slots instead")
    rig = rig_of(told, _NOWHERE)
    if len(rig.fixtures) > _MOST_FIXTURES or sum(f.pixels for f in rig.fixtures) > _MOST_PIXELS:
        raise UsageError(
            "the rig is too large", f"at most {_MOST_FIXTURES} fixtures and {_MOST_PIXELS} pixels"
        )
    places(rig)
    return rig


def places(rig: Rig) -> dict[str, Place]:
    """Where each output of the rig is, by its name.

    Raises:
        UsageError: one is of a kind, or at a place, that is not allowed.
    """
    return {name: place_of_url(url) for name, url in rig.outputs.items()}


def write_near(rig: Rig, path: Path) -> dict[str, str]:
    """The rig as a file for the output process, every host a number; name → URL in that file. May take seconds.

    Raises:
        UsageError: a host is unknown or not near.
    """
    near = {name: place.near_url() for name, place in places(rig).items()}
    write_rig(replace(rig, outputs=near), path)
    return near


def view(rig: Rig, zones: int) -> dict[str, Any]:
    """What a page draws: each fixture's name, kind, role, place 0..1 across the stage, and the zones that it shows.

    Args:
        rig: checked.
        zones: Z of the show.
    """
    shown = zones_of_lamps(rig.fixtures, zones)
    marks = [mark for f in rig.fixtures for mark in (f.position, f.end) if mark is not None]
    low, high = min(marks, default=0.0), max(marks, default=0.0)

    def across(mark: float | None, number: int) -> float:
        if mark is None:
            return (number + 0.5) / len(rig.fixtures)
        return (mark - low) / (high - low) if high > low else 0.5

    fixtures = []
    for number, (fixture, own) in enumerate(zip(rig.fixtures, shown)):
        start = across(fixture.position, number)
        seen = sorted({int(zone) for zone in np.unique(own) if zone != STAGE})
        fixtures.append(
            {
                "name": fixture.name,
                "kind": fixture.kind,
                "role": fixture.role,
                "output": fixture.output,
                "pixels": fixture.pixels,
                "place": round(start, 4),
                "end": round(across(fixture.end, number) if fixture.end is not None else start, 4),
                "zones": seen,
            }
        )
    return {"name": rig.name, "outputs": list(rig.outputs), "fixtures": fixtures}
