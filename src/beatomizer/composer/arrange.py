"""The arranger: from a number to a score. Chooses the key, the chords, the tune, the groove and who plays when."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from beatomizer.composer import beats
from beatomizer.composer.melody import Tune, phrase
from beatomizer.composer.score import BEATS_PER_BAR, Harmony, Note, Part, Score, Stroke
from beatomizer.composer.theory import PROGRESSIONS, Chord, Key, progression, voiced

FORM = (("intro", 4), ("groove", 8), ("break", 4), ("build", 4), ("drop", 8), ("outro", 4))
"""Sections and their bars: 32 bars are 61 s at 126 beats a minute and 65 s at 118."""

_TEMPI_BPM = (118, 126)

_BASS_LINES = (
    ((2, 2, 0), (6, 2, 0), (10, 2, 0), (14, 2, 0)),
    ((2, 1, 0), (3, 1, 12), (6, 2, 0), (10, 1, 0), (11, 1, 12), (14, 2, 0)),
    ((0, 3, 0), (3, 3, 0), (6, 2, 12), (8, 3, 0), (11, 3, 0), (14, 2, 7)),
    ((0, 2, 0), (3, 2, 0), (6, 2, 0), (10, 2, 0), (12, 2, 12), (14, 2, 0)),
)
"""Start and length in sixteenths, and semitones above the root."""

_STABS = (
    ((0, 2), (3, 2), (6, 2), (10, 2), (13, 2)),
    ((2, 2), (5, 2), (10, 2), (13, 2)),
    ((0, 3), (6, 2), (9, 2), (14, 2)),
    ((0, 2), (3, 2), (8, 2), (11, 2), (14, 1)),
)
_ARPS = (
    (0, 1, 2, 3, 4, 3, 2, 1),
    (0, 2, 1, 3, 2, 4, 3, 1),
    (4, 2, 0, 3, 1, 2, 0, 1),
    (0, 2, 4, 2, 1, 3, 4, 3),
)
_ARP_RESTS = ((), (4, 12), (1, 5, 9, 13), (7, 15))

_FIRST_WORDS = (
    "Neon",
    "Velvet",
    "Paper",
    "Amber",
    "Silver",
    "Midnight",
    "Glass",
    "Coral",
    "Electric",
    "Northern",
)
_SECOND_WORDS = (
    "Harbour",
    "Parade",
    "Satellites",
    "Garden",
    "Motorway",
    "Lanterns",
    "Rivers",
    "Skyline",
    "Tides",
)


@dataclass(frozen=True)
class Ideas:
    """All choices from which a song is written."""

    title: str
    bpm: int
    key: Key
    chords: tuple[Chord, ...]
    voicings: tuple[tuple[int, ...], ...]
    tune: Tune
    groove: beats.Groove
    bass_lines: tuple[tuple[tuple[int, int, int], ...], ...]
    stabs: tuple[tuple[int, int], ...]
    arp: tuple[int, ...]
    arp_rests: tuple[int, ...]


def ideas(rng: np.random.Generator) -> Ideas:
    """Choose everything that makes one song differ from another."""
    key = Key(int(rng.integers(12)), bool(rng.random() < 0.7))
    degrees = PROGRESSIONS[key.minor]
    chords = progression(key, degrees[rng.integers(len(degrees))])
    voicings: list[tuple[int, ...]] = []
    for chord in chords:
        voicings.append(voiced(chord, voicings[-1] if voicings else (), 53, 74))
    first, second = rng.choice(len(_BASS_LINES), 2, replace=False)
    groove = beats.Groove(
        swing=float(rng.choice([0.0, 0.1, 0.16, 0.2])),
        hats=beats.HAT_PATTERNS[rng.integers(len(beats.HAT_PATTERNS))],
        clap_on=(1, 3),
        extra_kicks=beats.EXTRA_KICKS[rng.integers(len(beats.EXTRA_KICKS))],
    )
    return Ideas(
        title=f"{rng.choice(_FIRST_WORDS)} {rng.choice(_SECOND_WORDS)}",
        bpm=int(rng.integers(_TEMPI_BPM[0], _TEMPI_BPM[1] + 1)),
        key=key,
        chords=chords,
        voicings=tuple(voicings),
        tune=phrase(key, chords, 67 + int(rng.integers(-2, 3)), rng),
        groove=groove,
        bass_lines=(_BASS_LINES[first], _BASS_LINES[second]),
        stabs=_STABS[rng.integers(len(_STABS))],
        arp=_ARPS[rng.integers(len(_ARPS))],
        arp_rests=_ARP_RESTS[rng.integers(len(_ARP_RESTS))],
    )


def arranged(song: Ideas) -> Score:
    """Write the whole score."""
    starts = dict(zip((name for name, _ in FORM), np.cumsum([0, *(bars for _, bars in FORM)])[:-1].tolist()))
    total = sum(bars for _, bars in FORM)
    bar_s = BEATS_PER_BAR * 60.0 / song.bpm
    parts = tuple(Part(name, starts[name] * bar_s, (starts[name] + bars) * bar_s) for name, bars in FORM)
    notes: list[Note] = []
    strokes: list[Stroke] = []
    for name, bars in FORM:
        for index in range(bars):
            bar = starts[name] + index
            notes += _SECTIONS[name](song, bar, index / bars, index)
            strokes += _STROKES[name](song, bar, index)
    gap = (starts["drop"] * BEATS_PER_BAR - 1.0, float(starts["drop"] * BEATS_PER_BAR))
    strokes += beats.roll(starts["build"], starts["drop"] - starts["build"])
    notes = [note for note in notes if not gap[0] <= note.start < gap[1]]
    strokes = [stroke for stroke in strokes if not gap[0] <= stroke.start < gap[1]]
    return Score(
        title=song.title,
        bpm=float(song.bpm),
        key=song.key.name,
        bars=total,
        parts=parts,
        harmony=tuple(
            Harmony(4.0 * bar, 4.0, song.chords[bar % 4].name, song.voicings[bar % 4]) for bar in range(total)
        ),
        notes=tuple(sorted(notes, key=lambda note: (note.start, note.voice, note.pitch))),
        strokes=tuple(sorted(strokes, key=lambda stroke: (stroke.start, stroke.drum))),
        gap=gap,
        drop_s=starts["drop"] * bar_s,
    )


# --- who plays what in one bar -----------------------------------------------------------------------------------


def _pad(song: Ideas, bar: int, velocity: float, bright: float, bright_end: float) -> Iterator[Note]:
    for pitch in song.voicings[bar % 4]:
        yield Note("pad", 4.0 * bar, 4.0, pitch, velocity, bright, bright_end)


def _bass(song: Ideas, bar: int, line: int, velocity: float, bright: float) -> Iterator[Note]:
    root = 36 + (song.chords[bar % 4].root - 36) % 12
    root -= 12 if root > 43 else 0
    for at, length, above in song.bass_lines[line]:
        start = song.groove.placed(bar, at)
        yield Note("bass", start, 0.25 * length - 0.03, root + above, velocity, bright, bright)


def _stabs(song: Ideas, bar: int, velocity: float, bright: float) -> Iterator[Note]:
    for at, length in song.stabs:
        for pitch in song.voicings[bar % 4]:
            yield Note("stab", song.groove.placed(bar, at), 0.25 * length, pitch, velocity, bright, bright)


def _arp(song: Ideas, bar: int, velocity: float, bright: float, bright_end: float) -> Iterator[Note]:
    chord = song.voicings[bar % 4]
    rungs = (*chord, chord[0] + 12)
    for at in range(16):
        if at in song.arp_rests:
            continue
        pitch = rungs[song.arp[at % len(song.arp)]] + 12
        shade = round(bright + (bright_end - bright) * at / 16, 2)
        accent = 1.0 if at % 4 == 0 else 0.72
        yield Note("arp", song.groove.placed(bar, at), 0.25, pitch, velocity * accent, shade, shade)


def _tune(
    song: Ideas, bar: int, voice: str, velocity: float, bright: float, above: int = 0
) -> Iterator[Note]:
    for start, length, pitch in song.tune:
        if int(start // 4) == bar % 4:
            at = 4.0 * (bar - bar % 4) + start
            yield Note(voice, at, length * 0.95, pitch + above, velocity, bright, bright)


def _intro(song: Ideas, bar: int, share: float, index: int) -> Iterator[Note]:
    yield from _pad(song, bar, 0.8, 0.25 + 0.3 * share, 0.32 + 0.3 * share)
    yield from _arp(song, bar, 0.55 + 0.3 * share, 0.1 + 0.4 * share, 0.2 + 0.4 * share)


def _groove(song: Ideas, bar: int, share: float, index: int) -> Iterator[Note]:
    yield from _pad(song, bar, 0.6, 0.55, 0.55)
    yield from _bass(song, bar, 0, 0.85, 0.5)
    yield from _stabs(song, bar, 0.75, 0.56 + 0.12 * share)
    if index >= 4:
        yield from _arp(song, bar, 0.6, 0.6, 0.65)
        yield from _tune(song, bar, "keys", 0.65, 0.55)


def _break(song: Ideas, bar: int, share: float, index: int) -> Iterator[Note]:
    yield from _pad(song, bar, 0.6, 0.45, 0.55)
    yield from _tune(song, bar, "keys", 0.95, 0.5)
    root = 36 + (song.chords[bar % 4].root - 36) % 12
    yield Note("bass", 4.0 * bar, 3.8, root, 0.22, 0.2, 0.2)


def _build(song: Ideas, bar: int, share: float, index: int) -> Iterator[Note]:
    yield from _pad(song, bar, 0.7 + 0.2 * share, 0.4 + 0.45 * share, 0.5 + 0.45 * share)
    yield from _arp(song, bar, 0.6 + 0.35 * share, 0.3 + 0.55 * share, 0.4 + 0.55 * share)
    if index >= 2:
        yield from _stabs(song, bar, 0.55 + 0.3 * share, 0.4 + 0.4 * share)


def _drop(song: Ideas, bar: int, share: float, index: int) -> Iterator[Note]:
    yield from _pad(song, bar, 0.85, 0.85, 0.85)
    yield from _bass(song, bar, 1, 1.0, 0.64)
    yield from _stabs(song, bar, 0.9, 0.82)
    yield from _tune(song, bar, "lead", 0.9, 0.76)
    if index >= 4:
        yield from _tune(song, bar, "lead", 0.4, 0.6, above=12)
        yield from _arp(song, bar, 0.65, 0.75, 0.75)


def _outro(song: Ideas, bar: int, share: float, index: int) -> Iterator[Note]:
    yield from _pad(song, bar, 0.7, 0.5 - 0.3 * share, 0.45 - 0.3 * share)
    yield from _arp(song, bar, 0.6 - 0.3 * share, 0.45 - 0.35 * share, 0.4 - 0.35 * share)
    if index < 2:
        yield from _bass(song, bar, 0, 0.75, 0.35)


_SECTIONS = {
    "intro": _intro,
    "groove": _groove,
    "break": _break,
    "build": _build,
    "drop": _drop,
    "outro": _outro,
}


def _intro_strokes(song: Ideas, bar: int, index: int) -> Iterator[Stroke]:
    if index >= 1:
        yield from beats.hats(song.groove, bar, 0.3 + 0.15 * index)
    if index >= 2:
        yield from beats.kicks(bar, 0.75)
    if index == 3:
        yield Stroke("reverse", 4.0 * bar, 0.7, length=4.0)


def _groove_strokes(song: Ideas, bar: int, index: int) -> Iterator[Stroke]:
    if index == 0:
        yield Stroke("crash", 4.0 * bar, 0.6)
    yield from beats.full_bar(song.groove, bar, 0.3 if index < 4 else 0.6)
    if index == 7:
        yield from beats.fill(song.groove, bar)


def _break_strokes(song: Ideas, bar: int, index: int) -> Iterator[Stroke]:
    if index == 0:
        yield Stroke("crash", 4.0 * bar, 0.5)
    if index == 3:
        yield Stroke("reverse", 4.0 * bar + 2, 0.5, length=2.0)


def _build_strokes(song: Ideas, bar: int, index: int) -> Iterator[Stroke]:
    if index == 0:
        yield Stroke("riser", 4.0 * bar, 1.0, length=15.0)
    if index < 3:
        yield from beats.kicks(bar, 0.7)


def _drop_strokes(song: Ideas, bar: int, index: int) -> Iterator[Stroke]:
    if index in (0, 4):
        yield Stroke("crash", 4.0 * bar, 1.0)
    if index == 0:
        yield Stroke("impact", 4.0 * bar, 1.0)
    yield from beats.full_bar(song.groove, bar, 1.0)
    if index in (3, 7):
        yield from beats.fill(song.groove, bar)


def _outro_strokes(song: Ideas, bar: int, index: int) -> Iterator[Stroke]:
    if index == 0:
        yield Stroke("crash", 4.0 * bar, 0.6)
    if index < 2:
        yield from beats.kicks(bar, 0.8)
    if index < 3:
        yield from beats.hats(song.groove, bar, 0.5 - 0.12 * index)


_STROKES = {
    "intro": _intro_strokes,
    "groove": _groove_strokes,
    "break": _break_strokes,
    "build": _build_strokes,
    "drop": _drop_strokes,
    "outro": _outro_strokes,
}
