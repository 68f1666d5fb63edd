"""Type for pictures: a font that has the letters, and text cut to the room there is.

Song titles come in every script. The fonts below are looked for by file name in the system's folders; the first one
that has every letter is taken, else the one that has most, and Pillow's own font where the system has none.
"""

from functools import cache
from typing import TypeAlias

from PIL import ImageFont

from beatomizer.errors import one_line

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

_REGULAR = (
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "segoeui.ttf",
    "Helvetica.ttc",
    "Arial.ttf",
    "DejaVuSans.ttf",
)
_BOLD = (
    "NotoSans-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "segoeuib.ttf",
    "Arial Bold.ttf",
    "arialbd.ttf",
    "DejaVuSans-Bold.ttf",
)
_OTHER_SCRIPTS = (
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "Arial Unicode.ttf",
    "msgothic.ttc",
    "seguiemj.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "unifont.ttf",
)
_MISSING = "\uffff"
"""A code point that no font has: its glyph is the font's box for missing letters."""


@cache
def _open(name: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:  # not installed on this system: the next one is tried
        return None


@cache
def _draws(name: str, letter: str) -> bool:
    """Whether a font has a glyph of its own for ``letter``."""
    font = _open(name, 24)
    if font is None:
        return False
    return bytes(font.getmask(letter)) != bytes(font.getmask(_MISSING))


@cache
def font_for(text: str, size: int, bold: bool = False) -> Font:
    """The font to set ``text`` in at ``size`` pixels."""
    letters = {letter for letter in text if not letter.isspace()}
    best, most = None, -1
    for name in (*(_BOLD if bold else _REGULAR), *_OTHER_SCRIPTS):
        if _open(name, 24) is None:
            continue
        drawn = sum(_draws(name, letter) for letter in letters)
        if drawn > most:
            best, most = name, drawn
        if drawn == len(letters):
            break
    return (_open(best, size) if best else None) or ImageFont.load_default(size)


def clean(text: str) -> str:
    """Untrusted text for a picture: one line, nothing that steers the layout, no lone surrogates."""
    return one_line(text, 200)


def text_width(text: str, font: Font) -> float:
    """Width in pixels."""
    return float(font.getlength(text))


def cut(text: str, font: Font, width: float) -> str:
    """``text``, or its longest beginning with an ellipsis that fits into ``width`` pixels; empty if none does."""
    if text_width(text, font) <= width:
        return text
    short, long = 0, len(text)
    while short < long:
        middle = (short + long + 1) // 2
        if text_width(text[:middle].rstrip() + "…", font) <= width:
            short = middle
        else:
            long = middle - 1
    return text[:short].rstrip() + "…" if short else ""
