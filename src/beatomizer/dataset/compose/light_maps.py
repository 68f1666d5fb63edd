"""What each light of the stage adds to what a camera sees, precomputed.

Light adds, so a picture is a sum over the lights of (map × colour): one small matrix product a frame. Everything slow
(beams in haze, glow, pools on the floor, the wall, the floor's mirror) is worked out here, once a camera. Maps are
about half the size of the picture, because light is soft; what must be sharp is laid over later (``scenery``).
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64, Bool
from beatomizer.dataset.compose.camera import Camera
from beatomizer.dataset.compose.stage import AUDIENCE_Y, Lamp, Stage


@dataclass(frozen=True)
class LightMaps:
    """One camera's maps, rows first, so that the mixing of a row is one small matrix product (large ones would wake
    the threads of the linear algebra library).

    Attributes:
        lit: float32 ``[H, Z, W]`` light of each zone at full white, linear.
        ambient: float32 ``[H, 3, W]`` light that is always there.
        haze: float32 ``[H, period + W]`` texture around 1 that drifts past.
        mean: float32 ``[Z]`` mean of each zone's map, for the exposure.
    """

    lit: F32
    ambient: F32
    haze: F32
    mean: F32

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in points."""
        return int(self.lit.shape[2]), int(self.lit.shape[0])


@dataclass(frozen=True)
class _Surfaces:
    """What lies behind each point of the canvas: masks and positions in metres."""

    u: F64
    v: F64
    floor: Bool
    wall: Bool
    hall: Bool
    place: F64


def build_light_maps(stage: Stage, camera: Camera, width: int, height: int) -> LightMaps:
    """Work out the maps of one camera on a canvas of ``width`` × ``height`` points."""
    seen = _surfaces(stage, camera, width, height)
    texture = np.random.default_rng(stage.texture_seed)
    wall = _wall_texture(stage, seen, texture)
    lit = np.zeros((stage.zones, height, width))
    for lamp in stage.lamps:
        lit[lamp.zone] += _lamp(stage, camera, lamp, seen, wall)
    lit *= _balance(stage)
    return LightMaps(
        lit=np.ascontiguousarray(lit.transpose(1, 0, 2), dtype=np.float32),
        ambient=np.ascontiguousarray(
            _ambient(stage, camera, seen, wall).transpose(1, 0, 2), dtype=np.float32
        ),
        haze=_haze(height, 2 * width, stage.haze, texture),
        mean=np.asarray(lit.mean(axis=(1, 2)), dtype=np.float32),
    )


def _balance(stage: Stage) -> float:
    """A full white stage is about equally bright however many lights share it."""
    return 4.6 * float((6.0 / stage.zones) ** 0.6)


def _surfaces(stage: Stage, camera: Camera, width: int, height: int) -> _Surfaces:
    u = ((np.arange(width) + 0.5) / width - 0.5)[None, :] * (width / height)
    v = ((np.arange(height) + 0.5) / height - 0.5)[:, None]
    ray = camera.rays(u, v)
    eye = np.array(camera.place)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_floor = np.where(ray[..., 1] < -1e-6, -eye[1] / ray[..., 1], np.inf)
        to_hall = np.where(ray[..., 1] < -1e-6, (AUDIENCE_Y - eye[1]) / ray[..., 1], np.inf)
        to_wall = np.where(ray[..., 2] < -1e-6, (-stage.depth - eye[2]) / ray[..., 2], np.inf)
    to_floor = np.where(to_floor > 0, to_floor, np.inf)
    at_floor = eye + ray * np.minimum(to_floor, 1e3)[..., None]
    on_stage = (
        (np.abs(at_floor[..., 0]) < 0.62 * stage.width) & (at_floor[..., 2] < 0) & np.isfinite(to_floor)
    )
    on_stage &= at_floor[..., 2] > -stage.depth
    wall = ~on_stage & (to_wall > 0) & np.isfinite(to_wall) & (to_wall < to_hall)
    hall = ~on_stage & ~wall & (to_hall > 0) & np.isfinite(to_hall)
    distance = np.where(on_stage, to_floor, np.where(wall, to_wall, np.where(hall, to_hall, 60.0)))
    place = eye + ray * np.clip(distance, 0, 60)[..., None]
    return _Surfaces(
        np.broadcast_to(u, wall.shape), np.broadcast_to(v, wall.shape), on_stage, wall, hall, place
    )


