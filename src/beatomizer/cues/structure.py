"""The parts of a song: where they begin, which are the same, and what each is for.

Bars that sound alike form blocks on the diagonal of the similarity matrix; a dynamic program picks the boundaries
that stand out most, with a liking for lengths of four and eight bars. Parts with similar bars share a letter. What a
part is for (intro, build, drop, break, outro) follows from how its energy lies against its neighbours'.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.bar_view import BarView
from beatomizer.cues.beat_grid import PULSE_NEEDED
from beatomizer.cues.cuelist import Section
from beatomizer.cues.learned_form import learned_sections
from beatomizer.cues.level import SILENT_LUFS

SHORTEST_S, LONGEST_S = 7.0, 45.0
"""Parts outside these lengths are rarely cut out (a phrase; more bores)."""

_FRAGMENT_S = 4.0

_REACH = 8
"""Bars on either side that a boundary is judged by."""

_BOUNDARY_COST = 0.55
_SAME_LABEL = 0.42
"""Mean similarity from which on two parts share a letter."""

_MOST_LABELS = 8

_LEAP_BARS = 4
_LEAP_DB = 10.0
"""Twice as loud to the ear (the sone scale): counts as much as going from none of the song's energy to all of it."""

_DROP_LEAP, _DROP_LEAST_ENERGY_LEAP, _DROP_ENERGY = 0.3, 0.2, 0.6
"""Chosen on 37 songs: with less of a leap a part only goes on a little stronger, and a stage gone dark for it lies."""


@dataclass(frozen=True)
class Part:
    """Bars ``first`` to ``last`` (excluded), before they have a name."""

    first: int
    last: int


def find_sections(bars: BarView) -> tuple[Section, ...]:
    """The sections of a song, without gaps, from 0 to its end."""
    if not len(bars):
        return ()
    if bars.learned is not None:
        return learned_sections(bars, bars.learned)
    parts = segments(novelty(bars), bars)
    parts, labels = joined(parts, letters(parts, bars), bars)
    energies = np.array([bars.energy[part.first : part.last].mean() for part in parts])
    kinds = purposes(parts, energies, bars)
    return tuple(
        Section(float(bars.edges_s[part.first]), float(bars.edges_s[part.last]), label, kind, float(energy))
        for part, label, kind, energy in zip(parts, labels, kinds, energies)
    )


def novelty(bars: BarView) -> F64:
    """How much a part seems to begin with each bar, ``[N]``, about 1 at a clear boundary and 0 between.

    Wide blocks tell parts from each other, narrow ones tell at which bar; what the neighbours have too is halved.
    """
    count = len(bars)
    wide, narrow, jump = np.zeros(count), np.zeros(count), np.zeros(count)
    for bar in range(1, count):
        wide[bar] = _contrast(bars.sound, bar, _REACH)
        narrow[bar] = _contrast(bars.sound, bar, 2)
        near = min(4, bar, count - bar)
        jump[bar] = abs(bars.energy[bar : bar + near].mean() - bars.energy[bar - near : bar].mean())
    raw = 0.6 * _scaled(wide) + 0.6 * _scaled(narrow) + 0.8 * jump + 0.6 * bars.boundary
    beside = np.pad(raw, 2, mode="edge")
    around = (beside[:-4] + beside[1:-3] + beside[3:-1] + beside[4:]) / 4
    return np.asarray(np.maximum(raw - 0.5 * around, 0.0))


def _contrast(sound: F64, bar: int, reach: int) -> float:
    """How much more the bars before and after are like themselves than like each other (a checkerboard).

    The mean product of all pairs of two groups is the product of the groups' means.
    """
    reach_here = min(reach, bar, len(sound) - bar)
    before = sound[bar - reach_here : bar].mean(axis=0)
    after = sound[bar : bar + reach_here].mean(axis=0)
    within = before @ before + after @ after
    return float((within / 2 - before @ after) * np.sqrt(reach_here / reach))


def _scaled(contrast: F64) -> F64:
    """Against the song's clearest contrasts, 0..1.5; a song without any stays low."""
    scale = max(float(np.percentile(contrast, 95)), 0.3) if len(contrast) > 1 else 1.0
    return np.clip(contrast / scale, 0.0, 1.5)


def segments(new: F64, bars: BarView) -> list[Part]:
    """The cutting into parts that collects most novelty at the least cost."""
    count = len(bars)
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    came_from = np.zeros(count + 1, dtype=np.int64)
    for end in range(1, count + 1):
        for start in range(end - 1, -1, -1):
            length_s = bars.edges_s[end] - bars.edges_s[start]
            if length_s > 2 * LONGEST_S and end - start > 1:
                break
            gain = best[start] + _length_worth(end - start, length_s, bool(end == count))
            gain += float(new[start]) - _BOUNDARY_COST if start else 0.0
            if gain > best[end]:
                best[end], came_from[end] = gain, start
    parts = []
    end = count
    while end > 0:
        parts.append(Part(int(came_from[end]), end))
        end = int(came_from[end])
    return parts[::-1]


