"""Light that nobody filmed: sequences (``.fseq``) and composed scores, seen as if by a camera straight ahead.

A show of P lights becomes pictures of P × 1 pixels, the first light at stage left. So all that turns films into labels
serves them as well.
"""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64, U8
from beatomizer.audio.gate import shown
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.dataset.observed import GRID_COLUMNS, GRID_ROWS, Observed
from beatomizer.errors import UnreadableInputError
from beatomizer.outputs.files.fseq_reader import FseqShow, read_fseq
from beatomizer.timebase import FPS

_CHUNK_BYTES = 8 << 20
"""Channel data looked at in one go, so that memory does not grow with the length of a show."""

_CAR_CHANNELS, _CAR_LAMPS, _CAR_ON = 48, 30, 127
"""A car's show: 30 lamps, 16 closures (doors, windows), 2 channels that are never used; a lamp is on above 127.
Source: ``validator.py`` of the light-show repository of Tesla."""

_SCORE_FORMAT, _SCORE_VERSION = "beatomizer-score", 1
_MOST_SCORE_BYTES = 512 << 20
_MOST_ZONES = 1024


def observe_fseq(path: Path) -> Observed:
    """See a sequence. Step n is seen from n · step time on.

    Channels are taken as red, green, blue of one light after the other, values as sRGB (what xLights' preview shows).
    Dimmer channels are seen as white lamps: a car's, fewer than three, or those that ``are_dimmers`` finds. Channels
    left over after whole lights are not seen.

    Raises:
        UnreadableInputError: not an FSEQ file of version 2, or a damaged one.
        ResourceLimitError: more than a gigabyte of channels.
    """
    show = read_fseq(path)
    pixels, colours = _layout(show)
    steps = len(show.channels)
    mean = np.empty((steps, 3), dtype=np.float32)
    strip = np.empty((steps, GRID_COLUMNS, 3), dtype=np.uint8)
    for begin, end in _chunks(steps, show.channels.shape[1]):
        lights = colours(show.channels[begin:end])
        mean[begin:end] = lights.mean(axis=1) / 255
        strip[begin:end] = columns(lights)
    rate = Fraction(1000, show.step_ms)
    times: F64 = np.arange(steps, dtype=np.float64) * show.step_ms / 1000
    return Observed(times, mean, _rows(strip), (pixels, 1), str(rate), steps * show.step_ms / 1000)


