"""The players: what each of the band plays in one bar."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from beatomizer.composer.clock import Meter
from beatomizer.composer.forms import Section
from beatomizer.composer.ideas import Material
from beatomizer.composer.score import Note
from beatomizer.composer.theory import Chord, Key, near


@dataclass(frozen=True)
class Bar:
    """One bar as a player sees it.

    Attributes:
        start: its first beat.
        index, count: its place in the section, and how many bars that has.
        section, material: what is played.
        variant: how often the material was heard before.
        key, meter: of the song.
        energy: 0..1 in this bar.
        last: whether the song ends here.
    """

    start: float
    index: int
    count: int
    section: Section
    material: Material
    variant: int
    key: Key
    meter: Meter
    energy: float
    last: bool = False

    @property
    def chord(self) -> Chord:
        """What is heard in this bar; a song ends on its first chord."""
        return self.material.chords[0 if self.last else self.index % len(self.material.chords)]

    @property
    def next_chord(self) -> Chord:
        """What is heard in the bar after."""
        return self.material.chords[(self.index + 1) % len(self.material.chords)]

    @property
    def voicing(self) -> tuple[int, ...]:
        """Pitches of the chord."""
        return self._voiced(0 if self.last else self.index)

    @property
    def next_voicing(self) -> tuple[int, ...]:
        """Pitches of the chord in the bar after."""
        return self._voiced(self.index + 1)

    def _voiced(self, index: int) -> tuple[int, ...]:
        voicings = self.material.voicings
        return tuple(pitch + self.section.lift for pitch in voicings[index % len(voicings)])

    @property
    def velocity(self) -> float:
        """How hard everybody plays."""
        return 0.5 + 0.5 * self.energy

    @property
    def brightness(self) -> float:
        """How open everybody sounds."""
        return 0.25 + 0.5 * self.energy


def spelled(row: str, bar: int, meter: Meter) -> Iterator[tuple[float, float, str]]:
    """``(start, length, letter)`` in beats of each sounding step of a row; ``-`` holds.

    Rows of three steps a beat are swung pairs: their places are given as the eighths and sixteenths that a swinging
    clock brings to where triplets are.
    """
    bars = row.split("|")
    line = bars[bar % len(bars)]
    at = 0
    while at < len(line):
        end = at + 1
        while end < len(line) and line[end] == "-":
            end += 1
        if line[at] not in ".-":
            start, stop = (placed(step, len(line), meter) for step in (at, end))
            yield start, stop - start, line[at]
        at = end


def halved(row: str, bar: int, meter: Meter) -> Iterator[tuple[float, float, str]]:
    """``spelled`` at half the pace: each bar of the row fills two, whose beats stay."""
    bars = row.split("|")
    line = bars[bar // 2 % len(bars)]
    half = len(line) // 2
    step = meter.beats / half
    for at, letter in enumerate(line[half * (bar % 2) :][:half]):
        if letter not in ".-":
            yield at * step, step, letter


def placed(step: int, steps: int, meter: Meter) -> float:
    """Beats from the beginning of the bar to a step of a row that has so many."""
    if steps == 3 * meter.beats:
        return step // 3 + (0.0, 0.25, 0.5)[step % 3]
    return step * meter.beats / steps


def bass(bar: Bar) -> Iterator[Note]:
    """The bass line, on the chord's root."""
    low = near(bar.chord.root, 28) + bar.section.lift
    if bar.last:
        yield Note("bass", bar.start, bar.meter.beats * 0.9, low, bar.velocity, bar.brightness)
        return
    intervals = bar.chord.intervals
    third = intervals[1] if len(intervals) > 2 else 7
    seventh = intervals[3] % 12 if len(intervals) > 3 and intervals[3] < 12 else 10
    steps = {"r": 0, "R": 0, "o": 12, "5": 7, "b": -5, "3": third, "7": seventh}
    for start, length, letter in spelled(bar.material.bass, bar.index, bar.meter):
        if letter in "an":
            aside = 0 if letter == "n" else 1 if bar.index % 3 == 0 else -1
            pitch = near(bar.next_chord.root, 28) + bar.section.lift + aside
        else:
            pitch = low + steps[letter]
        velocity = bar.velocity * (1.0 if letter == "R" or start == 0 else 0.86)
        yield Note("bass", bar.start + start, 0.94 * length, max(25, pitch), velocity, bar.brightness)


def pad(bar: Bar) -> Iterator[Note]:
    """The chord, all through the bar."""
    for pitch in bar.voicing:
        yield Note("pad", bar.start, float(bar.meter.beats), pitch, bar.velocity, bar.brightness)


def comp(bar: Bar) -> Iterator[Note]:
    """The chord in rhythm."""
    if bar.last:
        yield from (
            Note("comp", bar.start, bar.meter.beats * 0.9, pitch, bar.velocity, bar.brightness)
            for pitch in bar.voicing
        )
        return
    for start, length, letter in spelled(bar.material.comp, bar.index, bar.meter):
        pitches = _grip(letter, bar)
        velocity = bar.velocity * (1.0 if letter in "Xl" else 0.78)
        for pitch in pitches:
            yield Note("comp", bar.start + start, 0.95 * length, pitch, velocity, bar.brightness)


