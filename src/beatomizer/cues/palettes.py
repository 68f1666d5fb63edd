"""Palettes: three to five colours that belong together, by names people would type.

The first colour leads; the second answers it, on alternate beats and as the kick of a pulse; the rest are for
other sections, and the last is the accent that a song keeps for its hits. All are saturated and committed; how
two of them mix is the renderer's business.

Which palette suits a song is a matter of mood, after the practice written down in ``docs/colour.md``: fast and
bright music takes lighter and yellower colours, loud music redder and more saturated ones.
"""

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from beatomizer.arrays import F64
from beatomizer.color import format_hex, linear_to_oklab, oklab_to_oklch, parse_hex, rgb8_to_linear
from beatomizer.errors import UsageError, one_line

MAX_USER_COLORS = 16
"""More than this is a rainbow by another name, and no song uses more than five at once."""

FEWEST_COLORS, MOST_COLORS = 3, 5
"""Of a song: one that uses more has no colours of its own."""

WIDE_SPREAD = 8.3
"""From here on four colours are a rainbow on stage: more than six effective hues, where people use three to five."""


@dataclass(frozen=True)
class Palette:
    """Colours with a name and a mood.

    Attributes:
        name: lower case, one word, what ``--palette`` takes.
        colors: three to five ``#rrggbb``, the leading one first.
        energy: 0 (still) to 1 (wild): how busy a song it suits.
        occasion: chosen only when asked for by name, never for a song on its own (holidays, plain white).
        aliases: other words for it.
    """

    name: str
    colors: tuple[str, ...]
    energy: float
    occasion: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def warmth(self) -> float:
        """−1 (blue) to 1 (orange): how far the hues lean to either end, weighted by their chroma."""
        _, chroma, hue = self._oklch()
        return float((chroma * np.cos(hue - _WARMEST_HUE)).sum() / max(chroma.sum(), 1e-9))

    @property
    def lightness(self) -> float:
        """0..1: mean OKLab lightness of the colours."""
        return float(self._oklch()[0].mean())

    @property
    def chroma(self) -> float:
        """Mean OKLCh chroma of the colours: above 0.1 is saturated, below 0.04 is grey."""
        return float(self._oklch()[1].mean())

    @property
    def spread(self) -> float:
        """How many hues it comes to on a stage, as exp(entropy) of 15° bins: its colours and half as much between them.

        On drawn shows a palette of spread 5 has 4 to 5 effective hues, one of 8 has 5 to 6, one of 10 up to 7.
        """
        hues = np.degrees(self._oklch()[2])
        steps = (np.arange(8) + 0.5) / 8
        turns = (np.roll(hues, -1) - hues + 180.0) % 360.0 - 180.0
        between = hues[:, None] + turns[:, None] * steps
        places = np.concatenate([hues, between.ravel()]) % 360.0 // 15.0
        weights = np.concatenate([np.ones(len(hues)), np.full(between.size, 0.5 / 8)])
        share = np.bincount(places.astype(np.int64), weights)
        share = share[share > 0] / share.sum()
        return float(np.exp(-(share * np.log(share)).sum()))

    def for_song(self) -> tuple[str, ...]:
        """Its colours for one song: a palette that goes all around the circle leaves out its last, if it has four."""
        wide = self.spread > WIDE_SPREAD and len(self.colors) > FEWEST_COLORS
        return self.colors[:FEWEST_COLORS] if wide else self.colors[:MOST_COLORS]

    def _oklch(self) -> F64:
        return _oklch_of(self.colors)


@lru_cache(maxsize=4096)
def _oklch_of(colors: tuple[str, ...]) -> F64:
    """Lightness, chroma and hue of each colour, ``[3, n]``."""
    rgb8 = np.array([parse_hex(color) for color in colors], dtype=np.uint8)
    return oklab_to_oklch(linear_to_oklab(rgb8_to_linear(rgb8))).T


_WARMEST_HUE = np.deg2rad(55)
"""OKLCh hue of orange (#ff8000 lies at 53°); its opposite, 235°, is a clear sky blue."""