def _chunks(steps: int, channels: int) -> list[tuple[int, int]]:
    size = max(1, _CHUNK_BYTES // channels)
    return [(begin, min(steps, begin + size)) for begin in range(0, steps, size)]


class _Pixels:
    """Channels as red, green, blue."""

    def __init__(self, channels: int) -> None:
        self.count = channels // 3

    def __call__(self, values: U8) -> U8:
        return values[:, : self.count * 3].reshape(len(values), self.count, 3)


class _Lamps:
    """Channels as white lamps; ``threshold``: those of a car are on or off."""

    def __init__(self, count: int, threshold: int | None = None) -> None:
        self.count, self.threshold = count, threshold

    def __call__(self, values: U8) -> U8:
        lamps = values[:, : self.count]
        if self.threshold is not None:
            lamps = np.where(lamps > self.threshold, 255, 0).astype(np.uint8)
        return np.repeat(lamps[:, :, None], 3, axis=2)


def _layout(show: FseqShow) -> tuple[int, _Pixels | _Lamps]:
    """How many lights there are, and how to see them."""
    count = show.channels.shape[1]
    kind: _Pixels | _Lamps
    if is_car(show.channels):
        kind = _Lamps(_CAR_LAMPS, _CAR_ON)
    elif count < 3 or are_dimmers(show.channels):
        kind = _Lamps(count)
    else:
        kind = _Pixels(count)
    return kind.count, kind


def is_car(channels: U8) -> bool:
    """Whether these channels ``[N, C]`` are a car's: 48, of which the last two are never used.

    Sixteen coloured pixels have 48 channels as well; then the last one would never be green or blue, though others are.
    """
    if channels.shape[1] != _CAR_CHANNELS or channels[:, -2:].any():
        return False
    return bool(channels[:, 1::3].any() or channels[:, 2::3].any())


def are_dimmers(channels: U8) -> bool:
    """Whether neighbouring channels ``[N, C]`` resemble each other more than those three apart.

    In a string of pixels the next channel is another colour and the third next is the same colour of the next pixel.
    White shows look like dimmers, and are white either way. Below six channels nothing can be compared: pixels.
    """
    if channels.shape[1] < 6:
        return False
    some = channels[:: max(1, len(channels) // 2000), : 3 * 512].astype(np.int16)
    next_one = np.abs(np.diff(some, axis=1)).mean()
    next_pixel = np.abs(some[:, 3:] - some[:, :-3]).mean()
    return bool(next_one < 0.9 * next_pixel)


def columns(lights: U8) -> U8:
    """Lights side by side ``[K, P, 3]``, sRGB, seen in 32 columns ``[K, 32, 3]``: averaged by area, in linear light."""
    count = lights.shape[1]
    if GRID_COLUMNS % count == 0:  # whole columns: exact
        return np.repeat(lights, GRID_COLUMNS // count, axis=1)
    # The light left of each column's edges, by running sums; a column is the difference of two of them.
    sums = np.zeros((len(lights), count + 1, 3))
    np.cumsum(LINEAR_OF_RGB8[lights], axis=1, out=sums[:, 1:])
    edges = np.linspace(0, count, GRID_COLUMNS + 1)
    whole = np.minimum(edges.astype(int), count - 1)
    left = sums[:, whole] + (edges - whole)[:, None] * (sums[:, whole + 1] - sums[:, whole])
    seen: F64 = np.diff(left, axis=1) * (GRID_COLUMNS / count)
    return linear_to_rgb8(seen)


def _rows(strip: U8) -> U8:
    """One strip of light fills the whole height of the picture."""
    return np.ascontiguousarray(np.repeat(strip[:, None], GRID_ROWS, axis=1))


def observe_score(path: Path) -> Observed:
    """See the true light of a composed take: frame t from t/60 s on, zones from stage left.

    Raises:
        UnreadableInputError: not a score, or a damaged one.
    """
    lights = score_light(path)
    mean: F32 = (lights.mean(axis=1) / 255).astype(np.float32)
    times: F64 = np.arange(len(lights), dtype=np.float64) / FPS
    return Observed(times, mean, _rows(columns(lights)), (lights.shape[1], 1), str(FPS), len(lights) / FPS)


def score_light(path: Path) -> U8:
    """The light of a score, uint8 ``[T, Z, 3]``, sRGB. Raises as ``observe_score``."""
    light = read_score(path).get("light")
    try:
        if not isinstance(light, dict) or light["fps"] != FPS:
            raise ValueError(f"its light does not have {FPS} frames a second")
        zones, frames = light["zones"], light["rgb8"]
        if not isinstance(zones, int) or not 1 <= zones <= _MOST_ZONES or not isinstance(frames, list):
            raise ValueError("its zones or frames are missing")
        if not frames or any(not isinstance(frame, str) or len(frame) != 6 * zones for frame in frames):
            raise ValueError("a frame does not name one colour for each zone")
        values = np.frombuffer(bytes.fromhex("".join(frames)), dtype=np.uint8)
        return values.reshape(len(frames), zones, 3)
    except (ValueError, KeyError) as error:
        raise UnreadableInputError(f"'{shown(path)}' is not a sound score: {error}", _COMPOSE) from error


def read_score(path: Path) -> dict[str, Any]:
    """The content of a ``.score.json`` file.

    Raises:
        UnreadableInputError: it cannot be read, or is something else.
    """
    try:
        if path.stat().st_size > _MOST_SCORE_BYTES:
            raise ValueError("it is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("format") != _SCORE_FORMAT:
            raise ValueError("it is something else")
        if content.get("version") != _SCORE_VERSION:
            raise ValueError("another version wrote it")
        return content
    except OSError as error:
        raise UnreadableInputError(
            f"'{shown(path)}' cannot be read ({error.strerror})", "check the folder"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableInputError(f"'{shown(path)}' is not a sound score: {error}", _COMPOSE) from error


_COMPOSE = "compose the take again"