def _lamp(stage: Stage, camera: Camera, lamp: Lamp, seen: _Surfaces, wall: F64) -> F64:
    start, end = np.array(lamp.place), np.array(lamp.aim)
    light = stage.haze * _beam(camera, lamp, start, end, seen)
    light += _glow(camera, lamp, start, seen)
    light += np.where(seen.floor, _pool(stage, lamp, seen), 0.0)
    light += np.where(seen.wall, _wash(stage, lamp, seen) * wall, 0.0)
    light += np.where(seen.hall, _on_crowd(lamp, seen), 0.0)
    mirrored = start * np.array([1.0, -1.0, 1.0])
    light += np.where(seen.floor, stage.shine * _mirror(camera, lamp, mirrored, seen), 0.0)
    return np.asarray(lamp.power * light)


def _glow(camera: Camera, lamp: Lamp, place: F64, seen: _Surfaces) -> F64:
    """The lens itself and the bloom around it; brighter when it looks towards the camera."""
    if camera.segment(place, place + 1e-6) is None:
        return np.zeros_like(seen.u)
    u, v, depth = camera.seen(place)
    radius = max(camera.focal * lamp.radius_m / float(depth), 0.006)
    away = np.hypot(seen.u - u, seen.v - v) / radius
    aim, back = np.array(lamp.aim) - place, np.array(camera.place) - place
    facing = float(aim @ back / (np.linalg.norm(aim) * np.linalg.norm(back)))
    shine = 0.35 + 0.65 * np.clip(0.5 + 0.7 * facing, 0, 1) ** 2
    return np.asarray(
        shine * (7.0 * np.exp(-(np.minimum(away, 6.0) ** 4)) + 0.6 / (1 + (away / 1.7) ** 2) ** 1.5)
    )


def _beam(camera: Camera, lamp: Lamp, start: F64, end: F64, seen: _Surfaces) -> F64:
    """A cone in haze: narrow and bright at the lamp, wide and weak far away."""
    line = camera.segment(start, end)
    if line is None:
        return np.zeros_like(seen.u)
    length_m = float(np.linalg.norm(end - start))
    (u0, v0, depth0), (u1, v1, depth1) = camera.seen(line[0]), camera.seen(line[1])
    away_u, away_v = float(u1 - u0), float(v1 - v0)
    length = max(float(np.hypot(away_u, away_v)), 1e-3)
    away_u, away_v = away_u / length, away_v / length
    along = np.clip(((seen.u - u0) * away_u + (seen.v - v0) * away_v) / length, -0.2, 1.3)
    across = np.abs((seen.v - v0) * away_u - (seen.u - u0) * away_v)
    near = camera.focal * lamp.radius_m / float(depth0)
    far = camera.focal * (lamp.radius_m + lamp.opening * length_m) / float(depth1)
    half = near + (far - near) * np.clip(along, 0, 1)
    inside = across / half
    shape = 0.7 * np.exp(-(np.minimum(inside, 4.0) ** 4)) + 0.3 * np.exp(-((inside / 0.45) ** 2))
    fall = np.sqrt(near / half) * np.exp(-1.1 * np.clip(along, 0, None))
    return np.asarray(0.75 * shape * fall * _rise(along, -0.02, 0.04) * (1 - _rise(along, 0.92, 0.2)))


def _pool(stage: Stage, lamp: Lamp, seen: _Surfaces) -> F64:
    """The patch a beam draws on the floor, and the light it spills around."""
    x, z = lamp.aim[0], lamp.aim[2]
    if lamp.aim[1] > 0.5:  # points up: only its own foot is lit
        x, z = lamp.place[0], lamp.place[2]
    away2 = (seen.place[..., 0] - x) ** 2 + (seen.place[..., 2] - z) ** 2
    wide = 0.45 + 4.0 * lamp.opening
    return np.asarray(0.30 * np.exp(-away2 / wide**2) + 0.05 * np.exp(-away2 / (3.2 * wide) ** 2))


def _wash(stage: Stage, lamp: Lamp, seen: _Surfaces) -> F64:
    """What reaches the back wall: a column above lamps that stand before it, a soft patch from the others."""
    x = seen.place[..., 0] - lamp.place[0]
    y = seen.place[..., 1]
    if lamp.aim[1] > 0.5:
        lean = (lamp.aim[0] - lamp.place[0]) / max(lamp.aim[1], 1.0)
        wide = 0.35 + 0.16 * np.clip(y, 0, 8)
        column = np.exp(-(((x - lean * y) / wide) ** 2)) * np.exp(-np.clip(y, 0, None) / 3.0)
        return np.asarray(stage.wall * 0.55 * column * _rise(y, -0.1, 0.3))
    return np.asarray(stage.wall * 0.10 * np.exp(-((x / 2.2) ** 2) - ((y - 1.4) / 2.2) ** 2))


