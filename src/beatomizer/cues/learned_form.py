"""The parts of a song from learned scores: where they begin, which come back, what they are for.

The best cutting into parts gains where the boundary score is high, where a part is of one purpose and of one material
throughout, and where it lasts four, eight or sixteen bars. Parts share a letter if their materials point the same way
and the sound of their bars agrees. A drop is what the engine calls one (or a chorus) if it also breaks in: after a
build or a break, with a leap of energy.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.bar_view import BarView, LearnedBars
from beatomizer.cues.beat_grid import PULSE_NEEDED
from beatomizer.cues.cuelist import Section
from beatomizer.cues.level import SILENT_LUFS
from beatomizer.inference.engine import PARTS

_EDGE_WEIGHT, _EDGE_PRIOR = 1.0, 0.35
"""A boundary of that height tells nothing for or against."""

_PART_WEIGHT, _MATERIAL_WEIGHT, _SOUND_WEIGHT = 0.25, 1.0, 0.8
"""What a bar that fits its part is worth: by purpose, by material, by sound."""

_PART_COST = 1.8
_PHRASE = {0: 0.0, 4: 0.3, 2: 0.8, 6: 0.8}
"""What a length of so many bars over a multiple of eight costs; others cost 1.4."""
_ODD_COST = 1.4
_SHORTEST_S, _SHORT_COST = 12.0, 0.3
"""Each second that a part is shorter costs so much."""
_LONGEST_S, _LONG_COST = 60.0, 0.05
_MOST_BARS = 72

_SAME_LETTER, _STRICTEST = 0.45, 0.7
"""Likeness from which on two families of parts are one; where one family would take most of a song of many parts, the
bar is raised by ``_STRICTER`` up to the second, so that a real song, whose materials a network taught by composed ones
finds all alike, still has parts that differ."""
_STRICTER, _MOST_SHARE, _MANY_PARTS = 0.05, 0.6, 5
_MATERIAL_SHARE, _SOUND_SHARE, _PURPOSE_SHARE = 0.6, 0.25, 0.15
"""What makes two parts alike."""
_MOST_LETTERS = 8

_NAMED_FROM = 0.4
"""Mean chance from which on a part bears its name."""
_CHORUS_LEADS_BY = 0.08
"""Mean energy by which a letter must lead all others to be taken for the chorus."""
_DROP_LEAP, _DROP_ENERGY = 0.25, 0.55
_LEAP_BARS, _LEAP_DB = 4, 10.0

_NEVER = -1e9


@dataclass(frozen=True)
class _Part:
    """Bars ``first`` to ``last`` (excluded)."""

    first: int
    last: int

    @property
    def bars(self) -> slice:
        return slice(self.first, self.last)


def learned_sections(bars: BarView, heard: LearnedBars) -> tuple[Section, ...]:
    """The sections of a song, without gaps, from 0 to its end."""
    parts = cut(bars, heard)
    labels = letters(parts, bars, heard)
    chances = np.array([np.exp(heard.part[part.bars]).mean(axis=0) for part in parts])
    energies = np.array([bars.energy[part.bars].mean() for part in parts])
    names = named(labels, chances, energies)
    kinds = purposes(parts, chances, energies, bars)
    starts = [float(heard.edge_s[part.first]) for part in parts]
    ends = [*starts[1:], float(bars.edges_s[-1])]
    return tuple(
        Section(start, end, label, kind, float(energy), name)
        for start, end, label, kind, energy, name in zip(starts, ends, labels, kinds, energies, names)
        if end > start
    )


def cut(bars: BarView, heard: LearnedBars) -> list[_Part]:
    """The cutting of N bars into parts that is worth most."""
    count = len(bars)
    worth = _worths(bars, heard)
    first = begins(heard)
    best, came_from = np.full(count + 1, _NEVER), np.zeros(count + 1, dtype=np.int64)
    best[0] = 0.0
    for end in range(1, count + 1):
        starts = np.arange(max(0, end - _MOST_BARS), end)
        gains = best[starts] + first[starts] + worth[starts, end - starts - 1]
        came_from[end] = starts[int(gains.argmax())]
        best[end] = gains.max()
    parts = []
    end = count
    while end > 0:
        parts.append(_Part(int(came_from[end]), end))
        end = int(came_from[end])
    return parts[::-1]


def begins(heard: LearnedBars) -> F64:
    """What a part that begins with each bar gains or loses by beginning there, ``[N]``."""
    edge = np.clip(heard.edge, 0.02, 0.98)
    odds = np.log(edge / (1 - edge)) - np.log(_EDGE_PRIOR / (1 - _EDGE_PRIOR))
    gain = _EDGE_WEIGHT * odds - _PART_COST
    gain[0] = 0.0
    return np.asarray(gain)


def _worths(bars: BarView, heard: LearnedBars) -> F64:
    """``[N, L]``: what the 1 to L bars from each bar on are worth as one part; never where the song ends before."""
    count = len(bars)
    worth = np.full((count, min(count, _MOST_BARS)), _NEVER)
    part, material, sound = (_running(values) for values in (heard.part, heard.material, bars.sound))
    for length in range(1, worth.shape[1] + 1):
        one_purpose = (part[length:] - part[:-length]).max(axis=1)
        one_material = np.linalg.norm(material[length:] - material[:-length], axis=1)
        one_sound = np.linalg.norm(sound[length:] - sound[:-length], axis=1)
        odd = np.full(len(one_sound), _PHRASE.get(length % 8, _ODD_COST))
        odd[0] *= 0.5  # songs may begin and end anywhere
        odd[-1] *= 0.3
        seconds = bars.edges_s[length:] - bars.edges_s[:-length]
        worth[: count - length + 1, length - 1] = (
            _PART_WEIGHT * one_purpose
            + _MATERIAL_WEIGHT * one_material
            + _SOUND_WEIGHT * one_sound
            - odd
            - _SHORT_COST * np.maximum(_SHORTEST_S - seconds, 0.0)
            - _LONG_COST * np.maximum(seconds - _LONGEST_S, 0.0)
        )
    return worth


def _running(values: F64) -> F64:
    """Running sums of ``[N, D]``, from 0, ``[N + 1, D]``."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def letters(parts: list[_Part], bars: BarView, heard: LearnedBars) -> list[str]:
    """A letter for each part, by its family's first appearance."""
    likeness = _likeness(parts, bars, heard)
    lengths = np.array([part.last - part.first for part in parts], dtype=np.float64)
    threshold, found = _SAME_LETTER, families(likeness)
    while len(parts) >= _MANY_PARTS and threshold < _STRICTEST and _largest(found, lengths) > _MOST_SHARE:
        threshold += _STRICTER
        found = families(likeness, threshold)
    order: dict[int, int] = {}
    return [chr(ord("A") + order.setdefault(family, len(order))) for family in found]


