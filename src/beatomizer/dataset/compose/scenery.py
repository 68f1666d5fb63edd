"""What stands between the lights and the camera: band, truss, crowd, the edge of the stage.

Sharp, drawn once a camera as a picture that the light is multiplied by.
"""

import itertools

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from beatomizer.dataset.compose.camera import NEAR_M, Camera
from beatomizer.dataset.compose.stage import AUDIENCE_Y, Person, Stage

_SMOOTH = 2
"""Drawn so many times larger, then reduced: smooth edges."""

Point = tuple[float, float]


class _Page:
    """A canvas that takes metres: shapes at a place in space are drawn upright and as large as they look there."""

    def __init__(self, camera: Camera, width: int, height: int) -> None:
        self._camera = camera
        self._scale = height * _SMOOTH
        self._middle = (width * _SMOOTH / 2, height * _SMOOTH / 2)
        self.image = Image.new("L", (width * _SMOOTH, height * _SMOOTH), 255)
        self._pen = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """Place on the page of a point in space, and pixels a metre there; 0 pixels if it is behind the camera."""
        place = np.array([x, y, z])
        u, v, depth = self._camera.seen(place)
        behind = float((place - self._camera.place) @ self._camera.axes()[2]) < 2 * NEAR_M
        metre = 0.0 if behind else self._scale * self._camera.focal / float(depth)
        return self._middle[0] + self._scale * float(u), self._middle[1] + self._scale * float(v), metre

    def blob(self, x: float, y: float, rx: float, ry: float, tone: int) -> None:
        """A filled ellipse, pixels."""
        if rx > 0 and ry > 0:
            self._pen.ellipse([x - rx, y - ry, x + rx, y + ry], fill=tone)

    def limb(self, points: list[Point], thick: float, tone: int) -> None:
        """A thick line with round ends, pixels."""
        self._pen.line(points, fill=tone, width=max(1, round(thick)), joint="curve")
        for x, y in points:
            self.blob(x, y, thick / 2, thick / 2, tone)

    def shape(self, points: list[Point], tone: int) -> None:
        """A filled polygon, pixels."""
        self._pen.polygon(points, fill=tone)


def build_scenery(stage: Stage, camera: Camera, width: int, height: int) -> Image.Image:
    """The share of light let through, 0..255, one channel, ``width`` × ``height``."""
    rng = np.random.default_rng([stage.texture_seed, 3])
    page = _Page(camera, width, height)
    _truss(stage, page)
    for person in sorted(stage.band, key=lambda one: one.z, reverse=camera.name == "back"):
        _person(person, page, tone=round(30 + 90 * stage.front))
    if camera.name != "back":
        _edge(stage, page)
    if stage.crowd:
        _crowd(stage, camera, page, rng)
    return page.image.reduce(_SMOOTH).filter(ImageFilter.GaussianBlur(0.4))


def _truss(stage: Stage, page: _Page) -> None:
    high = max((lamp.place[1] for lamp in stage.lamps), default=5.0)
    if high < 3.5:
        return
    half, z = 0.55 * stage.width, -0.45 * stage.depth
    for y in (high + 0.25, high + 0.6):
        ends = [page.at(x, y, z) for x in (-half, half)]
        if all(end[2] for end in ends):
            page.limb([(end[0], end[1]) for end in ends], 0.05 * ends[0][2], 40)
    steps = np.linspace(-half, half, 29)
    for place, (one, other) in enumerate(itertools.pairwise(steps)):
        low, up = (high + 0.25, high + 0.6) if place % 2 else (high + 0.6, high + 0.25)
        a, b = page.at(float(one), low, z), page.at(float(other), up, z)
        if a[2] and b[2]:
            page.limb([(a[0], a[1]), (b[0], b[1])], 0.03 * a[2], 60)


def _edge(stage: Stage, page: _Page) -> None:
    """The front of the stage, from its edge down to the hall."""
    half = 0.62 * stage.width
    ends = [page.at(x, y, 0.0) for x, y in ((-half, 0), (half, 0), (half, AUDIENCE_Y), (-half, AUDIENCE_Y))]
    if all(end[2] for end in ends):
        page.shape([(end[0], end[1]) for end in ends], 36)


