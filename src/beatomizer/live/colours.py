"""The song's palette and letters, as far as they are known: a part that returns gets its own colours back."""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.brightness import luminance_of
from beatomizer.cues.mood import Mood, majorness, song_palette
from beatomizer.cues.schemes import HUES, hue_bin, palette_for
from beatomizer.cues.style import Style

_MOST_LETTERS = 8
_SAME = 0.8
"""Cosine from which two materials are one."""

_PEAKY = 0.2
"""Chance of one hue in 24 from which the model's opinion counts."""

_LOUDNESS, _BRIGHTNESS = 0.6, 0.5
"""Of any live song: the automatic gain has made all equally loud."""


def live_palette(
    tempo_bpm: float,
    chroma: F64,
    hue: F64 | None,
    style: Style,
    song: int,
    *,
    worn: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Three to five colours for what was heard so far.

    Args:
        tempo_bpm: 0 if there is no beat.
        chroma: ``[12]``, summed.
        hue: the model's chances of 24 hues, if it has an opinion.
        style: the wishes.
        song: which song of the session, counted from 0.
        worn: the colours that the song had until now: a palette with their hues is preferred by far, so that a song
            does not end with the colours of two.
    """
    pace = (tempo_bpm - 70.0) / 90.0 if tempo_bpm > 0 else 0.4
    mood = Mood(float(np.clip(pace, 0.0, 1.0)), _LOUDNESS, _BRIGHTNESS, majorness(chroma))
    # Songs should differ: the key and the pace that are heard take part in the dice.
    chance = np.random.default_rng([style.seed, song, int(chroma.argmax()), round(tempo_bpm / 8.0)])
    if style.palette is not None or (hue is None and not worn):
        return song_palette(mood, style, chance)
    chances = np.full(HUES, 1.0 / HUES) if hue is None else hue / hue.sum()
    letters = {"": chances} if not worn else {color: _mostly(chances, color) for color in worn}
    return palette_for(letters, dict.fromkeys(letters, 1.0), mood, chance)


def _mostly(chances: F64, color: str) -> F64:
    """Half of the chances moved to the hue of a colour."""
    moved = 0.5 * chances
    moved[hue_bin(color)] += 0.5
    return moved


class Wardrobe:
    """Which colours each letter of a song wears.

    Args:
        palette: its colours.
    """

    def __init__(self, palette: tuple[str, ...]) -> None:
        self.palette = palette
        self._sounds: list[F64] = []
        self._worn: dict[str, tuple[str, str]] = {}
        self._luminous = sorted(range(len(palette)), key=lambda place: -luminance_of(palette[place]))

    def repaint(self, palette: tuple[str, ...]) -> None:
        """Other colours for the same letters, from now on: each gets the one that is most like what it wore."""
        self.palette = palette
        self._luminous = sorted(range(len(palette)), key=lambda place: -luminance_of(palette[place]))
        self._worn = {
            letter: self._pair(palette.index(self.like(lead))) for letter, (lead, _) in self._worn.items()
        }

    def like(self, color: str) -> str:
        """The colour of the palette whose hue is nearest."""
        turn = HUES // 2
        return min(
            self.palette, key=lambda other: abs((hue_bin(other) - hue_bin(color) + turn) % HUES - turn)
        )

    def letter_of(self, sound: F64) -> str:
        """The letter of a material: an old one if it comes back, else the next."""
        length = float(np.linalg.norm(sound))
        direction = sound / length if length > 1e-6 else np.zeros(len(sound))
        likeness = [float(direction @ known) for known in self._sounds]
        if likeness and (max(likeness) >= _SAME or len(self._sounds) >= _MOST_LETTERS):
            place = int(np.argmax(likeness))
        else:
            place = len(self._sounds)
            self._sounds.append(direction)
        return chr(ord("A") + place)

    def fresh(self, energy: float, before: str | None, hue: F64 | None) -> tuple[str, str]:
        """Lead and answer for a part nobody knows yet: luminous if it has much energy, and not led as the one before.

        Args:
            energy: 0..1 of the part.
            before: the lead colour of the part before.
            hue: chances of 24 hues, the model's opinion.
        """
        height = round((1.0 - energy) * (len(self.palette) - 1))
        uses = [sum(lead == color for lead, _ in self._worn.values()) for color in self.palette]
        wishes = _wishes(self.palette, hue)
        return self._pair(
            min(
                range(len(self.palette)),
                key=lambda place: (
                    self.palette[place] == before,
                    uses[place] - 2.0 * wishes[place],
                    abs(self._luminous.index(place) - height),
                ),
            )
        )

    def keep(self, letter: str, pair: tuple[str, str]) -> tuple[str, str]:
        """What the letter wears: ``pair``, if it wore nothing yet."""
        return self._worn.setdefault(letter, pair)

    def _pair(self, lead: int) -> tuple[str, str]:
        return self.palette[lead], self.palette[(lead + 1) % len(self.palette)]


def _wishes(palette: tuple[str, ...], hue: F64 | None) -> list[float]:
    """How much the model would like each colour to lead, 0..1."""
    if hue is None or float(hue.max()) < _PEAKY:
        return [0.0] * len(palette)
    spread = np.arange(-1, 2)
    return [float(hue[(hue_bin(color) + spread) % len(hue)].sum()) for color in palette]
