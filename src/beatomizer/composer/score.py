"""What is played when: the written form of a composed song.

The score knows everything that a listener can only guess: beats, bars, sections, chords, every note and every
stroke of the drums. Positions are in beats from the start; its clock turns them into seconds.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.composer.clock import Clock, Meter


@dataclass(frozen=True)
class Part:
    """A section of the song.

    Attributes:
        label: ``intro``, ``verse``, ``chorus``, ``build``, ``drop`` …
        repeat: a letter; the same letter is the same material.
        start, end: in beats.
        energy, energy_end: 0..1 at its start and its end.
    """

    label: str
    repeat: str
    start: float
    end: float
    energy: float
    energy_end: float


@dataclass(frozen=True, slots=True)
class Note:
    """A tone.

    Attributes:
        voice: the role of who plays it: ``pad``, ``comp``, ``arp``, ``bass``, ``lead`` or ``keys``.
        start, length: in beats.
        pitch: MIDI note number, 60 = middle C.
        velocity: 0..1.
        brightness: 0 dull … 1 open.
        late_s: seconds after its written time (human jitter, a strummed chord).
    """

    voice: str
    start: float
    length: float
    pitch: int
    velocity: float
    brightness: float = 0.5
    late_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stroke:
    """A hit of the drum kit or an effect (see ``drums.kits``).

    Attributes:
        drum: which.
        start: in beats; for ``reverse`` and ``riser``, where they begin to swell.
        velocity: 0..1.
        length: in beats, for strokes that swell; 0 for those that ring as long as they ring.
        tone: −1..1, a shade of pitch where the drum has one.
        late_s: seconds after its written time.
    """

    drum: str
    start: float
    velocity: float
    length: float = 0.0
    tone: float = 0.0
    late_s: float = 0.0


@dataclass(frozen=True)
class Harmony:
    """A chord and how long it lasts, in beats."""

    start: float
    length: float
    name: str
    pitches: tuple[int, ...]


@dataclass(frozen=True)
class Score:
    """A whole song on paper.

    Attributes:
        title: its name.
        style, form, bank: names in ``composer.generators``.
        key: such as ``"A minor"``, of the beginning.
        meter: how beats make bars.
        clock: from beats to seconds.
        parts: the sections in order, without gaps.
        harmony: the chords in order, without gaps.
        notes, strokes: everything that sounds, in order of time.
        rests: start and end in beats of moments when all fall silent.
        fade: beats of fading out at the end, 0 for an ending.
    """

    title: str
    style: str
    form: str
    bank: str
    key: str
    meter: Meter
    clock: Clock
    parts: tuple[Part, ...]
    harmony: tuple[Harmony, ...]
    notes: tuple[Note, ...]
    strokes: tuple[Stroke, ...]
    rests: tuple[tuple[float, float], ...]
    fade: float

    @property
    def bars(self) -> int:
        """Length in bars."""
        return self.clock.beats // self.meter.beats

    @property
    def beats(self) -> tuple[float, ...]:
        """Every beat, in seconds; the first one is at 0."""
        return self.clock.ticks_s[:-1]

    @property
    def end_s(self) -> float:
        """When the last bar ends."""
        return self.clock.ticks_s[-1]

    @property
    def drops(self) -> tuple[float, ...]:
        """Where drops begin, in beats."""
        return tuple(part.start for part in self.parts if part.label == "drop")

    def energies(self) -> F64:
        """``[B]`` 0..1 at each beat: the plan of the sections, nothing in rests, fading at the end."""
        at = np.arange(self.clock.beats, dtype=np.float64)
        out = np.zeros(len(at))
        for part in self.parts:
            inside = (at >= part.start) & (at < part.end)
            share = (at[inside] - part.start) / (part.end - part.start)
            out[inside] = part.energy + (part.energy_end - part.energy) * share
        for start, end in self.rests:
            out[(at >= start) & (at < end)] = 0.0
        if self.fade:
            out *= np.clip((self.clock.beats - at) / self.fade, 0.0, 1.0)
        return out
