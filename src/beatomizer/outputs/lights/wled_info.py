"""What a WLED tells of itself at ``/json/info`` and ``/json/cfg``."""

import http.client
import json
import urllib.error
from dataclasses import dataclass, replace

from beatomizer.errors import one_line
from beatomizer.outputs.lights.device_web import direct_opener

_LARGEST = 65536
_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class WledInfo:
    """The part that matters here.

    Attributes:
        name: as its owner calls it.
        pixels: LEDs in all.
        columns: of a matrix, 0 for strips.
        rgbw: whether they have a white of their own (WLED works it out by itself).
        realtime_port: of its UDP realtime protocol.
        version: of its firmware.
        gamma: what it does with the values of network frames: light is ``(value / 255) ** gamma``. 1 unless somebody
            switched its gamma correction on for them: WLED's own default is to leave that to the sender.
    """

    name: str
    pixels: int
    columns: int = 0
    rgbw: bool = False
    realtime_port: int = 21324
    version: str = ""
    gamma: float = 1.0


def parse_info(text: bytes) -> WledInfo:
    """Read the JSON.

    Raises:
        OSError: it is not what a WLED answers.
    """
    try:
        told = json.loads(text)
        leds = told["leds"]
        matrix = leds.get("matrix") or {}
        info = WledInfo(
            one_line(str(told.get("name", "WLED")), 40),
            int(leds["count"]),
            int(matrix.get("w", 0)),
            bool(leds.get("rgbw", False)),
            int(told.get("udpport", 21324)),
            one_line(str(told.get("ver", "")), 20),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise OSError("the answer at /json/info is not that of a WLED") from None
    if not 1 <= info.pixels <= 65536 or not 1 <= info.realtime_port <= 65535:
        raise OSError(f"a WLED with {info.pixels} pixels cannot be driven")
    # A matrix that does not fill its rows, or has fewer than one column, is treated as a strip.
    return info if info.columns > 0 and info.pixels % info.columns == 0 else replace(info, columns=0)


def parse_gamma(text: bytes) -> float:
    """The gamma of network frames, from the JSON of ``/json/cfg``; 1 where that says nothing of use.

    ``if.live.no-gc`` is "Disable realtime gamma correction", ``light.gc.col`` the exponent, 1 if it is off.
    """
    try:
        told = json.loads(text)
        gamma = 1.0 if told["if"]["live"]["no-gc"] else float(told["light"]["gc"]["col"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 1.0
    return gamma if 1.0 <= gamma <= 4.0 else 1.0


def ask_info(host: str, port: int = 80) -> WledInfo:
    """Ask a WLED; may take four seconds.

    Raises:
        OSError: it does not answer, or not as a WLED does.
    """
    info = parse_info(_told(host, port, "info"))
    try:
        return replace(info, gamma=parse_gamma(_told(host, port, "cfg")))
    except OSError:  # locked by a PIN
        return info


def _told(host: str, port: int, what: str) -> bytes:
    place = f"[{host}]" if ":" in host else host
    try:
        with direct_opener().open(f"http://{place}:{port}/json/{what}", timeout=_TIMEOUT_S) as answer:
            return bytes(answer.read(_LARGEST))
    except (urllib.error.URLError, http.client.HTTPException, ValueError) as error:
        reason = one_line(str(getattr(error, "reason", error)), 80)
        raise OSError(f"no answer from http://{place}:{port}/json/{what} ({reason})") from None
