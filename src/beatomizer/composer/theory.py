"""Just enough harmony: keys and modes, chords written as roman numerals, and voices that move little."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from beatomizer.errors import UsageError

_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT_MAJORS = (5, 10, 3, 8, 1, 6)
"""Tonics of the major keys that are written with flats."""

MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
"""Semitones of the seven degrees above the tonic."""

_NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
"""Semitones of the degrees of the major scale: every numeral counts from there, whatever the mode."""

_QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "9": (0, 4, 10, 14),
    "m9": (0, 3, 10, 14),
    "maj9": (0, 4, 11, 14),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "5": (0, 7),
    "dim": (0, 3, 6),
    "m7b5": (0, 3, 6, 10),
    "13": (0, 4, 10, 21),
}
"""Semitones above the root of the notes of a chord."""

_ROMAN = re.compile(r"(b|#)?([iIvV]+)(.*)")


@dataclass(frozen=True)
class Key:
    """A tonic (0 = C … 11 = B) with one of ``MODES`` on it."""

    tonic: int
    mode: str

    @property
    def minor(self) -> bool:
        """Whether the third is small."""
        return self.scale[2] == 3

    @property
    def name(self) -> str:
        """Such as ``"A minor"``."""
        return f"{self.spelled(self.tonic)} {self.mode}"

    def spelled(self, pitch_class: int) -> str:
        """The name of a pitch class as this key writes it."""
        relative_major = (self.tonic + 3 * self.minor) % 12
        return (_FLATS if relative_major in _FLAT_MAJORS else _SHARPS)[pitch_class % 12]

    @property
    def scale(self) -> tuple[int, ...]:
        """Semitones of the seven degrees above the tonic."""
        return MODES[self.mode]

    @property
    def classes(self) -> tuple[int, ...]:
        """The seven pitch classes of the scale."""
        return tuple((self.tonic + step) % 12 for step in self.scale)

    @property
    def ladder(self) -> tuple[int, ...]:
        """The five pitch classes in which a tune hardly clashes: the pentatonic scale."""
        degrees = (0, 2, 3, 4, 6) if self.minor else (0, 1, 2, 4, 5)
        return tuple((self.tonic + self.scale[degree]) % 12 for degree in degrees)

    def raised(self, semitones: int) -> "Key":
        """The same mode on another tonic."""
        return Key((self.tonic + semitones) % 12, self.mode)


@dataclass(frozen=True)
class Chord:
    """A chord: pitch class of its root, semitones of its notes above it, and its name."""

    root: int
    intervals: tuple[int, ...]
    name: str

    @property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes from the root up."""
        return tuple((self.root + step) % 12 for step in self.intervals)


@lru_cache(maxsize=1024)
def chord(key: Key, numeral: str) -> Chord:
    """The chord of a roman numeral: ``"vi"``, ``"bVII"``, ``"ii7"``, ``"Imaj7"``, ``"V9"``, ``"i5"``.

    Small letters are minor; what follows is one of the usual suffixes.

    Raises:
        UsageError: the numeral cannot be read.
    """
    match = _ROMAN.fullmatch(numeral)
    degree = _NUMERALS.get(match[2].lower()) if match else None
    if match is None or degree is None:
        raise UsageError(f"'{numeral}' is no chord", "write a roman numeral such as 'bVII' or 'ii7'")
    minor = match[2].islower() and match[3] not in ("5", "sus2", "sus4", "dim", "m7b5")
    quality = ("m" if minor else "") + match[3]
    if quality not in _QUALITIES:
        raise UsageError(f"'{numeral}' is no chord", f"its suffix must be one of {', '.join(_QUALITIES)}")
    root = (key.tonic + degree + {"b": -1, "#": 1, None: 0}[match[1]]) % 12
    return Chord(root, _QUALITIES[quality], f"{key.spelled(root)}{quality}")


def progression(key: Key, numerals: str) -> tuple[Chord, ...]:
    """The chords of a line of roman numerals, ``"i bVI bIII bVII"``, one a bar."""
    return tuple(chord(key, numeral) for numeral in numerals.split())


@lru_cache(maxsize=4096)
def voiced(chord: Chord, previous: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """The chord's notes within ``low..high``, as near to the chord before as can be.

    All placements are tried; the one whose voices move least in sum wins, spread wide enough to stay clear.
    """
    places = [[pitch for pitch in range(low, high + 1) if pitch % 12 == name] for name in chord.classes]
    count = len(places)
    target = sorted(previous) or [low + (high - low) * part // (count + 1) for part in range(1, count + 1)]

    def effort(pitches: Iterable[int]) -> tuple[int, list[int]]:
        ordered = sorted(pitches)
        moved = sum(min(abs(pitch - old) for old in target) for pitch in ordered)
        missed = sum(min(abs(pitch - new) for new in ordered) for pitch in target)
        crowded = sum(6 for one, two in pairwise(ordered) if two - one < 2)
        spread = max(0, ordered[-1] - ordered[0] - 16)
        return moved + missed + crowded + 2 * spread, ordered

    return tuple(sorted(min(product(*places), key=effort)))


def voicings(chords: Sequence[Chord], low: int, high: int) -> tuple[tuple[int, ...], ...]:
    """A whole progression, each chord near the one before."""
    placed: list[tuple[int, ...]] = []
    for one in chords:
        placed.append(voiced(one, placed[-1] if placed else (), low, high))
    return tuple(placed)


def near(pitch_class: int, low: int) -> int:
    """The lowest pitch of this class that is not below ``low``."""
    return low + (pitch_class - low) % 12
