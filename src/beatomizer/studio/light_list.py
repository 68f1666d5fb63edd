"""Which lights there are: added, found, and those of the rig, as a page sees them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.player.calibration import read_offsets_ms
from beatomizer.studio import light_search, rig_text
from beatomizer.studio.light_book import AddedLight, LightBook
from beatomizer.studio.light_kinds import KINDS, Place, place_of
from beatomizer.studio.light_search import FoundLight

Told = dict[str, Any]

_VIEW_ZONES = 8


class LightList:
    """Everything that could be lit; may be used from any thread. What looks names up or searches takes seconds.

    Args:
        folder: of the studio's data; lights and rig are kept there.
    """

    def __init__(self, folder: Path) -> None:
        self.book = LightBook(folder)
        self._found: dict[str, FoundLight] = {}

    def told(self) -> Told:
        """All of it."""
        offsets_ms = saved_offsets_ms()
        added = [_added_told(light, offsets_ms.get(light.place.url, 0.0)) for light in self.book.lights]
        urls = {light.place.url for light in self.book.lights}
        devices = [
            _found_told(one, one.place is not None and one.place.url in urls) for one in self._found.values()
        ]
        kinds = [
            {"name": name, "text": kind.text, "options": list(kind.options), "everybody": kind.everybody}
            for name, kind in KINDS.items()
        ]
        return {"devices": devices, "added": added, "rig": self.rig(), "kinds": kinds}

    def add(
        self, kind: object, host: object, options: object = None, port: object = None, name: object = ""
    ) -> Told:
        """Add a light; a WLED is asked for its name.

        Raises:
            UsageError: the kind, the host or an option is not allowed, or the host is not on this network.
        """
        place = place_of(kind, host, options, port)
        place.near_url()
        called = name if isinstance(name, str) else ""
        if place.kind == "wled" and not called:
            found = light_search.ask_wled(place)
            called = found.name if found is not None else ""
        light = self.book.add(place, called)
        return _added_told(light, saved_offsets_ms().get(place.url, 0.0))

    def find(self, progress: Callable[[float], None], stop: threading.Event, seconds: float) -> int:
        """Look for lights; how many there are."""
        found = light_search.search(min(max(1.0, seconds), light_search.LONGEST_S), progress, stop)
        known = {(one.kind, one.place and one.place.url, one.name): one.id for one in self._found.values()}
        kept = [
            replace(one, id=known.get((one.kind, one.place and one.place.url, one.name), one.id))
            for one in found
        ]
        self._found = {one.id: one for one in kept}
        return len(kept)

    def place(self, id: object) -> tuple[Place, str]:
        """Where a light is that was found or added, and its name.

        Raises:
            UsageError: there is no such light.
        """
        found = self._found.get(id) if isinstance(id, str) else None
        if found is not None and found.place is not None:
            return found.place, found.name
        light = self.book.light(id)
        return light.place, light.name

    def rig(self) -> Told:
        """The rig file's text, and the plan of it; an error's text if the file cannot be used."""
        text = self.book.rig_text
        if not text:
            return {"text": "", "view": None, "error": ""}
        try:
            return {"text": text, "view": rig_text.view(rig_text.checked_rig(text), _VIEW_ZONES), "error": ""}
        except BeatomizerError as error:
            return {"text": text, "view": None, "error": str(error)}

    def save_rig(self, text: object) -> Told:
        """Check and keep a rig; an empty text is none.

        Raises:
            UsageError: it makes no sense, or leads elsewhere than to lights on this network.
        """
        if not isinstance(text, str):
            raise UsageError("a rig is a text", "see docs/rig.md")
        if text.strip():
            for place in rig_text.places(rig_text.checked_rig(text)).values():
                place.near_url()
        self.book.save_rig(text)
        return self.rig()


def saved_offsets_ms() -> Mapping[str, float]:
    """By URL; nothing if the file is damaged, which must not keep lights from being lit."""
    try:
        return read_offsets_ms()
    except BeatomizerError:
        return {}


def _place_told(place: Place) -> Told:
    return {
        "kind": place.kind,
        "host": place.host,
        "port": place.port or None,
        "options": dict(place.options),
    }


def _added_told(light: AddedLight, offset_ms: float) -> Told:
    told = {"id": light.id, "name": light.name, "address": light.place.url, "offset_ms": offset_ms}
    return {**_place_told(light.place), **told}


def _found_told(found: FoundLight, added: bool) -> Told:
    told: Told = {
        "id": found.id,
        "kind": found.kind,
        "name": found.name,
        "detail": found.detail,
        "added": added,
    }
    return {**(_place_told(found.place) if found.place else {}), **told}
