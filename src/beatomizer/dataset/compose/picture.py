"""Pictures of a film, one after the other: light maps × colours, exposure, view, scenery, telephones, letterbox.

The light is mixed on a canvas of about half the size, bent by a film's curve through a table, cut out and enlarged to
where the camera looks, and multiplied by the scenery. The mean of every picture is taken of exactly the pixels that go
to the encoder.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from beatomizer.arrays import F32, F64, U8
from beatomizer.color import LUMINANCE_WEIGHTS, linear_to_rgb8, rgb8_to_linear
from beatomizer.dataset.compose.camera import MARGIN, Camera
from beatomizer.dataset.compose.direction import Direction, Shot
from beatomizer.dataset.compose.light_maps import LightMaps, build_light_maps
from beatomizer.dataset.compose.scenery import build_scenery
from beatomizer.dataset.compose.stage import Stage
from beatomizer.timebase import FPS

_LIGHT_SHARE = 0.56
"""Height of the light's canvas against that of the picture (before the margin)."""

_CURVE_STEPS = 4096
_HALF = 0.35
"""Linear light that falls in the middle of the table."""

_CROSSTALK = np.array([[0.95, 0.035, 0.015], [0.02, 0.95, 0.03], [0.015, 0.035, 0.95]], dtype=np.float32)
"""A sensor's colours leak into each other, so that overexposed lamps turn white; by eye, after pictures of concerts."""

_HAZE_POINTS_A_S = 9.0
_MIDDLE_GREY = 0.10
_EXPOSURE_S = 0.8
"""How long the automatic exposure takes to notice."""


def _film_curve() -> U8:
    """Linear light → 8-bit sRGB with a shoulder, at the places ``x / (x + _HALF)`` of the table."""
    place = np.arange(_CURVE_STEPS) / _CURVE_STEPS
    light = _HALF * place / (1 - place)
    return linear_to_rgb8(1 - np.exp(-1.25 * light))


@dataclass(frozen=True)
class Picture:
    """One video frame as drawn.

    Attributes:
        rgb8: uint8 sRGB ``[H, W, 3]``.
        mean: of all its pixels, sRGB 0..255.
    """

    rgb8: U8
    mean: tuple[float, float, float]


@dataclass(frozen=True)
class _Flash:
    """A telephone in the crowd: video frames it is on, middle on the canvas (shares), size, strength."""

    frames: range
    x: float
    y: float
    size: float
    strength: float


