"""The timeline picture (``.png``): a whole show on one page, from its sound to its light.

From top to bottom: what song it is, its sections, its sound with the beats, what the lights do (every zone in its true
colours), the looks by name, and red, green and blue of the stage over time, as in the last figure of the paper.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from beatomizer.audio.load import mono_blocks
from beatomizer.color import parse_hex
from beatomizer.errors import BeatomizerError
from beatomizer.outputs.files.names import title_and_artist
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.timeline import panels, score
from beatomizer.outputs.files.timeline.columns import Columns, gather
from beatomizer.outputs.files.timeline.lettering import clean
from beatomizer.outputs.files.timeline.peaks import Peaks, waveform
from beatomizer.outputs.files.timeline.ruler import Ruler
from beatomizer.outputs.files.timeline.sheet import BRIGHT, MUTED, PANEL, Box, Sheet
from beatomizer.progress import Progress, silent
from beatomizer.safety.safe_show import SafeShow
from beatomizer.timebase import FPS, length

WIDTH, HEIGHT = 1600, 900
"""Size in points; the picture has twice as many pixels each way."""

_LEFT, _RIGHT = 64, 40
_TOP, _FOOT = 112, 78
_COMPRESSION = 4
"""zlib level: 6 takes half as long again for a file 3 % smaller."""


def write(show: SafeShow, path: Path, options: FileOptions, progress: Progress = silent) -> None:
    """Draw ``show`` and write it to ``path``. A song that cannot be read is said so in its panel."""
    progress("picture", 0.0)
    sheet = Sheet(WIDTH, HEIGHT)
    ruler = Ruler(_LEFT, WIDTH - _LEFT - _RIGHT, max(show.frames, 1) / FPS)
    columns = gather(show.rgb8, Box(0, 0, ruler.width, 1).pixels[0])
    _draw_header(sheet, show)
    peaks, note = _listen(show, len(columns.mean))
    progress("picture", 0.5)
    _draw_rows(sheet, ruler, _rows(show, ruler, columns, peaks, note))
    _draw_footer(sheet, show)
    sheet.image.save(path, format="PNG", compress_level=_COMPRESSION)
    progress("picture", 1.0)


def _listen(show: SafeShow, width: int) -> tuple[Peaks | None, str]:
    """The waveform, or why there is none."""
    if show.source is None:
        return None, "no sound belongs to this show"
    try:
        return waveform(mono_blocks(show.source), show.frames, width), ""
    except BeatomizerError as error:
        return None, f"no waveform: {clean(str(error))}"


@dataclass(frozen=True)
class _Row:
    """One panel of the page: its name, its height (0 = what is left), and what draws it."""

    name: str
    height: float
    draw: Callable[[Sheet, Box], None]
    legend: bool = False
    gap: float = 14


def _rows(show: SafeShow, ruler: Ruler, columns: Columns, peaks: Peaks | None, note: str) -> list[_Row]:
    cues = show.cues
    rows: list[_Row] = []
    if cues is not None and cues.sections:
        sections = cues.sections
        rows.append(_Row("", 26, lambda s, b: score.draw_sections(s, ruler, sections, b.y, b.height), gap=6))
    if peaks is not None:
        rows.append(_Row("Sound", 104, lambda s, b: panels.draw_sound(s, b, peaks, columns), gap=5))
    else:
        rows.append(_Row("Sound", 34, lambda s, b: _draw_note(s, b, note), gap=5))
    if cues is not None and cues.beats:
        beats = cues.beats
        rows.append(_Row("", 14, lambda s, b: score.draw_beats(s, ruler, beats, b.y, b.height), gap=8))
    zones = "one zone" if show.zones == 1 else f"{show.zones} zones, stage left on top"
    rows.append(_Row(f"Light: {zones}", 0, lambda s, b: panels.draw_light(s, b, columns.ribbon), gap=5))
    for group, lane in score.lanes(cues, show.zones) if cues is not None else []:
        rows.append(_Row("", 20, partial(_draw_lane, ruler, group, lane), gap=3))
    name = "Colour of the whole stage: red, green and blue, 0–255"
    rows.append(_Row(name, 176, lambda s, b: panels.draw_intensity(s, b, columns), legend=True, gap=4))
    return rows


def _draw_rows(sheet: Sheet, ruler: Ruler, rows: list[_Row]) -> None:
    """Lay the rows out from top to bottom; the one without a height takes what the others leave."""
    named = 24.0
    fixed = sum(row.height + row.gap + (named if row.name else 0) for row in rows)
    y = float(_TOP)
    for row in rows:
        if row.name:
            sheet.text(_LEFT, y + named / 2 + 1, row.name, 11.5, MUTED)
            if row.legend:
                panels.draw_legend(sheet, ruler.x + ruler.width, y + named / 2 + 1)
            y += named
        box = Box(ruler.x, y, ruler.width, row.height or HEIGHT - _FOOT - _TOP - fixed)
        row.draw(sheet, box)
        y = box.bottom + row.gap
    panels.draw_ruler(sheet, ruler, y - rows[-1].gap + 2)


def _draw_lane(ruler: Ruler, group: str, lane: list[score.Stretch], sheet: Sheet, box: Box) -> None:
    score.draw_looks(sheet, ruler, group, lane, box.y, box.height)


def _draw_note(sheet: Sheet, box: Box, note: str) -> None:
    sheet.fill(box, PANEL, radius=4)
    sheet.text(box.x + 12, box.y + box.height / 2, note, 12, MUTED, width=box.width - 24)


def _draw_header(sheet: Sheet, show: SafeShow) -> None:
    title, artist = title_and_artist(show)
    sheet.text(_LEFT, 48, title, 30, BRIGHT, bold=True, width=1000)
    sheet.text(_LEFT, 82, artist or "a light show", 16, MUTED, width=1000)
    facts = [length(show.duration_s)]
    if show.cues is not None and show.cues.tempo_bpm > 0:
        facts.insert(0, f"{show.cues.tempo_bpm:.0f} BPM")
    right = float(WIDTH - _RIGHT)
    sheet.text(right, 48, "  ·  ".join(facts), 20, BRIGHT, anchor="right")
    for color in reversed(show.cues.palette if show.cues is not None else ()):
        right -= 26
        sheet.fill(Box(right, 72, 26, 16), parse_hex(color))


def _draw_footer(sheet: Sheet, show: SafeShow) -> None:
    report = show.report
    y = HEIGHT - 26
    took = sheet.text(_LEFT, y, "Flash safety", 12, BRIGHT, bold=True)
    sheet.text(_LEFT + took + 10, y, clean(report.line()), 12, MUTED, width=900)
    sheet.text(WIDTH - _RIGHT, y, "made with Beatomizer", 12, MUTED, anchor="right")
