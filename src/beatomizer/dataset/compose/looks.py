"""What a designer can do with a phrase: each look writes the key frames of a few bars.

A look gets the phrase (when, which colours, how high, how busy) and the score, and returns a plan with exact times;
the designer's own timing comes on top of it later.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.dataset.compose.key_frames import KeyFrame
from beatomizer.dataset.compose.manner import Manner
from beatomizer.dataset.compose.song_view import SongView


@dataclass(frozen=True)
class Phrase:
    """A few bars that are lit in one way.

    Attributes:
        start_s, end_s: when.
        lead, answer, accent: places in the palette.
        level: the intensity 0..1 that full light means here.
        rest: the intensity lights go back to between hits.
        busy: 0..1.
        groups: the lights in the order in which the designer runs through them; lights of a group move together.
    """

    start_s: float
    end_s: float
    lead: int
    answer: int
    accent: int
    level: float
    rest: float
    busy: float
    groups: tuple[tuple[int, ...], ...]

    @property
    def lights(self) -> tuple[int, ...]:
        """All lights."""
        return tuple(sorted(zone for group in self.groups for zone in group))


Look = Callable[[Phrase, SongView, Manner, np.random.Generator], Iterator[KeyFrame]]


def hold(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Stand still in two colours; perhaps turn over once in the middle."""
    fade = _fade(song, manner, rng, (1.0, 4.0))
    every = max(2, round(3 - 2 * phrase.busy))
    inner = [zone for place, group in enumerate(phrase.groups) if place % every == 0 for zone in group]
    outer = tuple(zone for zone in phrase.lights if zone not in inner)
    yield KeyFrame(phrase.start_s, tuple(inner), phrase.lead, phrase.level, fade)
    if outer:
        yield KeyFrame(phrase.start_s, outer, phrase.answer, 0.85 * phrase.level, fade)
    for bar in song.bars(phrase.start_s, phrase.end_s)[1:]:
        if rng.random() < 0.25 + 0.5 * phrase.busy:
            group = phrase.groups[int(rng.integers(len(phrase.groups)))]
            color = phrase.answer if rng.random() < 0.5 else phrase.lead
            yield KeyFrame(
                float(bar),
                group,
                color,
                phrase.level * rng.uniform(0.5, 1),
                _fade(song, manner, rng, (0.5, 3)),
            )


