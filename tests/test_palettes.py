"""Palettes: committed colours, honest moods, and words people type."""

import numpy as np
import pytest

from beatomizer.color import linear_to_oklab, oklab_to_oklch, parse_hex, rgb8_to_linear
from beatomizer.cues.palettes import PALETTES, Palette, resolve_palette
from beatomizer.errors import UsageError


def oklch(colors: tuple[str, ...]) -> np.ndarray:
    return oklab_to_oklch(
        linear_to_oklab(rgb8_to_linear(np.array([parse_hex(c) for c in colors], dtype=np.uint8)))
    )


def test_there_are_at_least_twelve_of_three_to_five_colours() -> None:
    assert len(PALETTES) >= 12
    for name, palette in PALETTES.items():
        assert palette.name == name == name.lower()
        assert 3 <= len(palette.colors) <= 5
        assert len(set(palette.colors)) == len(palette.colors)
        assert all(color == color.lower() and color.startswith("#") for color in palette.colors)


@pytest.mark.parametrize("palette", [p for p in PALETTES.values() if p.name != "mono"], ids=lambda p: p.name)
def test_colours_are_saturated_and_tell_themselves_apart(palette: Palette) -> None:
    lch = oklch(palette.colors)
    assert lch[:, 1].min() > 0.07, "a pastel is the least; grey is below 0.04"
    assert palette.chroma > 0.14
    lab = linear_to_oklab(rgb8_to_linear(np.array([parse_hex(c) for c in palette.colors], dtype=np.uint8)))
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + np.eye(len(lab))
    assert apart.min() > 0.08


def test_moods_say_what_the_eye_says() -> None:
    assert PALETTES["fire"].warmth > 0.7 > 0 > -0.6 > PALETTES["ocean"].warmth
    assert PALETTES["ice"].lightness > PALETTES["midnight"].lightness
    assert all(0 <= palette.energy <= 1 for palette in PALETTES.values())
    assert PALETTES["neon"].energy > PALETTES["lavender"].energy
    warmths = [palette.warmth for palette in PALETTES.values()]
    assert min(warmths) < -0.7
    assert max(warmths) > 0.8


def test_songs_on_their_own_never_get_a_holiday_or_white() -> None:
    assert {name for name, palette in PALETTES.items() if palette.occasion} >= {
        "mono",
        "christmas",
        "halloween",
    }
    assert sum(not palette.occasion for palette in PALETTES.values()) >= 12


def test_names_and_other_words_resolve() -> None:
    assert resolve_palette("ember") == resolve_palette(" EMBER ") == PALETTES["ember"].colors
    assert resolve_palette("white") == PALETTES["mono"].colors
    words = [word for palette in PALETTES.values() for word in (palette.name, *palette.aliases)]
    assert len(words) == len(set(words)), "a word must not mean two palettes"


def test_user_colours_are_brought_into_one_spelling() -> None:
    assert resolve_palette("#F80, 0044ff") == ("#ff8800", "#0044ff")
    assert resolve_palette("ff8800") == ("#ff8800",), "a shell eats an unquoted #"


@pytest.mark.parametrize(
    "text", ["ebmer", "", "   ", "#12", "#", ",", "red,blue", "#ff0000;#00ff00", "#f00," * 17]
)
def test_anything_else_is_refused_with_help(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_palette(text)
    assert caught.value.hint


def test_a_slip_of_the_finger_is_guessed_and_all_names_are_listed() -> None:
    with pytest.raises(UsageError) as caught:
        resolve_palette("ebmer")
    assert "did you mean ember" in str(caught.value)
    assert all(name in str(caught.value) for name in PALETTES)
