"""The written part of the timeline: sections, beats and looks, placed on the ruler."""

from dataclasses import dataclass

import numpy as np

from beatomizer.color import parse_hex
from beatomizer.cues.cuelist import Beat, Cue, CueList, Section, ZoneGroup
from beatomizer.outputs.files.timeline.lettering import clean
from beatomizer.outputs.files.timeline.ruler import Ruler
from beatomizer.outputs.files.timeline.sheet import BRIGHT, GRID, GROUND, MUTED, RGB, Box, Sheet
from beatomizer.show.zones import zones_of

SECTION_COLORS: dict[str, RGB] = {
    "intro": (66, 92, 128),
    "steady": (58, 74, 104),
    "chorus": (120, 66, 128),
    "build": (150, 104, 40),
    "drop": (176, 52, 76),
    "break": (38, 112, 108),
    "outro": (82, 72, 122),
    "silence": (38, 41, 50),
}
"""Dark enough for white type (contrast above 4.5) and apart from each other for colour-blind eyes by lightness."""

LANES = 3
"""Lanes of looks at most: one for each group of zones that has cues of its own."""

_LEAST_BEAT_ROOM = 2.5
"""Points between two ticks, below which they would run into a grey band."""


def draw_sections(sheet: Sheet, ruler: Ruler, sections: tuple[Section, ...], y: float, height: float) -> None:
    """Coloured bands with the kind of each part and its letter."""
    for section in sections:
        box = ruler.span(section.start_s, section.end_s, y, height)
        band = Box(box.x + 0.5, y, max(1.0, box.width - 1), height)
        color = SECTION_COLORS.get(section.shown) or SECTION_COLORS.get(section.kind)
        sheet.fill(band, color or SECTION_COLORS["steady"], radius=min(4, band.width / 2))
        label, kind = clean(section.label), clean(section.shown)
        if band.width > 80:
            took = sheet.text(band.x + 9, y + height / 2, label, 13, BRIGHT, bold=True, width=20)
            sheet.text(band.x + 15 + took, y + height / 2, kind, 12, BRIGHT, width=band.width - 24 - took)
        elif band.width > 14:
            sheet.text(
                band.x + band.width / 2, y + height / 2, label, 12, BRIGHT, width=band.width, anchor="middle"
            )


def draw_beats(sheet: Sheet, ruler: Ruler, beats: tuple[Beat, ...], y: float, height: float) -> None:
    """A tick for each beat, long for the first of a bar; only the firsts, or none, where there is no room."""
    downbeats = tuple(beat for beat in beats if beat.position == 1)
    shown = next((some for some in (beats, downbeats) if _fit(ruler, some)), ())
    for beat in shown:
        first = beat.position == 1
        tick = Box(ruler.at(beat.time_s) - 0.5, y, 1.0, height if first else height * 0.5)
        sheet.fill(tick, BRIGHT if first else MUTED, 0.85 if first else 0.45 + 0.3 * min(1.0, beat.strength))


def _fit(ruler: Ruler, beats: tuple[Beat, ...]) -> bool:
    if len(beats) < 2:
        return bool(beats)
    return float(np.median(np.diff([ruler.at(beat.time_s) for beat in beats]))) >= _LEAST_BEAT_ROOM


@dataclass(frozen=True)
class Stretch:
    """A cue for as long as any of its zones still does what it says."""

    start_s: float
    end_s: float
    cue: Cue


def lanes(cues: CueList, zones: int) -> list[tuple[str, list[Stretch]]]:
    """The looks by the zones they are for, with the group's name: the busiest first, ``LANES`` at most."""
    ordered = sorted(cues.cues, key=lambda cue: cue.time_s)
    found: dict[ZoneGroup | tuple[int, ...], list[Stretch]] = {}
    for index, cue in enumerate(ordered):
        end_s = _end(cue, ordered[index + 1 :], zones, cues.duration_s)
        if end_s > cue.time_s:
            _append(found.setdefault(cue.zones, []), Stretch(cue.time_s, end_s, cue))
    busiest = sorted(found, key=lambda group: -sum(part.end_s - part.start_s for part in found[group]))
    return [(group if isinstance(group, str) else "some", found[group]) for group in busiest[:LANES]]


def _end(cue: Cue, later: list[Cue], zones: int, duration_s: float) -> float:
    """When the last of the cue's zones is taken over by later cues."""
    left = set(zones_of(cue.zones, zones).tolist())
    for other in later:
        left -= set(zones_of(other.zones, zones).tolist())
        if not left:
            return min(other.time_s, duration_s)
    return duration_s


def _append(lane: list[Stretch], stretch: Stretch) -> None:
    """Add a stretch; one that goes on like the one before makes that one longer."""
    before = lane[-1] if lane else None
    if (
        before is not None
        and (before.cue.look, before.cue.colors) == (stretch.cue.look, stretch.cue.colors)
        and before.end_s >= stretch.start_s
    ):
        lane[-1] = Stretch(before.start_s, max(before.end_s, stretch.end_s), before.cue)
    else:
        lane.append(stretch)


def draw_looks(sheet: Sheet, ruler: Ruler, group: str, lane: list[Stretch], y: float, height: float) -> None:
    """One lane: the group it is for, and each stretch with the cue's colours and the name of its look."""
    sheet.text(ruler.x - 8, y + height / 2, group, 10.5, MUTED, anchor="right")
    for stretch in lane:
        box = ruler.span(stretch.start_s, stretch.end_s, y, height)
        room = Box(box.x + 0.5, y, max(1.0, box.width - 1), height)
        sheet.fill(room, GRID, radius=min(3, room.width / 2))
        colors = [parse_hex(color) for color in stretch.cue.colors] or [GROUND]
        part = room.width / len(colors)
        for index, color in enumerate(colors):
            sheet.fill(Box(room.x + index * part, y, part, 4), color)
        if room.width > 26:
            sheet.text(
                room.x + 5, y + 4 + (height - 4) / 2, stretch.cue.look, 10.5, BRIGHT, width=room.width - 8
            )