def pulse(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Up on a hit and down again a fraction of a beat later."""
    lights = phrase.lights
    half = lights if rng.random() < 0.75 else _half(phrase, rng)
    rest = tuple(zone for zone in lights if zone not in half)
    if rest:
        yield KeyFrame(
            phrase.start_s, rest, phrase.answer, 0.7 * phrase.level, _fade(song, manner, rng, (0.5, 2))
        )
    held = song.beat_s * float(rng.choice([0.25, 0.25, 0.25, 0.375]))
    fall = song.beat_s * float(rng.uniform(0.3, 0.9)) if rng.random() < 0.1 + manner.fades else 0.0
    for place, hit in enumerate(_rhythm(phrase, song, manner, rng)):
        color = phrase.lead if place % 2 == 0 or rng.random() < 0.6 else phrase.answer
        yield KeyFrame(hit, half, color, phrase.level)
        yield KeyFrame(hit + held, half, color, phrase.rest, fall)


def alternate(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Two halves of the stage take turns, or change colours."""
    odd, even = _halves(phrase)
    step = 1 if phrase.busy > 0.45 else 2
    swap_colors = rng.random() < 0.5
    fade = song.beat_s * 0.5 if rng.random() < manner.fades else 0.0
    times = song.grid(phrase.start_s, phrase.end_s)[::step]
    for place, time in enumerate(times):
        if place and rng.random() < manner.ignores:
            continue
        one, other = (odd, even) if place % 2 == 0 else (even, odd)
        down = 0.8 * phrase.level if swap_colors else phrase.rest
        yield KeyFrame(float(time), one, phrase.lead, phrase.level, fade)
        yield KeyFrame(float(time), other, phrase.answer, down, fade)
        if rng.random() < 0.45 * phrase.busy:  # a flick between two turns
            yield KeyFrame(float(time) + 0.5 * song.beat_s, one, phrase.answer, 0.6 * phrase.level)
            yield KeyFrame(float(time) + 0.75 * song.beat_s, one, phrase.lead, 0.8 * phrase.level)


def chase(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Light runs through the groups in quick steps, then rests until the next run."""
    base = phrase.answer if rng.random() < 0.6 else phrase.lead
    yield KeyFrame(phrase.start_s, phrase.lights, base, phrase.rest, _fade(song, manner, rng, (0.5, 1)))
    step = song.beat_s * float(rng.choice([0.5, 0.25, 0.25, 0.125]))
    step = max(step, 0.06)
    tail = 2 * step if rng.random() < manner.fades else 0.0
    runs = song.bars(phrase.start_s, phrase.end_s)[:: 1 if phrase.busy > 0.5 else 2]
    backwards = False
    for run in runs:
        if rng.random() < manner.ignores:
            continue
        order = phrase.groups[::-1] if backwards else phrase.groups
        backwards = not backwards if rng.random() < 0.6 else backwards
        start = float(run) + song.beat_s * float(rng.choice([0.0, 0.0, 1.0, 2.0, 0.5]))
        for place, group in enumerate(order):
            yield KeyFrame(start + place * step, group, phrase.lead, phrase.level)
            yield KeyFrame(start + (place + 2) * step, group, base, phrase.rest, tail)


def swell(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Breathe: up and down over bars, a new colour each breath."""
    bars = [phrase.start_s, *song.bars(phrase.start_s + 0.5 * song.beat_s, phrase.end_s)]
    breaths = bars[:: int(rng.choice([1, 2, 2, 4]))]
    for place, (start, end) in enumerate(zip(breaths, [*breaths[1:], phrase.end_s])):
        color = phrase.lead if place % 2 == 0 else phrase.answer
        middle = start + (end - start) * rng.uniform(0.4, 0.6)
        for order, group in enumerate(phrase.groups):
            late = 0.04 * order * (end - start) if phrase.busy > 0.3 else 0.0
            yield KeyFrame(float(start + late), group, color, phrase.level, float(middle - start))
            yield KeyFrame(
                float(middle + late), group, color, max(phrase.rest, 0.2), float(end - middle - late)
            )


def sparkle(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Single lights flick up on the fast notes over a low wash."""
    yield KeyFrame(
        phrase.start_s, phrase.lights, phrase.lead, 0.5 * phrase.level, _fade(song, manner, rng, (0.5, 2))
    )
    hits = song.hits("hat", phrase.start_s, phrase.end_s)
    if len(hits) < 4 or rng.random() < 0.5:
        hits = song.grid(phrase.start_s, phrase.end_s, 2 * song.parts)
    share = 0.12 + 0.3 * phrase.busy
    tail = _fade(song, manner, rng, (0.25, 0.25))
    for hit in hits:
        if rng.random() > share:
            continue
        group = phrase.groups[int(rng.integers(len(phrase.groups)))]
        color = phrase.accent if rng.random() < 0.5 else phrase.answer
        yield KeyFrame(float(hit), group, color, phrase.level)
        yield KeyFrame(float(hit) + 0.25 * song.beat_s, group, phrase.lead, 0.5 * phrase.level, tail)


def follow(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Play along: groups answer the notes of the tune, or kick and snare, each with their own lights."""
    yield KeyFrame(phrase.start_s, phrase.lights, phrase.lead, max(phrase.rest, 0.3 * phrase.level), 0.0)
    odd, even = _halves(phrase)
    parts: list[tuple[F64, tuple[tuple[int, ...], ...], int]] = [
        (song.hits("kick", phrase.start_s, phrase.end_s), (odd,), phrase.lead),
        (song.hits("snare", phrase.start_s, phrase.end_s), (even,), phrase.answer),
    ]
    if not len(parts[0][0]) or rng.random() < 0.45:
        parts = [(song.hits("other", phrase.start_s, phrase.end_s), phrase.groups, phrase.answer)]
    at_least = 0.18 + 0.5 * (1 - phrase.busy)
    tail = _fade(song, manner, rng, (0.4, 0.4))
    for hits, groups, color in parts:
        last, place = -9.0, 0
        for hit in hits:
            if hit - last < at_least or rng.random() > manner.grip - manner.ignores:
                continue
            group, last, place = groups[place % len(groups)], float(hit), place + 1
            yield KeyFrame(float(hit), group, color, phrase.level)
            yield KeyFrame(
                float(hit) + min(0.4 * at_least + 0.06, 0.3),
                group,
                phrase.lead,
                phrase.rest,
                tail,
            )


def strobe(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Every other group flicks in turn on eighths for a bar, so that the whole stage keeps its light."""
    odd, even = _halves(phrase)
    yield KeyFrame(phrase.start_s, phrase.lights, phrase.lead, 0.7 * phrase.level)
    for bar in song.bars(phrase.start_s, phrase.end_s)[:: 2 if phrase.busy < 0.6 else 1]:
        flicks = song.grid(float(bar), min(phrase.end_s, float(bar) + 2 * song.beat_s), 2)
        for place, time in enumerate(flicks):
            one, other = (odd, even) if place % 2 == 0 else (even, odd)
            yield KeyFrame(float(time), one, phrase.accent, phrase.level)
            yield KeyFrame(float(time), other, phrase.lead, 0.4 * phrase.level)
        if len(flicks):
            end = float(flicks[-1]) + 0.5 * song.beat_s
            yield KeyFrame(end, phrase.lights, phrase.lead, 0.7 * phrase.level, 0.3)


def dark(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """Everything off."""
    fade = 0.0 if rng.random() > manner.fades else 0.25 * song.beat_s
    yield KeyFrame(phrase.start_s, phrase.lights, phrase.lead, 0.0, fade)


LOOKS: dict[str, Look] = {
    "hold": hold,
    "pulse": pulse,
    "alternate": alternate,
    "chase": chase,
    "swell": swell,
    "sparkle": sparkle,
    "follow": follow,
    "strobe": strobe,
    "blackout": dark,
}
"""Every look by its name."""


def _rhythm(phrase: Phrase, song: SongView, manner: Manner, rng: np.random.Generator) -> list[float]:
    """The hits a pulse follows: one instrument, or the beat, thinned by what this designer lets pass."""
    start, end = phrase.start_s, phrase.end_s
    sources: list[tuple[float, F64]] = [
        (0.50, song.grid(start, end)),
        (0.25, song.grid(start, end)[::2]),
        (0.08, song.bars(start, end)),
        (0.20, song.hits("kick", start, end)),
        (0.20, song.hits("snare", start, end)),
        (0.12, song.grid(start, end, song.parts)[song.parts - 1 :: song.parts]),
    ]
    usable = [(weight, times) for weight, times in sources if len(times) >= 2]
    if not usable:
        return []
    weights = np.array([weight for weight, _ in usable])
    times = usable[int(rng.choice(len(usable), p=weights / weights.sum()))][1]
    at_least = 0.3 + 0.3 * (1 - phrase.busy)
    return _spaced([float(t) for t in times if rng.random() >= manner.ignores], at_least)


def _spaced(times: Sequence[float], at_least_s: float) -> list[float]:
    kept: list[float] = []
    for time in times:
        if not kept or time - kept[-1] >= at_least_s - 1e-6:
            kept.append(time)
    return kept


def _fade(song: SongView, manner: Manner, rng: np.random.Generator, beats: tuple[float, float]) -> float:
    """Nothing, or so many beats."""
    return song.beat_s * float(rng.uniform(*beats)) if rng.random() < manner.fades else 0.0


def _halves(phrase: Phrase) -> tuple[tuple[int, ...], tuple[int, ...]]:
    odd = tuple(zone for group in phrase.groups[::2] for zone in group)
    even = tuple(zone for group in phrase.groups[1::2] for zone in group)
    return odd, even or odd


def _half(phrase: Phrase, rng: np.random.Generator) -> tuple[int, ...]:
    return _halves(phrase)[int(rng.random() < 0.5)]
