"""The small print at the bottom: a notice at first, then title and artist; the time; a bar that fills.

Text comes from tags, so it is untrusted: control characters are dropped, long titles are cut, letters that no font
here can draw become a middle dot. The caption changes by one pixel column or one second at a time and its
brightness is constant, so it can never flash.
"""

import unicodedata
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from beatomizer.arrays import U8
from beatomizer.errors import one_line
from beatomizer.outputs.stage.silhouettes import BLACK_Y
from beatomizer.timebase import FPS

TEXT_Y, BAR_Y, TRACK_Y = 150, 128, 40
"""Brightness (video-range Y) of the text, of the filled part of the bar, and of the rest of it."""

NOTICE = "Contains flashing light. Stop watching if you feel unwell."
NOTICE_S = 5
"""Long enough to read nine words twice; the title takes its place."""

_SMALLEST_TEXT_PX = 8
_LONGEST_TITLE = 160
_OTHER_FONTS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSans-Regular.ttf",
    "Arial Unicode.ttf",
    "msyh.ttc",
)
"""Fonts that a system may have, by name, for letters that Pillow's own font lacks."""

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Caption:
    """A strip of brightness values to be laid over the bottom of the picture with ``maximum``.

    Args:
        title, artist: untrusted text.
        frames: T, the length of the show.
        width, height: of the picture in pixels.
    """

    def __init__(self, title: str, artist: str, frames: int, width: int, height: int) -> None:
        self._frames = max(1, frames)
        self._margin = max(2, round(0.03 * min(width, 2 * height)))
        text_px = round(0.027 * height) if width >= height else round(0.036 * width)
        self._text_px = max(_SMALLEST_TEXT_PX, text_px)
        bar_px = max(1, round(0.0035 * height))
        rows = min(height // 2, round(self._text_px * 2.15) + bar_px)
        self.top = height - rows
        self.strip: U8 = np.full((rows, width), BLACK_Y, dtype=np.uint8)
        self._bar_rows = slice(rows - bar_px - max(1, self._text_px // 2), rows - max(1, self._text_px // 2))
        self._bar_width = width - 2 * self._margin
        self._shown: tuple[int, int] | None = None
        self.strip[self._bar_rows, self._margin : self._margin + self._bar_width] = TRACK_Y
        self._clock_width = self._clock_space()
        self._space = width - 2 * self._margin - self._clock_width - self._text_px
        words = " – ".join(
            part for part in (one_line(title, _LONGEST_TITLE), one_line(artist, _LONGEST_TITLE)) if part
        )
        self._texts = [
            _fitting(text, self._space, self._text_px)
            for text in (NOTICE, unicodedata.normalize("NFC", words))
        ]

    def step(self, frame: int) -> tuple[int, int]:
        """What the caption shows at ``frame``: filled columns and whole seconds. Equal steps look equal."""
        return (frame + 1) * self._bar_width // self._frames, frame // FPS

    def show(self, frame: int) -> None:
        """Bring ``strip`` up to ``frame``."""
        filled, second = step = self.step(frame)
        if step == self._shown:
            return
        if self._shown is None or self._shown[1] != second:
            self._words(second)
            self._clock(second)
        bar = self.strip[self._bar_rows, self._margin : self._margin + self._bar_width]
        bar[:, :filled] = BAR_Y
        bar[:, filled:] = TRACK_Y
        self._shown = step

    def _words(self, second: int) -> None:
        """The notice for the first seconds of every video, the title after that."""
        self.strip[: self._bar_rows.start, self._margin : self._margin + max(0, self._space)] = BLACK_Y
        text = self._texts[second >= NOTICE_S]
        if text:
            self._write(text, self._margin, self._space)

    def _clock(self, second: int) -> None:
        if not self._clock_width:
            return
        left = self._margin + self._bar_width - self._clock_width
        text = f"{_minutes(second)} / {_minutes(self._frames // FPS)}"
        self.strip[: self._bar_rows.start, left:] = BLACK_Y
        self._write(text, left, self._clock_width, right=True)

    def _clock_space(self) -> int:
        widest = _minutes(self._frames // FPS)
        wanted = round(_font(widest, self._text_px).getlength(f"{widest} / {widest}")) + self._text_px // 2
        return wanted if wanted < self._bar_width // 2 else 0

    def _write(self, text: str, left: int, space: int, right: bool = False) -> None:
        rows = self._bar_rows.start
        image = Image.new("L", (space, rows), 0)
        font = _font(text, self._text_px)
        x = space - font.getlength(text) if right else 0.0
        ImageDraw.Draw(image).text((x, rows - 0.62 * self._text_px), text, fill=255, font=font, anchor="ls")
        ink = np.asarray(image, dtype=np.float32) / 255
        box = self.strip[:rows, left : left + space]
        box[:] = np.maximum(box, (BLACK_Y + ink * (TEXT_Y - BLACK_Y)).astype(np.uint8))


def _minutes(second: int) -> str:
    hours, minutes = divmod(second // 60, 60)
    return f"{hours}:{minutes:02d}:{second % 60:02d}" if hours else f"{minutes}:{second % 60:02d}"


def _fitting(text: str, space: int, text_px: int) -> str:
    """``text`` with unknown letters replaced, cut with an ellipsis so that it is at most ``space`` pixels wide."""
    font = _font(text, text_px)
    drawable = "".join(letter if _draws(font, letter) else "·" for letter in text)
    if font.getlength(drawable) <= space:
        return drawable
    low, high = 0, len(drawable)
    while low < high:
        middle = (low + high + 1) // 2
        fits = font.getlength(drawable[:middle].rstrip() + "…") <= space
        low, high = (middle, high) if fits else (low, middle - 1)
    return drawable[:low].rstrip() + "…" if low else ""


def _font(text: str, text_px: int) -> _Font:
    """The first font that can draw all of ``text``; Pillow's own if none can."""
    own = ImageFont.load_default(text_px)
    for font in (own, *_system_fonts(text_px)):
        if all(_draws(font, letter) for letter in set(text)):
            return font
    return own


@lru_cache(maxsize=8)
def _system_fonts(text_px: int) -> tuple[_Font, ...]:
    found: list[_Font] = []
    for name in _OTHER_FONTS:
        try:
            found.append(ImageFont.truetype(name, text_px))
        except OSError:
            continue  # not on this system; the next one may be
    return tuple(found)


def _draws(font: _Font, letter: str) -> bool:
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask("\U0010fffe"))
