"""From linear light to what the slots of a lamp hold: static and memoryless, the same colour gives the same bytes.

No map here adds light: emitters share the light that one colour asks for, gamma undoes what the lamp does with its
values, white and maximum only turn down. So what safety has judged stays judged, as far as the calibration is true. A
gamma that the lamp does not have, or a white that takes a colour out of a lamp which has no more of it than others,
makes changes larger than those that were judged.
"""

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import linear_to_srgb, luminance, srgb_to_linear
from beatomizer.rig.fixture import Calibration, Slot

AMBER_GREEN = 0.5
"""Green in the light of an amber emitter with red 1 and no blue: sRGB #ffbf00 is 1 : 0.52 : 0 in linear light."""


def slot_bytes(linear: F64, slots: tuple[Slot, ...], calibration: Calibration) -> U8:
    """What the slots hold for each colour.

    Args:
        linear: colours ``[N, 3]``, linear light 0..1.
        slots: of the lamp, S of them.
        calibration: of the lamp.

    Returns:
        uint8 ``[N, S]``.
    """
    wanted = np.clip(linear, 0.0, 1.0) * np.array(calibration.white) * calibration.maximum
    emitters = _emitters(wanted, {slot.meaning for slot in slots})
    out = np.zeros((len(linear), len(slots)), dtype=np.uint8)
    for column, slot in enumerate(slots):
        if slot.meaning == "fixed":
            out[:, column] = slot.value
            continue
        value = _value(emitters[slot.meaning], calibration.gamma)
        is_pair = slot.fine or any(s.fine and s.meaning == slot.meaning for s in slots)
        if is_pair:
            pair = np.round(value * 65535).astype(np.int64)
            out[:, column] = pair & 255 if slot.fine else pair >> 8
        else:
            out[:, column] = np.round(value * 255).astype(np.uint8)
    return out


def value_bytes(light: F64, gamma: float | None) -> U8:
    """The 8-bit values nearest to a light, 0..1, for a lamp of that gamma; any shape."""
    return np.round(255.0 * _value(light, gamma)).astype(np.uint8)


def light_of_slots(values: U8, slots: tuple[Slot, ...], gamma: float | None) -> F64:
    """The way back: the light, linear ``[N, 3]``, of lamps whose slots hold ``values [N, S]``."""
    level = dict[str, F64]()
    for column, slot in enumerate(slots):
        if slot.meaning == "fixed" or slot.fine:
            continue
        fine = next((n for n, s in enumerate(slots) if s.fine and s.meaning == slot.meaning), None)
        value = values[:, column] / 255.0
        if fine is not None:
            value = (values[:, column].astype(np.int64) * 256 + values[:, fine]) / 65535.0
        level[slot.meaning] = srgb_to_linear(value) if gamma is None else value**gamma
    nothing = np.zeros(len(values))
    whites = [level[name] for name in ("white", "warm", "cool") if name in level]
    white, amber = sum(whites, nothing), level.get("amber", nothing)
    light = np.stack([level.get(name, nothing) + white for name in ("red", "green", "blue")], axis=1)
    light[:, 0] += amber
    light[:, 1] += AMBER_GREEN * amber
    if "dimmer" in level:
        light = (light if level.keys() - {"dimmer"} else np.ones_like(light)) * level["dimmer"][:, None]
    return np.minimum(light, 1.0)


def _value(light: F64, gamma: float | None) -> F64:
    """The value 0..1 at which a lamp gives ``light``."""
    light = np.clip(light, 0.0, 1.0)
    return linear_to_srgb(light) if gamma is None else light ** (1.0 / gamma)


def _emitters(linear: F64, meanings: set[str]) -> dict[str, F64]:
    """The light of each emitter, ``[N]``, 0..1."""
    red, green, blue = (linear[:, channel].copy() for channel in range(3))
    if "red" not in meanings:
        return _whites_only(linear, meanings)
    share = dict[str, F64]()
    if "dimmer" in meanings:
        # The dimmer carries the height and the colours their ratio: the finest steps that 8 bits allow.
        height = np.max(linear, axis=1)
        share["dimmer"] = height
        red, green, blue = (channel / np.where(height > 0, height, 1.0) for channel in (red, green, blue))
    whites = meanings & {"white", "warm", "cool"}
    if whites:
        white = np.minimum(np.minimum(red, green), blue)
        red, green, blue = red - white, green - white, blue - white
        share |= {name: white / (len(whites) if "white" not in whites else 1) for name in whites}
        if "white" in whites:
            share |= {name: np.zeros_like(white) for name in whites - {"white"}}
    if "amber" in meanings:
        amber = np.minimum(red, green / AMBER_GREEN)
        red, green = red - amber, green - AMBER_GREEN * amber
        share["amber"] = amber
    return share | {"red": red, "green": green, "blue": blue}


def _whites_only(linear: F64, meanings: set[str]) -> dict[str, F64]:
    """Lamps without red, green and blue show how much light there is, and two whites whether it is warm or cool."""
    light = luminance(linear)
    share = dict.fromkeys(("dimmer", "white", "amber", "green", "blue"), light)
    if "dimmer" in meanings and meanings & {"warm", "cool", "white"}:
        share["white"] = np.ones_like(light)
    height = np.maximum(np.max(linear, axis=1), 1e-9)
    cool = np.clip(0.5 + (linear[:, 2] - linear[:, 0]) / (2 * height), 0.0, 1.0)
    both = {"warm", "cool"} <= meanings
    base = share["white"] if "dimmer" in meanings else light
    return share | {
        "warm": base * (1 - cool) if both else base,
        "cool": base * cool if both else base,
    }
