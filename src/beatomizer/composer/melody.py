"""A tune that one remembers: a motif, its answer, the motif again on other chords, an ending."""

from collections.abc import Sequence

import numpy as np

from beatomizer.composer.theory import Chord, Key

_RHYTHMS = (
    ((0, 3), (3, 3), (6, 2), (8, 4), (12, 4)),
    ((0, 2), (3, 3), (6, 4), (10, 2), (12, 4)),
    ((0, 4), (4, 2), (6, 2), (8, 6), (14, 2)),
    ((0, 3), (3, 3), (6, 4), (10, 2), (12, 2), (14, 2)),
    ((0, 6), (6, 2), (8, 3), (11, 3), (14, 2)),
    ((2, 2), (4, 2), (6, 3), (9, 3), (12, 4)),
)
"""Bars of start and length in sixteenths; all lean on three against four, which is what makes them dance."""

_ENDINGS = (((0, 3), (3, 3), (6, 10)), ((0, 2), (3, 3), (6, 2), (8, 8)))
"""Last bars of a phrase: they come to rest."""

_RANGE = 14
"""Semitones from the lowest note of a tune to its highest."""

Tune = tuple[tuple[float, float, int], ...]
"""Start and length in beats from the beginning of the phrase, and pitch."""


def phrase(key: Key, chords: Sequence[Chord], low: int, rng: np.random.Generator) -> Tune:
    """A four-bar phrase over four chords: motif, answer, motif, ending.

    Args:
        key: the ladder that the tune climbs on.
        chords: one a bar; long and accented notes belong to them.
        low: the lowest pitch.
        rng: where chance comes from.
    """
    motif_rhythm, answer_rhythm = (_RHYTHMS[i] for i in rng.choice(len(_RHYTHMS), 2, replace=False))
    ending = _ENDINGS[rng.integers(len(_ENDINGS))]
    motif = _contour(len(motif_rhythm), rng)
    plan = (
        (motif_rhythm, motif),
        (answer_rhythm, _contour(len(answer_rhythm), rng)),
        (motif_rhythm, motif),
        (ending, -np.sign(motif[-1] or 1) * np.arange(len(ending))),
    )
    rungs = [pitch for pitch in range(low, low + _RANGE + 1) if pitch % 12 in key.ladder]
    start = int(rng.integers(len(rungs) // 3, len(rungs) - 2))
    notes: list[tuple[float, float, int]] = []
    for bar, (rhythm, contour) in enumerate(plan):
        for (at, length), step in zip(rhythm, contour, strict=True):
            rung = rungs[_folded(start + int(step), len(rungs))]
            accented = at % 4 == 0 or length >= 3
            classes = chords[bar].classes[:3] if accented else key.ladder
            choices = [pitch for pitch in range(low - 2, low + _RANGE + 3) if pitch % 12 in classes]
            before = [pitch for _, _, pitch in notes[-2:]]
            notes.append((bar * 4 + at / 4, length / 4, _sung(rung, before, choices)))
    return tuple(notes)


def _sung(wanted: int, before: Sequence[int], choices: Sequence[int]) -> int:
    """The choice nearest to the wanted pitch that neither dwells on the notes before nor leaps far from them."""

    def effort(pitch: int) -> tuple[float, int]:
        leap = abs(pitch - before[-1]) if before else 0
        dwelling = 2.5 * (leap == 0) + 6.0 * (before.count(pitch) == 2) if before else 0.0
        return abs(pitch - wanted) + dwelling + max(0, leap - 5), pitch

    return min(choices, key=effort)


def _contour(count: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rungs from the starting note: mostly steps, now and then a leap that is stepped back."""
    moves = rng.choice([-2, -1, -1, 0, 1, 1, 2, 3], size=count)
    moves[0] = 0
    for at in range(2, count):
        if abs(moves[at - 1]) >= 2:
            moves[at] = -np.sign(moves[at - 1])
    return np.cumsum(moves)


def _folded(rung: int, count: int) -> int:
    """A rung beyond either end of the ladder, mirrored back onto it."""
    period = 2 * (count - 1)
    rung %= period
    return rung if rung < count else period - rung
