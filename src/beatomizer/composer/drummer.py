"""The drummer: grooves, fills, rolls, and the effects around the joints of the form."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from beatomizer.composer.grooves import VELOCITY
from beatomizer.composer.ideas import Ideas
from beatomizer.composer.players import Bar, halved, spelled
from beatomizer.composer.score import Stroke

GROUPS = {
    "kick": ("kick", "bass_drum"),
    "snare": ("snare", "clap", "rim", "brush"),
    "hat": ("hat", "open_hat", "pedal", "ride"),
}
"""Which drums join together; all others are percussion."""

_GROUP_OF = {drum: group for group, drums in GROUPS.items() for drum in drums}

_SILENT = ("break", "opening", "closing")
"""Sections where the drummer rests, as a rule."""


def groove(song: Ideas, bar: Bar) -> Iterator[Stroke]:
    """One bar of the groove, as far as this energy lets the drummer play."""
    if bar.section.label in _SILENT or bar.last:
        return
    if bar.section.label == "build":
        yield from _march(bar) if "kick" in song.players and bar.index < bar.count - 1 else ()
        return
    for drum, row in bar.material.groove.items():
        threshold = song.players.get(_GROUP_OF.get(drum, "perc"))
        if threshold is None or bar.energy < threshold:
            continue
        read = halved if bar.material.half else spelled
        for start, _, letter in read(row, bar.index, bar.meter):
            velocity = VELOCITY[letter] * (0.65 + 0.35 * bar.energy)
            tone = 0.1 if letter == "X" and drum == "hat" else 0.0
            yield Stroke(drum, bar.start + start, velocity, tone=tone)


def _march(bar: Bar) -> Iterator[Stroke]:
    """A kick on every beat, as builds have it."""
    return (Stroke("kick", bar.start + beat, 0.25 + 0.5 * bar.energy) for beat in range(bar.meter.beats))


def roll(start: float, beats: float, meter_steps: int) -> Iterator[Stroke]:
    """A snare roll that doubles its pace every quarter of its way, grows and climbs."""
    at = 0.0
    paces = (1.0, 0.5, 0.5, 0.25) if meter_steps == 4 else (1.0, 0.5, 1 / 3, 1 / 6)
    while at < beats - 1e-9:
        share = at / beats
        yield Stroke("snare", start + at, 0.3 + 0.65 * share**1.3, tone=round(0.8 * share**2, 1))
        at += paces[int(4 * share)] if share < 0.875 else paces[3] / 2


def fill(bar: Bar, rng: np.random.Generator) -> list[Stroke]:
    """The end of a bar that leads into the next section: one or two beats of snare and toms."""
    length = float(rng.choice([1, 1, 2])) if bar.meter.beats > 2 else 1.0
    start = bar.start + bar.meter.beats - length
    fine = float(rng.choice([2, 4, 4])) if bar.meter.steps == 4 else float(rng.choice([3, 6]))
    kinds = [
        ("snare",),
        ("tom_high", "tom_mid", "tom_low"),
        ("snare", "tom_high", "tom_low"),
        ("snare", "kick"),
    ]
    drums = kinds[int(rng.integers(len(kinds)))]
    count = round(length * fine)
    strokes = []
    for at in range(count):
        if at and rng.random() < 0.18:
            continue
        drum = drums[min(len(drums) - 1, at * len(drums) // count)]
        strokes.append(Stroke(drum, start + at / fine, (0.5 + 0.5 * at / count) * (0.6 + 0.4 * bar.energy)))
    return strokes


def held_back(bars: list[Bar], strokes: list[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """The strokes without the kick at the end of some phrases of four bars: missed, it comes back stronger."""
    spans = []
    for bar in bars[3::4]:
        if rng.random() < 0.1:
            end = bar.start + bar.meter.beats
            spans.append((end - float(rng.choice([1, 2, bar.meter.beats])), end))
    return [
        stroke
        for stroke in strokes
        if stroke.drum != "kick" or not any(start <= stroke.start < end for start, end in spans)
    ]


def joint(song: Ideas, bar: Bar, before: float, rng: np.random.Generator) -> Iterator[Stroke]:
    """What marks the first bar of a section: a crash where energy rises, an impact with a drop, a fall into a break.

    Args:
        song: the song.
        bar: the first bar of the section.
        before: energy at the end of the section before.
        rng: where chance comes from.
    """
    drums = "kick" in song.players
    label = bar.section.label
    if drums and bar.energy >= 0.55 and (bar.energy > before + 0.1 or rng.random() < 0.4):
        yield Stroke("crash", bar.start, 0.6 + 0.4 * bar.energy)
    if song.electronic and label == "drop":
        yield Stroke("impact", bar.start, 1.0)
    if song.electronic and label == "break" and rng.random() < 0.6:
        yield Stroke("sweep", bar.start, 0.7, length=float(2 * bar.meter.beats))


def lead_in(song: Ideas, bar: Bar, after: float, rng: np.random.Generator) -> Iterator[Stroke]:
    """What swells in the last bar of a section towards a louder one."""
    silence = bar.section.rest
    if after > bar.energy + 0.2 and (song.electronic or rng.random() < 0.25) and silence < bar.meter.beats:
        length = float(bar.meter.beats - silence)
        yield Stroke("reverse", bar.start, 0.7, length=length)


def build(song: Ideas, start: float, beats: float, rng: np.random.Generator) -> Iterator[Stroke]:
    """The whole of a build: a riser for machines, a roll for whoever has a snare."""
    if song.electronic or rng.random() < 0.5:
        yield Stroke("riser", start, 0.9, length=beats)
    if "snare" in song.players:
        yield from roll(start, beats, song.meter.steps)


def humanised(song: Ideas, strokes: list[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """The strokes as this drummer plays them: each strays a little in time and strength; the snare leans back."""
    if not song.looseness:
        return strokes
    strays = np.clip(rng.normal(0, 1, len(strokes)), -2.5, 2.5) * song.looseness
    forces = np.clip(rng.normal(1, 0.09, len(strokes)), 0.75, 1.2)
    out = []
    for stroke, stray, force in zip(strokes, strays.tolist(), forces.tolist(), strict=True):
        late_s = stray + song.laid_back_s * (_GROUP_OF.get(stroke.drum) == "snare")
        out.append(replace(stroke, velocity=min(1.0, stroke.velocity * force), late_s=late_s))
    return out
