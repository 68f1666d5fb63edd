"""The arranger: from ideas to a score. Who plays when, bar by bar, and what happens at the joints of the form."""

import numpy as np

from beatomizer.composer import drummer
from beatomizer.composer.clock import Clock, phrasing, ticks
from beatomizer.composer.forms import Section
from beatomizer.composer.ideas import Ideas
from beatomizer.composer.players import PLAYERS, Bar, humanised, plays
from beatomizer.composer.score import Harmony, Note, Part, Score, Stroke


def arranged(song: Ideas, rng: np.random.Generator) -> Score:
    """Write the whole score."""
    parts = _parts(song)
    rests = tuple(
        (part.end - section.rest, part.end)
        for part, section in zip(parts, song.sections, strict=True)
        if section.rest
    )
    notes: list[Note] = []
    strokes: list[Stroke] = []
    harmony: list[Harmony] = []
    for bars in _written(song, parts):
        for bar in bars:
            notes += _band(song, bar)
            harmony.append(Harmony(bar.start, float(bar.meter.beats), bar.chord.name, bar.voicing))
        strokes += _drums(song, bars, parts, rng)
    notes = [note for note in notes if not _silent(note.start, rests)]
    strokes = [stroke for stroke in strokes if not _silent(stroke.start, rests)]
    notes = humanised(sorted(notes, key=_note_order), song.looseness, rng)
    strokes = drummer.humanised(song, sorted(strokes, key=_stroke_order), rng)
    return Score(
        title=song.title,
        style=song.choice.style,
        form=song.choice.form,
        bank=song.choice.bank,
        key=song.key.name,
        meter=song.meter,
        clock=_clock(song, rng),
        parts=parts,
        harmony=tuple(harmony),
        notes=tuple(notes),
        strokes=tuple(strokes),
        rests=rests,
        fade=float(min(6 * song.meter.beats, parts[-1].end / 5)) if song.fading else 0.0,
    )


def _note_order(note: Note) -> tuple[float, str, int]:
    return note.start, note.voice, note.pitch


def _stroke_order(stroke: Stroke) -> tuple[float, str]:
    return stroke.start, stroke.drum


def _silent(start: float, rests: tuple[tuple[float, float], ...]) -> bool:
    return any(begin - 1e-6 <= start < end - 1e-6 for begin, end in rests)


def _parts(song: Ideas) -> tuple[Part, ...]:
    parts = []
    start = 0.0
    for section in song.sections:
        end = start + section.bars * song.meter.beats
        parts.append(Part(section.label, section.repeat, start, end, section.energy, section.energy_end))
        start = end
    return tuple(parts)


def _clock(song: Ideas, rng: np.random.Generator) -> Clock:
    beats = song.meter.beats
    factors = [
        section.tempo * phrasing(round(section.bars) * beats, 4 * beats, song.rubato)
        for section in song.sections
    ]
    drift = song.style.drift * float(rng.uniform(0.3, 1.5))
    times = ticks(np.concatenate(factors), song.bpm, drift, song.slowing, rng)
    return Clock(times, swing=song.swing, pair=song.style.pair)


def _written(song: Ideas, parts: tuple[Part, ...]) -> list[list[Bar]]:
    """The bars of every section."""
    heard: dict[str, int] = {}
    out = []
    for number, (section, part) in enumerate(zip(song.sections, parts, strict=True)):
        variant = heard.get(section.repeat, 0)
        heard[section.repeat] = variant + 1
        ends = number == len(parts) - 1 and not song.fading
        out.append([_bar(song, section, part, index, variant, ends) for index in range(round(section.bars))])
    return out


def _bar(song: Ideas, section: Section, part: Part, index: int, variant: int, ends: bool) -> Bar:
    count = round(section.bars)
    share = index / count
    return Bar(
        start=part.start + index * song.meter.beats,
        index=index,
        count=count,
        section=section,
        material=song.material[section.repeat],
        variant=variant,
        key=song.key,
        meter=song.meter,
        energy=section.energy + (section.energy_end - section.energy) * share,
        last=ends and index == count - 1,
    )


def _band(song: Ideas, bar: Bar) -> list[Note]:
    """Everybody who plays notes; somebody always does."""
    playing = [role for role in PLAYERS if plays(role, song.players.get(role), bar.section, bar.energy)]
    if not {"pad", "comp", "arp", "lead"} & set(playing):
        playing.append(next(role for role in ("comp", "pad", "arp") if role in song.players or role == "arp"))
    return [note for role in playing for note in PLAYERS[role](bar)]


def _drums(song: Ideas, bars: list[Bar], parts: tuple[Part, ...], rng: np.random.Generator) -> list[Stroke]:
    """Everything that is struck in one section."""
    first, last = bars[0], bars[-1]
    number = next(at for at, part in enumerate(parts) if part.start == first.start)
    before = parts[number - 1].energy_end if number else 0.0
    after = parts[number + 1].energy if number + 1 < len(parts) else 0.0
    strokes = [stroke for bar in bars for stroke in drummer.groove(song, bar)]
    strokes = drummer.held_back(bars, strokes, rng)
    if first.section.label == "build":
        strokes += drummer.build(song, first.start, len(bars) * first.meter.beats - first.section.rest, rng)
    drumming = any(stroke.start >= last.start for stroke in strokes)
    if drumming and first.section.label != "build" and after > 0.3 and "snare" in song.players:
        if last.energy >= song.players["snare"] and rng.random() < 0.75:
            strokes = _filled(strokes, drummer.fill(last, rng))
        for bar in bars[3:-1:4]:
            if rng.random() < 0.25 and bar.energy >= song.players["snare"]:
                strokes = _filled(strokes, drummer.fill(bar, rng))
    if number:
        strokes += drummer.joint(song, first, before, rng)
    strokes += drummer.lead_in(song, last, after, rng)
    if last.last and "kick" in song.players and (strokes or before > 0.4):
        strokes += [Stroke("kick", last.start, 0.8), Stroke("crash", last.start, 0.6)]
    return strokes


def _filled(strokes: list[Stroke], fill: list[Stroke]) -> list[Stroke]:
    """The groove with its end replaced by a fill; the kick keeps going."""
    start, end = fill[0].start, np.ceil(fill[-1].start + 1e-6)
    kept = [stroke for stroke in strokes if not start <= stroke.start < end or stroke.drum == "kick"]
    return kept + fill
