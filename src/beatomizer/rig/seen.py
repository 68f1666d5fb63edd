"""What lamps make of a frame: eight linear bits are coarse near black, and what is seen must be what was judged.

``mixing`` asks a lamp for the light nearest to a colour. This is the way back: the light that it then gives, as a frame
of zones again, for a limiter to look at (``outputs/lights/resample.py``).
"""

from collections.abc import Iterable

import numpy as np

from beatomizer.arrays import F64, U8, Int
from beatomizer.color import linear_to_rgb8, luminance, rgb8_to_linear
from beatomizer.rig.fixture import Calibration, Slot
from beatomizer.rig.mixing import light_of_slots, slot_bytes
from beatomizer.rig.zone_map import STAGE

Lamp = tuple[tuple[Slot, ...], Calibration, bool]
"""What makes two lamps give the same light: slots, calibration, and whether only white is wanted."""

_GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


class Seen:
    """The zones as the lamps of one receiver show them.

    Args:
        kinds: zone (or ``STAGE``) and lamp. The first lamp of a zone stands in the zone's row; for each other kind of
            lamp that shows the same there is a row behind the zones: it rounds otherwise, and is looked at too.
        zones: Z.
    """

    def __init__(self, kinds: Iterable[tuple[int, Lamp]], zones: int) -> None:
        first, more = dict[int, Lamp](), dict[Lamp, list[int]]()
        for zone, lamp in dict.fromkeys(kinds):
            if first.setdefault(zone, lamp) != lamp:
                more.setdefault(lamp, []).append(zone)
        everywhere = first.pop(STAGE, None)
        self._stage_for: Int = np.array([zone for zone in range(zones) if zone not in first], dtype=np.int64)
        self._stage = None if everywhere is None or not len(self._stage_for) else everywhere
        if everywhere is not None and self._stage is None:
            more.setdefault(everywhere, []).append(STAGE)
        groups = dict[Lamp, list[int]]()
        for zone, lamp in first.items():
            groups.setdefault(lamp, []).append(zone)
        self._groups = [(np.array(members), lamp, _table(lamp)) for lamp, members in groups.items()]
        self._more = [(np.array(members), lamp) for lamp, members in more.items()]
        tables = [table for _, _, table in self._groups]
        same = all(table is not None and np.array_equal(table, _GREYS) for table in tables)
        self._is_exact = same and self._stage is None and not self._more

    def __call__(self, rgb8: U8) -> U8 | None:
        """The light of a frame ``[Z, 3]`` as 8-bit sRGB ``[Z, 3]`` or more; ``None`` if it is as good as the frame."""
        if self._is_exact:
            return None
        out = rgb8.copy()
        for zones, lamp, table in self._groups:
            if table is not None:
                out[zones] = table[rgb8[zones], np.arange(3)]
            else:
                out[zones] = linear_to_rgb8(_light(rgb8_to_linear(rgb8[zones]), lamp))
        if self._stage is None and not self._more:
            return out
        linear = rgb8_to_linear(rgb8)
        mean = linear.mean(axis=0, keepdims=True)
        if self._stage is not None:
            out[self._stage_for] = linear_to_rgb8(_light(mean, self._stage))
        stage = np.concatenate([linear, mean])  # STAGE, −1, is the last
        more = [linear_to_rgb8(_light(stage[zones], lamp)) for zones, lamp in self._more]
        return np.concatenate([out, *more])


def _light(linear: F64, lamp: Lamp) -> F64:
    """The light ``[N, 3]`` that a lamp gives when asked for colours ``[N, 3]``."""
    slots, calibration, only_white = lamp
    if only_white:
        linear = np.repeat(luminance(linear)[:, None], 3, axis=1)
    return light_of_slots(slot_bytes(linear, slots, calibration), slots, calibration.gamma)


def _table(lamp: Lamp) -> U8 | None:
    """``[256, 3]`` for lamps whose red, green and blue do not depend on each other."""
    slots, _, only_white = lamp
    if only_white or {slot.meaning for slot in slots} - {"fixed"} != {"red", "green", "blue"}:
        return None
    return linear_to_rgb8(_light(rgb8_to_linear(_GREYS), lamp))
