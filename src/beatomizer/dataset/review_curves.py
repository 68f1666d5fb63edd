"""A take's light, loudness and small pictures as bytes for a page: a JSON header with its length, then plain arrays."""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from beatomizer.color import linear_to_rgb8
from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES
from beatomizer.dataset.clips import CLIP_S
from beatomizer.dataset.flac import decode_flac
from beatomizer.dataset.observed import GRID_COLUMNS, GRID_ROWS, Observed
from beatomizer.dataset.packed import PackedClip
from beatomizer.dataset.review_material import COLUMNS, rows_of_light
from beatomizer.timebase import exact_div

QUIETEST_DB = -60.0
"""What the loudness curve shows as nothing."""

_MOST_PICTURES = 400
"""Of a clip: 26 a second, half a megabyte."""


def light_bytes(clips: Sequence[PackedClip]) -> bytes:
    """Labels, frame by frame: uint8 sRGB ``[clips, 900, rows, 3]``, then flags uint8 ``[clips, 900]``.

    Neighbouring zones are averaged where there are more than eight. Header: ``clips`` (keys), ``frames``, ``rows``.
    """
    lights = [linear_to_rgb8(rows_of_light(clip.rgb)) for clip in clips]
    rows = max((light.shape[1] for light in lights), default=1)
    header = {"clips": [clip.key for clip in clips], "frames": CLIP_FRAMES, "rows": rows}
    even = [light if light.shape[1] == rows else np.repeat(light[:, :1], rows, axis=1) for light in lights]
    return _packed(header, *even, *(clip.flags for clip in clips))


def loudness_bytes(clips: Sequence[PackedClip]) -> bytes:
    """Loudness, twenty times a second: uint8 ``[clips, 300]``, 0 is −60 dB of full scale (RMS) or less, 255 is 0 dB."""
    header = {"clips": [clip.key for clip in clips], "columns": COLUMNS}
    curves = []
    for clip in clips:
        sound = decode_flac(clip.parts["flac"], CLIP_SAMPLES).astype(np.float64) / 32768
        power = (sound.reshape(COLUMNS, exact_div(CLIP_SAMPLES, COLUMNS)) ** 2).mean(axis=1)
        level = 10 * np.log10(np.maximum(power, 10 ** (QUIETEST_DB / 10)))
        curves.append(np.round(255 * (1 - level / QUIETEST_DB)).astype(np.uint8))
    return _packed(header, *curves)


def picture_bytes(observed: Observed, start_s: float) -> bytes:
    """Small pictures of the fifteen seconds from ``start_s`` on: uint8 sRGB ``[K, 18, 32, 3]``.

    Header: ``pts`` (seconds from ``start_s``; the first may be before it), ``columns``, ``rows``.
    """
    first = max(0, int(np.searchsorted(observed.pts_s, start_s, side="right")) - 1)
    last = int(np.searchsorted(observed.pts_s, start_s + CLIP_S))
    step = max(1, -(-(last - first) // _MOST_PICTURES))
    chosen = slice(first, last, step)
    header = {
        "pts": [round(float(at), 4) for at in observed.pts_s[chosen] - start_s],
        "columns": GRID_COLUMNS,
        "rows": GRID_ROWS,
    }
    return _packed(header, observed.grid[chosen])


def _packed(header: dict[str, Any], *arrays: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    text = json.dumps(header).encode()
    return b"".join(
        [struct.pack("<I", len(text)), text, *(array.astype(np.uint8).tobytes() for array in arrays)]
    )
