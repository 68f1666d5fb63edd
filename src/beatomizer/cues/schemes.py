"""The palette of a song whose hue a model has an opinion about: the best of many, by what was heard, mood and chance.

Half of what people mean by "the right colours" is taste, and a model that was taught by many designers has all of
their tastes at once. So its chances are not followed to the top: candidates are made (schemes of lighting practice
around hues drawn from the chances, and the named palettes), each is judged by how well its colours fit what the model
says of each letter and the song's mood, and the seed decides among those that fit.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from beatomizer.arrays import F64
from beatomizer.color import (
    format_hex,
    linear_to_oklab,
    linear_to_rgb8,
    oklab_to_oklch,
    oklch_to_linear,
    parse_hex,
    rgb8_to_linear,
)
from beatomizer.cues.mood import Mood, misfit
from beatomizer.cues.palettes import PALETTES, Palette

HUES = 24
"""Bins of 15°, as in ``Scores.hue``."""

_SCHEMES: dict[str, tuple[tuple[int, ...], float]] = {
    "neighbours": ((0, 38, -38, 76), 0.3),
    "two colours": ((0, 100, 28, -40), 0.45),
    "split": ((0, 150, 210, 32), 0.65),
    "opposites": ((0, 180, 32, 212), 0.7),
    "triad": ((0, 120, 240, 32), 0.85),
}
"""Degrees of OKLCh hue from the leading colour, and the energy that the scheme suits: far hues are restless."""

_LEADS = 6
"""Leading hues tried for each scheme."""

_PLAIN = 0.15
"""Share of an even distribution in what a model says: it was taught by people of many minds."""

_MOOD_WEIGHT, _CHANCE_WEIGHT = 1.6, 0.55

_TASTE_WEIGHT = 4.0
"""Of all colours of a palette being ones that the model would choose, where it knows somebody's taste. Elsewhere only
the leading ones are asked for: companions follow from practice, and there is no telling whose they should be.
"""

_WARM, _COLD = np.deg2rad(55.0), np.deg2rad(255.0)

_FULL_CHROMA = 0.4
"""More than any screen has; the gamut takes it back to what can be shown."""


def song_hues(hue: Mapping[str, F64], weight: Mapping[str, float]) -> F64:
    """Chances of the leading hue over the whole song, ``[24]``: letters count by ``weight``."""
    total = sum(weight[letter] * hue[letter] for letter in hue)
    return np.asarray(total / np.sum(total))


def palette_for(
    hue: Mapping[str, F64],
    weight: Mapping[str, float],
    mood: Mood,
    chance: np.random.Generator,
    taste: float = 0.0,
) -> tuple[str, ...]:
    """Three to five ``#rrggbb``, the leading colour first.

    Args:
        hue: for each letter, chances of its leading hue, ``[24]``.
        weight: for each letter, its say.
        mood: what the song feels like.
        chance: decides among what fits.
        taste: 0..1, how far the chances are somebody's taste (``Opinions.taste``).
    """
    best = -np.inf
    chosen: tuple[str, ...] = ()
    whole = song_hues(hue, weight)
    for palette in _candidates(whole, mood, chance):
        worth = _fit(palette, hue, weight) - _MOOD_WEIGHT * misfit(palette, mood)
        worth += _TASTE_WEIGHT * taste * _liked(palette, whole)
        worth += _CHANCE_WEIGHT * float(chance.gumbel())
        if worth > best:
            best, chosen = worth, palette.colors
    return chosen


def _candidates(whole: F64, mood: Mood, chance: np.random.Generator) -> Iterator[Palette]:
    """Named palettes, each led by any of its colours, and schemes around hues drawn from the chances."""
    for palette in PALETTES.values():
        if not palette.occasion:
            for first in range(len(palette.colors)):
                turned = palette.colors[first:] + palette.colors[:first]
                yield _for_song(Palette(palette.name, turned, palette.energy))
    drawn = (whole**1.5) * _moody(mood)
    drawn = drawn / drawn.sum()
    for name, (angles, energy) in _SCHEMES.items():
        for bin_number in chance.choice(HUES, size=_LEADS, p=drawn):
            lead = 15 * int(bin_number) + int(chance.integers(-7, 8))
            side = 1 if chance.random() < 0.5 else -1
            colors = tuple(dict.fromkeys(vivid((lead + side * angle) % 360) for angle in angles))
            yield _for_song(Palette(name, colors, energy))


def _for_song(palette: Palette) -> Palette:
    return Palette(palette.name, palette.for_song(), palette.energy)


def _moody(mood: Mood) -> F64:
    """How gladly each hue leads in this mood, ``[24]``: orange in warm songs, blue in cold ones."""
    angle = np.arange(HUES) * (2 * np.pi / HUES)
    warm, cold = (np.exp(1.2 * (np.cos(angle - centre) - 1.0)) for centre in (_WARM, _COLD))
    share = 0.5 + 0.45 * mood.warmth
    return np.asarray(0.25 + share * warm + (1.0 - share) * cold)


def _fit(palette: Palette, hue: Mapping[str, F64], weight: Mapping[str, float]) -> float:
    """Mean log chance of the best colour for each letter, against an even chance; the leading colour counts twice."""
    bins = [hue_bin(color) for color in palette.colors]
    total = sum(weight[letter] for letter in hue)
    fit = 0.0
    for letter, chances in hue.items():
        mixed = np.log(HUES * ((1.0 - _PLAIN) * chances + _PLAIN / HUES))
        fit += weight[letter] * (max(mixed[place] for place in bins) + 0.5 * mixed[bins[0]])
    return float(fit / max(total, 1e-9))


def _liked(palette: Palette, whole: F64) -> float:
    """Mean log chance of all its colours, against an even chance."""
    mixed = np.log(HUES * ((1.0 - _PLAIN) * whole + _PLAIN / HUES))
    return float(np.mean([mixed[hue_bin(color)] for color in palette.colors]))


@lru_cache(maxsize=1024)
def hue_bin(color: str) -> int:
    """The bin of ``Scores.hue`` that a colour ``#rrggbb`` lies in."""
    linear = rgb8_to_linear(np.array(parse_hex(color), dtype=np.uint8))
    angle = float(oklab_to_oklch(linear_to_oklab(linear))[2])
    return round(angle / (2 * np.pi) * HUES) % HUES


@lru_cache(maxsize=1024)
def vivid(degrees: int) -> str:
    """``#rrggbb`` of an OKLCh hue where a screen shows it with most chroma."""
    angle = np.deg2rad(degrees)
    light = np.linspace(0.5, 0.86, 19)
    lch = np.stack([light, np.full(19, _FULL_CHROMA), np.full(19, angle)], axis=-1)
    linear = oklch_to_linear(lch)
    chroma = oklab_to_oklch(linear_to_oklab(linear))[:, 1]
    return format_hex(linear_to_rgb8(linear[int(chroma.argmax())]))
