"""The timeline picture: what it shows is true, and nothing makes it fail."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from beatomizer.color import linear_to_rgb8, rgb8_to_linear
from beatomizer.cues.cuelist import Cue, CueList
from beatomizer.outputs.files import png
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.timeline import score
from beatomizer.outputs.files.timeline.columns import gather
from beatomizer.outputs.files.timeline.lettering import cut, font_for, text_width
from beatomizer.outputs.files.timeline.peaks import waveform
from beatomizer.outputs.files.timeline.ruler import Ruler, written
from beatomizer.outputs.files.timeline.sheet import SCALE
from beatomizer.progress import silent
from beatomizer.safety.safe_show import SafeShow, SafetyReport, sealed
from beatomizer.show.show import Show
from beatomizer.timebase import FPS, HOP
from tests.made_shows import made_cues, made_show, write_click_song

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "W" * 5000,
    "\x00\x1b[31mred\u202eright to left\n\r\ttab",
    "日本語のタイトル 한국어 العربية עברית 🎉👩‍👩‍👧‍👦 ẑ̴̢a̵l̶g̵o̸",
    "lone surrogate \ud800 and \uffff",
    "",
)


def drawn(show: SafeShow, folder: Path) -> Image.Image:
    path = folder / "show.png"
    png.write(show, path, FileOptions(), silent)
    with Image.open(path) as picture:
        picture.load()
        return picture


@pytest.mark.parametrize(("seconds", "zones"), [(0.0, 1), (1 / FPS, 1), (0.5, 8), (30.0, 512), (3600.0, 1)])
@pytest.mark.parametrize("with_cues", [False, True])
def test_every_length_and_every_stage_has_a_picture(
    tmp_path: Path, seconds: float, zones: int, with_cues: bool
) -> None:
    cues = made_cues(seconds) if with_cues else None
    picture = drawn(made_show(seconds, zones, cues), tmp_path)
    assert picture.size == (png.WIDTH * SCALE, png.HEIGHT * SCALE)
    assert np.asarray(picture).max() > 200, "at least its type is bright"


@pytest.mark.parametrize("text", HOSTILE)
def test_any_title_is_drawn_within_the_page(tmp_path: Path, text: str) -> None:
    picture = np.asarray(drawn(made_show(2.0, 2, made_cues(2.0, title=text, artist=text)), tmp_path))
    margin = picture[: 100 * SCALE, -38 * SCALE :]
    assert (margin == margin[0, 0]).all(), "type runs over the right edge"
    between = picture[: 100 * SCALE, 1070 * SCALE : 1250 * SCALE]
    assert (between == between[0, 0]).all(), "the title runs into the facts"


def test_the_same_show_gives_the_same_bytes(tmp_path: Path) -> None:
    song = write_click_song(tmp_path / "song.wav", 3.0)
    show = made_show(3.0, 4, made_cues(3.0), song)
    for name in ("a.png", "b.png"):
        png.write(show, tmp_path / name, FileOptions(), silent)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_ribbon_shows_the_lights_in_their_true_colours(tmp_path: Path) -> None:
    colors = np.array([[250, 10, 40], [20, 240, 200], [90, 20, 250], [255, 180, 0]], dtype=np.uint8)
    rgb8 = np.repeat(colors[None], 240, axis=0)
    rgb8[120:] = rgb8[120:, ::-1]
    picture = np.asarray(drawn(sealed(Show(rgb8), SafetyReport("broadcast")), tmp_path)).astype(np.int64)
    codes = picture @ np.array([65536, 256, 1])
    smallest = min(
        int((codes == color @ np.array([65536, 256, 1])).sum()) for color in colors.astype(np.int64)
    )
    assert smallest > 0.03 * codes.size, "each of four colours has a good share of the page"


def test_a_song_that_cannot_be_read_is_said_so_and_the_picture_is_still_made(tmp_path: Path) -> None:
    silent_picture = np.asarray(drawn(made_show(2.0, 2), tmp_path))
    missing = np.asarray(drawn(made_show(2.0, 2, source=tmp_path / "gone.mp3"), tmp_path))
    heard = np.asarray(
        drawn(made_show(2.0, 2, source=write_click_song(tmp_path / "song.wav", 2.0)), tmp_path)
    )
    assert (silent_picture != missing).any(), "the panel names the reason"
    assert (missing != heard).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(1, 5), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_columns_are_the_plain_means_of_their_frames(frames: int, zones: int, width: int, seed: int) -> None:
    rgb8 = np.random.default_rng(seed).integers(0, 256, (frames, zones, 3), dtype=np.uint8)
    columns = gather(rgb8, width)
    for x in {0, width // 2, width - 1}:
        first = x * frames // width
        part = rgb8[first : max((x + 1) * frames // width, first + 1)]
        light = linear_to_rgb8(rgb8_to_linear(part).mean(axis=0))
        assert np.abs(columns.ribbon[:, x].astype(int) - light.astype(int)).max() <= 1
        stage = part.mean(axis=1)
        np.testing.assert_allclose(columns.mean[x], stage.mean(axis=0), atol=0.01)
        np.testing.assert_allclose(columns.low[x], stage.min(axis=0), atol=0.01)
        np.testing.assert_allclose(columns.high[x], stage.max(axis=0), atol=0.01)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 8), st.integers(1, 300), st.lists(st.integers(1, 900), max_size=6), st.integers(0, 99))
def test_the_waveform_does_not_depend_on_the_blocks(
    frames: int, width: int, cuts: list[int], seed: int
) -> None:
    sound = np.random.default_rng(seed).normal(0.1, 0.2, frames * HOP).astype(np.float32)
    whole = waveform([sound], frames, width)
    split = waveform(np.split(sound, sorted({cut % len(sound) for cut in cuts} - {0})), frames, width)
    np.testing.assert_allclose(split.peak, whole.peak, atol=1e-6)
    np.testing.assert_allclose(split.rms, whole.rms, atol=1e-6)
    centred = sound - sound.mean(dtype=np.float64)
    assert whole.peak.max() == pytest.approx(np.abs(centred).max(), abs=1e-5), "the offset is taken out"
    assert (whole.rms <= whole.peak + 1e-5).all()


def test_a_short_song_leaves_the_rest_of_the_waveform_flat() -> None:
    sound = np.sin(np.arange(10 * HOP) / 7).astype(np.float32)
    peaks = waveform([sound], 20, 100)
    assert peaks.peak[:50].min() > 0.5
    assert peaks.peak[51:].max() == 0.0


def test_a_look_lasts_until_all_its_zones_are_taken_over() -> None:
    cues = CueList(
        40.0,
        cues=(
            Cue(0.0, "hold", ("#ff0000",)),
            Cue(10.0, "pulse", ("#00ff00",), zones="center"),
            Cue(20.0, "chase", ("#0000ff",), zones="edges"),
            Cue(30.0, "hold", ("#ff0000",)),
        ),
    )
    found = {
        group: [(part.cue.look, part.start_s, part.end_s) for part in lane]
        for group, lane in score.lanes(cues, 8)
    }
    assert found["all"] == [("hold", 0.0, 20.0), ("hold", 30.0, 40.0)]
    assert found["center"] == [("pulse", 10.0, 30.0)]
    assert found["edges"] == [("chase", 20.0, 30.0)]


@given(st.floats(0.01, 20_000), st.floats(100, 3000))
def test_marks_are_round_apart_and_inside(duration_s: float, width: float) -> None:
    marks = Ruler(0, width, duration_s).marks()
    assert marks[0] == 0
    assert marks[-1] <= duration_s * (1 + 1e-9)
    if len(marks) > 1 and duration_s < 7200:
        assert (marks[1] - marks[0]) / duration_s * width >= 90 - 1e-6
    assert len(marks) <= width / 90 + 2 or duration_s > 7200


def test_times_are_written_as_people_write_them() -> None:
    assert [written(7), written(187.4), written(3723), written(0.25, fine=True)] == [
        "0:07",
        "3:07",
        "1:02:03",
        "0.25 s",
    ]


@given(st.text(max_size=80), st.floats(0, 600))
def test_cut_text_fits(text: str, width: float) -> None:
    text = "".join(letter for letter in text if letter.isprintable())
    font = font_for("abc", 20)
    short = cut(text, font, width)
    assert text_width(short, font) <= width or short == ""
    assert short == text or short == "" or short.endswith("…")
