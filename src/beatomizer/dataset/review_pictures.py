"""The small pictures of the contact sheet, as ``data:`` addresses: frames, and ribbons of light over a waveform."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from beatomizer.arrays import F32, U8
from beatomizer.dataset.review_material import ClipView

LIGHT_ROWS, MARK_ROWS, WAVE_ROWS = 24, 3, 25
"""Pixel rows of light, of marks (cuts, missing pictures), and of sound."""

TAKE_COLUMNS = 900

_GROUND = (18, 20, 25)
_CUT, _MISSING = (255, 255, 255), (200, 40, 60)
_WAVE = (122, 150, 190)
_FRAME_HEIGHT = 72
_JPEG_QUALITY = 80


def frame_picture(grid: U8, shape: float) -> str:
    """A frame's small copy ``[18, 32, 3]``, blown up softly to 72 rows; ``shape`` is width over height."""
    width = round(_FRAME_HEIGHT * min(2.4, max(0.5, shape)))
    picture = Image.fromarray(grid).resize((width, _FRAME_HEIGHT), Image.Resampling.BICUBIC)
    return _address(picture, "JPEG", quality=_JPEG_QUALITY)


def clip_picture(clip: ClipView) -> str:
    """A clip's light, marks and sound over time."""
    return _address(Image.fromarray(ribbon(clip.light, clip.cut, clip.missing, clip.wave)), "PNG")


def take_picture(clips: Sequence[ClipView]) -> str:
    """The same for all clips of a take, one after the other, in 900 columns."""
    light = np.concatenate([clip.light for clip in clips], axis=1)
    wave = np.concatenate([clip.wave for clip in clips])
    cut, missing = (np.concatenate([getattr(clip, name) for clip in clips]) for name in ("cut", "missing"))
    bounds = np.linspace(0, light.shape[1], min(TAKE_COLUMNS, light.shape[1]) + 1).astype(int)
    at = bounds[:-1]
    counts = np.diff(bounds)
    mean = np.add.reduceat(light.astype(np.int64), at, axis=1) / counts[:, None]
    low, high = np.minimum.reduceat(wave[:, 0], at), np.maximum.reduceat(wave[:, 1], at)
    picture = ribbon(
        np.round(mean).astype(np.uint8),
        np.logical_or.reduceat(cut, at),
        np.logical_or.reduceat(missing, at),
        np.stack([low, high], axis=1),
    )
    return _address(Image.fromarray(picture), "PNG")


def ribbon(
    light: U8,
    cut: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    missing: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    wave: F32,
) -> U8:
    """Light ``[rows, N, 3]`` above marks above a waveform ``[N, 2]``: uint8 ``[52, N, 3]``."""
    rows, columns = light.shape[:2]
    picture = np.empty((LIGHT_ROWS + MARK_ROWS + WAVE_ROWS, columns, 3), dtype=np.uint8)
    picture[:] = _GROUND
    picture[:LIGHT_ROWS] = light[np.arange(LIGHT_ROWS) * rows // LIGHT_ROWS]
    marks = picture[LIGHT_ROWS : LIGHT_ROWS + MARK_ROWS]
    marks[:, cut] = _CUT
    marks[:, missing] = _MISSING
    heights = np.linspace(1, -1, WAVE_ROWS)[:, None]
    half = 1 / (WAVE_ROWS - 1)
    sounding = (heights <= wave[:, 1] + half) & (heights >= wave[:, 0] - half)
    picture[LIGHT_ROWS + MARK_ROWS :][sounding] = _WAVE
    return picture


def _address(picture: Image.Image, kind: str, **options: int) -> str:
    data = io.BytesIO()
    picture.save(data, kind, optimize=True, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"
