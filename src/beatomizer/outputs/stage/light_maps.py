"""How far the light of each lamp reaches: one grey picture a group of lamps, precomputed.

Light adds. The picture is therefore a sum over the lamps of (map × colour), one small matrix product a frame, and
everything slow (beams, glow, pools, haze) is worked out here once.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32
from beatomizer.outputs.stage.scene import Scene

AMBIENT: F32 = np.array([0.0035, 0.0042, 0.0075], dtype=np.float32)
"""Linear light of the room with every lamp off: enough to guess the stage, far below any threshold."""

EXPOSURE = 4.8
"""Chosen by eye: limited shows rarely light all zones in full, and should still look like a lit stage."""


@dataclass(frozen=True)
class LightMaps:
    """Light maps on the canvas of ``height`` × ``width`` points.

    Rows come first, so that one row's mixing is one small matrix product: large ones would wake the threads of the
    linear algebra library, which then burn the core that the encoder needs.

    Attributes:
        lit: float32 ``[height, C, width]`` light of each group of lamps at full colour (linear, before the tone
            curve).
        core: float32 ``[rows, C, width]`` the white-hot part of the lenses, on the rows ``core_rows`` only.
        core_rows: the rows of the canvas that ``core`` covers.
        ambient: float32 ``[height, 3, width]`` light that is always there.
        haze: float32 ``[height, period + width]`` slow texture around 1 that drifts past the picture; a picture's
            width of columns is repeated at its end.
    """

    width: int
    height: int
    lit: F32
    core: F32
    core_rows: slice
    ambient: F32
    haze: F32

    @property
    def haze_period(self) -> int:
        """Columns after which the drifting haze looks the same again."""
        return int(self.haze.shape[1]) - self.width


def build_light_maps(scene: Scene, width: int, height: int) -> LightMaps:
    """Work out the maps of ``scene`` on a canvas of ``width`` × ``height`` points."""
    x, y = _middles(width)[None, :], _middles(height)[:, None]
    lit = np.zeros((scene.cells, height, width), dtype=np.float32)
    core = np.zeros_like(lit)
    for lamp, cell in enumerate(scene.lamp_cell):
        lit[cell] += _lamp(scene, lamp, x, y)
        core[cell] += _core(scene, float(scene.lamp_x[lamp]), x, y)
    lit *= _energy(scene)
    rows = np.flatnonzero(core.max(axis=(0, 2)) > 1e-3)
    core_rows = slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0)
    return LightMaps(
        width=width,
        height=height,
        lit=_by_rows(lit),
        core=_by_rows(core[:, core_rows]),
        core_rows=core_rows,
        ambient=_by_rows(AMBIENT[:, None, None] * _room(scene, x, y)),
        haze=_haze(height, 2 * width),
    )


def _middles(count: int) -> F32:
    """Where the middles of ``count`` points in a row lie, 0..1."""
    return np.asarray((np.arange(count) + 0.5) / count, dtype=np.float32)


def _by_rows(maps: F32) -> F32:
    return np.ascontiguousarray(maps.transpose(1, 0, 2), dtype=np.float32)


def _energy(scene: Scene) -> float:
    """Lamps close together overlap on the wall and the floor; keep a full white stage about equally bright."""
    lamps_a_height = len(scene.lamp_x) / scene.aspect
    return EXPOSURE * float(min(1.0, (4.5 / lamps_a_height) ** 0.75))


def _lamp(scene: Scene, lamp: int, x: F32, y: F32) -> F32:
    lens, foot = float(scene.lamp_x[lamp]), float(scene.foot_x[lamp])
    aim_x, aim_y = float(scene.aim_x[lamp]), float(scene.aim_y[lamp])
    glow = _glow(scene, lens, x, y)
    slim = min(1.0, scene.aspect)
    down = _beam(scene, (lens, scene.lamp_y), (aim_x, aim_y), 0.085 * slim, x, y)
    up = _beam(scene, (foot, scene.horizon), (0.5 + (foot - 0.5) * 1.45, -0.12), 0.045 * slim, x, y)
    above = _step(scene.horizon + 0.004, -0.008, y)
    on_wall = ((0.12 if scene.bar else 0.42) * up + _wall(scene, foot, x, y)) * above
    return glow + down + on_wall + _pool(scene, aim_x, aim_y, x, y) + _lip(scene, lens, x, y)


def _distance(scene: Scene, x0: float, y0: float, x: F32, y: F32) -> F32:
    return np.asarray(np.hypot((x - x0) * scene.aspect, y - y0))


def _core(scene: Scene, lens: float, x: F32, y: F32) -> F32:
    radius = scene.radius * (0.45 if scene.bar else 0.62)
    near = _distance(scene, lens, scene.lamp_y, x, y) / radius
    return np.asarray((2.2 if scene.bar else 4.0) * np.exp(-(near**2)))


def _glow(scene: Scene, lens: float, x: F32, y: F32) -> F32:
    """The lens itself and the bloom around it."""
    near = _distance(scene, lens, scene.lamp_y, x, y) / scene.radius
    bloom = 0.22 if scene.bar else 0.50
    return np.asarray(3.6 * np.exp(-((near / 1.0) ** 4)) + bloom / (1 + (near / 1.8) ** 2) ** 1.6)


def _beam(
    scene: Scene, start: tuple[float, float], end: tuple[float, float], opening: float, x: F32, y: F32
) -> F32:
    """A cone of light in haze from ``start`` to ``end``: narrow and bright at the lamp, wide and weak far away.

    ``opening`` is the half width gained over one picture height.
    """
    away_x, away_y = (end[0] - start[0]) * scene.aspect, end[1] - start[1]
    length = float(np.hypot(away_x, away_y))
    away_x, away_y = away_x / length, away_y / length
    from_x, from_y = (x - start[0]) * scene.aspect, y - start[1]
    along = from_x * away_x + from_y * away_y
    narrow = scene.radius * 0.72
    half = narrow + opening * np.clip(along, 0, None)
    inside = np.abs(from_y * away_x - from_x * away_y) / half
    shape = (
        0.62 * np.exp(-(inside**6)) + 0.38 * np.exp(-((inside * 2.4) ** 2)) + 0.12 * np.exp(-(inside**2) / 5)
    )
    fall = (narrow / half) ** 0.55 * np.exp(-0.9 * np.clip(along, 0, None))
    ends = _step(-0.01, 0.02, along) * _step(length * 1.06, -0.14 * length, along)
    return np.asarray(0.95 * shape * fall * ends)


def _pool(scene: Scene, aim_x: float, aim_y: float, x: F32, y: F32) -> F32:
    """The ellipse a beam draws on the floor, and its shine towards the viewer."""
    away_x = (x - aim_x) * scene.aspect
    away_y = y - aim_y
    ellipse = np.exp(-(((away_x / 0.115) ** 2 + (away_y / 0.034) ** 2) ** 1.2))
    spill = 0.16 * np.exp(-((away_x / 0.26) ** 2 + (away_y / 0.085) ** 2))
    shine = 0.10 * np.exp(-((away_x / 0.035) ** 2)) * np.exp(-(np.clip(away_y, 0, None) / 0.10))
    return np.asarray((0.42 * ellipse + spill + shine) * _step(scene.horizon, 0.012, y))


def _wall(scene: Scene, foot: float, x: F32, y: F32) -> F32:
    """What the haze and the back wall throw back around a lamp's column, with the wall's panels in it."""
    away = (x - foot) * scene.aspect
    low = scene.horizon - y
    wash = 0.042 * np.exp(-((away / 0.20) ** 2)) * (0.30 + 0.70 * np.exp(-((low / 0.24) ** 2)))
    source = 0.45 * np.exp(-((away / 0.040) ** 2)) * np.exp(-(np.clip(low, 0, None) / 0.030))
    return np.asarray((wash + source) * _panels(scene, x, y))


def _lip(scene: Scene, lens: float, x: F32, y: F32) -> F32:
    """A strip of light along the front edge of the stage."""
    near = np.exp(-(((x - lens) * scene.aspect / 0.09) ** 4))
    edge = scene.front - 0.012
    line = 0.9 * np.exp(-(((y - edge) / 0.0035) ** 2)) + 0.05 * np.exp(-(((y - edge) / 0.02) ** 2))
    return np.asarray(near * line)


def _panels(scene: Scene, x: F32, y: F32) -> F32:
    """Seams between the panels of the back wall, a little darker."""
    across = np.abs(((x - 0.5) * scene.aspect / 0.155 + 0.5) % 1.0 - 0.5) * 0.155
    down = np.abs((y / 0.155 + 0.1) % 1.0 - 0.5) * 0.155
    seam = np.exp(-((across / 0.004) ** 2)) + np.exp(-((down / 0.004) ** 2))
    return np.asarray(1 - 0.32 * np.clip(seam, 0, 1))


def _room(scene: Scene, x: F32, y: F32) -> F32:
    wide = np.exp(-(((x - 0.5) * 1.5) ** 2))
    return np.asarray(wide * (0.5 + np.exp(-(((y - scene.horizon) / 0.22) ** 2))))


def _step(at: float, width: float, value: F32) -> F32:
    """0 before ``at``, 1 after ``at + width``, smooth between; a negative ``width`` falls instead of rising."""
    share = np.clip((value - at) / width, 0.0, 1.0) if width > 0 else np.clip((at - value) / -width, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share))


def _haze(height: int, period: int) -> F32:
    """Smoke: smooth noise of several sizes that repeats after ``period`` columns, mean 1."""
    rng = np.random.default_rng(7)
    kx = np.fft.rfftfreq(period, 1 / period)[None, :]
    ky = np.fft.fftfreq(height, 1 / height)[:, None]
    size = np.hypot(kx * height / period * 1.0, ky * 1.6)
    spectrum = np.exp(2j * np.pi * rng.random(size.shape)) / np.maximum(size, 1.0) ** 1.55
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(height, period))
    texture = 1 + 0.15 * np.clip(noise / noise.std(), -2, 2)
    return np.asarray(np.concatenate([texture, texture[:, : period // 2]], axis=1), dtype=np.float32)
