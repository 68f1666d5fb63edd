"""A camera that looks at the stage: a pinhole, from metres to the picture and back.

Picture coordinates are in heights of the canvas, from its middle, ``u`` to the right and ``v`` down. The canvas is
larger than what is shown, by ``MARGIN``, so that the view can move on it.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.dataset.compose.stage import Stage

MARGIN = 1.2
"""How much larger than the picture the canvas is in each direction."""

NEAR_M = 0.3


@dataclass(frozen=True)
class Camera:
    """Where it stands, where it looks, and how much it sees.

    Attributes:
        name: ``front``, ``left``, ``right``, ``close``, ``balcony`` or ``back``.
        place, target: metres.
        height_deg: the angle that the canvas covers from top to bottom.
        gain: exposure of this camera against the others.
    """

    name: str
    place: tuple[float, float, float]
    target: tuple[float, float, float]
    height_deg: float
    gain: float

    def axes(self) -> F64:
        """Unit vectors to the right, down and forward, ``[3, 3]``."""
        forward = np.array(self.target) - np.array(self.place)
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, np.array([0.0, 1.0, 0.0]))
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward])

    @property
    def focal(self) -> float:
        """Distance of the picture plane in canvas heights."""
        return float(0.5 / np.tan(np.deg2rad(self.height_deg) / 2))

    def seen(self, points: F64) -> tuple[F64, F64, F64]:
        """``u``, ``v`` and depth in metres of points ``[..., 3]``; nothing is nearer than ``NEAR_M``."""
        turned = (np.asarray(points) - np.array(self.place)) @ self.axes().T
        depth = np.maximum(turned[..., 2], NEAR_M)
        return self.focal * turned[..., 0] / depth, self.focal * turned[..., 1] / depth, depth

    def segment(self, start: F64, end: F64) -> tuple[F64, F64] | None:
        """The part of a line in space that lies before the camera; ``None`` if no part does."""
        forward = self.axes()[2]
        near = (start - self.place) @ forward - NEAR_M, (end - self.place) @ forward - NEAR_M
        if near[0] <= 0 and near[1] <= 0:
            return None
        if near[0] < 0:
            start = start + (end - start) * near[0] / (near[0] - near[1])
        elif near[1] < 0:
            end = end + (start - end) * near[1] / (near[1] - near[0])
        return start, end

    def rays(self, u: F64, v: F64) -> F64:
        """Directions in space of picture points, ``[..., 3]``."""
        flat = np.stack(np.broadcast_arrays(u, v, np.full(1, self.focal)), axis=-1)
        return np.asarray(flat @ self.axes())


def drawn_cameras(stage: Stage, rng: np.random.Generator) -> tuple[Camera, ...]:
    """The cameras of one production; the first is the one that shows the whole stage."""
    w, d = stage.width, stage.depth
    star = stage.band[0] if stage.band else None
    face = (star.x, 0.8 * star.height, star.z) if star else (0.0, 1.2, -0.4 * d)
    side = float(rng.uniform(0.55, 0.8)) * w
    places: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], float]] = {
        "front": (
            (rng.uniform(-1.5, 1.5), rng.uniform(0.6, 2.5), 1.15 * w),
            (0.0, 2.4, -d / 2),
            rng.uniform(30, 40),
        ),
        "left": ((-side, rng.uniform(0.4, 2.0), 0.35 * w), (0.06 * w, 1.9, -d / 2), rng.uniform(38, 50)),
        "right": ((side, rng.uniform(0.4, 2.0), 0.35 * w), (-0.06 * w, 1.9, -d / 2), rng.uniform(38, 50)),
        "close": (
            (face[0] + rng.uniform(-2, 2), 0.2, face[2] + rng.uniform(2.6, 4.0)),
            face,
            rng.uniform(36, 46),
        ),
        "balcony": ((rng.uniform(-0.4, 0.4) * w, 6.5, 1.5 * w), (0.0, 1.8, -d / 2), rng.uniform(22, 28)),
        "back": ((rng.uniform(-0.3, 0.3) * w, 1.9, -0.97 * d), (0.0, 1.2, 6.0), rng.uniform(48, 60)),
    }
    others = rng.permutation(["left", "right", "close", "balcony", "back"])[: int(rng.integers(2, 5))]
    first = "front" if rng.random() < 0.8 else "balcony"
    names = [first, *(str(name) for name in others if name != first)]
    return tuple(
        Camera(
            name, _floats(places[name][0]), _floats(places[name][1]), float(places[name][2]), _gain(name, rng)
        )
        for name in names
    )


def _floats(values: tuple[float, ...]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _gain(name: str, rng: np.random.Generator) -> float:
    usual = {"back": 1.5, "close": 0.9}.get(name, 1.0)
    return usual * float(np.exp(rng.normal(0, 0.15)))