def _largest(found: list[int], lengths: F64) -> float:
    """The share of the song that the largest family takes."""
    return float(np.bincount(found, lengths).max() / lengths.sum())


def named(labels: list[str], chances: F64, energies: F64) -> list[str]:
    """What a person would call each part; empty where the engine is not sure.

    A song without a chorus or drop by the engine's word has one all the same if a letter stands out by its energy: then
    its verses are choruses.
    """
    names = [PARTS[int(row.argmax())] if row.max() >= _NAMED_FROM else "" for row in chances]
    for letter in set(labels):  # the same material is the verse or the chorus, not now one and now the other
        of_letter = [place for place, label in enumerate(labels) if label == letter]
        mean = chances[of_letter].mean(axis=0)
        said = "verse" if mean[PARTS.index("verse")] >= mean[PARTS.index("chorus")] else "chorus"
        for place in of_letter:
            names[place] = said if names[place] in ("verse", "chorus") else names[place]
    if "chorus" in names or "drop" in names or len(set(labels)) < 2:
        return names
    energy_of = {
        letter: float(np.mean([energy for label, energy in zip(labels, energies) if label == letter]))
        for letter in set(labels)
    }
    highest = max(energy_of, key=lambda letter: (energy_of[letter], letter))
    others = [energy for letter, energy in energy_of.items() if letter != highest]
    if energy_of[highest] < max(others) + _CHORUS_LEADS_BY:
        return names
    return ["chorus" if label == highest and name == "verse" else name for label, name in zip(labels, names)]


