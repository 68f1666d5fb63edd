"""Just enough harmony: keys, diatonic chords, progressions that loop well, and voices that move little."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT_MAJORS = (5, 10, 3, 8, 1, 6)
"""Tonics of the major keys that are written with flats, and of the minor keys a third below them."""
_MINOR = (0, 2, 3, 5, 7, 8, 10)
_MAJOR = (0, 2, 4, 5, 7, 9, 11)

PROGRESSIONS = {
    True: ((0, 5, 2, 6), (0, 3, 5, 6), (5, 6, 0, 2), (0, 6, 5, 6), (0, 2, 6, 3), (5, 2, 0, 6)),
    False: ((0, 4, 5, 3), (5, 3, 0, 4), (3, 0, 4, 5), (0, 5, 3, 4), (3, 4, 5, 0)),
}
"""Root degrees of four chords, a bar each, for minor and major; each leads back to its beginning."""


@dataclass(frozen=True)
class Key:
    """A tonic (0 = C … 11 = B) with the natural minor or the major scale on it."""

    tonic: int
    minor: bool

    @property
    def name(self) -> str:
        """Such as ``"A minor"``."""
        return f"{self.spelled(self.tonic)} {'minor' if self.minor else 'major'}"

    def spelled(self, pitch_class: int) -> str:
        """The name of a pitch class as this key writes it."""
        relative_major = (self.tonic + 3 * self.minor) % 12
        return (_FLATS if relative_major in _FLAT_MAJORS else _SHARPS)[pitch_class]

    @property
    def scale(self) -> tuple[int, ...]:
        """Semitones of the seven degrees above the tonic."""
        return _MINOR if self.minor else _MAJOR

    def pitch(self, degree: int, octave: int) -> int:
        """MIDI number of a scale degree (0 = tonic; any integer) counted from the tonic of ``octave``."""
        return 12 * (octave + 1) + self.tonic + self.scale[degree % 7] + 12 * (degree // 7)

    @property
    def ladder(self) -> tuple[int, ...]:
        """The five pitch classes in which a tune cannot clash: the pentatonic scale."""
        degrees = (0, 2, 3, 4, 6) if self.minor else (0, 1, 2, 4, 5)
        return tuple((self.tonic + self.scale[degree]) % 12 for degree in degrees)


@dataclass(frozen=True)
class Chord:
    """A chord on a degree of a key."""

    key: Key
    degree: int

    @property
    def dominant(self) -> bool:
        """Whether a seventh would make it pull hard (bVII in minor, V in major)."""
        return self.degree == (6 if self.key.minor else 4)

    @property
    def classes(self) -> tuple[int, ...]:
        """Four pitch classes from the root up: a seventh chord, or with the ninth where a seventh would pull."""
        steps = (0, 2, 4, 8) if self.dominant else (0, 2, 4, 6)
        return tuple(self.key.pitch(self.degree + step, 0) % 12 for step in steps)

    @property
    def root(self) -> int:
        """Pitch class of the root."""
        return self.classes[0]

    @property
    def name(self) -> str:
        """Such as ``"Am7"``, ``"Fmaj7"`` or ``"Gadd9"``."""
        third = (self.classes[1] - self.root) % 12
        fifth = (self.classes[2] - self.root) % 12
        triad = {(4, 7): "", (3, 7): "m", (3, 6): "dim"}[third, fifth]
        top = "add9" if self.dominant else {11: "maj7", 10: "7"}[(self.classes[3] - self.root) % 12]
        return f"{self.key.spelled(self.root)}{triad}{top}"


def progression(key: Key, degrees: Sequence[int]) -> tuple[Chord, ...]:
    """The chords on ``degrees``."""
    return tuple(Chord(key, degree) for degree in degrees)


def voiced(chord: Chord, previous: Sequence[int], low: int, high: int) -> tuple[int, ...]:
    """The chord's four notes within ``low..high``, as near to the chord before as can be.

    All placements are tried; the one whose voices move least in sum wins, spread wide enough to stay clear.
    """
    places = [[pitch for pitch in range(low, high + 1) if pitch % 12 == name] for name in chord.classes]
    target = sorted(previous) or [low + (high - low) * part // 5 for part in (1, 2, 3, 4)]

    def effort(pitches: Iterable[int]) -> tuple[int, list[int]]:
        ordered = sorted(pitches)
        moved = sum(abs(new - old) for new, old in zip(ordered, target, strict=True))
        crowded = sum(6 for one, two in pairwise(ordered) if two - one < 2)
        spread = max(0, ordered[-1] - ordered[0] - 16)
        return moved + crowded + 2 * spread, ordered

    return tuple(sorted(min(product(*places), key=effort)))
