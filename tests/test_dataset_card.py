"""The card: what it counts, that its bytes are always the same, that strangers' text does no harm."""

import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from beatomizer.dataset.build import LEFT_OUT, build
from beatomizer.dataset.card_pictures import Strip, draw_colours, draw_offsets, draw_reasons, draw_strips
from beatomizer.dataset.census import Census
from beatomizer.dataset.clip import CLIP_FRAMES, CUT, MISSING, REPEAT
from beatomizer.dataset.packed import pack
from beatomizer.dataset.quality import FLAGS
from beatomizer.dataset.sidecar import Excerpt, write_sidecar
from beatomizer.dataset.wording import many, rate_said, setting_said
from tests.made_clips import made_clip
from tests.made_takes import composed, film, tree


def census_of(colour: tuple[float, float, float], flags: int = 0) -> Census:
    clip = made_clip(0)
    rgb = np.broadcast_to(np.round(np.array(colour) * 65535).astype(np.uint16), (CLIP_FRAMES, 2, 3))
    census = Census()
    census.count(pack(replace(clip, rgb=rgb, flags=np.full(CLIP_FRAMES, flags, np.uint8))))
    return census


def test_grey_light_is_counted_as_grey_and_colour_as_colour() -> None:
    assert census_of((0.5, 0.5, 0.5)).grey_share == 1.0
    assert census_of((0.9, 0.1, 0.1)).grey_share == 0.0
    assert census_of((0.0, 0.0, 0.0)).lit == 0
    assert census_of((0.0, 0.0, 0.0)).grey_share == 0.0


def test_hues_and_levels_fall_into_their_places() -> None:
    red, blue = census_of((1, 0, 0)), census_of((0, 0, 1))
    assert red.hue.argmax() == int(29.2 // 15)  # OKLCh hue of sRGB red is 29 degrees, of blue 264
    assert blue.hue.argmax() == int(264.1 // 15)
    assert red.hue.sum() == pytest.approx(1)
    assert red.level.argmax() == len(red.level) - 1
    assert red.level.sum() == CLIP_FRAMES


def test_masked_frames_are_counted_and_not_looked_at() -> None:
    masked = census_of((1, 0, 0), CUT | MISSING)
    assert masked.to_json() == {
        "grey_share": 0.0,
        "repeat_share": 0.0,
        "cut_share": 1.0,
        "missing_share": 1.0,
    }
    assert masked.hue.sum() == 0
    assert census_of((1, 0, 0), REPEAT).repeats == CLIP_FRAMES


def drawn(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (4, 18, 32, 3), np.uint8)
    strip = Strip("a take", pictures, rng.random((900, 3, 3), np.float32), np.arange(900) < 30)
    draw_strips(folder / "takes.png", [strip, strip])
    draw_strips(folder / "none.png", [])
    draw_colours(folder / "colours.png", census_of((1, 0.5, 0)))
    draw_offsets(folder / "offsets.png", np.array([10.0, -250]), np.array([9.0, 2]), np.array([True, False]))
    draw_reasons(folder / "reasons.png", {"is $x_{$ \\frac 漢字": 3, "rejected": 1})
    draw_reasons(folder / "nothing.png", {})
    return tree(folder)


def test_pictures_are_pictures_and_always_the_same(tmp_path: Path) -> None:
    first = drawn(tmp_path / "one")
    assert drawn(tmp_path / "two") == first
    for path in (tmp_path / "one").iterdir():
        with Image.open(path) as picture:
            assert picture.width > 500
            assert not picture.info.keys() & {"Software", "Creation Time", "date"}


class Reader(HTMLParser):
    """Collects what a page asks a browser to load or run, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.sources: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [str(value) for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_shows_everything_and_runs_nothing(tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    name = "<script>alert(1)</script>"
    video = film(takes / "film.mp4")
    write_sidecar(
        takes / "film.take.json", [Excerpt(title=name, licence="CC-BY <b>4.0</b>", url="javascript:x")]
    )
    composed(takes, 1, seconds=16.0)
    shutil.copy(video, takes / "<img src=x onerror=y>.mp4")
    build([takes], tmp_path / "set")
    page = Reader()
    page.feed((tmp_path / "set" / "card.html").read_text())
    assert not page.tags & {"script", "b4", "iframe", "a", "link"}
    assert page.sources == ["card/takes.png", "card/colours.png", "card/offsets.png", "card/left-out.png"]
    assert all((tmp_path / "set" / source).exists() for source in page.sources)
    assert name in page.words
    assert "CC-BY <b>4.0</b>" in page.words
    assert "same as film.mp4" in page.words
    assert "2 clips of 15 s" in page.words
    assert "1 zone." in page.words
    assert "silent, static" in page.words
    (takes / "<img src=x onerror=y>.mp4").unlink()
    build([takes], tmp_path / "set")
    assert "left-out.png" not in (tmp_path / "set" / "card.html").read_text()
    assert not (tmp_path / "set" / "card" / "left-out.png").exists(), "no picture of nothing"


def test_numbers_are_said_as_people_say_them() -> None:
    assert [many(count, "take") for count in range(3)] == ["0 takes", "1 take", "2 takes"]
    rates = ("30000/1001", "24000/1001", "25", "30", "variable", "", "1/0")
    assert [rate_said(rate) for rate in rates] == ["29.97", "23.98", "25", "30", "variable", "", "1/0"]
    assert [setting_said(value) for value in ([], ["a", "b"], 3)] == ["none", "a, b", "3"]


def test_what_is_left_out_is_a_flag_that_quality_can_give() -> None:
    assert set(LEFT_OUT) <= set(FLAGS)
