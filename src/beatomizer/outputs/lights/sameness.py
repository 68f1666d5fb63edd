"""Whether two URLs lead to one light: two senders to one lamp would make it jump from one's light to the other's.

What an address claims can be told without any network, up to the names of hosts. Names are looked up aside.
"""

import ipaddress
import socket
from collections.abc import Callable, Hashable
from itertools import combinations
from typing import NamedTuple

from beatomizer.outputs.lights import artnet_packets, ddp_packets, hue_packets, sacn_packets, wled_packets
from beatomizer.outputs.lights.url import LightUrl, record_path
from beatomizer.rig.patch import places_of, plain_fixtures
from beatomizer.rig.rig import Rig

_DEFAULT_ZONES = 8
_MQTT_PORT = 1883
_HIGHEST = 63999


class Claim(NamedTuple):
    """One thing that a light has for itself: of a kind, at a host (empty: none), by a port or the like."""

    kind: str
    host: str
    what: Hashable


def claims(url: LightUrl, zones: int | None = None, rig: Rig | None = None) -> set[Claim]:
    """What the light behind a URL has for itself; empty for schemes that are not known here, such as plugins'."""
    host, scheme = _host(url.host), url.scheme
    if scheme in ("sacn", "artnet"):
        port = url.port or (sacn_packets.PORT if scheme == "sacn" else artnet_packets.PORT)
        return {Claim(scheme, host, (port, universe)) for universe in _universes(url, zones, rig)}
    if scheme == "ddp":
        return {Claim("ddp", host, url.port or ddp_packets.PORT)}
    if scheme == "wled":
        return _of_wled(url, host)
    if scheme == "hue":
        return {Claim("hue", host, (url.port or hue_packets.PORT, url.options.get("area", "")))}
    if scheme == "mqtt":
        topic = url.options.get("topic", "beatomizer")
        return {Claim("mqtt", host, (url.port or _MQTT_PORT, topic))}
    if scheme in ("osc", "wledsync"):
        return {Claim(scheme, host, url.port)}
    if scheme == "screen":
        return {Claim("screen", "", None)}
    if scheme == "record":
        return {Claim("file", "", record_path(url).resolve())}
    if scheme == "enttec":
        return {Claim("serial", "", (url.host.upper(), url.path))}
    return set()


def _of_wled(url: LightUrl, host: str) -> set[Claim]:
    """A WLED takes DDP from anybody; by either of its protocols it is the same lamp."""
    if url.options.get("protocol", "ddp") == "ddp":
        port, usual = url.port or ddp_packets.PORT, ddp_packets.PORT
        found = {Claim("ddp", host, port)}
    else:
        port, usual = url.port or wled_packets.REALTIME_PORT, wled_packets.REALTIME_PORT
        found = {Claim("wled udp", host, port)}
    return found | ({Claim("wled", host, url.options.get("http", "80"))} if port == usual else set())


def _universes(url: LightUrl, zones: int | None, rig: Rig | None) -> set[int]:
    """The universes that it sends; options that are no numbers are told elsewhere."""
    fixtures = rig.behind(url.text).fixtures if rig else ()
    if not fixtures:
        first, address = (
            _number(url.options.get(name, ""), usual) for name, usual in (("universe", None), ("address", 1))
        )
        first = (1 if url.scheme == "sacn" else 0) if first is None else first
        fixtures = plain_fixtures(zones or _DEFAULT_ZONES, first, min(max(address or 1, 1), 512))
    return {place.universe for fixture in fixtures for place in places_of(fixture, 0, 2 * _HIGHEST)}


def _number(text: str, usual: int | None) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else usual


def _host(host: str) -> str:
    """Addresses in one spelling; names in small letters, without the dot at their end."""
    name = host.casefold().removesuffix(".")
    if name == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def same_lights(
    urls: tuple[str, ...], zones: int | None = None, rig: Rig | None = None
) -> tuple[str, str] | None:
    """The first two URLs that claim the same thing; what can be known without asking anybody."""
    claimed = [(url, claims(LightUrl.parse(url), zones, rig)) for url in urls]
    for (one, of_one), (other, of_other) in combinations(claimed, 2):
        if one == other or of_one & of_other:
            return one, other
    return None


def same_after_asking(
    urls: tuple[str, ...],
    zones: int | None = None,
    rig: Rig | None = None,
    look_up: Callable[[str], str] = socket.gethostbyname,
) -> tuple[str, str] | None:
    """As ``same_lights``, with names of hosts looked up; may take seconds.

    Only hosts that could matter are asked for: those of lights that differ in nothing but their host.
    """
    claimed = [(url, claims(LightUrl.parse(url), zones, rig)) for url in urls]
    for (one, of_one), (other, of_other) in combinations(claimed, 2):
        for a in of_one:
            for b in of_other:
                if (a.kind, a.what) == (b.kind, b.what) and _resolved(a.host, look_up) == _resolved(
                    b.host, look_up
                ):
                    return one, other
    return None


def _resolved(host: str, look_up: Callable[[str], str]) -> str:
    try:
        return look_up(host) if host not in ("", "multicast", "broadcast") else host
    except (OSError, ValueError):
        return host
