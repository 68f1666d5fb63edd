"""The lights that were added, and the rig: two small files in the studio's own folder."""

import contextlib
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.errors import BeatomizerError, UsageError, one_line
from beatomizer.player.board import MOST_OUTPUTS
from beatomizer.studio.light_kinds import Place, place_of

LIGHTS, RIG = "lights.json", "rig.toml"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_NAME_LETTERS = 60


@dataclass(frozen=True)
class AddedLight:
    """One light that was added.

    Attributes:
        id: made here.
        place: where it is.
        name: for people; untrusted text.
    """

    id: str
    place: Place
    name: str


class LightBook:
    """What was added, kept on disk; may be used from any thread. Reading never waits for writing.

    Args:
        folder: of the studio; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._lights = {light.id: light for light in self._read()}

    @property
    def lights(self) -> list[AddedLight]:
        """In the order in which they were added."""
        return list(self._lights.values())

    def light(self, id: object) -> AddedLight:
        """One of them.

        Raises:
            UsageError: nothing has that id.
        """
        light = self._lights.get(id) if isinstance(id, str) else None
        if light is None:
            raise UsageError("there is no such light", "it may have been removed: look at the list again")
        return light

    def add(self, place: Place, name: str = "") -> AddedLight:
        """Keep a light; one that is there already is given back as it is.

        Raises:
            UsageError: there are too many.
        """
        with self._lock:
            for light in self._lights.values():
                if light.place == place:
                    return light
            if len(self._lights) >= MOST_OUTPUTS:
                raise UsageError(f"{MOST_OUTPUTS} lights are the most", "remove one first")
            light = AddedLight(made_id(), place, shown_name(name) or place.host)
            self._write({**self._lights, light.id: light})
            return light

    def rename(self, id: object, name: str) -> AddedLight:
        """Call it otherwise; an empty name is its host."""
        light = self.light(id)
        with self._lock:
            light = replace(light, name=shown_name(name) or light.place.host)
            self._write({**self._lights, light.id: light})
            return light

    def remove(self, id: object) -> AddedLight:
        """Forget it."""
        light = self.light(id)
        with self._lock:
            self._write({key: other for key, other in self._lights.items() if key != light.id})
            return light

    @property
    def rig_text(self) -> str:
        """The rig file as it was saved; empty if there is none."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (self._folder / RIG).read_text(encoding="utf-8")
        return ""

    def save_rig(self, text: str) -> None:
        """Keep a rig file that was checked; empty: none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not text.strip():
            (self._folder / RIG).unlink(missing_ok=True)
            return
        with written_aside(self._folder / RIG) as aside:
            aside.write_text(text, encoding="utf-8")

    def _write(self, lights: dict[str, AddedLight]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        told = [_told(light) for light in lights.values()]
        with written_aside(self._folder / LIGHTS) as aside:
            aside.write_text(json.dumps({"version": 1, "lights": told}, indent=1), encoding="utf-8")
        self._lights = lights

    def _read(self) -> list[AddedLight]:
        """What was kept; what is damaged or not allowed (any more) is left out."""
        try:
            told = json.loads((self._folder / LIGHTS).read_text(encoding="utf-8"))["lights"]
            entries = [entry for entry in told if isinstance(entry, Mapping)]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []
        lights = []
        for entry in entries[:MOST_OUTPUTS]:
            with contextlib.suppress(BeatomizerError):
                place = place_of(
                    entry.get("kind"), entry.get("host"), entry.get("options"), entry.get("port")
                )
                name = shown_name(str(entry.get("name", ""))) or place.host
                lights.append(AddedLight(_old_id(entry.get("id")), place, name))
        return lights


def shown_name(text: str) -> str:
    """A name for people, one line, not long."""
    return one_line(text, _NAME_LETTERS)


def made_id() -> str:
    """Twelve letters and digits that nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def _old_id(id: object) -> str:
    fits = isinstance(id, str) and len(id) == 12 and set(id) <= set(_LETTERS)
    return str(id) if fits else made_id()


def _told(light: AddedLight) -> dict[str, Any]:
    place = light.place
    told = {"id": light.id, "kind": place.kind, "host": place.host, "port": place.port or None}
    return {**told, "options": dict(place.options), "name": light.name}
