"""Time is exact, colours go there and back, errors are one line, files appear whole."""

import errno
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer import color, errors, timebase
from beatomizer.atomic import try_lock, written_aside
from beatomizer.registry import Registry

rgb8_colors = st.tuples(*[st.integers(0, 255)] * 3)


@pytest.mark.parametrize(("rate", "hop"), [(24_000, 400), (44_100, 735), (48_000, 800), (96_000, 1600)])
def test_hop_is_exact(rate: int, hop: int) -> None:
    assert timebase.hop_samples(rate) == hop


def test_a_rate_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="22050"):
        timebase.hop_samples(22_050)
    with pytest.raises(ValueError, match="11025"):
        timebase.hop_samples(11_025)


@given(st.integers(0, 10**10))
def test_frames_cover_the_samples(n: int) -> None:
    frames = timebase.frame_count(n)
    assert (frames - 1) * timebase.HOP < n <= frames * timebase.HOP or n == frames == 0


@given(st.integers(0, 10**9))
def test_a_frame_is_nearest_to_its_own_time(frame: int) -> None:
    assert timebase.nearest_frame(timebase.frame_time_s(frame)) == frame
    assert timebase.frame_count_of_duration(timebase.frame_time_s(frame)) == frame


@given(st.integers(0, 24_000 * 3600 * 3))
def test_duration_and_samples_agree_on_the_frames(n: int) -> None:
    assert timebase.frame_count_of_duration(n / timebase.SAMPLE_RATE) == -(-Fraction(n, 400) // 1)


@given(rgb8_colors)
def test_rgb8_survives_linear_light_and_oklch(rgb8: tuple[int, int, int]) -> None:
    there = color.rgb8_to_linear(np.array(rgb8, dtype=np.uint8))
    assert tuple(color.linear_to_rgb8(there)) == rgb8
    lch = color.oklab_to_oklch(color.linear_to_oklab(there))
    back = color.linear_to_rgb8(color.oklch_to_linear(lch))
    assert np.abs(back.astype(int) - np.array(rgb8)).max() <= 1


@given(st.floats(0.05, 0.95), st.floats(0, 0.5), st.floats(-3.14, 3.14))
def test_gamut_mapping_keeps_hue_and_lightness(lightness: float, chroma: float, hue: float) -> None:
    linear = color.oklch_to_linear(np.array([lightness, chroma, hue]))
    assert ((linear >= 0) & (linear <= 1)).all()
    mapped = color.oklab_to_oklch(color.linear_to_oklab(linear))
    assert mapped[0] == pytest.approx(lightness, abs=2e-3)
    assert mapped[1] <= chroma + 1e-3
    if mapped[1] > 0.02:
        assert abs(np.angle(np.exp(1j * (mapped[2] - hue)))) < 0.02


def test_luminance_of_the_worked_numbers() -> None:
    """WCAG's formula: 90 is the first grey at or above 0.1, 232 at or above 0.8, 79 the last below 0.08."""
    grey = color.luminance(
        color.rgb8_to_linear(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    )
    assert int(np.argmax(grey >= 0.1)) == 90
    assert int(np.argmax(grey >= 0.8)) == 232
    assert int(np.argmax(grey >= 0.08)) == 80
    assert color.lightness(np.array([0.0, 1.0])) == pytest.approx([0.0, 100.0])


def test_oklab_of_the_published_pairs() -> None:
    """White, red and blue as Ottosson's post and CSS Color 4 give them (three decimals)."""
    lab = color.linear_to_oklab(np.array([[1.0, 1, 1], [1, 0, 0], [0, 0, 1]]))
    assert lab == pytest.approx(
        np.array([[1, 0, 0], [0.628, 0.225, 0.126], [0.452, -0.032, -0.312]]), abs=6e-4
    )


@given(rgb8_colors)
def test_hex_round_trip(rgb8: tuple[int, int, int]) -> None:
    assert color.parse_hex(color.format_hex(rgb8)) == rgb8
    assert color.parse_hex("#f80") == (255, 136, 0)


@pytest.mark.parametrize("text", ["", "red", "#12345", "#gg0000", "#1234567", "12 34 56"])
def test_what_is_not_a_colour_is_refused(text: str) -> None:
    with pytest.raises(errors.UsageError, match="#ff8800"):
        color.parse_hex(text)


@given(st.text(max_size=500))
def test_an_error_is_one_printable_line(text: str) -> None:
    line = str(errors.UsageError(text, text))
    assert "\n" not in line
    assert "\x1b" not in line
    assert all(character.isprintable() for character in line)


def test_exit_codes_are_the_contract() -> None:
    family = errors.BeatomizerError.__subclasses__()  # rooms may have their own kinds, which never leave them
    codes = {kind.__name__: kind.exit_code for kind in family if kind.__module__ == errors.__name__}
    assert codes == {
        "UsageError": 2,
        "UnreadableInputError": 3,
        "NoUsableAudioError": 4,
        "ResourceLimitError": 5,
        "DeviceError": 6,
    }
    extra = errors.MissingExtraError("Live sound", "live")
    assert extra.exit_code == 2
    assert "pip install 'beatomizer[live]' (in a checkout: pip install '.[live]')" in str(extra)


def test_registry_loads_on_demand_and_lists_its_names() -> None:
    table = Registry("part", "beatomizer.none", {"sqrt": "math:sqrt", "broken": "no.such.module:x"})
    assert table.names() == ["sqrt", "broken"]
    assert table.load("sqrt")(9) == 3
    with pytest.raises(errors.UsageError, match="no part is called 'cube': choose from sqrt, broken"):
        table.load("cube")
    with pytest.raises(errors.UsageError, match=r"did you mean broken\? choose from sqrt, broken"):
        table.load("Brokn")
    with pytest.raises(ModuleNotFoundError):
        table.load("broken")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), written_aside(target) as aside:  # noqa: PT012 (the body is the law)
        aside.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    with written_aside(target) as aside:
        assert aside.suffix == ".txt"
        aside.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["x.txt"]  # noqa: PTH208 (hidden files count too)


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.ResourceLimitError, match="disk is full"), written_aside(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "no space")
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="nowhere"), written_aside(tmp_path / "nowhere" / "x"):
        pass
    with pytest.raises(errors.UsageError, match="is a folder"), written_aside(tmp_path):
        pass


def test_a_lock_has_one_owner_and_goes_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("wb") as one:
        assert try_lock(one) is True
        with path.open("wb") as other:  # another open file is another owner, also in the same process
            assert try_lock(other) is False
    with path.open("wb") as later:
        assert try_lock(later) is True