def _grip(letter: str, bar: Bar) -> tuple[int, ...]:
    """The notes that a letter of a row of chords asks for."""
    if letter.isdigit():
        return (bar.voicing[min(int(letter), len(bar.voicing) - 1)],)
    grips = {"l": (bar.voicing[0] - 12,), "u": bar.voicing[-3:], "n": bar.next_voicing}
    return grips.get(letter, bar.voicing)


def arp(bar: Bar) -> Iterator[Note]:
    """The chord in broken notes, brighter from beat to beat."""
    rungs = (*bar.voicing, bar.voicing[0] + 12, bar.voicing[min(1, len(bar.voicing) - 1)] + 12)
    for start, length, letter in spelled(bar.material.arp, bar.index, bar.meter):
        if bar.last and start > 0:
            return
        pitch = rungs[min(int(letter), len(rungs) - 1)] + 12
        velocity = bar.velocity * (1.0 if start % 1 == 0 else 0.72)
        yield Note("arp", bar.start + start, length, pitch, velocity, bar.brightness)


def lead(bar: Bar) -> Iterator[Note]:
    """The tune; a variation the second time, an improvisation in solos."""
    tune = bar.material.second if bar.variant % 2 else bar.material.tune
    tune = bar.material.solo if bar.section.label == "solo" else tune
    yield from _sung("lead", tune, bar, bar.section.lift)


def keys(bar: Bar) -> Iterator[Note]:
    """The tune from afar: an octave above where nobody sings, else an answer in long notes."""
    if bar.section.label in ("break", "intro", "interlude", "bridge", "outro"):
        yield from _sung("keys", bar.material.tune, bar, bar.section.lift)
        return
    beats = bar.meter.beats
    top = bar.voicing[-1] + 12
    if bar.index % 2:
        yield Note("keys", bar.start + beats / 2, beats * 0.45, top, 0.8 * bar.velocity, bar.brightness)


def _sung(voice: str, tune: tuple[tuple[float, float, int], ...], bar: Bar, lift: int) -> Iterator[Note]:
    beats = bar.meter.beats
    if bar.last:
        yield Note(
            voice, bar.start, 0.9 * beats, near(bar.chord.root, 60) + lift, bar.velocity, bar.brightness
        )
        return
    phrase = max(4, len(bar.material.chords)) * beats
    begin = bar.index * beats % phrase
    for start, length, pitch in tune:
        if begin <= start < begin + beats:
            accent = 1.0 if start % 1 == 0 else 0.85
            at = bar.start + start - begin
            yield Note(voice, at, 0.95 * length, pitch + lift, accent * bar.velocity, bar.brightness)


PLAYERS: dict[str, Callable[[Bar], Iterator[Note]]] = {
    "bass": bass,
    "pad": pad,
    "comp": comp,
    "arp": arp,
    "lead": lead,
    "keys": keys,
}
"""Who plays notes, by role."""

_WISHES = {
    "lead": {
        "chorus": 0.35, "theme": 0.5, "refrain": 0.35, "verse": 0.25, "solo": 0.7, "drop": 0.1, "climax": 0.3,
        "summit": 0.3, "intro": -0.5, "outro": -0.4, "build": -0.6, "pre-chorus": 0.1, "break": -0.15,
    },
    "keys": {"break": 0.6, "intro": 0.3, "interlude": 0.4, "bridge": 0.3, "drop": -0.3, "build": -1.0, "solo": -0.3},
    "bass": {"break": -0.6, "build": -0.5, "drop": 0.3, "bridge": 0.1, "solo": 0.2},
    "comp": {"break": -0.1, "build": 0.1, "solo": 0.2},
    "pad": {"break": 0.5, "build": 0.3, "bridge": 0.2, "solo": -0.2},
    "arp": {"intro": 0.2, "build": 0.2, "break": 0.1},
}  # fmt: skip
"""How sections move the energy from which a role plays: leads belong to choruses, basses are silent in breaks."""


def plays(role: str, threshold: float | None, section: Section, energy: float) -> bool:
    """Whether a role plays in a bar of this energy."""
    if threshold is None:
        return False
    return energy + _WISHES[role].get(section.label, 0.0) >= threshold


def humanised(notes: list[Note], looseness_s: float, rng: np.random.Generator) -> list[Note]:
    """The notes as people play them: each chord strays as one, by some milliseconds."""
    if not looseness_s:
        return notes
    strays: dict[tuple[str, float], float] = {}
    out = []
    for note in notes:
        place = note.voice, note.start
        if place not in strays:
            strays[place] = float(np.clip(rng.normal(0, looseness_s), -2.5 * looseness_s, 2.5 * looseness_s))
        out.append(
            Note(
                note.voice, note.start, note.length, note.pitch, note.velocity, note.brightness, strays[place]
            )
        )
    return out
