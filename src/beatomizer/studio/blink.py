"""Which lamp is it? Two slow swells of white on one light, within the limits for rooms."""

import numpy as np

from beatomizer.color import linear_to_rgb8
from beatomizer.outputs.lights.identify import LIMITS, SWELL_S
from beatomizer.safety.limiter import Limiter
from beatomizer.studio.light_kinds import Place
from beatomizer.studio.light_run import ShowLight
from beatomizer.timebase import FPS

SWELLS = 2
_OPENING_S = 1.0
"""A WLED is asked for its size first, and a name is looked up."""

BLINK_S = _OPENING_S + SWELLS * SWELL_S
_UNIVERSE = 170
_FEW = 8
_HIGHEST = 0.8


def blink_light(place: Place) -> ShowLight:
    """The swells, for every pixel that the light may have."""
    zones = int(place.options.get("pixels", _UNIVERSE if place.kind in ("sacn", "artnet") else _FEW))
    zones = min(zones, 512)
    at = np.arange(round(BLINK_S * FPS)) / FPS - _OPENING_S
    height = np.where(at > 0, 0.5 - 0.5 * np.cos(2.0 * np.pi * at / SWELL_S), 0.0)
    one = linear_to_rgb8(np.repeat(_HIGHEST * height[:, None, None], 3, axis=2))
    safe = Limiter(1, LIMITS).run(one)
    return ShowLight(np.ascontiguousarray(np.repeat(safe, zones, axis=1)), None, "strict")
