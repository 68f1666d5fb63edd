"""What is played when: the written form of a composed song.

The score knows everything that a listener can only guess: beats, bars, sections, chords, every note and every
stroke of the drums. Positions are in beats from the start; ``time_s`` turns them into seconds.
"""

from dataclasses import dataclass

BEATS_PER_BAR = 4


@dataclass(frozen=True)
class Part:
    """A section of the song, in seconds: ``intro``, ``groove``, ``break``, ``build``, ``drop`` or ``outro``."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Note:
    """A tone.

    Attributes:
        voice: who plays it: ``pad``, ``stab``, ``arp``, ``bass``, ``lead`` or ``keys``.
        start, length: in beats.
        pitch: MIDI note number, 60 = middle C.
        velocity: 0..1.
        brightness, brightness_end: 0 dull … 1 open, at the start and at the end of the note.
    """

    voice: str
    start: float
    length: float
    pitch: int
    velocity: float
    brightness: float = 0.5
    brightness_end: float = 0.5


@dataclass(frozen=True)
class Stroke:
    """A hit of the drum kit or an effect: ``kick``, ``clap``, ``snare``, ``hat``, ``open_hat``, ``shaker``,
    ``crash``, ``reverse``, ``impact`` or ``riser``.

    Attributes:
        start: in beats; for ``reverse`` and ``riser``, where they begin to swell.
        velocity: 0..1.
        length: in beats, for strokes that swell; 0 for those that ring as long as they ring.
        tone: −1..1, a shade of pitch where the drum has one.
    """

    drum: str
    start: float
    velocity: float
    length: float = 0.0
    tone: float = 0.0


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
        bpm: beats a minute, constant.
        key: such as ``"A minor"``.
        bars: length, in bars of four beats.
        parts: the sections in order, without gaps.
        harmony: the chords in order, without gaps.
        notes, strokes: everything that sounds, in order of time.
        gap: start and end in beats of the silence before the drop.
        drop_s: when the drop begins, in seconds.
    """

    title: str
    bpm: float
    key: str
    bars: int
    parts: tuple[Part, ...]
    harmony: tuple[Harmony, ...]
    notes: tuple[Note, ...]
    strokes: tuple[Stroke, ...]
    gap: tuple[float, float]
    drop_s: float

    def time_s(self, beat: float) -> float:
        """Seconds from the start of the song to a position in beats."""
        return beat * 60.0 / self.bpm

    @property
    def beats(self) -> tuple[float, ...]:
        """Every beat, in seconds; the first one is at 0."""
        return tuple(self.time_s(beat) for beat in range(self.bars * BEATS_PER_BAR))

    @property
    def downbeats(self) -> tuple[float, ...]:
        """The first beat of every bar, in seconds."""
        return self.beats[::BEATS_PER_BAR]

    @property
    def sections(self) -> tuple[tuple[str, float, float], ...]:
        """Name, start and end of each part, in seconds."""
        return tuple((part.name, part.start_s, part.end_s) for part in self.parts)
