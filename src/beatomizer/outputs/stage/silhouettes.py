"""What stands in the light: truss, lamp bodies, loudspeakers, the DJ, the crowd.

Dark things are a ceiling on brightness: the picture's Y becomes ``min(Y, ceiling)`` and its chroma is held to what
that brightness allows. Two byte operations a pixel, no blending, and a soft ceiling at an edge gives an edge that
lights up only when there is light behind it.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from beatomizer.arrays import F32, F64, U8
from beatomizer.outputs.stage.scene import Scene

BLACK_Y, WHITE_Y, GREY_C, CHROMA_SPAN = 16, 235, 128, 112
"""Limits of 8-bit BT.709 video range: Y of black and white, the middle and the half span of Cb and Cr."""


@dataclass(frozen=True)
class Silhouettes:
    """Ceilings of one picture size.

    Attributes:
        ceiling: uint8 ``[H, W]`` highest Y allowed.
        chroma_low, chroma_high: uint8 ``[H/2, W/2]`` range allowed for Cb and Cr.
    """

    ceiling: U8
    chroma_low: U8
    chroma_high: U8

    def chroma_on_canvas(self, width: int, height: int) -> F32:
        """Share of the chroma that is left, on the painter's small canvas, ``[height, width]``.

        Holding Cb and Cr each to a range would turn a dimmed blue into purple; scaling both keeps the hue, and a
        small canvas is enough for that.
        """
        span = Image.fromarray(self.chroma_high - np.uint8(GREY_C)).resize(
            (width, height), Image.Resampling.BOX
        )
        return np.asarray(np.asarray(span, dtype=np.float32) / CHROMA_SPAN)


def build_silhouettes(scene: Scene, width: int, height: int) -> Silhouettes:
    """Draw everything that stands in the light, back to front."""
    drawing = _Drawing(width, height)
    drawing.put(_truss(scene, drawing), level=0.10, rim=0.0)
    drawing.put(_lamp_bodies(scene, drawing), level=0.13, rim=0.10)
    drawing.put(_loudspeakers(scene, drawing), level=0.055, rim=0.10)
    drawing.put(_cones(scene, drawing), level=0.02, rim=0.0)
    drawing.put(_person(scene, drawing), level=0.03, rim=0.30)
    drawing.put(_desk(scene, drawing), level=0.045, rim=0.30)
    drawing.put(_crowd(scene, drawing, row=0), level=0.07, rim=0.40)
    drawing.put(_crowd(scene, drawing, row=1), level=0.035, rim=0.32)
    drawing.put(_crowd(scene, drawing, row=2), level=0.010, rim=0.20)
    return drawing.finish()


class _Drawing:
    """A stack of masks, each drawn larger and reduced, so that edges are smooth."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.scale = 3 if width * height <= 1920 * 1080 else 2
        self._open: F64 = np.ones((height, width))

    def page(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """An empty mask to draw on, with its pen."""
        image = Image.new("L", (self.width * self.scale, self.height * self.scale), 0)
        return image, ImageDraw.Draw(image)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Stage position → place on the page."""
        return x * self.width * self.scale, y * self.height * self.scale

    def size(self, heights: float) -> float:
        """Length in picture heights → length on the page."""
        return heights * self.height * self.scale

    def put(self, page: tuple[Image.Image, ImageDraw.ImageDraw], level: float, rim: float) -> None:
        """Let through only ``level`` of the brightness inside the mask, and ``rim`` more along its upper edges."""
        mask = page[0].reduce(self.scale)
        inside = np.asarray(mask, dtype=np.float32) / 255
        reach = max(1, round(self.height * 0.006))
        deep = mask.filter(ImageFilter.GaussianBlur(reach * 0.7))
        below = np.asarray(deep, dtype=np.float32) / 255
        below = np.concatenate([np.zeros_like(below[:reach]), below[:-reach]])
        limit = level + rim * np.clip(1.15 - below * 1.15, 0, 1)
        self._open = self._open * (1 - inside) + np.minimum(self._open, limit) * inside

    def finish(self) -> Silhouettes:
        """Turn the share of light let through into ceilings."""
        ceiling = np.round(BLACK_Y + self._open * (WHITE_Y - BLACK_Y)).astype(np.uint8)
        blocks = self._open.reshape(self.height // 2, 2, self.width // 2, 2).mean(axis=(1, 3))
        span = np.round(np.clip(blocks * 3.0, 0, 1) * CHROMA_SPAN)
        return Silhouettes(ceiling, (GREY_C - span).astype(np.uint8), (GREY_C + span).astype(np.uint8))


Page = tuple[Image.Image, ImageDraw.ImageDraw]


def _truss(scene: Scene, drawing: _Drawing) -> Page:
    image, pen = drawing.page()
    top, bottom = scene.lamp_y - 0.115, scene.lamp_y - 0.065
    for y, thick in ((top, 0.009), (bottom, 0.009)):
        pen.line(
            [*drawing.at(-0.1, y), *drawing.at(1.1, y)], fill=255, width=max(1, round(drawing.size(thick)))
        )
    count = max(6, round(16 * scene.aspect))
    nodes = np.linspace(0, 1, count + 1)
    for i in range(count):
        rise = (bottom, top) if i % 2 else (top, bottom)
        line = [*drawing.at(nodes[i], rise[0]), *drawing.at(nodes[i + 1], rise[1])]
        pen.line(line, fill=255, width=max(1, round(drawing.size(0.004))))
    return image, pen


def _lamp_bodies(scene: Scene, drawing: _Drawing) -> Page:
    image, pen = drawing.page()
    radius = drawing.size(scene.radius)
    if scene.bar:
        left, top = drawing.at(float(scene.lamp_x[0]), scene.lamp_y)
        right, _ = drawing.at(float(scene.lamp_x[-1]), scene.lamp_y)
        tall = max(radius * 1.5, drawing.size(0.012))
        pen.rectangle([left - 2 * radius, top - tall, right + 2 * radius, top + tall], fill=255)
    for lamp_x in scene.lamp_x:
        x, y = drawing.at(float(lamp_x), scene.lamp_y)
        if not scene.bar:
            hook = drawing.at(float(lamp_x), scene.lamp_y - 0.065)[1]
            pen.rectangle([x - radius * 0.28, hook, x + radius * 0.28, y], fill=255)
            pen.ellipse([x - 1.42 * radius, y - 1.5 * radius, x + 1.42 * radius, y + 1.34 * radius], fill=255)
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=0)
    return image, pen


def _loudspeakers(scene: Scene, drawing: _Drawing) -> Page:
    image, pen = drawing.page()
    for left, right, top in _stacks(scene):
        for box in range(3):
            step = (scene.front - 0.01 - top) / 3
            upper, lower = top + box * step, top + (box + 1) * step - 0.006
            pen.rectangle([*drawing.at(left, upper), *drawing.at(right, lower)], fill=255)
    return image, pen


def _stacks(scene: Scene) -> list[tuple[float, float, float]]:
    if scene.aspect < 0.9:
        return []
    wide = 0.115 / scene.aspect
    inset = 0.012
    return [(inset, inset + wide, 0.475), (1 - inset - wide, 1 - inset, 0.475)]


def _cones(scene: Scene, drawing: _Drawing) -> Page:
    image, pen = drawing.page()
    for left, right, top in _stacks(scene):
        step = (scene.front - 0.01 - top) / 3
        for box in range(3):
            x, y = drawing.at((left + right) / 2, top + (box + 0.5) * step - 0.003)
            radius = drawing.size(0.040)
            ring = max(1, round(drawing.size(0.004)))
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], outline=255, width=ring)
            pen.ellipse([x - radius * 0.4, y - radius * 0.4, x + radius * 0.4, y + radius * 0.4], fill=255)
    return image, pen


def _person(scene: Scene, drawing: _Drawing) -> Page:
    """The DJ: head with headphones, shoulders, one arm up."""
    image, pen = drawing.page()
    x, y = drawing.at(0.5, scene.horizon + 0.045)
    unit = drawing.size(0.032)
    pen.ellipse([x - 0.72 * unit, y - 4.6 * unit, x + 0.72 * unit, y - 2.9 * unit], fill=255)
    pen.rectangle([x - 0.3 * unit, y - 3.2 * unit, x + 0.3 * unit, y - 2.4 * unit], fill=255)
    pen.rounded_rectangle(
        [x - 1.55 * unit, y - 2.75 * unit, x + 1.55 * unit, y + unit], radius=0.8 * unit, fill=255
    )
    pen.arc(
        [x - 0.95 * unit, y - 4.85 * unit, x + 0.95 * unit, y - 2.95 * unit],
        180,
        360,
        fill=255,
        width=round(0.2 * unit),
    )
    for side in (-1, 1):
        pen.ellipse(
            [
                x + side * 0.8 * unit - 0.28 * unit,
                y - 4.1 * unit,
                x + side * 0.8 * unit + 0.28 * unit,
                y - 3.3 * unit,
            ],
            fill=255,
        )
    _limb(
        pen,
        [
            (x + 1.3 * unit, y - 2.3 * unit),
            (x + 2.3 * unit, y - 3.6 * unit),
            (x + 2.0 * unit, y - 5.6 * unit),
        ],
        0.55 * unit,
    )
    _limb(
        pen,
        [(x - 1.3 * unit, y - 2.3 * unit), (x - 1.9 * unit, y - 0.9 * unit), (x - 1.2 * unit, y)],
        0.55 * unit,
    )
    return image, pen


def _limb(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], thick: float) -> None:
    pen.line(points, fill=255, width=max(1, round(thick)), joint="curve")
    for x, y in points:
        pen.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], fill=255)


def _desk(scene: Scene, drawing: _Drawing) -> Page:
    image, pen = drawing.page()
    x, top = drawing.at(0.5, scene.horizon + 0.045)
    wide, low = drawing.size(0.175), drawing.size(0.115)
    pen.polygon(
        [(x - wide, top), (x + wide, top), (x + wide * 0.93, top + low), (x - wide * 0.93, top + low)],
        fill=255,
    )
    for side in (-0.62, 0.62):
        deck = x + side * wide
        pen.rectangle([deck - wide * 0.24, top - drawing.size(0.012), deck + wide * 0.24, top], fill=255)
    return image, pen


def _crowd(scene: Scene, drawing: _Drawing, row: int) -> Page:
    """One row of heads, some with arms up; nearer rows are larger and lower."""
    image, pen = drawing.page()
    rng = np.random.default_rng(11 + row)
    head = (0.0125, 0.018, 0.0265)[row]
    base = (scene.front + 0.012, scene.front + 0.042, scene.front + 0.092)[row]
    spacing = head * 3.1 / scene.aspect
    count = math.ceil(1 / spacing) + 2
    for i in range(count):
        x = (i - 0.5 + rng.uniform(-0.22, 0.22)) * spacing
        y = base + rng.uniform(-0.5, 0.5) * head
        _spectator(pen, drawing, x, y, head * rng.uniform(0.88, 1.12), rng)
    pen.rectangle([*drawing.at(-0.1, base + head * 2.2), *drawing.at(1.1, 1.1)], fill=255)
    return image, pen


def _spectator(
    pen: ImageDraw.ImageDraw, drawing: _Drawing, x: float, y: float, head: float, rng: np.random.Generator
) -> None:
    px, py = drawing.at(x, y)
    r = drawing.size(head)
    pen.ellipse([px - 0.80 * r, py - r, px + 0.80 * r, py + r], fill=255)
    pen.rounded_rectangle([px - 1.75 * r, py + 1.15 * r, px + 1.75 * r, py + 9 * r], radius=0.9 * r, fill=255)
    pen.rectangle([px - 0.38 * r, py + 0.6 * r, px + 0.38 * r, py + 1.5 * r], fill=255)
    lean = rng.uniform(-0.5, 0.5)
    mood = rng.random()
    sides = (-1, 1) if mood < 0.10 else ((1,) if mood < 0.22 else ((-1,) if mood < 0.32 else ()))
    for side in sides:
        elbow = (px + side * (1.9 + 0.2 * lean) * r, py - 0.3 * r)
        hand = (px + side * (1.35 + lean) * r, py - (2.5 + 0.7 * rng.random()) * r)
        _limb(pen, [(px + side * 1.4 * r, py + 1.7 * r), elbow, hand], 0.52 * r)
