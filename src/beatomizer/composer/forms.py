"""Forms: which sections follow each other, how often they return, and how much happens in each."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

SHORTEST_S, LONGEST_S = 46.0, 148.0
"""Bounds of a song's length before its last note has rung out."""


@dataclass(frozen=True)
class Section:
    """A section before it is written out.

    Attributes:
        label: what listeners call it.
        repeat: a letter; the same letter is the same material.
        bars: its length.
        energy, energy_end: 0..1 at its start and its end.
        rest: beats of silence at its end.
        lift: semitones by which it is raised.
        tempo: relative to the song's.
    """

    label: str
    repeat: str
    bars: float
    energy: float
    energy_end: float
    rest: int = 0
    lift: int = 0
    tempo: float = 1.0


def _s(label: str, repeat: str, units: float, energy: float, end: float | None = None) -> Section:
    return Section(label, repeat, units, energy, energy if end is None else end)


def _verse_chorus(rng: np.random.Generator) -> list[Section]:
    pre = bool(rng.random() < 0.35)
    strophe = [_s("verse", "A", 2, 0.45, 0.55)]
    strophe += [_s("pre-chorus", "P", 1, 0.55, 0.75)] if pre else []
    song = [_s("intro", str(rng.choice(["I", "A"])), rng.choice([0.5, 1]), 0.2, 0.35), *strophe]
    song += [_s("chorus", "B", 2, 0.85)]
    for verse in range(int(rng.integers(1, 3))):
        song += [replace(one, energy=min(1.0, one.energy + 0.08)) for one in strophe[verse:] or strophe]
        song += [_s("chorus", "B", 2, 0.9)]
    if rng.random() < 0.7:
        song.append(_s(str(rng.choice(["bridge", "break", "solo"])), "C", rng.choice([1, 2]), 0.35, 0.6))
        lift = int(rng.choice([0, 0, 0, 1, 2]))
        song.append(replace(_s("chorus", "B", 2, 1.0), lift=lift, rest=0))
        if rng.random() < 0.4:
            song[-2] = replace(song[-2], rest=1)
    song.append(_s("outro", str(rng.choice(["O", "A", "B"])), 1, 0.4, 0.15))
    return song


def _aaba(rng: np.random.Generator) -> list[Section]:
    chorus = [
        _s("theme", "A", 2, 0.6),
        _s("theme", "A", 2, 0.65),
        _s("bridge", "B", 2, 0.5),
        _s("theme", "A", 2, 0.7),
    ]
    song = [_s("intro", "I", 1, 0.3)] if rng.random() < 0.6 else []
    song += chorus
    if rng.random() < 0.5:
        song += [_s("solo", "A", 2, 0.75), _s("solo", "A", 2, 0.8)]
        song += [_s("bridge", "B", 2, 0.55), _s("theme", "A", 2, 0.8)]
    song.append(_s("outro", "O", rng.choice([0.5, 1]), 0.35, 0.15))
    return song


def _build_drop(rng: np.random.Generator) -> list[Section]:
    gap = int(rng.choice([0, 1, 1, 2]))
    build = replace(_s("build", "C", 1, 0.4, 0.8), rest=gap)
    song = [_s("intro", "I", 1, 0.15, 0.4), _s("groove", "A", rng.choice([1, 2]), 0.65)]
    song += [_s("break", "B", 1, 0.25, 0.3), build, _s("drop", "D", 2, 1.0)]
    if rng.random() < 0.5:
        middle = (
            _s("groove", "A", 1, 0.6)
            if rng.random() < 0.4
            else _s("break", "B", rng.choice([1, 2]), 0.2, 0.3)
        )
        song += [middle, replace(build, bars=rng.choice([1, 2])), _s("drop", "D", 2, 1.0)]
    song.append(_s("outro", str(rng.choice(["I", "O"])), 1, 0.45, 0.15))
    return song


def _layers(rng: np.random.Generator) -> list[Section]:
    """A loop that people join and leave."""
    song = [_s("intro", "A", 1, 0.2)]
    level = 0.4
    for _ in range(int(rng.integers(3, 7))):
        if level > 0.7 and rng.random() < 0.45:
            song.append(
                replace(_s("break", str(rng.choice(["A", "B"])), 1, 0.25), rest=int(rng.choice([0, 0, 1])))
            )
            level = 0.9
            continue
        song.append(_s("groove", str(rng.choice(["A", "A", "B"])), rng.choice([1, 2]), level))
        level = float(np.clip(level + rng.uniform(-0.12, 0.28), 0.35, 1.0))
    song.append(_s("outro", "A", 1, 0.35, 0.2))
    return song


def _blues(rng: np.random.Generator) -> list[Section]:
    """Choruses of twelve bars; a unit is four."""
    song = [_s("intro", "I", 1, 0.4)] if rng.random() < 0.5 else []
    song += [_s("verse", "A", 3, 0.55), _s("verse", "A", 3, 0.6)]
    for _ in range(int(rng.integers(0, 4))):
        song.append(_s(str(rng.choice(["solo", "solo", "verse"])), "A", 3, float(rng.uniform(0.6, 0.95))))
    song.append(_s("verse", "A", 3, 0.75, 0.6))
    return song


def _through_composed(rng: np.random.Generator) -> list[Section]:
    song: list[Section] = []
    energy = float(rng.uniform(0.1, 0.3))
    count = int(rng.integers(4, 8))
    for at in range(count):
        goal = float(rng.uniform(0.1, 0.95)) if at < count - 1 else 0.1
        label = "intro" if at == 0 else "outro" if at == count - 1 else "climax" if goal > 0.75 else "passage"
        song.append(
            replace(
                _s(label, "ABCDEFGH"[at], rng.choice([1, 1, 2]), energy, goal),
                tempo=float(rng.choice([1.0, 1.0, 0.9, 1.1])),
                rest=int(rng.choice([0, 0, 0, 1])),
            )
        )
        energy = goal
    return song