class Filmer:
    """Draws the film of one take.

    Args:
        stage: what is filmed.
        cameras: all cameras that ``direction`` uses.
        direction: what is shown when.
        rgb8: the light, uint8 sRGB ``[T, Z, 3]``.
        size: width and height of the film, even.
        rng: decides where telephones flash.
    """

    def __init__(
        self,
        stage: Stage,
        cameras: tuple[Camera, ...],
        direction: Direction,
        rgb8: U8,
        size: tuple[int, int],
        rng: np.random.Generator,
    ) -> None:
        self._size, self._direction = size, direction
        linear = rgb8_to_linear(rgb8)
        self._sums: F64 = np.concatenate([np.zeros((1, *linear.shape[1:])), np.cumsum(linear, axis=0)])
        canvas = _canvas(size, _LIGHT_SHARE)
        used = sorted({shot.camera for shot in direction.shots})
        self._maps = {at: build_light_maps(stage, cameras[at], *canvas) for at in used}
        self._sharp = {at: build_scenery(stage, cameras[at], *_canvas(size, 1.0)) for at in used}
        self._gains = {at: cameras[at].gain for at in used}
        self._curve = _film_curve()
        self._flashes = _flashes(direction, rng)
        self._bar = round(size[1] * direction.letterbox / 2)

    def pictures(self) -> Iterator[Picture]:
        """All of them, in order."""
        times = self._direction.times
        colors = self._colors(times - self._direction.offset_s)
        ends = [*(shot.start for shot in self._direction.shots[1:]), len(times)]
        exposure = 1.0
        for shot, end in zip(self._direction.shots, ends, strict=True):
            sharp: Image.Image | None = None
            for frame in range(shot.start, end):
                share = (frame - shot.start) / max(1, end - shot.start - 1)
                exposure = self._exposure(exposure, colors[frame], shot, times, frame)
                light = self._light(colors[frame], shot, exposure, float(times[frame]), share)
                if sharp is None or not shot.move.still:
                    scenery = self._sharp[shot.camera]
                    box = shot.move.box(share, float(times[frame]), scenery.size)
                    grey = scenery.resize(self._size, Image.Resampling.BILINEAR, box)
                    sharp = Image.merge("RGB", (grey, grey, grey))
                yield self._finished(ImageChops.multiply(light, sharp), shot, share, frame)

    def _colors(self, moments: F64) -> F32:
        """Mean linear light over the time the shutter is open around each moment, ``[K, Z, 3]``."""
        half, last = self._direction.shutter_s / 2, len(self._sums) - 1
        ends = [np.clip((moments + side * half) * FPS, 0, last) for side in (-1, 1)]
        widths = np.maximum(ends[1] - ends[0], 1e-9)
        integrals = [self._integral(end) for end in ends]
        mean = (integrals[1] - integrals[0]) / widths[:, None, None]
        # Before the first and after the last moment of the song there is no light: the house is dark.
        outside = (ends[1] - ends[0]) < 1e-6
        mean[outside] = 0.0
        return np.asarray(np.matmul(mean.astype(np.float32), _CROSSTALK))

    def _integral(self, place: F64) -> F64:
        whole = np.minimum(place.astype(np.int64), len(self._sums) - 2)
        part = (place - whole)[:, None, None]
        return np.asarray(self._sums[whole] * (1 - part) + self._sums[whole + 1] * part)

    def _exposure(self, before: float, colors: F32, shot: Shot, times: F64, frame: int) -> float:
        """The automatic exposure, at most a stop and a half either way, slow."""
        strength = self._direction.auto_exposure
        if not strength:
            return 1.0
        maps = self._maps[shot.camera]
        level = float(maps.mean @ (colors @ LUMINANCE_WEIGHTS.astype(np.float32))) + 0.01
        wish = float(np.clip((_MIDDLE_GREY / level) ** strength, 0.4, 2.5))
        step = float(times[frame] - times[frame - 1]) if frame else 0.0
        return before * float((wish / before) ** (1 - np.exp(-step / _EXPOSURE_S)))

    def _light(self, colors: F32, shot: Shot, exposure: float, time_s: float, share: float) -> Image.Image:
        maps: LightMaps = self._maps[shot.camera]
        width, height = maps.size
        drift = int(_HAZE_POINTS_A_S * time_s) % (maps.haze.shape[1] - width)
        light = np.matmul(np.ascontiguousarray(colors.T), maps.lit)
        light *= maps.haze[:, None, drift : drift + width]
        light += maps.ambient
        light *= exposure * self._gains[shot.camera]
        light /= light + np.float32(_HALF)
        light *= _CURVE_STEPS - 1
        canvas = np.ascontiguousarray(self._curve[light.astype(np.int16)].transpose(1, 0, 2))
        image = Image.merge("RGB", [Image.fromarray(plane) for plane in canvas])
        return image.resize(
            self._size, Image.Resampling.BILINEAR, shot.move.box(share, time_s, (width, height))
        )

    def _finished(self, image: Image.Image, shot: Shot, share: float, frame: int) -> Picture:
        rgb8: U8 = np.array(image)
        drawn_over = False
        lit = [flash for flash in self._flashes if frame in flash.frames]
        if lit:
            view = shot.move.box(share, float(self._direction.times[frame]), (1, 1))
            drawn_over = True
            for flash in lit:
                _shine(rgb8, flash, view)
        if self._bar:
            rgb8[: self._bar] = 0
            rgb8[-self._bar :] = 0
            drawn_over = True
        return Picture(rgb8, _mean(Image.fromarray(rgb8) if drawn_over else image))


def _canvas(size: tuple[int, int], share: float) -> tuple[int, int]:
    return max(16, round(size[0] * MARGIN * share)), max(16, round(size[1] * MARGIN * share))


def _mean(image: Image.Image) -> tuple[float, float, float]:
    """Exact: from the counts of the 256 values."""
    counts = np.array(image.histogram(), dtype=np.float64).reshape(3, 256)
    red, green, blue = counts @ np.arange(256) / counts[0].sum()
    return float(red), float(green), float(blue)


def _flashes(direction: Direction, rng: np.random.Generator) -> tuple[_Flash, ...]:
    times = direction.times
    count = int(rng.poisson(direction.phones * float(times[-1] - times[0]))) if len(times) > 1 else 0
    found = []
    for start in np.sort(rng.integers(0, len(times), count)):
        end = int(np.searchsorted(times, times[start] + rng.uniform(0.05, 0.13)))
        x, y = float(rng.uniform(0.05, 0.95)), float(rng.uniform(0.74, 0.97))
        found.append(
            _Flash(range(int(start), max(end, int(start) + 1)), x, y, float(rng.uniform(0.012, 0.03)), 1.0)
        )
    return tuple(found)


def _shine(rgb8: U8, flash: _Flash, view: tuple[float, float, float, float]) -> None:
    """Lay a small white star over the picture, where the view shows its place on the canvas."""
    height, width = rgb8.shape[:2]
    x = (flash.x - view[0]) / (view[2] - view[0]) * width
    y = (flash.y - view[1]) / (view[3] - view[1]) * height
    reach = max(2, round(flash.size * height * 2))
    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
    right, bottom = min(width, int(x) + reach + 1), min(height, int(y) + reach + 1)
    if left >= right or top >= bottom:
        return
    away = np.hypot(np.arange(left, right)[None, :] - x, np.arange(top, bottom)[:, None] - y) / (
        flash.size * height
    )
    star = np.round(250 * np.exp(-(away**2) * 1.5)).astype(np.uint8)
    part = rgb8[top:bottom, left:right]
    np.maximum(part, star[..., None], out=part)
