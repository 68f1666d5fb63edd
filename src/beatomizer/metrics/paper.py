"""The paper's cosine, and Skip-BART's hue and value: how near the colours are to the label, frame by frame.

All look at sRGB-encoded numbers as they are stored, because their authors did: neither Beatomizer (2022) nor Skip-BART
(Zhao et al., ICLR 2026) undid the transfer curve. None of them can be read alone: see ``grey_cosine``.

Frames that are not ``usable`` (camera cuts, missing pictures) are left out. ``nan`` means that the label has nothing
to compare with.
"""

import numpy as np

from beatomizer.arrays import F64, Bool
from beatomizer.metrics.light import Light
from beatomizer.metrics.series import pearson

BLACK = 1.0 / 255.0
"""A label below this in every primary is black, and has no direction that a cosine could compare."""

HUES = 180.0
VALUES = 255.0


def cosine(label: Light, light: Light, usable: Bool) -> float:
    """Mean cosine similarity of the RGB vectors, 0..1, over the frames whose label is not black.

    A black estimate against a lit label counts 0. Source: Beatomizer (2022), 0.7624 for its baseline and 0.5541 for its
    attention model; a constant grey scores 0.748 against saturated hues, and a random hue 0.559.
    """
    seen = usable & (label.srgb.max(axis=1, initial=0.0) > BLACK)
    if not seen.any():
        return np.nan
    return float(cosines(label.srgb[seen], light.srgb[seen]).mean())


def grey_cosine(label: Light, usable: Bool) -> float:
    """What grey scores on the same frames: the number to read ``cosine`` against."""
    return cosine(label, Light(np.full(label.linear.shape, 0.18)), usable)


def cosines(first: F64, second: F64) -> F64:
    """Cosine similarity of colours ``[..., 3]`` → ``[...]``; 0 where either is black."""
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    product = (first * second).sum(axis=-1)
    return np.asarray(np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 0.0))


def skill(error: float, error_of_constant: float) -> float:
    """``1 − error / error_of_constant``: 1 perfect, 0 no better than a constant light, below 0 worse.

    Both errors are means over the same clips (``1 − cosine`` in the report). A constant that is already perfect leaves
    nothing to win: ``nan``.
    """
    return 1.0 - error / error_of_constant if error_of_constant > 0.0 else np.nan


def hue_error(label: Light, light: Light, usable: Bool) -> float:
    """Mean absolute hue difference, 0..90 of OpenCV's 180 half degrees, the short way round; Skip-BART 35.9."""
    return _mean(_hue_distance(label, light)[usable])


def hue_rms_error(label: Light, light: Light, usable: Bool) -> float:
    """Root mean square of the hue difference, as ``hue_error``."""
    return float(np.sqrt(_mean(_hue_distance(label, light)[usable] ** 2)))


def value_error(label: Light, light: Light, usable: Bool) -> float:
    """Mean absolute difference of HSV value, 0..255; Skip-BART 50.7, holding the first frame 31.5."""
    return _mean(np.abs(hsv_value(label.srgb) - hsv_value(light.srgb))[usable])


def value_rms_error(label: Light, light: Light, usable: Bool) -> float:
    """Root mean square of the difference of HSV value, 0..255."""
    return float(np.sqrt(_mean((hsv_value(label.srgb) - hsv_value(light.srgb))[usable] ** 2)))


def hue_change_r(label: Light, light: Light, usable: Bool) -> float:
    """``100 · Pearson(|Δhue|, |Δhue of the estimate|)``, −100..100; Skip-BART 0.9."""
    return _change_r(_hue_steps(label), _hue_steps(light), usable)


def value_change_r(label: Light, light: Light, usable: Bool) -> float:
    """``100 · Pearson(|Δvalue|, |Δvalue of the estimate|)``, −100..100; Skip-BART 2.9."""
    return _change_r(np.abs(np.diff(hsv_value(label.srgb))), np.abs(np.diff(hsv_value(light.srgb))), usable)


def hsv_hue(srgb: F64) -> F64:
    """HSV hue in half degrees 0..180 of colours ``[..., 3]``, as OpenCV's 8-bit hue but not rounded; greys are 0."""
    red, green, blue = srgb[..., 0], srgb[..., 1], srgb[..., 2]
    top, span = srgb.max(axis=-1), np.ptp(srgb, axis=-1)
    safe = np.where(span > 0.0, span, 1.0)
    sixth = np.select(
        [top == red, top == green],
        [(green - blue) / safe % 6.0, (blue - red) / safe + 2.0],
        (red - green) / safe + 4.0,
    )
    return np.where(span > 0.0, sixth * (HUES / 6.0), 0.0)


def hsv_value(srgb: F64) -> F64:
    """HSV value 0..255 of colours ``[..., 3]``."""
    return np.asarray(srgb.max(axis=-1) * VALUES)


def circular_distance(first: F64, second: F64) -> F64:
    """``min(d, 180 − d)`` of hues in half degrees."""
    apart = np.abs(first - second) % HUES
    return np.minimum(apart, HUES - apart)


def _hue_distance(label: Light, light: Light) -> F64:
    return circular_distance(hsv_hue(label.srgb), hsv_hue(light.srgb))


def _hue_steps(light: Light) -> F64:
    hue = hsv_hue(light.srgb)
    return circular_distance(hue[1:], hue[:-1])


def _change_r(label: F64, light: F64, usable: Bool) -> float:
    both = usable[1:] & usable[:-1]
    if np.ptp(label[both]) == 0.0 if both.any() else True:
        return np.nan
    return 100.0 * pearson(label[both], light[both])


def _mean(values: F64) -> float:
    return float(values.mean()) if len(values) else np.nan