def _strophic(rng: np.random.Generator) -> list[Section]:
    song = [_s("intro", str(rng.choice(["I", "A"])), rng.choice([0.5, 1]), 0.25)]
    count = int(rng.integers(3, 6))
    for verse in range(count):
        song.append(_s("verse", "A", 2, 0.4 + 0.5 * verse / count, 0.45 + 0.5 * verse / count))
        if verse < count - 1 and rng.random() < 0.5:
            song.append(_s("interlude", "B", rng.choice([0.5, 1]), 0.4))
    song.append(_s("outro", "A", 1, 0.3, 0.15))
    return song


def _rondo(rng: np.random.Generator) -> list[Section]:
    song: list[Section] = []
    for letter in "BCD"[: int(rng.integers(2, 4))]:
        song.append(_s("refrain", "A", rng.choice([1, 2]) if song else 2, 0.8))
        song.append(_s("episode", letter, rng.choice([1, 2]), float(rng.uniform(0.3, 0.7))))
    song += [_s("refrain", "A", 2, 0.9), _s("outro", "O", 0.5, 0.5, 0.2)]
    return song


def _arch(rng: np.random.Generator) -> list[Section]:
    unit = rng.choice([1, 2])
    song = [_s("opening", "A", unit, 0.25, 0.35), _s("rise", "B", unit, 0.5, 0.65)]
    song += [
        _s("summit", "C", 2, 0.95),
        _s("descent", "B", unit, 0.65, 0.5),
        _s("closing", "A", unit, 0.35, 0.15),
    ]
    return song


def _long_build(rng: np.random.Generator) -> list[Section]:
    """Drums alone, a long break that sings, a long build, everything; twice."""
    song = [_s("intro", "I", 1, 0.4, 0.5), _s("groove", "A", rng.choice([1, 2]), 0.6, 0.75)]
    build = replace(_s("build", "C", 2, 0.3, 0.9), rest=int(rng.choice([0, 0, 1, 2])))
    for level in (0.95, 1.0)[: int(rng.integers(1, 3))]:
        song += [_s("break", "B", rng.choice([1, 2]), 0.15, 0.35), build, _s("drop", "D", 2, level)]
        song += [_s("groove", "A", 1, 0.65)] if rng.random() < 0.4 else []
    song.append(_s("outro", "I", 1, 0.5, 0.35))
    return song


def _ternary(rng: np.random.Generator) -> list[Section]:
    """A dance, another one at its own pace, the first again."""
    pace = float(rng.choice([0.7, 0.8, 1.0, 1.0, 1.2, 1.35]))
    theme = [_s("theme", "A", 2, 0.55, 0.65), _s("theme", "A", rng.choice([1, 2]), 0.6, 0.75)]
    middle = [
        replace(_s("interlude", "B", 2, float(rng.uniform(0.3, 0.6)), 0.5), tempo=pace),
        replace(_s("interlude", "C", rng.choice([1, 2]), 0.45, 0.6), tempo=pace),
    ]
    song = [_s("intro", "I", 0.5, 0.3)] if rng.random() < 0.4 else []
    song += [*theme, *middle[: int(rng.integers(1, 3))], replace(theme[0], energy=0.7, energy_end=0.8)]
    song += [_s("outro", "A", 1, 0.8, 0.9)] if rng.random() < 0.5 else [_s("outro", "O", 0.5, 0.4, 0.2)]
    return song


FORMS: dict[str, tuple[Callable[[np.random.Generator], list[Section]], str]] = {
    "verse-chorus": (_verse_chorus, "verses and choruses, often a bridge, sometimes raised at the end"),
    "aaba": (_aaba, "a theme twice, a bridge, the theme again"),
    "build-drop": (_build_drop, "groove, break, build, silence, drop"),
    "layers": (_layers, "one loop that instruments join and leave"),
    "blues": (_blues, "choruses of twelve bars"),
    "through-composed": (_through_composed, "nothing comes back"),
    "strophic": (_strophic, "one verse many times, with more and more players"),
    "rondo": (_rondo, "a refrain between ever new episodes"),
    "long build": (_long_build, "drums alone, a break that sings, a build without end, everything"),
    "ternary": (_ternary, "a dance, another at its own pace, the first again"),
    "arch": (_arch, "there and back: A B C B A"),
}
"""Every form by name: who writes it (lengths in phrases) and what it is."""


def laid_out(name: str, bar_s: float, rng: np.random.Generator) -> tuple[Section, ...]:
    """A form with lengths in whole bars, between ``SHORTEST_S`` and ``LONGEST_S`` long.

    Args:
        name: one of ``FORMS``.
        bar_s: length of a bar in seconds.
        rng: where chance comes from; it also draws the length that is aimed at.
    """
    aim_s = float(rng.uniform(52.0, 125.0))
    best: tuple[float, tuple[Section, ...]] = math.inf, ()
    for _ in range(24):
        sections = FORMS[name][0](rng)
        for unit in (4,) if name == "blues" else (2, 4, 6, 8):
            bars = [max(1, round(section.bars * unit)) for section in sections]
            length_s = sum(count * bar_s / part.tempo for count, part in zip(bars, sections, strict=True))
            outside = max(0.0, SHORTEST_S - length_s, length_s - LONGEST_S)
            awkward = 4.0 * (unit == 6) + 8.0 * (unit == 2)
            effort = 100.0 * outside + abs(length_s - aim_s) + awkward
            if effort < best[0]:
                written = zip(sections, bars, strict=True)
                best = effort, tuple(replace(one, bars=count) for one, count in written)
        if best[0] < 10.0:
            break
    return best[1]
