"""The three to five colours of a take, and which part of the song wears which.

Half of the designers take one of the named palettes that suits the song's mood; the others mix their own after the
schemes that lighting people use: neighbours on the colour circle, a pair of opposites, a triad, or one colour in
shades. All are saturated. Practice: fast and major music takes lighter and yellower colours, loud music redder and
more saturated ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.color import (
    format_hex,
    linear_to_oklab,
    linear_to_rgb8,
    luminance,
    oklab_to_oklch,
    oklch_to_linear,
    parse_hex,
    rgb8_to_linear,
)
from beatomizer.composer.annotations import Annotations
from beatomizer.cues.palettes import PALETTES, Palette
from beatomizer.show.mixing import fade

WHITE = "#fff2e0"
"""White as lamps have it, a little warm; used for accents alone."""

RAMP_STEPS = 33

_MOST_CHROMA = 0.4
"""More than any colour of a screen has; the gamut takes it back to what can be shown."""

_BRIGHT_MODES = ("major", "mixolydian", "lydian")
"""Keys with a large third."""

_SCHEMES = {
    "neighbours": (0, 32, -32, 62),
    "opposites": (0, 180, 28, 205),
    "triad": (0, 120, 240, 30),
    "split": (0, 150, 210, 30),
    "two colours": (0, 95, 20),
    "one colour": (0, 16, -16),
}
"""Hue angles in degrees from the leading colour."""


@dataclass(frozen=True)
class Taste:
    """The colours that one designer comes back to.

    Attributes:
        lead_deg: OKLCh hue of the favourite colour.
        scheme: name in ``_SCHEMES``: how the others lie to it.
        spread_deg: how far the favourite wanders from song to song (standard deviation).
        colors: how many a song gets.
        deep_heights: the deep colours lead where a song is at its highest, not the luminous ones.
    """

    lead_deg: float
    scheme: str
    spread_deg: float
    colors: int
    deep_heights: bool


def drawn_taste(rng: np.random.Generator) -> Taste:
    """A taste by chance."""
    return Taste(
        lead_deg=float(rng.uniform(0, 360)),
        scheme=str(rng.choice([name for name in _SCHEMES if name != "one colour"])),
        spread_deg=float(rng.uniform(4, 12)),
        colors=int(rng.choice([3, 4])),
        deep_heights=bool(rng.random() < 0.5),
    )


@dataclass(frozen=True)
class Wardrobe:
    """The colours of a take.

    Attributes:
        palette: three to five ``#rrggbb``, the leading one first.
        worn: for each letter of repeated material, places in the palette: lead, answer, accent.
    """

    palette: tuple[str, ...]
    worn: dict[str, tuple[int, int, int]]

    @property
    def white(self) -> int:
        """The place after the palette's last: white."""
        return len(self.palette)

    def ramps(self) -> F64:
        """Linear light on the way from any colour to any other, ``[C, C, RAMP_STEPS, 3]``; white is the last.

        Far hues meet in the dark, so no fade crosses grey.
        """
        linear = rgb8_to_linear(np.array([parse_hex(c) for c in (*self.palette, WHITE)], dtype=np.uint8))
        n = len(linear)
        before = np.broadcast_to(linear[:, None, None], (n, n, RAMP_STEPS, 3))
        after = np.broadcast_to(linear[None, :, None], (n, n, RAMP_STEPS, 3))
        return fade(before, after, np.broadcast_to(np.linspace(0, 1, RAMP_STEPS), (n, n, RAMP_STEPS)))


def dressed(song: Annotations, rng: np.random.Generator, taste: Taste | None = None) -> Wardrobe:
    """Choose the colours of a song and give each letter its own; without a taste, as anybody might."""
    if taste is not None:
        liked = _liked(taste, rng)
        return Wardrobe(liked, _worn(song, liked, rng, deep_heights=taste.deep_heights))
    palette = _named(song, rng) if rng.random() < 0.5 else _mixed(song, rng)
    count = int(rng.choice([3, 4, 4, 5, 5]))
    return Wardrobe(palette[:count], _worn(song, palette[:count], rng))


def mood(song: Annotations) -> tuple[float, float]:
    """Warmth −1..1 and energy 0..1 that the song asks for, from its key, tempo and loudness."""
    energy = float(np.mean([value for _, value in song.energy])) if song.energy else 0.3
    fast = float(np.clip((song.tempo_bpm - 60) / 120, 0, 1))
    major = 0.3 if song.key.lower().endswith(_BRIGHT_MODES) else -0.25
    return float(np.clip(major + 1.1 * (energy - 0.5) + 0.5 * (fast - 0.5), -1, 1)), 0.6 * energy + 0.4 * fast


