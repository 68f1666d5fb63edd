"""A Hue bridge's own web interface: pairing, areas, start and stop. Each call may take seconds.

Bridges show a certificate that no public authority has signed, so it is not checked; what protects the connection is
the local network and the key that pairing gave.
"""

import contextlib
import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.errors import DeviceError, UsageError, one_line
from beatomizer.outputs.lights.device_web import direct_opener
from beatomizer.outputs.lights.identity import settings_folder

_TIMEOUT_S = 3.0
_LARGEST = 1_000_000
_BUTTON_NOT_PRESSED = 101


@dataclass(frozen=True)
class Credentials:
    """What pairing gives: the application's key for the web interface, and the pre-shared key for the stream."""

    user: str
    key: str


@dataclass(frozen=True)
class Area:
    """An entertainment area: its UUID, its name, and its channels' numbers and places, −1 left to 1 right."""

    uuid: str
    name: str
    channels: tuple[tuple[int, float], ...]


class HueBridge:
    """One bridge.

    Args:
        host: name or address.
        port: of its web interface.
    """

    def __init__(self, host: str, port: int = 443) -> None:
        self.host, self._port = host, port

    def pair(self) -> Credentials:
        """Ask for credentials; the button on the bridge must have been pressed within 30 s.

        Raises:
            DeviceError: it was not, or the bridge does not answer.
        """
        name = f"beatomizer#{socket.gethostname()[:19]}"
        told = self._ask("POST", "/api", {"devicetype": name, "generateclientkey": True}, "")
        with self._understood():
            (told,) = told
            if "success" in told:
                return Credentials(str(told["success"]["username"]), str(told["success"]["clientkey"]))
            reason = told["error"]["type"]
        if reason == _BUTTON_NOT_PRESSED:
            raise DeviceError(
                "the Hue bridge waits for its button", "press it and run this again within 30 seconds"
            )
        raise DeviceError(f"the Hue bridge refuses to pair ({one_line(str(told), 80)})", "see its app")

    def areas(self, credentials: Credentials) -> list[Area]:
        """The entertainment areas.

        Raises:
            DeviceError: the bridge does not answer, or does not know us any more.
        """
        told = self._ask("GET", "/clip/v2/resource/entertainment_configuration", None, credentials.user)
        with self._understood():
            return [_area(area) for area in told["data"]]

    def act(self, credentials: Credentials, area: Area, action: str) -> None:
        """``start`` or ``stop`` the streaming of an area.

        Raises:
            DeviceError: the bridge does not answer.
        """
        place = f"/clip/v2/resource/entertainment_configuration/{area.uuid}"
        self._ask("PUT", place, {"action": action}, credentials.user)

    @contextlib.contextmanager
    def _understood(self) -> Iterator[None]:
        """Whatever is wrong with an answer is the bridge's fault, and is said so."""
        try:
            yield
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise DeviceError(
                f"the answer of {self.host} is not that of a Hue bridge", "check its address"
            ) from None

    def _ask(self, method: str, place: str, body: dict[str, Any] | None, user: str) -> Any:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        opener = direct_opener(urllib.request.HTTPSHandler(context=context))
        request = urllib.request.Request(
            f"https://{self.host}:{self._port}{place}",
            None if body is None else json.dumps(body).encode(),
            {"hue-application-key": user, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                return json.loads(answer.read(_LARGEST))
        except (OSError, ValueError, http.client.HTTPException, RecursionError) as error:
            reason = one_line(str(getattr(error, "reason", error)), 80)
            raise DeviceError(
                f"the Hue bridge {self.host} does not answer ({reason})", "check its address"
            ) from None


def _area(told: dict[str, Any]) -> Area:
    """One area, as the stream needs it: a UUID of 36 characters, channels of one byte."""
    channels = tuple((int(c["channel_id"]), float(c["position"]["x"])) for c in told["channels"])
    if not channels or not all(0 <= number <= 255 and abs(x) <= 10.0 for number, x in channels):
        raise ValueError("no such channels")
    return Area(str(uuid.UUID(told["id"])), str(told.get("metadata", {}).get("name", "")), channels)


def kept_credentials(host: str) -> Credentials | None:
    """What was kept of an earlier pairing."""
    try:
        told = json.loads((settings_folder() / "hue.json").read_text(encoding="utf-8"))[host]
        return Credentials(str(told["user"]), str(told["key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_credentials(host: str, credentials: Credentials) -> None:
    """Keep a pairing, readable by its owner only."""
    path: Path = settings_folder() / "hue.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    path.parent.mkdir(parents=True, exist_ok=True)
    known[host] = {"user": credentials.user, "key": credentials.key}
    with written_aside(path) as aside:
        aside.write_text(json.dumps(known, indent=1), encoding="utf-8")
    path.chmod(0o600)


def chosen_area(areas: list[Area], name: str) -> Area:
    """The area with that name or UUID; the only one if no name is given.

    Raises:
        UsageError: there is no such area, or more than one to choose from.
    """
    fitting = (
        [area for area in areas if name.casefold() in (area.name.casefold(), area.uuid)] if name else areas
    )
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(f"'{one_line(area.name, 40)}'" for area in areas) or "none: make one in the Hue app"
    raise UsageError("which entertainment area of the Hue bridge?", f"say area=NAME; there are {known}")
