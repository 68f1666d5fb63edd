"""Films of composed takes: time stamps, offset, colours, cuts and sound are what the score says, by decoding."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.arrays import F32, F64
from beatomizer.audio.load import load_audio
from beatomizer.dataset.compose.camera import NEAR_M, drawn_cameras
from beatomizer.dataset.compose.designer import Design, design
from beatomizer.dataset.compose.direction import RATES, Direction, Move, Shot, directed, time_stamps
from beatomizer.dataset.compose.film import make_film
from beatomizer.dataset.compose.light_maps import build_light_maps
from beatomizer.dataset.compose.song_view import SongView
from beatomizer.dataset.compose.stage import Stage, drawn_stage
from beatomizer.timebase import FPS
from tests.test_dataset_compose import FORM, made_song

SHORT = made_song(120.0, 1, FORM[1:2])  # 2 s
SIZE = (96, 64)
STILL = Move((0.0, 0.0, 1.0), (0.0, 0.0, 1.0), 0.0, (0.0, 0.0))

_RGB = np.array([[1, 0, 1.5748], [1, -0.1873, -0.4681], [1, 1.8556, 0]])
"""BT.709: Y, Cb, Cr → R, G, B."""


def silence(seconds: float) -> F32:
    return np.zeros((round(seconds * 48_000), 2), dtype=np.float32)


def lit(rgb8: np.ndarray[Any, np.dtype[np.uint8]]) -> Design:
    return replace(design(SHORT, np.random.default_rng(0)), rgb8=rgb8)


def plan(rate: str = "30", offset_s: float = 0.0, seconds: float = 2.0) -> Direction:
    """One still camera, nothing by chance but the steps of variable rate."""
    pts, tick = time_stamps(rate, seconds, np.random.default_rng(0))
    return Direction(rate, pts, tick, offset_s, (Shot(0, 0, STILL),), 0.005, 0.0, 0.0, 0.0, 20)


def decoded(path: Path) -> tuple[F64, F64]:
    """Times and mean colours 0..255 of the frames of a file, as exactly as it can be told."""
    times, means = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            planes = [
                np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width].astype(np.float64)
                for plane in frame.planes
            ]
            luma, cb, cr = planes[0], *(np.repeat(np.repeat(plane, 2, 0), 2, 1) for plane in planes[1:])
            coded = np.stack([(luma - 16) / 219, (cb - 128) / 224, (cr - 128) / 224], axis=-1)
            means.append(np.clip(coded @ _RGB.T, 0, 1).mean(axis=(0, 1)) * 255)
            times.append(frame.time)
    return np.array(times), np.array(means)


@pytest.mark.parametrize("rate", RATES)
def test_time_stamps_and_colours_are_those_of_the_score(rate: str, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    film = make_film(
        path, (1, 0), silence(2), SHORT, design(SHORT, np.random.default_rng(1)), SIZE, direction=plan(rate)
    )
    times, means = decoded(path)
    assert film["fps"] == rate
    np.testing.assert_allclose(times, film["pts_s"], atol=2e-6)
    assert len(times) == len(film["mean_rgb"])
    steps = np.diff(times)
    if rate == "variable":
        assert steps.std() > 0.001
        assert 0.025 < np.median(steps) < 0.042
    else:
        np.testing.assert_allclose(steps, float(1 / Fraction(rate)), atol=1e-4)
    assert np.sqrt(np.mean((means - film["mean_rgb"]) ** 2, axis=0)).max() < 2.0


def test_a_film_as_it_comes_keeps_its_colours_and_its_bytes(tmp_path: Path) -> None:
    song = made_song(120.0, 1, FORM[2:4])
    made = design(song, np.random.default_rng(2))
    one, other = tmp_path / "one.mp4", tmp_path / "other.mp4"
    films = [make_film(path, (7, 3), silence(4), song, made, (192, 108)) for path in (one, other)]
    assert films[0] == films[1]
    assert one.read_bytes() == other.read_bytes()
    times, means = decoded(one)
    np.testing.assert_allclose(times, films[0]["pts_s"], atol=2e-6)
    assert np.sqrt(np.mean((means - films[0]["mean_rgb"]) ** 2, axis=0)).max() < 2.0


@pytest.mark.parametrize("offset_s", [-0.2, -0.03, 0.0, 0.11, 0.2])
def test_the_picture_is_late_by_the_offset(offset_s: float, tmp_path: Path) -> None:
    rgb8 = np.zeros((2 * FPS, 5, 3), dtype=np.uint8)
    rgb8[FPS:] = 255
    film = make_film(
        tmp_path / "film.mp4", (0, 0), silence(2), SHORT, lit(rgb8), SIZE, direction=plan("60", offset_s)
    )
    level = np.array(film["mean_rgb"]).mean(axis=1)
    first = np.flatnonzero(level > (level.min() + level.max()) / 2)[0]
    shown = film["pts_s"][first]
    assert shown - 1.0 == pytest.approx(offset_s, abs=1.01 / 60)
    assert shown >= 1.0 + offset_s - 0.003  # never before half the shutter


def test_the_stage_is_dark_before_and_after_the_song(tmp_path: Path) -> None:
    rgb8 = np.full((2 * FPS, 5, 3), 255, dtype=np.uint8)
    for offset_s, dark in ((0.2, 0), (-0.2, -1)):
        film = make_film(
            tmp_path / "film.mp4", (0, 0), silence(2), SHORT, lit(rgb8), SIZE, direction=plan("25", offset_s)
        )
        level = np.array(film["mean_rgb"]).mean(axis=1)
        assert level[dark] < 0.3 * level[len(level) // 2]  # house light stays


def test_sound_begins_with_the_picture(tmp_path: Path) -> None:
    click = silence(2)
    click[48_000:48_240] = 0.8 * np.hanning(240)[:, None]
    path = tmp_path / "film.mp4"
    make_film(path, (0, 0), click, SHORT, design(SHORT, np.random.default_rng(0)), SIZE, direction=plan())
    heard = load_audio(path).samples
    assert len(heard) == pytest.approx(48_000, abs=400)
    assert np.abs(heard).argmax() == pytest.approx(24_060, abs=12)


def test_the_file_says_what_its_colours_are(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    make_film(
        path, (0, 0), silence(2), SHORT, design(SHORT, np.random.default_rng(0)), SIZE, direction=plan()
    )
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (Colorspace.ITU709, ColorRange.MPEG)
        assert frame.color_primaries == ColorPrimaries.BT709
        assert (frame.width, frame.height) == SIZE
        assert container.streams.audio[0].codec_context.name == "aac"


def test_saturated_lamps_stay_recoverable(tmp_path: Path) -> None:
    rgb8 = np.zeros((2 * FPS, 6, 3), dtype=np.uint8)
    for zone, color in enumerate(
        ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255), (255, 255, 0), (0, 255, 255))
    ):
        rgb8[:, zone] = color
    path = tmp_path / "film.mp4"
    film = make_film(path, (0, 0), silence(1), SHORT, lit(rgb8), (192, 108), direction=plan("25", 0.0, 1.0))
    _, means = decoded(path)
    assert np.sqrt(np.mean((means - film["mean_rgb"]) ** 2, axis=0)).max() < 2.0


@pytest.mark.parametrize("seed", range(12))
def test_direction_is_what_it_says(seed: int) -> None:
    song = made_song(100.0, 4)
    level = np.full(round(song.duration_s * FPS), 0.3)
    level[600:1200] = 0.0
    made = directed(SongView(song), level, 4, np.random.default_rng(seed))
    times = made.times
    assert made.rate in RATES
    assert abs(made.offset_s) <= 0.2
    assert (np.diff(times) > 0).all()
    assert times[0] == 0
    assert times[-1] < song.duration_s <= times[-1] + 0.1
    starts = [shot.start for shot in made.shots]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert all(np.diff([times[start] for start in starts]) > 1.0)
    assert set(made.cuts_s) <= {float(time) for time in times}
    for one, other in zip(made.shots, made.shots[1:], strict=False):
        assert one.camera != other.camera
    seen = np.array(made.cuts_s) - made.offset_s
    assert not ((seen > 10.0) & (seen < 20.0)).any(), "nobody cuts in the dark"


def test_cuts_change_the_picture(tmp_path: Path) -> None:
    rgb8 = np.full((4 * FPS, 6, 3), 200, dtype=np.uint8)
    song = made_song(120.0, 2, FORM[1:2])
    direction = replace(plan("25", 0.0, 4.0), shots=(Shot(0, 0, STILL), Shot(50, 1, STILL)))
    path = tmp_path / "film.mp4"
    film = make_film(path, (4, 4), silence(4), song, lit(rgb8), SIZE, direction=direction)
    assert film["cuts_s"] == [2.0]
    assert len(film["cameras"]) == 2
    with av.open(str(path)) as container:
        grey = np.array(
            [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]
        )
    change = np.abs(np.diff(grey, axis=0)).mean(axis=(1, 2))
    assert change.argmax() == 49
    assert change[49] > 8 * np.delete(change, 49).max()


@settings(max_examples=80, deadline=None)
@given(
    *[st.floats(-3, 3)] * 4,
    st.floats(0.5, 3),
    st.floats(0.5, 3),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 300),
)
def test_a_view_never_leaves_its_canvas(
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    z0: float,
    z1: float,
    shake: float,
    share: float,
    time_s: float,
) -> None:
    move = Move((x0, y0, z0), (x1, y1, z1), shake, (1.0, 2.0))
    left, top, right, bottom = move.box(share, time_s, (300, 160))
    assert -1e-9 <= left < right <= 300 + 1e-9
    assert -1e-9 <= top < bottom <= 160 + 1e-9
    assert (right - left) / (bottom - top) == pytest.approx(300 / 160)


@pytest.mark.parametrize("seed", range(5))
def test_cameras_see_lamps_where_their_rays_go(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stage = drawn_stage(8, rng)
    for camera in drawn_cameras(stage, rng):
        points = np.array([lamp.place for lamp in stage.lamps])
        u, v, depth = camera.seen(points)
        before = depth > NEAR_M + 1e-6
        back = np.array(camera.place) + camera.rays(u, v) * (depth / camera.focal)[:, None]
        np.testing.assert_allclose(back[before], points[before], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_light_maps_are_light_and_run_from_left_to_right(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stage: Stage = drawn_stage(6, rng)
    for camera in drawn_cameras(stage, rng):
        maps = build_light_maps(stage, camera, 80, 45)
        assert np.isfinite(maps.lit).all()
        assert maps.lit.min() >= 0
        assert maps.ambient.min() >= 0
        if camera.name == "front":
            columns = maps.lit.sum(axis=0)
            middles = (columns * np.arange(80)).sum(axis=1) / columns.sum(axis=1)
            assert middles[0] < middles[-1] - 10
