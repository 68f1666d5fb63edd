"""Which colours each part of a song wears: a letter keeps its own, so that the chorus comes back in them."""

import itertools
from collections.abc import Sequence

import numpy as np

from beatomizer.color import luminance, parse_hex, rgb8_to_linear
from beatomizer.cues.cuelist import Section

_EDGES = ("outro", "silence")
"""Parts that end a song in the colours it had, rather than open a new one."""


def wardrobe(sections: Sequence[Section], palette: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """A leading colour and its answer for each letter.

    The more energy a part has, the more luminous the colour that leads it: a chorus is brighter than a verse at the
    same setting of the lamps, and deep colours stay deep where a dimmed yellow would be mustard. Neighbours never
    share a lead while the palette allows it.
    """
    if len(palette) == 1:
        return {section.label: (palette[0], palette[0]) for section in sections}
    energy = _energy_of([section for section in sections if section.kind not in _EDGES] or sections)
    order = sorted(energy, key=lambda label: (-energy[label], label))
    beside = _neighbours(sections)
    luminous = _luminous_first(palette)
    leads: dict[str, int] = {}
    for rank, label in enumerate(order):
        height = round(rank * (len(palette) - 1) / max(1, len(order) - 1))
        taken = [leads[other] for other in beside[label] if other in leads]
        uses = [sum(lead == place for lead in leads.values()) for place in range(len(palette))]
        leads[label] = min(
            range(len(palette)),
            key=lambda place: (place in taken, uses[place], abs(luminous.index(place) - height)),
        )
    worn = {
        label: (palette[lead], palette[(lead + 1 + (order.index(label) >= len(palette))) % len(palette)])
        for label, lead in leads.items()
    }
    return worn | _borrowed(sections, worn)


def _luminous_first(palette: tuple[str, ...]) -> list[int]:
    """Places of the palette, the colour with most luminance first."""
    return sorted(range(len(palette)), key=lambda place: -luminance_of(palette[place]))


def luminance_of(color: str) -> float:
    """Relative luminance 0..1 of ``#rrggbb``."""
    return float(luminance(rgb8_to_linear(np.array(parse_hex(color), dtype=np.uint8))))


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
