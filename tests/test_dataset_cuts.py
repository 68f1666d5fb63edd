"""Camera cuts against everything that only looks like one."""

import numpy as np
import pytest

from beatomizer.arrays import F64, U8
from beatomizer.color import linear_to_rgb8
from beatomizer.dataset.cuts import FEWEST_PICTURES, find_cuts, unlikeness
from beatomizer.dataset.observed import Observed

CELLS = (18, 32)


def scene(seed: int, zones: int = 4) -> tuple[F64, F64, F64]:
    """What one camera sees: a texture ``[18, 32]``, the places of the lamps ``[Z, 18, 32]``, ambient light."""
    rng = np.random.default_rng(seed)
    texture = np.exp(rng.normal(0, 0.5, CELLS))
    y, x = np.mgrid[0:18, 0:32]
    lamps = [
        np.exp(-(((x - rng.uniform(2, 30)) / 6) ** 2) - ((y - rng.uniform(2, 14)) / 6) ** 2)
        for _ in range(zones)
    ]
    return texture, np.array(lamps), 0.02 * texture


def filmed(shots: list[tuple[int, int]], light: F64, fps: float = 30.0) -> Observed:
    """Pictures of cameras: ``shots`` are (first picture, camera); ``light`` is linear ``[K, Z, 3]``."""
    pictures = np.empty((len(light), *CELLS, 3), np.uint8)
    starts = [start for start, _ in shots] + [len(light)]
    for (start, camera), end in zip(shots, starts[1:], strict=True):
        texture, lamps, ambient = scene(camera, light.shape[1])
        lit = np.einsum("kzc,zyx->kyxc", light[start:end], lamps) * texture[..., None]
        pictures[start:end] = linear_to_rgb8(np.clip(0.5 * lit + ambient[..., None], 0, 1))
    return seen(pictures, fps)


def seen(pictures: U8, fps: float = 30.0) -> Observed:
    mean = pictures.reshape(len(pictures), 18 * 32, 3).mean(axis=1) / 255
    return Observed(np.arange(len(pictures)) / fps, mean.astype(np.float32), pictures, (320, 180), str(fps))


def changing_light(count: int, seed: int = 1) -> F64:
    """Lamps that take turns, change their colours and strengths, and now and then all go on or off."""
    rng = np.random.default_rng(seed)
    light = np.empty((count, 4, 3))
    for start in range(0, count, 15):
        colours = rng.uniform(0, 1, (4, 3)) * rng.choice([0.05, 0.5, 1.0], (4, 1))
        light[start : start + 15] = colours * np.exp(-np.arange(min(15, count - start)) / 12)[:, None, None]
    return light


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_cuts_are_found_to_the_picture(fps: float) -> None:
    shots = [(0, 1), (70, 2), (130, 3), (171, 1), (260, 2)]
    film = filmed(shots, changing_light(330), fps)
    assert np.allclose(find_cuts(film) * fps, [70, 130, 171, 260])


@pytest.mark.parametrize("seed", range(4))
def test_light_alone_is_no_cut(seed: int) -> None:
    assert len(find_cuts(filmed([(0, 1)], changing_light(600, seed)))) == 0


def test_flashes_and_blackouts_are_no_cuts() -> None:
    light = changing_light(300)
    light[100:104] = 4.0  # everything clips
    light[200:215] = 0.0
    pictures = filmed([(0, 1)], light).grid.copy()
    pictures[150] = 255  # one picture of nothing but white
    assert len(find_cuts(seen(pictures))) == 0


def test_a_moving_camera_is_no_cut() -> None:
    rng = np.random.default_rng(3)
    wide = np.exp(rng.normal(0, 0.5, (18, 96)))
    light = changing_light(300).mean(axis=(1, 2))
    pictures = np.empty((300, 18, 32, 3), np.uint8)
    for index in range(300):
        place = 60 * index / 300
        left, part = int(place), place % 1
        view = wide[:, left : left + 32] * (1 - part) + wide[:, left + 1 : left + 33] * part
        pictures[index] = linear_to_rgb8(np.clip(view * (0.02 + 0.3 * light[index]), 0, 1))[..., None]
    assert len(find_cuts(seen(pictures))) == 0


def test_nothing_is_decided_in_the_dark() -> None:
    light = changing_light(120)
    film = filmed([(0, 1), (60, 2)], light)
    pictures = film.grid.copy()
    pictures[40:80] = np.random.default_rng(0).integers(0, 3, pictures[40:80].shape)
    assert not len([cut for cut in find_cuts(seen(pictures)) if 1.5 < cut < 2.5])


def test_black_bars_hide_no_cut_and_make_none() -> None:
    shots = [(0, 1), (90, 2), (150, 3)]
    pictures = filmed(shots, changing_light(240)).grid.copy()
    pictures[:, :3], pictures[:, -3:] = 0, 0
    assert np.allclose(find_cuts(seen(pictures)) * 30, [90, 150])


def test_unlikeness_is_that_of_every_pair() -> None:
    """The slow way: every picture before with every picture after."""
    from beatomizer.dataset.cuts import _patterns

    film = filmed([(0, 1), (25, 2)], changing_light(50))
    pattern, _ = _patterns(film, 0, 50, np.ones(CELLS, dtype=np.bool_))
    reach = 9
    for index, value in enumerate(unlikeness(film)):
        if FEWEST_PICTURES <= index <= 50 - FEWEST_PICTURES:
            pairs = [
                pattern[a] @ pattern[b]
                for a in range(max(0, index - reach), index)
                for b in range(index, min(50, index + reach))
            ]
            assert value == pytest.approx(1 - max(pairs), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, 3, 6])
def test_short_films_have_no_cuts(count: int) -> None:
    assert len(find_cuts(seen(np.full((count, 18, 32, 3), 90, np.uint8)))) == 0
