"""The drawn stage: where the light falls, what stays dark, what untrusted text may do to it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.color import LUMINANCE_WEIGHTS, rgb8_to_linear
from beatomizer.cues.cuelist import CueList
from beatomizer.errors import UsageError
from beatomizer.outputs.stage.ahead import Ahead
from beatomizer.outputs.stage.caption import BAR_Y, NOTICE_S, Caption
from beatomizer.outputs.stage.painter import StagePainter
from beatomizer.outputs.stage.scene import MOST_CELLS, build_scene
from beatomizer.outputs.stage.seen import seen_in_pictures
from beatomizer.outputs.stage.still import draw_still
from beatomizer.safety.picture import region_means, rgb8_of_yuv
from beatomizer.safety.safe_show import SafeShow, SafetyReport, sealed
from beatomizer.show.show import Show

SIZE = (320, 180)


def show_of(colors: object, frames: int = 2, title: str = "", artist: str = "") -> SafeShow:
    rgb8 = np.broadcast_to(np.asarray(colors, dtype=np.uint8), (frames, *np.shape(colors))).copy()
    return sealed(
        Show(rgb8, CueList(duration_s=frames / 60, title=title, artist=artist)), SafetyReport("broadcast")
    )


def luminance_of(picture: np.ndarray) -> np.ndarray:
    return rgb8_to_linear(picture) @ LUMINANCE_WEIGHTS


@pytest.mark.parametrize(
    ("size", "zones"),
    [((64, 64), 1), ((66, 130), 40), ((320, 180), 7), ((180, 320), 7), ((642, 64), 40), ((1920, 1080), 8)],
)
def test_any_size_and_any_number_of_zones_is_a_lit_picture(size: tuple[int, int], zones: int) -> None:
    picture = draw_still(show_of([[255, 255, 255]] * zones), 0, size)
    assert picture.shape == (size[1], size[0], 3)
    assert luminance_of(picture).mean() > 0.02
    assert picture.std() > 20, "a stage, not a flat field"


@pytest.mark.parametrize("size", [(321, 180), (320, 181), (62, 64), (64, 3842), (0, 0), (-2, 180)])
def test_sizes_that_no_video_can_have_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="even numbers from 64 to 3840"):
        draw_still(show_of([[0, 0, 0]]), 0, size)


def test_a_black_show_is_dark_but_not_empty() -> None:
    picture = draw_still(show_of([[0, 0, 0]] * 8, title="Dark"), 0, SIZE)
    assert luminance_of(picture).mean() < 0.006
    assert luminance_of(picture).max() > 0.1, "title and bar can be read"


@pytest.mark.parametrize("zones", [2, 8, 24, 200])
def test_each_zone_lights_its_own_part_in_its_own_hue(zones: int) -> None:
    colors = np.zeros((zones, 3), dtype=np.uint8)
    half = zones // 2
    colors[:half] = (255, 0, 0)
    colors[half:] = (0, 0, 255)
    stage = rgb8_to_linear(draw_still(show_of(colors), 0, SIZE))[: int(0.6 * SIZE[1])]
    left, right = stage[:, : SIZE[0] // 3].mean((0, 1)), stage[:, -SIZE[0] // 3 :].mean((0, 1))
    assert left[0] > 8 * left[2]
    assert right[2] > 8 * right[0]


def test_light_adds_and_never_turns_to_white_mush() -> None:
    one = rgb8_to_linear(draw_still(show_of([[0, 255, 80]] * 8), 0, SIZE))
    beams = one[int(0.3 * SIZE[1]) : int(0.6 * SIZE[1])].reshape(-1, 3)
    lit = beams[beams[:, 1] > 0.1]
    assert len(lit) > 500
    assert np.median(lit[:, 0] / lit[:, 1]) < 0.05, "red stays out of a green beam"
    lens = rgb8_to_linear(draw_still(show_of([[0, 255, 80]] * 8), 0, (640, 360)))[: int(0.25 * 360)]
    assert lens.min(axis=2).max() > 0.4, "the lens itself is white-hot"


def test_more_light_is_nowhere_darker() -> None:
    levels = [draw_still(show_of([[level] * 3] * 5), 0, SIZE).astype(int) for level in (0, 60, 140, 255)]
    for weaker, stronger in pairwise(levels):
        assert (
            stronger - weaker
        ).min() >= -4  # rounding of luma and chroma, and the dither of the enlargement


def test_zones_beyond_the_cells_share_them_by_mean_light() -> None:
    zones = 3 * MOST_CELLS
    painter = StagePainter(zones, SIZE, 1)
    colors = np.zeros((zones, 3), dtype=np.uint8)
    colors[::3] = 255
    assert painter.cell_colours(colors) == pytest.approx(1 / 3, abs=1e-6)


@given(st.integers(1, 300), st.integers(64, 2000), st.integers(64, 2000))
@settings(max_examples=60, deadline=None)
def test_lamps_stand_in_order_inside_the_picture(zones: int, width: int, height: int) -> None:
    scene = build_scene(zones, width, height)
    assert scene.lamp_x[0] > 0
    assert scene.lamp_x[-1] < 1
    assert (np.diff(scene.lamp_x) > 0).all()
    assert (np.diff(scene.lamp_cell) >= 0).all()
    assert scene.cell_of_zone.shape == (zones,)
    assert set(scene.cell_of_zone) == set(scene.lamp_cell) == set(range(scene.cells))
    spacing = np.diff(scene.lamp_x).min(initial=1.0) * scene.aspect
    assert scene.radius * 2 < spacing


def test_a_picture_depends_on_its_frame_alone() -> None:
    rng = np.random.default_rng(3)
    rgb8 = rng.integers(0, 256, (40, 6, 3), dtype=np.uint8)
    forward, backward = (StagePainter(6, SIZE, 40, "Song", "Singer") for _ in range(2))
    seen = {}
    for frame in range(40):
        seen[frame] = [bytes(plane) for plane in forward.paint(rgb8[frame], frame).planes]
    for frame in reversed(range(40)):
        assert [bytes(plane) for plane in backward.paint(rgb8[frame], frame).planes] == seen[frame]


def test_an_unchanged_picture_is_not_drawn_again() -> None:
    painter = StagePainter(1, SIZE, 6000)
    grey = np.full((1, 3), 99, dtype=np.uint8)
    first = painter.paint(grey, 0)
    assert painter.paint(grey, 1) is first
    assert painter.paint(grey + np.uint8(1), 1) is not first


def test_haze_and_caption_alone_never_change_the_light_of_a_region() -> None:
    frames = 1200
    painter = StagePainter(4, SIZE, frames, "Still", "")
    steady = np.full((4, 3), 220, dtype=np.uint8)
    seen = seen_in_pictures(painter.paint(steady, frame) for frame in range(0, frames, 12))
    light = luminance_of(seen)
    assert np.ptp(light, axis=0).max() < 0.05
    assert np.abs(np.diff(light, axis=0)).max() < 0.006  # one 8-bit step at this height


def test_seen_agrees_with_the_obvious_way() -> None:
    painter = StagePainter(5, SIZE, 10)
    rng = np.random.default_rng(5)
    pictures = []
    slow = []
    for frame in range(10):
        picture = painter.paint(rng.integers(0, 256, (5, 3), dtype=np.uint8), frame)
        y, cb, cr = (np.frombuffer(p, np.uint8).reshape(p.height, -1)[:, : p.width] for p in picture.planes)
        wide = [plane.repeat(2, axis=0).repeat(2, axis=1) for plane in (cb, cr)]
        slow.append(region_means(rgb8_of_yuv(y, *wide)[None]))
        pictures.append(picture)
    difference = np.abs(luminance_of(seen_in_pictures(pictures)) - luminance_of(np.concatenate(slow)))
    assert difference.max() < 0.02
    assert difference.mean() < 0.004


@pytest.mark.parametrize(
    "title",
    [
        "x" * 100_000,
        "\x1b[31m\x00\r\n\u202egnos",
        "Ж夜‮\U0001f3b5é" * 20,
        "Z" + "\u0301" * 500,
        "",
        " \t ",
        "‮",
        "\ud800",
    ],
)
@pytest.mark.parametrize("size", [(64, 64), (640, 360)])
def test_no_title_can_break_or_overflow_the_caption(title: str, size: tuple[int, int]) -> None:
    painter = StagePainter(1, size, 600, title, title)
    black = np.zeros((1, 3), dtype=np.uint8)
    for frame in (0, 599):
        luma = np.frombuffer(painter.paint(black, frame).planes[0], np.uint8).reshape(size[1], -1)[
            :, : size[0]
        ]
        assert (luma[: int(size[1] * 0.65)] < 40).all(), "text stays at the bottom"


def test_a_notice_comes_before_the_title() -> None:
    same, other = (Caption(title, "", 1200, 640, 360) for title in ("Song", "Another"))
    for frame, equal in ((0, True), (NOTICE_S * 60 - 1, True), (NOTICE_S * 60, False), (0, True)):
        same.show(frame)
        other.show(frame)
        assert np.array_equal(same.strip, other.strip) is equal, frame


def test_the_bar_fills_with_the_song() -> None:
    caption = Caption("Song", "", 300, 320, 180)
    filled = []
    for frame in (0, 149, 299):
        caption.show(frame)
        filled.append(int((caption.strip[caption._bar_rows] == BAR_Y).sum(axis=1).max()))
    width = caption.step(299)[0]
    assert filled[0] <= 2
    assert filled[1] == pytest.approx(width / 2, abs=1)
    assert filled[2] == width


def test_ahead_gives_every_item_in_order_and_passes_errors_on() -> None:
    with Ahead(iter(range(100)), depth=3) as items:
        assert list(items) == list(range(100))

    def failing() -> object:
        yield 1
        raise ValueError("no more")

    with Ahead(failing()) as items, pytest.raises(ValueError, match="no more"):
        list(items)


def test_ahead_ends_its_thread_when_the_user_stops_early() -> None:
    made = []

    def endless() -> object:
        while True:
            made.append(1)
            yield made

    ahead = Ahead(endless(), depth=2)

    def take_one_and_stop() -> None:
        with ahead as items:
            next(items)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_one_and_stop()
    assert not ahead._thread.is_alive()
    assert len(made) <= 5