def _likeness(parts: list[_Part], bars: BarView, heard: LearnedBars) -> F64:
    """How alike any two parts are, ``[P, P]``, −1..1: in material, in sound, and in what they are for."""
    material = np.stack([_direction(heard.material[part.bars]) for part in parts])
    sound = np.stack([_direction(bars.sound[part.bars]) for part in parts])
    purpose = np.sqrt(np.stack([np.exp(heard.part[part.bars]).mean(axis=0) for part in parts]))
    same = _MATERIAL_SHARE * material @ material.T + _SOUND_SHARE * sound @ sound.T
    return np.asarray(same + _PURPOSE_SHARE * (2.0 * purpose @ purpose.T - 1.0))


def families(likeness: F64, threshold: float = _SAME_LETTER) -> list[int]:
    """A number for each of n things: the most alike families grow together, by the mean likeness of their members."""
    alike = likeness.astype(np.float64).copy()
    np.fill_diagonal(alike, _NEVER)
    size, family = np.ones(len(alike)), np.arange(len(alike))
    for left in range(len(alike) - 1, 0, -1):
        one, other = np.unravel_index(int(alike.argmax()), alike.shape)
        if alike[one, other] < threshold and left < _MOST_LETTERS:
            break
        mixed = (size[one] * alike[one] + size[other] * alike[other]) / (size[one] + size[other])
        alike[one], alike[:, one] = mixed, mixed
        alike[one, one] = _NEVER
        alike[other], alike[:, other] = _NEVER, _NEVER
        size[one] += size[other]
        family[family == other] = one
    return [int(number) for number in family]


def _direction(vectors: F64) -> F64:
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.sqrt((mean**2).sum())), 1e-6))


def purposes(parts: list[_Part], chances: F64, energies: F64, bars: BarView) -> list[str]:
    """What each part is for, of the kinds that the designer knows."""
    kinds = [_purpose(number, parts, chances[number], bars) for number in range(len(parts))]
    high = chances[:, [PARTS.index("drop"), PARTS.index("chorus")]].sum(axis=1)
    for number in range(1, len(parts)):
        after = kinds[number - 1] in ("build", "break") or _rises(parts[number - 1], bars)
        leaps = _leap(parts[number], bars) >= _DROP_LEAP and energies[number] >= _DROP_ENERGY
        here = slice(parts[number].first, parts[number].first + _LEAP_BARS)
        if kinds[number] == "steady" and high[number] >= 0.5 and after and leaps:
            kinds[number] = "drop" if bars.pulse[here].mean() >= PULSE_NEEDED else "steady"
    return kinds


def _purpose(number: int, parts: list[_Part], chances: F64, bars: BarView) -> str:
    """By the engine's word alone; drops are found later."""
    if bars.lufs[parts[number].bars].mean() < SILENT_LUFS + 5.0:
        return "silence"
    name = PARTS[int(chances.argmax())]
    if (name == "intro" and number > 0) or (name == "outro" and number < len(parts) - 1):
        name = "break"
    if len(parts) == 1 or name in ("verse", "chorus", "drop"):
        return "steady"
    return name


def _leap(part: _Part, bars: BarView) -> float:
    """How much comes in with the part, energy and loudness, its first bars against the last ones before it."""
    before = slice(max(0, part.first - _LEAP_BARS), part.first)
    here = slice(part.first, min(part.last, part.first + _LEAP_BARS))
    energy = float(bars.energy[here].mean() - bars.energy[before].mean())
    loudness = float(bars.lufs[here].mean() - bars.lufs[before].mean()) / _LEAP_DB
    return energy + 0.5 * loudness


def _rises(part: _Part, bars: BarView) -> bool:
    """Whether energy grows through the part, at least over its last eight bars."""
    energy = bars.energy[max(part.first, part.last - 8) : part.last]
    if len(energy) < 3:
        return False
    return float(np.polyfit(np.linspace(0.0, 1.0, len(energy)), energy, 1)[0]) > 0.2
