"""Which lamp is it? Two slow swells of white on one light, far apart enough for every limit."""

import numpy as np

from beatomizer.color import linear_to_rgb8
from beatomizer.studio.light_kinds import Place
from beatomizer.studio.light_run import ShowLight
from beatomizer.timebase import FPS

PROFILE = "strict"
SWELL_S, EACH_S, SWELLS = 1.5, 3.0, 2
_OPENING_S = 0.8
"""A WLED is asked for its size first, and a name is looked up."""

BLINK_S = _OPENING_S + (SWELLS - 1) * EACH_S + SWELL_S
_UNIVERSE, _FEW, _MOST = 170, 8, 512
_HIGHEST = 0.8


def blink_light(place: Place) -> ShowLight:
    """The swells, for every pixel that the light may have."""
    few = _UNIVERSE if place.kind in ("sacn", "artnet") else _FEW
    zones = min(int(place.options.get("pixels", few)), _MOST)
    since_s = np.arange(round(BLINK_S * FPS)) / FPS - _OPENING_S
    at_s = np.where(since_s >= 0.0, since_s % EACH_S, SWELL_S)
    height = np.where(at_s < SWELL_S, 0.5 - 0.5 * np.cos(2.0 * np.pi * at_s / SWELL_S), 0.0)
    one = linear_to_rgb8(np.repeat(_HIGHEST * height[:, None, None], 3, axis=2))
    return ShowLight(np.ascontiguousarray(np.repeat(one, zones, axis=1)), None, PROFILE)
