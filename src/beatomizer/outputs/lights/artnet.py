"""``artnet://``: Art-Net 4 to one node by address, or to all nodes that answer and subscribe."""

from beatomizer.arrays import U8
from beatomizer.outputs.lights import artnet_packets as packets
from beatomizer.outputs.lights.artnet_packets import Node
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.link import UdpLink
from beatomizer.outputs.lights.response import response_of
from beatomizer.outputs.lights.sacn import DMX_FPS
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Address, Message, PlainVoice
from beatomizer.rig.patch import DmxPatch, plain_fixtures
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile

POLL_S = 2.75
"""Controllers poll every 2.5 to 3 seconds (ArtPoll, "Controllers")."""

MOST_NODES = 128
"""Replies are not proven: whoever makes names up must not make this program send light all over the world."""

GONE_S = 10.0
"""A node that left three polls unanswered gets no more data."""


class ArtnetVoice(PlainVoice):
    """The packets of one controller.

    Args:
        patch: frames to universes.
        port: of the nodes.
        to_all: send to the nodes that answered; else to the named host, answer or not.
        sync: send ArtSync after the universes of a frame.
    """

    def __init__(self, patch: DmxPatch, port: int, to_all: bool, sync: bool) -> None:
        self.patch, self._port, self._to_all, self._sync = patch, port, to_all, sync
        self._sequence = 0
        self._polled_s: float | None = None
        self._now_s = 0.0
        self.nodes: dict[tuple[str, tuple[int, ...]], tuple[Node, float]] = {}

    def seen(self, rgb8: U8) -> U8 | None:
        """What the lamps will show."""
        return self.patch.seen(rgb8)

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """ArtDmx for each universe, then ArtSync."""
        self._sequence = packets.next_sequence(self._sequence)
        messages = []
        for universe, slots in zip(self.patch.universes, self.patch.render(frame.rgb8)):
            packet = packets.dmx_packet(universe, slots.tobytes(), self._sequence)
            messages += [Message(packet, to) for to in self._subscribers(universe)]
        if self._sync and messages:
            messages.append(Message(packets.sync_packet()))
        return messages

    def due(self, now_s: float) -> list[Message]:
        """ArtPoll, at once and then every 2.75 s."""
        self._now_s = now_s
        self.nodes = {key: seen for key, seen in self.nodes.items() if now_s - seen[1] < GONE_S}
        if self._polled_s is not None and now_s - self._polled_s < POLL_S:
            return []
        self._polled_s = now_s
        return [Message(packets.poll_packet())]

    def heard(self, data: bytes, sender: Address) -> None:
        """Remember who answered, and with what."""
        node = packets.node_of(data, sender[0])
        if node is not None and (len(self.nodes) < MOST_NODES or (node.address, node.outputs) in self.nodes):
            self.nodes[node.address, node.outputs] = (node, self._now_s)

    def _subscribers(self, universe: int) -> list[Address | None]:
        if not self._to_all:
            return [None]
        found = {node.address for node, _ in self.nodes.values() if universe in node.outputs}
        return [(address, self._port) for address in sorted(found)]


def open_artnet(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``artnet://HOST`` or ``artnet://broadcast``; options as in docs/lights.md."""
    host = url.need_host("artnet://192.168.1.30?universe=0 or artnet://broadcast")
    universe = url.whole("universe", 0, packets.LOWEST, packets.HIGHEST)
    address = url.whole("address", 1, 1, 512)
    interface = url.word("interface", "")
    to_all = host == "broadcast"
    network = url.word("network", "255.255.255.255") if to_all else host
    source = url.whole(
        "source", 0 if host.startswith("127.") or host == "localhost" else packets.PORT, 0, 65535
    )
    fps = url.number("fps", DMX_FPS, 1, 60)
    response = response_of(url)
    fixtures = rig.behind(url.text).fixtures if rig else plain_fixtures(zones, universe, address)
    patch = DmxPatch(response.of(fixtures), zones, packets.LOWEST, packets.HIGHEST)
    sync = url.flag("sync", len(patch.universes) > 1)
    url.finish()
    port = url.port or packets.PORT
    voice = ArtnetVoice(patch, port, to_all, sync)
    # Tied to a named node, the socket hears "refused"; nodes answer from the port that they were asked at.
    link = UdpLink(network, port, listen_port=source or None, connected=not to_all, interface=interface)
    light = SteadyLight(url, zones, voice, link, max_fps=fps, profile=profile)
    return light