def _on_crowd(lamp: Lamp, seen: _Surfaces) -> F64:
    """Light that spills over the edge of the stage onto the first rows."""
    away = (seen.place[..., 0] - 1.4 * lamp.place[0]) ** 2 / 16 + seen.place[..., 2] ** 2 / 40
    return np.asarray(0.016 * np.exp(-away))


def _mirror(camera: Camera, lamp: Lamp, mirrored: F64, seen: _Surfaces) -> F64:
    """The lamp in the polished floor, drawn out towards the camera."""
    if camera.segment(mirrored, mirrored + 1e-6) is None:
        return np.zeros_like(seen.u)
    u, v, depth = camera.seen(mirrored)
    radius = max(camera.focal * lamp.radius_m / float(depth), 0.006)
    streak = np.exp(-(((seen.u - u) / (1.6 * radius)) ** 2)) / (1 + ((seen.v - v) / (7 * radius)) ** 2)
    return np.asarray(0.35 * streak)


def _wall_texture(stage: Stage, seen: _Surfaces, rng: np.random.Generator) -> F64:
    """Curtain folds, panels or bricks: what the wall throws back, around 1."""
    x, y = seen.place[..., 0], seen.place[..., 1]
    kind = int(rng.integers(4))
    if kind == 0:
        return np.asarray(1 + 0.3 * np.sin(2 * np.pi * (x / 0.7 + 0.3 * np.sin(x))))
    if kind == 1:
        seams = np.maximum(np.abs((x / 1.2) % 1 - 0.5), np.abs((y / 1.2) % 1 - 0.5))
        return np.asarray(1 - 0.4 * _rise(seams, 0.42, 0.06))
    if kind == 2:
        row = np.floor(y / 0.35)
        return np.asarray(
            0.75 + 0.5 * ((np.sin(12.9 * row + 78.2 * np.floor(x / 0.7 + 0.5 * (row % 2))) * 437) % 1)
        )
    return np.ones_like(x)


def _ambient(stage: Stage, camera: Camera, seen: _Surfaces, wall: F64) -> F64:
    """House light on everything, and what has a light of its own: a banner, a sign over the door, pilot lamps."""
    x, y = seen.place[..., 0], seen.place[..., 1]
    falls = np.exp(-((x / (0.9 * stage.width)) ** 2))
    surface = np.where(seen.floor, 0.8, np.where(seen.wall, (0.3 + 0.7 * stage.wall) * wall, 0.25)) * falls
    light = stage.house[:, None, None] * surface
    inside = (np.abs(x) < 0.16 * stage.width) & (np.abs(y - 3.4) < 0.75) & seen.wall
    letters = 0.6 + 0.4 * np.tanh(5.0 * np.sin(5.5 * x) * np.sin(4.0 * y + 1.3 * x))
    light = light + stage.banner[:, None, None] * np.where(inside, letters, 0.0)
    sign = np.array([0.02, 0.5, 0.12])[:, None, None]
    door = (np.abs(x - 0.56 * stage.width) < 0.3) & (np.abs(y - 2.4) < 0.14) & seen.wall
    return np.asarray(light + sign * door)


def _rise(value: F64, at: float, width: float) -> F64:
    """0 before ``at``, 1 after ``at + width``, smooth between."""
    share = np.clip((value - at) / width, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share))


def _haze(height: int, period: int, amount: float, rng: np.random.Generator) -> F32:
    """Smoke: smooth noise of several sizes that repeats after ``period`` columns, mean 1."""
    kx = np.fft.rfftfreq(period, 1 / period)[None, :]
    ky = np.fft.fftfreq(height, 1 / height)[:, None]
    size = np.hypot(kx * height / period, ky * 1.6)
    spectrum = np.exp(2j * np.pi * rng.random(size.shape)) / np.maximum(size, 1.0) ** 1.6
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(height, period))
    texture = 1 + 0.22 * amount * np.clip(noise / noise.std(), -2.2, 2.2)
    return np.asarray(np.concatenate([texture, texture[:, : period // 2]], axis=1), dtype=np.float32)
