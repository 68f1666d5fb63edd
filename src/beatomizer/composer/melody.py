"""A tune that one remembers: a motif, its answer, the motif again on other chords, an ending."""

from collections.abc import Sequence

import numpy as np

from beatomizer.composer.clock import Meter
from beatomizer.composer.theory import Chord, Key

_RANGE = 14
"""Semitones from the lowest note of a tune to its highest."""

Tune = tuple[tuple[float, float, int], ...]
"""Start and length in beats from the beginning of the phrase, and pitch."""

Rhythm = tuple[tuple[float, float], ...]
"""Start and length in beats within a bar."""


def phrase(
    key: Key,
    chords: Sequence[Chord],
    meter: Meter,
    low: int,
    density: float,
    rng: np.random.Generator,
    triplets: bool = False,
) -> Tune:
    """A phrase over some chords, one a bar: motif, answer, motif, ending, as often as there are four bars.

    Args:
        key: the ladder that the tune climbs on.
        chords: one a bar, at least four; long and accented notes belong to them.
        meter: of the bars.
        low: the lowest pitch.
        density: 0 long notes … 1 busy.
        rng: where chance comes from.
        triplets: whether beats are divided by three.
    """
    motif, answer = (_rhythm(meter, density, rng, triplets) for _ in range(2))
    ending = _ending(motif, meter)
    motif_steps, answer_steps = _contour(len(motif), rng), _contour(len(answer), rng)
    ending_steps = -np.sign(motif_steps[-1] or 1) * np.arange(len(ending))
    plan = ((motif, motif_steps), (answer, answer_steps), (motif, motif_steps), (ending, ending_steps))
    rungs = [pitch for pitch in range(low, low + _RANGE + 1) if pitch % 12 in key.ladder]
    start = int(rng.integers(len(rungs) // 3, len(rungs) - 2))
    notes: list[tuple[float, float, int]] = []
    for bar, chord in enumerate(chords):
        rhythm, contour = plan[bar % 4]
        for (at, length), step in zip(rhythm, contour, strict=True):
            rung = rungs[_folded(start + int(step), len(rungs))]
            accented = at % 1 == 0 or length >= 0.75
            classes = chord.classes[:3] if accented else key.ladder
            choices = [pitch for pitch in range(low - 2, low + _RANGE + 3) if pitch % 12 in classes]
            before = [pitch for _, _, pitch in notes[-2:]]
            notes.append((bar * meter.beats + at, length, _sung(rung, before, choices)))
    return tuple(notes)


def varied(tune: Tune, rng: np.random.Generator) -> Tune:
    """The tune as one sings it the next time: some notes split, some left out, some turned."""
    out: list[tuple[float, float, int]] = []
    for start, length, pitch in tune:
        chance = rng.random()
        if chance < 0.08 and len(out) and length < 1:
            continue
        if chance < 0.2 and length >= 1:
            out.append((start, length / 2, pitch))
            out.append((start + length / 2, length / 2, pitch + int(rng.choice([-2, 2, 3]))))
            continue
        out.append((start, length, pitch))
    return tuple(out)


def pushed(tune: Tune, beats: float, share: float, rng: np.random.Generator) -> Tune:
    """The tune with some of its notes on a beat half a beat early, so that they lead into it.

    Args:
        tune: a phrase.
        beats: its length; what is pushed from its beginning becomes the upbeat to its return.
        share: how many of the notes on a beat.
        rng: where chance comes from.
    """
    early = [start % 1 == 0 and rng.random() < share for start, _, _ in tune]
    moved = sorted(
        ((start - 0.5) % beats, length + 0.5 * (start > 0), pitch) if push else (start, length, pitch)
        for push, (start, length, pitch) in zip(early, tune, strict=True)
    )
    out: list[tuple[float, float, int]] = []
    for start, length, pitch in moved:
        if out and start - out[-1][0] < 0.2:  # pushed onto the note before: that one gives way
            out.pop()
        if out:
            before, held, low = out[-1]
            out[-1] = before, min(held, start - before), low
        out.append((start, min(length, beats - start), pitch))
    return tuple(out)


def _rhythm(meter: Meter, density: float, rng: np.random.Generator, triplets: bool = False) -> Rhythm:
    """A bar's rhythm: strong places are likelier, and the more so the fewer notes there are."""
    fine = 2 if meter.steps == 4 and rng.random() < 0.55 else meter.steps
    fine = 3 if meter.steps == 6 or triplets else fine
    places = np.arange(meter.beats * fine) / fine
    weight = np.where(places % 1 == 0, 1.0, np.where(places % 0.5 == 0, 0.65, 0.3))
    weight[0] = 1.3
    if rng.random() < 0.4:  # three against four, which is what makes it dance
        weight[np.arange(len(places)) % 3 == 0] *= 2
    count = int(
        np.clip(round(1 + meter.beats * (0.3 + 1.5 * density) + rng.normal(0, 0.7)), 1, len(places) - 1)
    )
    if meter.steps == 6:
        count = int(np.clip(count + 1, 1, len(places) - 1))
    chosen = np.sort(rng.choice(len(places), count, replace=False, p=weight / weight.sum()))
    starts = places[chosen]
    ends = np.append(starts[1:], float(meter.beats))
    if rng.random() < 0.4 and ends[-1] - starts[-1] > 0.75:
        ends[-1] -= 0.5  # breathe
    return tuple(zip(starts.tolist(), (ends - starts).tolist(), strict=True))


def _ending(motif: Rhythm, meter: Meter) -> Rhythm:
    """The last bar of a phrase: the first notes of the motif, then it comes to rest."""
    kept = [note for note in motif if note[0] < meter.beats / 2][:3] or [(0.0, 1.0)]
    start, _ = kept[-1]
    return (*kept[:-1], (start, max(0.5, 0.85 * meter.beats - start)))


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