def _person(person: Person, page: _Page, tone: int) -> None:
    """Head, trunk, limbs and what they play."""
    x, y, metre = page.at(person.x, 0.0, person.z)
    if not metre:
        return
    m = metre * person.height / 1.75
    sits = person.role == "drums"
    heights = (0.75, 1.2, 1.4) if sits else (0.92, 1.42, 1.62)
    hip, shoulder, head = (y - height * m for height in heights)
    for side in (-1, 1):
        page.limb([(x + 0.1 * side * m, hip), (x + 0.2 * side * m, y)], 0.17 * m, tone)
    page.shape(
        [(x - 0.22 * m, shoulder), (x + 0.22 * m, shoulder), (x + 0.16 * m, hip), (x - 0.16 * m, hip)], tone
    )
    page.blob(x, head, 0.105 * m, 0.14 * m, tone + 20)
    reach = {"sing": (0.16, -1.42), "guitar": (0.42, -1.05), "drums": (0.4, -1.05), "keys": (0.3, -1.0)}
    hand = reach.get(person.role, (0.3, -0.9))
    for side in (-1, 1):
        wrist = (x + side * hand[0] * m * (0.5 if person.role == "sing" and side < 0 else 1), y + hand[1] * m)
        page.limb(
            [(x + 0.21 * side * m, shoulder), (x + 0.36 * side * m, y - 1.15 * m), wrist], 0.1 * m, tone
        )
    _instrument(person, page, x, y, m)


def _instrument(person: Person, page: _Page, x: float, y: float, m: float) -> None:
    if person.role == "sing":
        page.limb([(x + 0.12 * m, y), (x + 0.12 * m, y - 1.45 * m)], 0.035 * m, 20)
        page.blob(x + 0.12 * m, y - 1.5 * m, 0.05 * m, 0.06 * m, 20)
    elif person.role == "guitar":
        page.limb([(x - 0.2 * m, y - 0.85 * m), (x + 0.75 * m, y - 1.25 * m)], 0.06 * m, 70)
        page.blob(x - 0.15 * m, y - 0.88 * m, 0.22 * m, 0.17 * m, 70)
    elif person.role == "drums":
        page.blob(x, y - 0.32 * m, 0.34 * m, 0.32 * m, 30)
        for side in (-1, 1):
            page.blob(x + 0.5 * side * m, y - 0.62 * m, 0.2 * m, 0.16 * m, 35)
            page.blob(x + 0.75 * side * m, y - 1.15 * m, 0.28 * m, 0.035 * m, 90)
            page.limb([(x + 0.75 * side * m, y - 1.1 * m), (x + 0.75 * side * m, y)], 0.03 * m, 30)
    else:
        page.shape(
            [(x - 0.75 * m, y - 1.0 * m), (x + 0.75 * m, y - 1.0 * m), (x + 0.6 * m, y), (x - 0.6 * m, y)], 24
        )


def _crowd(stage: Stage, camera: Camera, page: _Page, rng: np.random.Generator) -> None:
    """Rows of heads with shoulders, some arms up; farther rows first."""
    rows = np.arange(1.2, 9.0, 1.1)
    eye_z = camera.place[2]
    for z in sorted(rows, key=lambda row: -abs(row - eye_z)):
        if abs(z - eye_z) < 1.6:
            continue
        tone = int(np.clip(14 + 3 * abs(z), 14, 46))
        for x in np.arange(-0.75 * stage.width, 0.75 * stage.width, 0.62):
            _spectator(
                page, float(x + rng.normal(0, 0.12)), float(z), float(rng.normal(1.72, 0.08)), tone, rng
            )


def _spectator(page: _Page, x: float, z: float, tall: float, tone: int, rng: np.random.Generator) -> None:
    lean, mood = rng.uniform(-0.2, 0.2), rng.random()
    left, top, m = page.at(x, AUDIENCE_Y + tall - 0.13, z)
    if not m:
        return
    page.blob(left, top, 0.1 * m, 0.13 * m, tone)
    low = page.at(x, AUDIENCE_Y - 3.0, z)[1]
    shoulders = top + 0.22 * m
    page.shape(
        [
            (left - 0.25 * m, shoulders),
            (left + 0.25 * m, shoulders),
            (left + 0.33 * m, low),
            (left - 0.33 * m, low),
        ],
        tone,
    )
    for side in (-1, 1) if mood < 0.07 else ((1,) if mood < 0.16 else ()):
        elbow = (left + 0.33 * side * m, top - 0.05 * m)
        hand = (left + (0.25 * side + lean) * m, top - 0.45 * m)
        page.limb([(left + 0.22 * side * m, top + 0.28 * m), elbow, hand], 0.08 * m, tone)
