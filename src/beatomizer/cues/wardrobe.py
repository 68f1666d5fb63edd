"""Which colours each part of a song wears: a letter keeps its own, so that the chorus comes back in them."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.brightness import luminance_of
from beatomizer.cues.cuelist import Section
from beatomizer.cues.schemes import HUES, hue_bin

_EDGES = ("outro", "silence")
"""Parts that end a song in the colours it had, rather than open a new one."""


_HUE_SAY = 0.8
"""What an even chance against a certain one is worth beside the palette's whole way from dark to luminous."""


def wardrobe(
    sections: Sequence[Section],
    palette: tuple[str, ...],
    hue: Mapping[str, F64] | None = None,
    chorus: frozenset[str] = frozenset(),
) -> dict[str, tuple[str, str]]:
    """A leading colour and its answer for each letter.

    The more energy a part has, the more luminous the colour that leads it: a chorus is brighter than a verse at the
    same setting of the lamps, and deep colours stay deep where a dimmed yellow would be mustard. Neighbours never
    share a lead while the palette allows it, and a chorus shares its with nobody.

    Args:
        sections: of the song.
        palette: its colours.
        hue: for each letter, chances of its leading hue, ``[24]``; pulls the letter towards a colour of that hue.
        chorus: letters that choose first.
    """
    if len(palette) == 1:
        return {section.label: (palette[0], palette[0]) for section in sections}
    energy = _energy_of([section for section in sections if section.kind not in _EDGES] or sections)
    order = sorted(energy, key=lambda label: (label not in chorus, -energy[label], label))
    beside = _neighbours(sections)
    luminous = _luminous_first(palette)
    leads: dict[str, int] = {}
    for rank, label in enumerate(order):
        height = rank * (len(palette) - 1) / max(1, len(order) - 1)
        taken = [leads[other] for other in beside[label] if other in leads]
        taken += [lead for other, lead in leads.items() if other in chorus]
        uses = [sum(lead == place for lead in leads.values()) for place in range(len(palette))]
        says = _says((hue or {}).get(label), palette)
        misfits = [
            abs(luminous.index(place) - height) / len(palette) - _HUE_SAY * says[place]
            for place in range(len(palette))
        ]
        leads[label] = min(
            range(len(palette)), key=lambda place: (place in taken, uses[place], misfits[place])
        )
    worn = {label: (palette[lead], _answer(lead, label, leads, palette)) for label, lead in leads.items()}
    return worn | _borrowed(sections, worn)


def _says(chances: F64 | None, palette: tuple[str, ...]) -> list[float]:
    """How much each colour is what the model hears: 0 for an even chance or less, 1 for a certain hue."""
    if chances is None:
        return [0.0] * len(palette)
    logs = [np.log(max(HUES * float(chances[hue_bin(color)]), 1.0)) / np.log(HUES) for color in palette]
    return [float(value) for value in logs]


def _answer(lead: int, label: str, leads: Mapping[str, int], palette: tuple[str, ...]) -> str:
    """The next colour of the palette; the one after it for letters that come later with the same lead."""
    earlier = [other for other in leads if leads[other] == lead]
    step = 1 + earlier.index(label) % (len(palette) - 1)
    return palette[(lead + step) % len(palette)]


def _luminous_first(palette: tuple[str, ...]) -> list[int]:
    """Places of the palette, the colour with most luminance first."""
    return sorted(range(len(palette)), key=lambda place: -luminance_of(palette[place]))


def _borrowed(sections: Sequence[Section], worn: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Letters heard only at the edges of the song wear their neighbour's colours, the other way round."""
    found: dict[str, tuple[str, str]] = {}
    for place, section in enumerate(sections):
        if section.label in worn or section.label in found:
            continue
        others = [*sections[:place][::-1], *sections[place + 1 :]]
        near = next(other.label for other in others if other.label in worn)
        found[section.label] = worn[near][::-1]
    return found


def _energy_of(sections: Sequence[Section]) -> dict[str, float]:
    """Mean energy of each letter's sections."""
    letters = dict.fromkeys(section.label for section in sections)
    return {
        letter: float(np.mean([section.energy for section in sections if section.label == letter]))
        for letter in letters
    }


def _neighbours(sections: Sequence[Section]) -> dict[str, set[str]]:
    """Letters that follow or precede each letter somewhere."""
    beside: dict[str, set[str]] = {section.label: set() for section in sections}
    for one, other in itertools.pairwise(sections):
        if one.label != other.label:
            beside[one.label].add(other.label)
            beside[other.label].add(one.label)
    return beside