def _named(song: Annotations, rng: np.random.Generator) -> tuple[str, ...]:
    warmth, energy = mood(song)

    def misfit(palette: Palette) -> float:
        return 0.6 * abs(palette.warmth - warmth) + abs(palette.energy - energy)

    choices = [palette for palette in PALETTES.values() if not palette.occasion]
    weights = np.exp(-5.0 * np.array([misfit(palette) for palette in choices]))
    chosen = choices[int(rng.choice(len(choices), p=weights / weights.sum()))]
    order = rng.permutation(len(chosen.colors)) if rng.random() < 0.5 else np.arange(len(chosen.colors))
    return tuple(chosen.colors[place] for place in order)


def _mixed(song: Annotations, rng: np.random.Generator) -> tuple[str, ...]:
    """A scheme of hues around a lead; orange (55°) suits warm songs, blue (255°) cold ones."""
    warmth, energy = mood(song)
    lead = rng.normal(55 if rng.random() < 0.5 + 0.75 * warmth else 255, 40)
    names = list(_SCHEMES)
    scheme = _SCHEMES[names[int(rng.choice(len(names), p=[0.22, 0.24, 0.15, 0.17, 0.16, 0.06]))]]
    hues = np.deg2rad(lead + np.array([*scheme, rng.uniform(0, 360)]) + rng.normal(0, 5, len(scheme) + 1))
    light = np.clip(_most_colorful(hues) + rng.normal(0.02 * energy - 0.02, 0.02, len(hues)), 0.45, 0.86)
    return _saturated(light, hues)


def _liked(taste: Taste, rng: np.random.Generator) -> tuple[str, ...]:
    """The favourite and its companions, a little different for each song."""
    lead = rng.normal(taste.lead_deg, taste.spread_deg)
    angles = (*_SCHEMES[taste.scheme], -40)[: taste.colors]
    hues = np.deg2rad(lead + np.array(angles) + rng.normal(0, 3, len(angles)))
    return _saturated(np.clip(_most_colorful(hues) - 0.01, 0.45, 0.86), hues)


def _saturated(light: F64, hues: F64) -> tuple[str, ...]:
    lch = np.stack([light, np.full(len(hues), _MOST_CHROMA), hues], axis=-1)
    return tuple(format_hex(color) for color in linear_to_rgb8(oklch_to_linear(lch)))


def _most_colorful(hues: F64) -> F64:
    """The OKLab lightness at which a screen shows each hue with most chroma."""
    light = np.linspace(0.45, 0.9, 19)
    lch = np.stack(np.broadcast_arrays(light[:, None], np.full((1, 1), _MOST_CHROMA), hues[None, :]), axis=-1)
    chroma = oklab_to_oklch(linear_to_oklab(oklch_to_linear(lch)))[..., 1]
    return np.asarray(light[chroma.argmax(axis=0)])


def _worn(
    song: Annotations, palette: Sequence[str], rng: np.random.Generator, *, deep_heights: bool = False
) -> dict[str, tuple[int, int, int]]:
    """Lead, answer and accent of each letter: neighbours differ, and energetic parts lead with luminous colours.

    With ``deep_heights`` they lead with deep ones.
    """
    bright = [
        float(luminance(rgb8_to_linear(np.array(parse_hex(color), dtype=np.uint8)))) for color in palette
    ]
    worn: dict[str, tuple[int, int, int]] = {}
    before = -1
    for section in song.sections:
        if section.repeat not in worn:
            height = 1.0 - section.energy if deep_heights else section.energy
            worn[section.repeat] = _outfit(bright, height, before, worn, rng)
        before = worn[section.repeat][0]
    return worn


def _outfit(
    bright: list[float],
    energy: float,
    before: int,
    worn: dict[str, tuple[int, int, int]],
    rng: np.random.Generator,
) -> tuple[int, int, int]:
    uses = [sum(outfit[0] == place for outfit in worn.values()) for place in range(len(bright))]
    rank = np.argsort(np.argsort(bright)) / max(1, len(bright) - 1)
    wish = -np.abs(rank - energy) - 1.0 * np.array(uses) - 9.0 * (np.arange(len(bright)) == before)
    order = np.argsort(-(wish + rng.normal(0, 0.25, len(bright))))
    return int(order[0]), int(order[1]), int(order[2 % len(order)])
