"""A dark sheet of paper to draw on, in points; each point is ``SCALE`` pixels wide so that it is crisp."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from beatomizer.arrays import F32, U8
from beatomizer.outputs.files.timeline.lettering import cut, font_for, text_width

SCALE = 2
"""Pixels in a point."""

RGB: TypeAlias = tuple[int, int, int]

GROUND: RGB = (11, 12, 16)
PANEL: RGB = (18, 20, 26)
GRID: RGB = (40, 43, 53)
MUTED: RGB = (154, 160, 174)
BRIGHT: RGB = (238, 240, 246)


@dataclass(frozen=True)
class Box:
    """A rectangle in points."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height in pixels, at least one each."""
        return max(1, round(self.width * SCALE)), max(1, round(self.height * SCALE))


class Sheet:
    """An RGB picture of ``width`` × ``height`` points."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width * SCALE, height * SCALE), GROUND)
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def fill(self, box: Box, color: RGB, alpha: float = 1.0, radius: float = 0.0) -> None:
        """Fill a rectangle, with round corners if asked to; one narrower than a pixel gets a pixel."""
        left, top = round(box.x * SCALE), round(box.y * SCALE)
        right = max(left, round(box.right * SCALE) - 1)
        bottom = max(top, round(box.bottom * SCALE) - 1)
        self._draw.rounded_rectangle(
            (left, top, right, bottom), radius=radius * SCALE, fill=(*color, round(alpha * 255))
        )

    def paste(self, picture: U8 | F32, box: Box) -> None:
        """Put ``[h, w, 3]`` (0..255) with its upper left corner at the box's."""
        pixels = np.clip(picture, 0, 255).astype(np.uint8)
        self.image.paste(Image.fromarray(pixels), (round(box.x * SCALE), round(box.y * SCALE)))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        color: RGB = MUTED,
        *,
        bold: bool = False,
        width: float = 1e9,
        anchor: Literal["left", "middle", "right"] = "left",
    ) -> float:
        """Write ``text`` with its middle line at ``y``, cut to ``width`` points; return the width it took."""
        font = font_for(text, round(size * SCALE), bold)
        shown = cut(text, font, width * SCALE)
        if shown:
            letter = {"left": "l", "middle": "m", "right": "r"}[anchor]
            self._draw.text((x * SCALE, y * SCALE), shown, fill=color, font=font, anchor=letter + "m")
        return text_width(shown, font) / SCALE
