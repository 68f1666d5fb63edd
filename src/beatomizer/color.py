"""Colour: sRGB, linear light, luminance, OKLab/OKLCh, and the way back into what a screen can show.

Arrays hold colours in their last axis, ``[..., 3]``. ``srgb`` and ``linear`` are floats 0..1; ``rgb8`` is sRGB in
whole numbers 0..255, the form in which light leaves the program.

Sources: sRGB transfer and luminance as WCAG 2.2 "relative luminance" (IEC 61966-2-1); OKLab from Björn Ottosson,
"A perceptual color space for image processing" (2020); L* from CIE 15 with the D65 white at Y = 1.
"""

import re

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.errors import UsageError

LUMINANCE_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
"""Relative luminance of the linear sRGB primaries (ITU-R BT.709)."""

_LINEAR_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LAB_TO_LMS = np.linalg.inv(_LMS_TO_LAB)
_LMS_TO_LINEAR = np.linalg.inv(_LINEAR_TO_LMS)

_GAMUT_STEPS = 14
"""Halvings when chroma is reduced into the gamut: 0.4 / 2**14 is below a quarter of an 8-bit step."""


def srgb_to_linear(srgb: F64) -> F64:
    """Undo the sRGB transfer curve."""
    srgb = np.asarray(srgb, dtype=np.float64)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: F64) -> F64:
    """Apply the sRGB transfer curve; values outside 0..1 are clipped."""
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


LINEAR_OF_RGB8: F64 = srgb_to_linear(np.arange(256) / 255.0)
"""Linear light of each 8-bit sRGB value: a table of 256."""


def rgb8_to_linear(rgb8: U8) -> F64:
    """8-bit sRGB to linear light, by table."""
    return LINEAR_OF_RGB8[rgb8]


def linear_to_rgb8(linear: F64) -> U8:
    """Linear light to the nearest 8-bit sRGB values."""
    return srgb_to_rgb8(linear_to_srgb(linear))


def srgb_to_rgb8(srgb: F64) -> U8:
    """SRGB 0..1 to the nearest whole numbers 0..255."""
    return np.round(np.clip(srgb, 0.0, 1.0) * 255.0).astype(np.uint8)


def luminance(linear: F64) -> F64:
    """Relative luminance 0..1 of linear colours ``[..., 3]`` → ``[...]``."""
    return np.asarray(linear @ LUMINANCE_WEIGHTS)


def lightness(relative_luminance: F64) -> F64:
    """CIE L* 0..100 of relative luminance 0..1."""
    y = np.asarray(relative_luminance, dtype=np.float64)
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, (29 / 3) ** 3 * y)


def linear_to_oklab(linear: F64) -> F64:
    """Linear sRGB to OKLab (L, a, b)."""
    return np.asarray(np.cbrt(np.asarray(linear) @ _LINEAR_TO_LMS.T) @ _LMS_TO_LAB.T)


def oklab_to_linear(lab: F64) -> F64:
    """OKLab to linear sRGB; colours a screen cannot show come out below 0 or above 1."""
    return np.asarray((np.asarray(lab) @ _LAB_TO_LMS.T) ** 3 @ _LMS_TO_LINEAR.T)


def oklab_to_oklch(lab: F64) -> F64:
    """OKLab to lightness, chroma, hue in radians −π..π."""
    lab = np.asarray(lab)
    return np.stack(
        [lab[..., 0], np.hypot(lab[..., 1], lab[..., 2]), np.arctan2(lab[..., 2], lab[..., 1])], axis=-1
    )


def oklch_to_oklab(lch: F64) -> F64:
    """Lightness, chroma, hue in radians to OKLab."""
    lch = np.asarray(lch)
    return np.stack(
        [lch[..., 0], lch[..., 1] * np.cos(lch[..., 2]), lch[..., 1] * np.sin(lch[..., 2])], axis=-1
    )


def oklch_to_linear(lch: F64) -> F64:
    """OKLCh to linear sRGB inside the gamut: lightness and hue are kept, chroma gives way.

    Chroma is halved in towards grey until the colour fits (the method of CSS Color 4, without its tolerance).
    """
    lch = np.asarray(lch, dtype=np.float64)
    lightness_ok = np.clip(lch[..., 0], 0.0, 1.0)
    low, high = np.zeros_like(lightness_ok), np.array(lch[..., 1])
    fits_whole = _fits(np.stack([lightness_ok, high, lch[..., 2]], axis=-1))
    for _ in range(_GAMUT_STEPS):
        middle = (low + high) / 2
        fits = _fits(np.stack([lightness_ok, middle, lch[..., 2]], axis=-1))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    chroma = np.where(fits_whole, lch[..., 1], low)
    mapped = oklab_to_linear(oklch_to_oklab(np.stack([lightness_ok, chroma, lch[..., 2]], axis=-1)))
    return np.asarray(np.clip(mapped, 0.0, 1.0))


def _fits(lch: F64) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    linear = oklab_to_linear(oklch_to_oklab(lch))
    return np.asarray(((linear >= -1e-6) & (linear <= 1 + 1e-6)).all(axis=-1))


_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def parse_hex(text: str) -> tuple[int, int, int]:
    """``#rrggbb`` or ``#rgb`` to 8-bit sRGB.

    Raises:
        UsageError: the text is not a colour.
    """
    match = _HEX.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"'{text}' is not a colour", "write it like #ff8800")
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def format_hex(rgb8: U8 | tuple[int, int, int]) -> str:
    """8-bit sRGB to ``#rrggbb``."""
    red, green, blue = (int(value) for value in rgb8)
    return f"#{red:02x}{green:02x}{blue:02x}"
