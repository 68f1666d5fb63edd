"""The rig file: TOML that a person writes, or ``beatomizer lights find`` begins. ``docs/rig.md`` describes it."""

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.atomic import written_aside
from beatomizer.color import parse_hex, rgb8_to_linear
from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError, one_line
from beatomizer.rig.fixture import KINDS, Calibration, Fixture, Slot, slots_of_order
from beatomizer.rig.open_fixture_library import read_ofl
from beatomizer.rig.patch import check_overlaps
from beatomizer.rig.rig import Rig

_LARGEST_BYTES = 4_000_000
_KEYS = (
    *("name", "kind", "output", "universe", "address", "pixels", "columns", "snake", "order", "slots"),
    *("ofl", "mode", "position", "end", "role", "gamma", "white", "maximum"),
)


def read_rig(path: Path | str) -> Rig:
    """Read a rig file and check all of it, patch included.

    Raises:
        UnreadableInputError: the file cannot be read or is not TOML.
        UsageError: something in it makes no sense; the message names the fixture.
    """
    path = Path(path)
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST_BYTES:
            raise UnreadableInputError(
                f"'{path.name}' is no file, or too large for a rig file", "name a rig file (.toml)"
            )
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableInputError(f"cannot read '{path}' ({error.strerror})", "name a rig file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableInputError(f"'{path.name}' is not a rig file ({error})", "see docs/rig.md") from None
    return rig_of(told, path.parent)


def rig_of(told: dict[str, Any], folder: Path) -> Rig:
    """The rig that a parsed file describes; fixture definitions are looked for in ``folder``.

    Raises:
        UsageError: something makes no sense.
        UnreadableInputError: a fixture definition cannot be read.
    """
    _only(told, ("name", "outputs", "fixture"), "the rig")
    outputs, listed = told.get("outputs", {}), told.get("fixture", [])
    if not isinstance(outputs, dict) or not all(isinstance(url, str) for url in outputs.values()):
        raise UsageError("[outputs] must give each output a URL", 'write it like dmx = "sacn://192.168.1.20"')
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UsageError("fixtures must be a list", "write each one under [[fixture]]")
    fixtures = tuple(_fixture(one, number, folder) for number, one in enumerate(listed, 1))
    rig = Rig(fixtures, outputs, _text(told, "name", "", "the rig"))
    for url in outputs.values() or [""]:
        addressed = rig.behind(url).fixtures if url else fixtures
        if not url.startswith(("wled:", "ddp:")):
            check_overlaps(addressed)
    return rig


def write_rig(rig: Rig, path: Path | str, notes: tuple[str, ...] = ()) -> None:
    """Write a rig file that ``read_rig`` reads; ``notes`` become comments at its head.

    Raises:
        UsageError: the folder cannot be written to.
    """
    lines = [f"# {note}" for note in notes]
    if rig.name:
        lines.append(f"name = {_quoted(rig.name)}")
    if rig.outputs:
        lines += [
            "",
            "[outputs]",
            *(f"{_quoted(name)} = {_quoted(url)}" for name, url in rig.outputs.items()),
        ]
    for fixture in rig.fixtures:
        lines += ["", "[[fixture]]", *_lines_of(fixture)]
    with written_aside(Path(path)) as aside:
        aside.write_text("\n".join(lines).lstrip("\n") + "\n", encoding="utf-8")


# --- reading one fixture -----------------------------------------------------------------------------------------


def _fixture(told: dict[str, Any], number: int, folder: Path) -> Fixture:
    who = f"fixture {number}"
    name = _text(told, "name", who, who)
    who = f"'{one_line(name, 40)}'"
    _only(told, _KEYS, who)
    try:
        kind, slots = _kind_and_slots(told, who, folder)
        columns = _whole(told, "columns", 0, who)
        if kind == "matrix" and not columns:
            raise UsageError(f"{who} is a matrix without columns", "say columns = how many pixels a row has")
        return Fixture(
            name,
            kind,
            slots,
            _text(told, "output", "", who),
            _whole(told, "universe", 1, who),
            _whole(told, "address", 1, who),
            _whole(told, "pixels", 1, who),
            columns,
            bool(told.get("snake", False)),
            _measure(told, "position", who),
            _measure(told, "end", who),
            _text(told, "role", "wash", who),
            _calibration(told, who),
        )
    except BeatomizerError as error:
        if who in error.problem:
            raise
        raise type(error)(f"{who}: {error.problem}", error.hint) from None


def _kind_and_slots(told: dict[str, Any], who: str, folder: Path) -> tuple[str, tuple[Slot, ...]]:
    given = [key for key in ("kind", "slots", "ofl") if key in told]
    if len(given) > 1 and given != ["kind", "slots"]:
        raise UsageError(f"{who} says both {given[0]} and {given[1]}", "say one of them")
    if "ofl" in told:
        return "custom", read_ofl(folder / _text(told, "ofl", "", who), _text(told, "mode", "", who))
    if "slots" in told:
        words = told["slots"]
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise UsageError(
                f"{who} has slots that are not a list of words", 'write slots = ["dimmer", "red"]'
            )
        return _text(told, "kind", "custom", who), tuple(_slot(word) for word in words)
    kind = _text(told, "kind", "rgb", who)
    if kind not in KINDS:
        raise UsageError(f"{who} is of the kind '{one_line(kind, 30)}'", f"choose from {', '.join(KINDS)}")
    if "order" in told:
        return kind, slots_of_order(_text(told, "order", "RGB", who))
    return kind, KINDS[kind]


def _slot(word: str) -> Slot:
    """``red``, ``red fine`` or ``fixed 255``."""
    meaning, _, more = word.strip().partition(" ")
    if meaning == "fixed" and more.strip().isdigit():
        return Slot("fixed", int(more))
    if more.strip() not in ("", "fine"):
        raise UsageError(
            f"the slot '{one_line(word, 30)}' is not understood", "write red, red fine or fixed 255"
        )
    return Slot(meaning, fine=more.strip() == "fine")


def _calibration(told: dict[str, Any], who: str) -> Calibration:
    given = told.get("gamma", 1.0)
    if given == "srgb":
        given = None
    if given is not None and (isinstance(given, bool) or not isinstance(given, int | float)):
        raise UsageError(f"{who} has a gamma that is not a number", "write gamma = 1.0 or gamma = 'srgb'")
    white = told.get("white", (1.0, 1.0, 1.0))
    if isinstance(white, str):
        white = rgb8_to_linear(np.array(parse_hex(white), dtype=np.uint8)).tolist()
    if (
        not isinstance(white, list | tuple)
        or len(white) != 3
        or not all(isinstance(w, int | float) for w in white)
    ):
        raise UsageError(
            f"{who} has a white that is no colour", "write white = '#ffeedd' or three numbers 0 to 1"
        )
    red, green, blue = (float(share) for share in white)
    maximum = told.get("maximum", 1.0)
    if isinstance(maximum, bool) or not isinstance(maximum, int | float):
        raise UsageError(f"{who} has a maximum that is not a number", "write maximum = 0.8")
    return Calibration(given if given is None else float(given), (red, green, blue), float(maximum))


def _only(told: dict[str, Any], keys: tuple[str, ...], who: str) -> None:
    for key in told:
        if key not in keys:
            raise UsageError(f"{who} has an entry '{one_line(key, 30)}'", f"known are {', '.join(keys)}")


def _text(told: dict[str, Any], key: str, default: str, who: str) -> str:
    value = told.get(key, default)
    if not isinstance(value, str):
        raise UsageError(f"{who}: {key} must be a text", f'write {key} = "…"')
    return value


def _whole(told: dict[str, Any], key: str, default: int, who: str) -> int:
    value = told.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{who}: {key} must be a whole number", f"write {key} = {default}")
    return value


def _measure(told: dict[str, Any], key: str, who: str) -> float | None:
    value = told.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e6:
        raise UsageError(f"{who}: {key} must be a number", f"write {key} = 1.5, metres from stage left")
    return float(value)


# --- writing one fixture -----------------------------------------------------------------------------------------


def _lines_of(fixture: Fixture) -> list[str]:
    standard = Calibration()
    lines = [f"name = {_quoted(fixture.name)}"]
    if fixture.kind in KINDS and fixture.slots == KINDS[fixture.kind]:
        lines.append(f"kind = {_quoted(fixture.kind)}")
    else:
        if fixture.kind in KINDS:
            lines.append(f"kind = {_quoted(fixture.kind)}")
        words = ", ".join(_quoted(_word(slot)) for slot in fixture.slots)
        lines.append(f"slots = [{words}]")
    plain = Fixture(fixture.name)
    for key in ("output", "universe", "address", "pixels", "columns", "position", "end", "role"):
        value = getattr(fixture, key)
        if value != getattr(plain, key) or key in ("universe", "address"):
            lines.append(f"{key} = {_quoted(value) if isinstance(value, str) else value}")
    if fixture.snake:
        lines.append("snake = true")
    calibration = fixture.calibration
    if calibration.gamma != standard.gamma:
        lines.append(f"gamma = {_quoted('srgb') if calibration.gamma is None else calibration.gamma}")
    if calibration.white != standard.white:
        lines.append(f"white = [{', '.join(str(share) for share in calibration.white)}]")
    if calibration.maximum != standard.maximum:
        lines.append(f"maximum = {calibration.maximum}")
    return lines


def _word(slot: Slot) -> str:
    if slot.meaning == "fixed":
        return f"fixed {slot.value}"
    return f"{slot.meaning} fine" if slot.fine else slot.meaning


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's, except that DEL must be escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