_ALL = (
    Palette("ember", ("#ff4a00", "#ffa216", "#c8002e", "#ff2e6e"), 0.55, aliases=("embers", "coal")),
    Palette("fire", ("#ff2a00", "#ff9500", "#ffcb1f", "#a8003c"), 0.9, aliases=("flame", "lava", "inferno")),
    Palette("sunset", ("#ff6a2b", "#ff2477", "#8a2be2", "#ffb52e"), 0.5, aliases=("dusk",)),
    Palette("gold", ("#ffae00", "#ff7a1a", "#ffdc5e", "#c2184b"), 0.45, aliases=("golden", "amber")),
    Palette("rose", ("#ff2e78", "#ff86b9", "#c0158f", "#ff9457"), 0.35, aliases=("pink", "valentine")),
    Palette("candy", ("#ff4fa8", "#3fcbff", "#ffcf33", "#a45cff"), 0.75, aliases=("pop", "sweet")),
    Palette("tropic", ("#ff7a00", "#00d3ae", "#ff2f8e", "#ffd21a"), 0.8, aliases=("summer", "beach")),
    Palette("disco", ("#ff2fb0", "#ffb60a", "#3a7dff", "#8b35f0"), 0.85, aliases=("retro", "party")),
    Palette("neon", ("#ff00c8", "#00e5ff", "#7a1cff", "#b8ff00"), 0.95, aliases=("cyber", "rave")),
    Palette("acid", ("#b4ff00", "#00e08a", "#ff3df2", "#ffe100"), 0.9, aliases=("toxic", "lime")),
    Palette("forest", ("#12b84a", "#8ed60a", "#00877a", "#ffc83d"), 0.3, aliases=("green", "jungle")),
    Palette("aurora", ("#00f29a", "#1f9bff", "#8138ff", "#c9ff4d"), 0.45, aliases=("northern", "polar")),
    Palette("ocean", ("#0a7bff", "#00d0e8", "#2b3fff", "#00f0b4"), 0.35, aliases=("sea", "water", "blue")),
    Palette("ice", ("#59d8ff", "#2f8dff", "#a3f0ff", "#7d6bff"), 0.25, aliases=("winter", "frost", "cold")),
    Palette("midnight", ("#3a3dff", "#9a2bff", "#0a94ff", "#ff4fb8"), 0.4, aliases=("night", "noir")),
    Palette("lavender", ("#9a6bff", "#ff86cf", "#5a86ff", "#ffc07a"), 0.15, aliases=("lilac", "dream")),
    Palette("royal", ("#7a1cff", "#ffb200", "#2f4dff", "#e0148c"), 0.65, aliases=("purple", "violet")),
    Palette("storm", ("#1f6bff", "#00e0d0", "#6a3dff", "#ffe45e"), 0.8, aliases=("electric", "thunder")),
    Palette(
        "rainbow",
        ("#ff3b1f", "#ffcc00", "#1fd655", "#1f8cff", "#b32fff"),
        0.8,
        occasion=True,
        aliases=("pride", "spectrum"),
    ),
    Palette(
        "halloween", ("#ff7a00", "#8a1fff", "#5fe000", "#ff3b14"), 0.7, occasion=True, aliases=("spooky",)
    ),
    Palette(
        "christmas",
        ("#e8112d", "#0fae4b", "#ffc13b", "#ff5a36"),
        0.5,
        occasion=True,
        aliases=("xmas", "holiday"),
    ),
    Palette("mono", ("#ffffff", "#ffd9a8", "#b9d6ff"), 0.5, occasion=True, aliases=("white", "monochrome")),
)

PALETTES: dict[str, Palette] = {palette.name: palette for palette in _ALL}
"""Every palette by its name."""

_BY_WORD = {word: palette for palette in _ALL for word in (palette.name, *palette.aliases)}


_COLORS = re.compile(r"[#,]|^[0-9a-f]{6}$")
"""What tells a list of colours from a name; a shell may have eaten the ``#`` of a single one."""


def resolve_palette(text: str) -> tuple[str, ...]:
    """The colours that ``NAME`` or ``#rrggbb,#rrggbb,...`` stands for, as lower-case ``#rrggbb``.

    Raises:
        UsageError: neither a palette's name nor a list of colours; the message lists the names.
    """
    word = text.strip().lower()
    if word in _BY_WORD:
        return _BY_WORD[word].colors
    if not _COLORS.search(word):
        raise UsageError(f"no palette is called '{one_line(text, 60)}'", _what_to_type(word))
    parts = [part.strip() for part in word.split(",") if part.strip()]
    if not 1 <= len(parts) <= MAX_USER_COLORS:
        raise UsageError(
            f"a palette has 1 to {MAX_USER_COLORS} colours, not {len(parts)}", "separate them by commas"
        )
    return tuple(format_hex(parse_hex(part)) for part in parts)


def _what_to_type(word: str) -> str:
    near = difflib.get_close_matches(word, _BY_WORD, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{guess}choose from {', '.join(PALETTES)}, or write colours like #ff8800,#0044ff"