def _length_worth(bar_count: int, length_s: float, final: bool) -> float:
    """What a part's length is worth: phrases of eight or four bars, no fragments, no half songs."""
    if final or bar_count % 8 == 0:
        worth = 0.0
    elif bar_count % 4 == 0:
        worth = -0.08
    else:
        worth = -0.25 if bar_count % 2 == 0 else -0.35
    worth -= (0.25 if final else 0.6) * max(0.0, SHORTEST_S - length_s)
    worth -= 2.0 * max(0.0, _FRAGMENT_S - length_s)
    return worth - 0.05 * max(0.0, length_s - LONGEST_S)


def letters(parts: list[Part], bars: BarView) -> list[str]:
    """A letter for each part, the same one where the bars sound the same in the same order."""
    families: list[list[Part]] = []
    found = []
    for part in parts:
        likeness = [max(_likeness(part, other, bars) for other in family) for family in families]
        if likeness and (max(likeness) >= _SAME_LABEL or len(families) >= _MOST_LABELS):
            place = int(np.argmax(likeness))
            families[place].append(part)
        else:
            place = len(families)
            families.append([part])
        found.append(chr(ord("A") + place))
    return found


def joined(parts: list[Part], labels: list[str], bars: BarView) -> tuple[list[Part], list[str]]:
    """Neighbours of one letter and one energy made one, as long as that stays short enough."""
    kept, names = [parts[0]], [labels[0]]
    for part, label in zip(parts[1:], labels[1:]):
        before = kept[-1]
        step = abs(
            float(bars.energy[part.first : part.last].mean() - bars.energy[before.first : before.last].mean())
        )
        length_s = bars.edges_s[part.last] - bars.edges_s[before.first]
        if label == names[-1] and step < 0.12 and length_s <= LONGEST_S:
            kept[-1] = Part(before.first, part.last)
        else:
            kept.append(part)
            names.append(label)
    return kept, names


def _likeness(one: Part, other: Part, bars: BarView) -> float:
    """Mean similarity of the bars in order, of the two parts as a whole if that is higher; energy must agree."""
    first, second = bars.sound[one.first : one.last], bars.sound[other.first : other.last]
    length = min(len(first), len(second))
    in_order = float((first[:length] * second[:length]).sum(axis=1).mean())
    overall = float(first.mean(axis=0) @ second.mean(axis=0))
    energy = abs(
        float(bars.energy[one.first : one.last].mean() - bars.energy[other.first : other.last].mean())
    )
    return max(in_order, overall) - 1.2 * max(0.0, energy - 0.1)


def purposes(parts: list[Part], energies: F64, bars: BarView) -> list[str]:
    """What each part is for."""
    drops = _drops(parts, energies, bars)
    kinds = ["drop" if drop else _quiet_purpose(n, parts, energies, bars) for n, drop in enumerate(drops)]
    for n in range(1, len(parts)):
        if kinds[n] == "drop" and kinds[n - 1] in ("steady", "break") and _rises(parts[n - 1], bars):
            kinds[n - 1] = "build"
    return kinds


def _quiet_purpose(n: int, parts: list[Part], energies: F64, bars: BarView) -> str:
    """What part ``n``, which is no drop, is for by its energy and its neighbours'."""
    last = len(parts) - 1
    before = energies[n - 1] if n else 0.0
    after = energies[n + 1] if n < last else 0.0
    if bars.lufs[parts[n].first : parts[n].last].mean() < SILENT_LUFS + 5.0:
        return "silence"
    if not last:
        return "steady"
    if n == 0:
        return "intro" if energies[n] < min(0.75, after - 0.08) else "steady"
    if n == last:
        return "outro" if energies[n] < before - 0.12 else "steady"
    return "break" if energies[n] < max(min(before, after) - 0.12, 0.3) else "steady"


def _drops(parts: list[Part], energies: F64, bars: BarView) -> list[bool]:
    """Which parts burst in: full of energy, on a sure beat, with a leap; of two in a row the greater leap."""
    leaps = [_leap(part, bars) for part in parts]
    on_beat = [bars.pulse[part.first : part.first + _LEAP_BARS].mean() >= PULSE_NEEDED for part in parts]
    found = [
        bool(leap >= _DROP_LEAP and energy >= _DROP_ENERGY and beat)
        for leap, energy, beat in zip(leaps, energies, on_beat)
    ]
    for n in range(1, len(parts)):
        if found[n] and found[n - 1]:
            found[n - 1 if leaps[n] >= leaps[n - 1] else n] = False
    return found


def _leap(part: Part, bars: BarView) -> float:
    """How much comes in with the part, its first bars against the last ones before it: energy, and loudness with it."""
    if not part.first:
        return 0.0
    before = slice(max(0, part.first - _LEAP_BARS), part.first)
    here = slice(part.first, min(part.last, part.first + _LEAP_BARS))
    energy = float(bars.energy[here].mean() - bars.energy[before].mean())
    loudness = float(bars.lufs[here].mean() - bars.lufs[before].mean()) / _LEAP_DB
    return energy + loudness if energy >= _DROP_LEAST_ENERGY_LEAP else 0.0


def _rises(part: Part, bars: BarView) -> bool:
    """Whether energy grows through the part, at least over its last eight bars."""
    energy = bars.energy[max(part.first, part.last - 8) : part.last]
    if len(energy) < 3:
        return False
    slope = float(np.polyfit(np.linspace(0.0, 1.0, len(energy)), energy, 1)[0])
    return slope > 0.08
