"""The written part of the timeline: sections, beats and looks, placed on the ruler."""

from collections import Counter

import numpy as np

from beatomizer.color import parse_hex
from beatomizer.cues.cuelist import Beat, Cue, CueList, Section
from beatomizer.outputs.files.timeline.lettering import clean
from beatomizer.outputs.files.timeline.ruler import Ruler
from beatomizer.outputs.files.timeline.sheet import BRIGHT, GRID, GROUND, MUTED, RGB, Box, Sheet

SECTION_COLORS: dict[str, RGB] = {
    "intro": (66, 92, 128),
    "steady": (58, 74, 104),
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
        sheet.fill(
            band, SECTION_COLORS.get(section.kind, SECTION_COLORS["steady"]), radius=min(4, band.width / 2)
        )
        label, kind = clean(section.label), clean(section.kind)
        if band.width > 80:
            took = sheet.text(band.x + 9, y + height / 2, label, 13, BRIGHT, bold=True, width=20)
            sheet.text(band.x + 15 + took, y + height / 2, kind, 12, BRIGHT, width=band.width - 24 - took)
        elif band.width > 14:
            sheet.text(
                band.x + band.width / 2, y + height / 2, label, 12, BRIGHT, width=band.width, anchor="middle"
            )


def draw_boundaries(
    sheet: Sheet, ruler: Ruler, sections: tuple[Section, ...], y: float, height: float
) -> None:
    """A hair line through a panel where each section begins."""
    for section in sections:
        if section.start_s > 0:
            sheet.fill(Box(ruler.at(section.start_s), y, 0.5, height), (255, 255, 255), 0.22)


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


def lanes(cues: CueList) -> list[list[Cue]]:
    """The cues by the zones they are for, the busiest group first, ``LANES`` groups at most."""
    groups = Counter(cue.zones for cue in cues.cues)
    return [
        sorted((cue for cue in cues.cues if cue.zones == zones), key=lambda cue: cue.time_s)
        for zones, _ in groups.most_common(LANES)
    ]


def draw_looks(sheet: Sheet, ruler: Ruler, lane: list[Cue], y: float, height: float) -> None:
    """One lane: each cue's colours and the name of its look; like neighbours are drawn as one."""
    for start_s, end_s, cue in _runs(lane, ruler.duration_s):
        box = ruler.span(start_s, end_s, y, height)
        room = Box(box.x + 0.5, y, max(1.0, box.width - 1), height)
        sheet.fill(room, GRID, radius=min(3, room.width / 2))
        colors = [parse_hex(color) for color in cue.colors] or [GROUND]
        part = room.width / len(colors)
        for index, color in enumerate(colors):
            sheet.fill(Box(room.x + index * part, y, part, 4), color)
        if room.width > 26:
            sheet.text(room.x + 5, y + 4 + (height - 4) / 2, cue.look, 10.5, BRIGHT, width=room.width - 8)


def _runs(lane: list[Cue], duration_s: float) -> list[tuple[float, float, Cue]]:
    runs: list[tuple[float, float, Cue]] = []
    ends = [cue.time_s for cue in lane[1:]] + [duration_s]
    for cue, end_s in zip(lane, ends, strict=True):
        if runs and (runs[-1][2].look, runs[-1][2].colors) == (cue.look, cue.colors):
            runs[-1] = (runs[-1][0], end_s, runs[-1][2])
        elif end_s > cue.time_s:
            runs.append((cue.time_s, end_s, cue))
    return runs
