"""Who is there: WLEDs by mDNS or address, Art-Net nodes by ArtPoll, sACN sources by universe discovery."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from beatomizer.outputs.lights import artnet_packets, sacn_packets
from beatomizer.outputs.lights.wled_info import WledInfo, ask_info
from beatomizer.rig.fixture import Calibration, Fixture
from beatomizer.rig.rig import Rig

_PIXELS_A_UNIVERSE = 170

_MOST_NAMES = 256

ANSWER_S = 4.0
"""All WLEDs together have so long to answer; who sends a byte now and then would otherwise hold the search up."""


@dataclass(frozen=True)
class Found:
    """One receiver, or one other source.

    Attributes:
        kind: ``wled``, ``artnet``, or ``sacn source`` (somebody else who sends).
        name: what it calls itself.
        url: to send light to it; empty for a source.
        detail: for people.
        info: of a WLED.
        universes: of a node or source.
    """

    kind: str
    name: str
    url: str
    detail: str
    info: WledInfo | None = None
    universes: tuple[int, ...] = ()


def find_wled(
    seconds: float,
    hosts: tuple[str, ...] = (),
    port: int = 80,
    interface: str = "",
    near: Callable[[str], bool] = lambda address: True,
    listen: bool = True,
    answer_s: float = ANSWER_S,
) -> list[Found]:
    """The WLEDs at ``hosts``, and with the ``zeroconf`` package those that announce themselves by mDNS.

    Args:
        seconds: how long to listen for announcements.
        hosts: addresses to ask in any case.
        port: of the web interface.
        interface: own address on the network to listen to; empty: all.
        near: whether an address that was announced may be asked: anybody can announce any.
        listen: whether to listen for announcements at all.
        answer_s: how long, after that, all of them together have to answer.
    """
    found = []
    announced = _announced_wleds(seconds, interface, answer_s / 2) if listen else []
    everybody = tuple(dict.fromkeys([*hosts, *filter(near, announced)]))
    for host, info in _asked(everybody, port, answer_s).items():
        shape = f"{info.columns} columns, " if info.columns else ""
        detail = f"{shape}{info.pixels} pixels{', RGBW' if info.rgbw else ''}, version {info.version}"
        web = f"?http={port}" if port != 80 else ""
        found.append(Found("wled", info.name, f"wled://{host}{web}", detail, info))
    return found


def _asked(hosts: tuple[str, ...], port: int, within_s: float) -> dict[str, WledInfo]:
    """What each host tells, asked all at once; those that have not answered in time are left out."""
    told = dict[str, WledInfo]()

    def ask(host: str) -> None:
        with contextlib.suppress(OSError):
            told[host] = ask_info(host, port)

    asking = [threading.Thread(target=ask, args=(host,), daemon=True) for host in hosts]
    for one in asking:
        one.start()
    end = time.monotonic() + within_s
    for one in asking:
        one.join(max(0.0, end - time.monotonic()))
    return {host: info for host in hosts if (info := told.get(host)) is not None}


def can_use_mdns() -> bool:
    """Whether the optional package is there."""
    from importlib.util import find_spec

    return find_spec("zeroconf") is not None


def _announced_wleds(seconds: float, interface: str, within_s: float) -> list[str]:
    if not can_use_mdns():
        return []
    from zeroconf import InterfaceChoice, ServiceBrowser, ServiceStateChange, Zeroconf

    service, names = "_wled._tcp.local.", list[str]()

    def on_change(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Added:
            names.append(name)

    addresses = list[str]()
    ways = [interface] if interface else InterfaceChoice.All
    with contextlib.suppress(OSError), contextlib.closing(Zeroconf(interfaces=ways)) as zeroconf:
        browser = ServiceBrowser(zeroconf, service, handlers=[on_change])
        time.sleep(seconds)
        end = time.monotonic() + within_s
        for name in names[:_MOST_NAMES]:
            left_ms = max(1, round(1000 * (end - time.monotonic())))
            told = zeroconf.get_service_info(service, name, min(1500, left_ms))
            addresses += told.parsed_addresses()[:1] if told else []
        browser.cancel()
    return addresses


def find_artnet(
    seconds: float,
    network: str = "255.255.255.255",
    port: int = artnet_packets.PORT,
    own_port: int | None = None,
) -> list[Found]:
    """The nodes that answer an ArtPoll.

    Args:
        seconds: how long to wait; nodes answer within 3 s (ArtPollReply).
        network: broadcast address, or one node's.
        port: of the nodes.
        own_port: where answers come to; the protocol's port where it is free.
    """
    nodes = dict[tuple[str, tuple[int, ...]], artnet_packets.Node]()
    for data, sender in _answers(artnet_packets.poll_packet(), network, port, own_port or port, seconds):
        node = artnet_packets.node_of(data, sender)
        if node is not None and node.outputs:
            nodes[node.address, node.outputs] = node
    found = []
    for node in nodes.values():
        where = f":{port}" if port != artnet_packets.PORT else ""
        url = f"artnet://{node.address}{where}?universe={node.outputs[0]}"
        detail = f"universe{'s' if len(node.outputs) > 1 else ''} {', '.join(map(str, node.outputs))}"
        found.append(Found("artnet", node.name or node.address, url, detail, universes=node.outputs))
    return found


def find_sacn(seconds: float, interface: str = "0.0.0.0", port: int = sacn_packets.PORT) -> list[Found]:
    """Other sources, which tell their universes every ten seconds. Receivers of sACN say nothing."""
    group = sacn_packets.multicast_address(sacn_packets.DISCOVERY_UNIVERSE)
    found = dict[tuple[str, tuple[int, ...]], Found]()
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp.bind(("", port))
        membership = socket.inet_aton(group) + socket.inet_aton(interface)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        for data, sender in _received(udp, seconds):
            told = sacn_packets.discovered(data)
            if told is not None:
                universes = ", ".join(map(str, told[1]))
                one = Found(
                    "sacn source", told[0], "", f"from {sender}, universes {universes}", universes=told[1]
                )
                found[told] = one
    return list(found.values())


def _answers(question: bytes, to: str, port: int, own_port: int, seconds: float) -> list[tuple[bytes, str]]:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            udp.bind(("", own_port))
        except OSError:
            udp.bind(("", 0))
        udp.sendto(question, (to, port))
        return _received(udp, seconds)
    return []


def _received(udp: socket.socket, seconds: float) -> list[tuple[bytes, str]]:
    got, end = list[tuple[bytes, str]](), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        udp.settimeout(left)
        with contextlib.suppress(TimeoutError, ConnectionError):
            data, sender = udp.recvfrom(65535)
            got.append((data, str(sender[0])))
    return got


def first_rig(found: list[Found]) -> Rig:
    """A rig of everything that was found, to be edited: pixels as they are, a node's universes as pixel strips."""
    outputs, fixtures = dict[str, str](), list[Fixture]()
    for one in found:
        if not one.url:
            continue
        name = _free(one.name, outputs)
        outputs[name] = one.url
        if one.info is not None:
            kind = "matrix" if one.info.columns else "strip"
            pixels, columns = one.info.pixels, one.info.columns
            calibration = Calibration(one.info.gamma)
            fixtures.append(
                Fixture(name, kind, output=name, pixels=pixels, columns=columns, calibration=calibration)
            )
        for universe in one.universes:
            title = _free(f"{name} {universe}", {fixture.name: "" for fixture in fixtures})
            fixtures.append(
                Fixture(title, "strip", output=name, universe=universe, pixels=_PIXELS_A_UNIVERSE)
            )
    return Rig(tuple(fixtures), outputs, "found")


def _free(name: str, taken: dict[str, str]) -> str:
    """``name``, with a number behind it if it is taken."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name} {number}"
    return free
