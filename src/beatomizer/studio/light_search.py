"""Looking for lights: the server's side. What was found is checked once more before a page sees it."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from beatomizer.errors import BeatomizerError
from beatomizer.studio.addresses import near_address
from beatomizer.studio.light_book import made_id, shown_name
from beatomizer.studio.light_kinds import Place, place_of
from beatomizer.studio.lines_child import LinesChild, Told

CHILD = "beatomizer.studio.search_child"
SEARCH_S = 5.0
LONGEST_S = 12.0
"""sACN sources tell themselves every ten seconds; nodes and WLEDs answer within three."""

_EXTRA_S = 7.0
"""A WLED that was announced may take four seconds to answer; after this the search is ended, whoever drips on."""

_MOST = 100


@dataclass(frozen=True)
class FoundLight:
    """Something on the network.

    Attributes:
        id: made here.
        kind: of ``light_kinds.KINDS``, or ``sacn source``: somebody else who sends, to whom nothing can be sent.
        name, detail: for people; untrusted text.
        place: to send light to it; ``None`` for a source.
    """

    id: str
    kind: str
    name: str
    detail: str
    place: Place | None


def search(seconds: float, progress: Callable[[float], None], stop: threading.Event) -> list[FoundLight]:
    """Look for lights; returns when it is over or ``stop`` is set."""
    return _asked(seconds, [], progress, stop, seconds + _EXTRA_S)


def ask_wled(place: Place) -> FoundLight | None:
    """What the WLED at a place says of itself; ``None`` if it says nothing. May take seconds.

    Raises:
        UsageError: the host is unknown or not near.
    """
    port = int(place.options.get("http", 80))
    found = _asked(
        0.0, [f"{near_address(place.host)}|{port}"], lambda share: None, threading.Event(), _EXTRA_S
    )
    return next((one for one in found if one.kind == "wled"), None)


def _asked(
    seconds: float,
    hosts: list[str],
    progress: Callable[[float], None],
    stop: threading.Event,
    patience_s: float,
) -> list[FoundLight]:
    found = dict[tuple[str, str], FoundLight]()
    over = threading.Event()

    def hear(told: Told) -> None:
        if isinstance(told.get("share"), float):
            progress(told["share"])
        elif isinstance(told.get("found"), Mapping) and len(found) < _MOST:
            with contextlib.suppress(BeatomizerError):
                one = found_light(told["found"])
                found.setdefault((one.kind, one.place.url if one.place else one.name), one)

    child = LinesChild(CHILD, [f"{seconds:g}", *hosts], hear, lambda code: over.set())
    waited = 0.0
    while not over.wait(0.1) and not stop.is_set() and waited < patience_s:
        waited += 0.1
    child.stop(0.2)
    return list(found.values())


def found_light(told: Mapping[str, object]) -> FoundLight:
    """One light as the child told it.

    Raises:
        UsageError: it is of a kind, or at a place, that is not allowed.
    """
    kind = str(told.get("kind", ""))
    place = None
    if "host" in told:
        place = place_of(kind, told["host"], told.get("options"), told.get("port"))
        near_address(place.host)
    elif kind != "sacn source":
        kind = "sacn source"
    name = shown_name(str(told.get("name", ""))) or (place.host if place else kind)
    return FoundLight(made_id(), kind, name, str(told.get("detail", ""))[:120], place)
