"""What makes a style: tempi, metres, forms, harmony, grooves, players and sound."""

from dataclasses import dataclass, field

from beatomizer.composer.desk import Desk

POP_MINOR = ("i bVI bIII bVII", "i bVII bVI bVII", "i iv bVI V", "i bIII bVII iv", "bVI bVII i i")
"""Progressions that half of all songs use."""


@dataclass(frozen=True)
class Style:
    """What makes a style.

    Attributes:
        about: what it is.
        bpm: slowest and fastest.
        meters: names of metres, one is drawn (a name twice is drawn twice as often).
        forms, banks: what suits it.
        harmony: mode → progressions in roman numerals, a chord a bar.
        grooves, bass, comp, arps: families of ``grooves`` and ``patterns``.
        players: role or group of drums → the energy from which it plays; who is missing never does.
        swing: least and most place of the middle of a pair; ``pair``: its length in beats.
        drift: how far the tempo wanders; ``jitter_ms``: how far strokes and notes stray.
        slowing: how probable a ritardando is at the end; ``fading``: how probable a fade.
        tune: density of the melody, 0 long notes … 1 busy.
        drumless: how probable it is that nobody drums.
        desk: how it is mixed.
        half_time: how probable it is for each letter but the first that drums go half as fast over the same beats.
        push: share of the tune's notes on a beat that come half a beat early.
        triplets: how probable even triplets are in a tune that does not swing.
        rubato: least and most of how far phrases breathe: faster to their middle, slower at their end, as a share.
    """

    about: str
    bpm: tuple[float, float]
    forms: tuple[str, ...]
    banks: tuple[str, ...]
    harmony: dict[str, tuple[str, ...]]
    grooves: tuple[str, ...]
    bass: tuple[str, ...]
    comp: tuple[str, ...]
    players: dict[str, float]
    meters: tuple[str, ...] = ("4/4",)
    arps: tuple[str, ...] = ("eighths",)
    swing: tuple[float, float] = (0.5, 0.5)
    pair: float = 1.0
    drift: float = 0.0
    jitter_ms: float = 0.0
    slowing: float = 0.0
    fading: float = 0.2
    tune: float = 0.5
    drumless: float = 0.0
    desk: Desk = field(default_factory=Desk)
    half_time: float = 0.05
    push: float = 0.12
    triplets: float = 0.05
    rubato: tuple[float, float] = (0.0, 0.0)
