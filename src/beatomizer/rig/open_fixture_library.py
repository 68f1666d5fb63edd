"""Fixture definitions of the Open Fixture Library (JSON, MIT; schema 12.x): one mode of one fixture, as slots.

Dimmer, colour intensities and whites are driven. Everything else is held where the lamp gives steady light: shutters
open, programs and effects off, the rest at its default. A bar of several cells shows one colour.
"""

import json
import re
import stat
from pathlib import Path
from typing import Any

from beatomizer.errors import UnreadableInputError, UsageError, one_line
from beatomizer.rig.fixture import SLOTS, Slot

_LARGEST_BYTES = 4_000_000

_COLORS = {
    "Red": "red",
    "Green": "green",
    "Blue": "blue",
    "White": "white",
    "Amber": "amber",
    "Warm White": "warm",
    "Cold White": "cool",
}
"""The emitters that ``mixing`` can drive; cyan, magenta, yellow, lime, indigo and UV stay dark."""


def read_ofl(path: Path, mode: str = "") -> tuple[Slot, ...]:
    """The slots of a fixture in one of its modes.

    Args:
        path: the JSON file.
        mode: its name or short name; empty: the only one.

    Raises:
        UnreadableInputError: the file cannot be read or is not such a definition.
        UsageError: there is no such mode, or none was chosen; the message lists them.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST_BYTES:
            raise ValueError("it is no file, or too large")
        told = json.loads(path.read_text(encoding="utf-8"))
        modes = {str(one.get("shortName") or one["name"]): one for one in told["modes"]}
        names = {str(one["name"]): one for one in told["modes"]}
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read '{path}' ({error.strerror})", "name a fixture's JSON"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableInputError(
            f"'{path.name}' is not a definition of the Open Fixture Library ({error})",
            "download its JSON again",
        ) from None
    chosen = (
        modes.get(mode)
        or names.get(mode)
        or (next(iter(modes.values())) if len(modes) == 1 and not mode else None)
    )
    if chosen is None:
        asked = f"has no mode '{one_line(mode, 30)}'" if mode else "has several modes"
        raise UsageError(f"'{path.name}' {asked}", f"say mode = one of {', '.join(modes)}")
    try:
        return slots_of_mode(told, chosen)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnreadableInputError(
            f"'{path.name}' is not a definition of the Open Fixture Library ({error!r})",
            "download its JSON again",
        ) from None


def slots_of_mode(told: dict[str, Any], mode: dict[str, Any]) -> tuple[Slot, ...]:
    """The slots of one mode, from the parsed definition."""
    known = _channels(told)
    slots = [known.get(name, Slot("fixed")) if name else Slot("fixed") for name in _listed(told, mode)]
    if not slots or len(slots) > SLOTS:
        raise ValueError(f"a mode with {len(slots)} slots")
    # Of two slots with one meaning (a bar's cells) all are driven; a fine slot without its coarse one holds nothing.
    coarse = {slot.meaning for slot in slots if not slot.fine}
    return tuple(slot if not slot.fine or slot.meaning in coarse else Slot("fixed") for slot in slots)


def _listed(told: dict[str, Any], mode: dict[str, Any]) -> list[str | None]:
    """The channels of a mode by name, with those of its cells written out."""
    names = list[str | None]()
    for channel in mode["channels"]:
        if not isinstance(channel, dict):
            names.append(channel)
            continue
        cells = _cells(told, channel["repeatFor"])
        templates = channel["templateChannels"]
        if channel["channelOrder"] == "perPixel":
            pairs = [(template, cell) for cell in cells for template in templates]
        else:
            pairs = [(template, cell) for template in templates for cell in cells]
        names += [
            None if template is None else template.replace("$pixelKey", cell) for template, cell in pairs
        ]
    return names


def _cells(told: dict[str, Any], repeat: str | list[str]) -> list[str]:
    """Names of the cells: listed, or ``x``, ``(x, y)``, ``(x, y, z)`` from their count."""
    if isinstance(repeat, list):
        return [str(cell) for cell in repeat]
    matrix = told["matrix"]
    if "pixelGroup" in repeat:
        return [str(group) for group in matrix["pixelGroups"]]
    if "pixelKeys" in matrix:
        flat = [key for plane in matrix["pixelKeys"] for row in plane for key in row]
        return (
            sorted(str(key) for key in flat if key)
            if repeat == "eachPixelABC"
            else [str(k) for k in flat if k]
        )
    wide, high, deep = (int(count) for count in matrix["pixelCount"])
    if min(wide, high, deep) < 1 or wide * high * deep > SLOTS:
        raise ValueError("too many cells")
    axes = [axis for axis, count in enumerate((wide, high, deep)) if count > 1] or [0]
    cells = [(x, y, z) for z in range(1, deep + 1) for y in range(1, high + 1) for x in range(1, wide + 1)]
    names = [[str(cell[axis]) for axis in axes] for cell in cells]
    return [name[0] if len(name) == 1 else f"({', '.join(name)})" for name in names]


def _channels(told: dict[str, Any]) -> dict[str, Slot]:
    """Every channel by name: fine aliases and the cells' templates included."""
    known = dict[str, Slot]()
    for name, channel in told.get("availableChannels", {}).items():
        _learn(known, name, channel)
    for template, channel in told.get("templateChannels", {}).items():
        for cell in _all_cells(told):
            _learn(known, template.replace("$pixelKey", cell), channel, cell)
    return known


def _all_cells(told: dict[str, Any]) -> list[str]:
    matrix = told.get("matrix", {})
    return [*_cells(told, "eachPixelXYZ"), *(str(group) for group in matrix.get("pixelGroups", {}))]


def _learn(known: dict[str, Slot], name: str, channel: dict[str, Any], cell: str = "") -> None:
    slot = _slot_of(channel)
    known[name] = slot
    for number, alias in enumerate(channel.get("fineChannelAliases", [])):
        fine = Slot(slot.meaning, fine=True) if slot.meaning != "fixed" and number == 0 else Slot("fixed")
        known[alias.replace("$pixelKey", cell)] = fine


def _slot_of(channel: dict[str, Any]) -> Slot:
    abilities = channel["capabilities"] if "capabilities" in channel else [channel["capability"]]
    kinds = {str(ability["type"]) for ability in abilities}
    if kinds == {"Intensity"}:
        return Slot("dimmer")
    if kinds == {"ColorIntensity"}:
        meaning = _COLORS.get(str(abilities[0].get("color")))
        return Slot(meaning) if meaning else Slot("fixed")
    for wanted in (_is_open, _is_full):
        for ability in abilities:
            if wanted(ability) and "dmxRange" in ability:
                return Slot("fixed", _coarse(ability["dmxRange"][1 if wanted is _is_full else 0]))
    for ability in abilities:
        if ability["type"] == "NoFunction" and "dmxRange" in ability:
            return Slot("fixed", _coarse(ability["dmxRange"][0]))
    return Slot("fixed", _default(channel.get("defaultValue", 0)))


def _is_open(ability: dict[str, Any]) -> bool:
    return ability["type"] == "ShutterStrobe" and ability.get("shutterEffect") == "Open"


def _is_full(ability: dict[str, Any]) -> bool:
    """A dimmer that shares its channel with strobes or programs: held at its full end, and the colours do the rest."""
    return bool(ability["type"] == "Intensity")


def _coarse(value: int) -> int:
    return int(value) if value <= 255 else int(value) >> 8


def _default(value: int | str) -> int:
    """A number, or a share such as ``50%``."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)%", value)
        return int(min(100.0, float(match[1])) * 255 / 100 + 0.5) if match else 0
    return min(255, _coarse(value))
