"""``sacn://``: streaming ACN to one host or to its multicast groups."""

from beatomizer.arrays import U8
from beatomizer.outputs.lights import sacn_packets as packets
from beatomizer.outputs.lights.identity import component_id
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.link import UdpLink
from beatomizer.outputs.lights.response import response_of
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Address, Message, PlainVoice
from beatomizer.rig.patch import DmxPatch, plain_fixtures
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile

DISCOVERY_S = 10.0
"""E131_UNIVERSE_DISCOVERY_INTERVAL, E1.31 appendix A."""

DMX_FPS = 40.0
"""A DMX line carries at most 44 full universes a second; 40 leaves slack for the node."""


class SacnVoice(PlainVoice):
    """The packets of one source.

    Args:
        patch: frames to universes.
        cid: 16 bytes, the same at every start.
        name: of the source.
        priority: 0..200.
        sync: universe of the synchronisation packets, 0: none.
        port: of the receivers.
        multicast: to each universe's group instead of the named host.
    """

    def __init__(
        self, patch: DmxPatch, cid: bytes, name: str, priority: int, sync: int, port: int, multicast: bool
    ) -> None:
        self.patch, self.cid, self.name, self.sync = patch, cid, name, sync
        self._port, self._multicast = port, multicast
        self._sequence = 255  # all universes are sent together: one number serves them all
        self._discovery_s: float | None = None
        self._templates = [
            bytearray(
                packets.data_packet(cid, name, universe, bytes(512), sequence=0, priority=priority, sync=sync)
            )
            for universe in patch.universes
        ]
        self._to = [self._address(universe) for universe in patch.universes]
        self._last: U8 | None = None

    def seen(self, rgb8: U8) -> U8 | None:
        """What the lamps will show."""
        return self.patch.seen(rgb8)

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """One packet for each universe, then the synchronisation packet."""
        self._last = self.patch.render(frame.rgb8)
        return self._data(self._last, terminated=False)

    def due(self, now_s: float) -> list[Message]:
        """Universe discovery, at once and then every ten seconds."""
        if self._discovery_s is not None and now_s - self._discovery_s < DISCOVERY_S:
            return []
        self._discovery_s = now_s
        told = packets.discovery_packets(self.cid, self.name, self.patch.universes)
        return [Message(packet, self._address(packets.DISCOVERY_UNIVERSE)) for packet in told]

    def farewell(self) -> list[Message]:
        """Three packets with Stream_Terminated for each universe (E1.31 6.2.6)."""
        if self._last is None:
            return []
        return [message for _ in range(3) for message in self._data(self._last, terminated=True)]

    def _data(self, universes: U8, terminated: bool) -> list[Message]:
        self._sequence = (self._sequence + 1) % 256
        messages = []
        for row, template in enumerate(self._templates):
            template[packets.SEQUENCE_AT] = self._sequence
            template[packets.OPTIONS_AT] = packets.OPTION_TERMINATED if terminated else 0
            template[packets.SLOTS_AT :] = universes[row].tobytes()
            messages.append(Message(bytes(template), self._to[row]))
        if self.sync and not terminated:
            sync = packets.sync_packet(self.cid, self.sync, self._sequence)
            messages.append(Message(sync, self._address(self.sync)))
        return messages

    def _address(self, universe: int) -> Address | None:
        return (packets.multicast_address(universe), self._port) if self._multicast else None


def open_sacn(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``sacn://HOST`` or ``sacn://multicast``; options as in docs/lights.md."""
    host = url.need_host("sacn://192.168.1.20 or sacn://multicast?universe=1")
    multicast = host == "multicast"
    universe = url.whole("universe", 1, packets.LOWEST, packets.HIGHEST)
    address = url.whole("address", 1, 1, 512)
    priority = url.whole("priority", 100, 0, 200)
    sync = url.whole("sync", 0, 0, packets.HIGHEST)
    name = url.word("name", "Beatomizer")
    interface = url.word("interface", "")
    fps = url.number("fps", DMX_FPS, 1, 60)
    response = response_of(url)
    url.finish()
    fixtures = rig.behind(url.text).fixtures if rig else plain_fixtures(zones, universe, address)
    patch = DmxPatch(response.of(fixtures), zones, packets.LOWEST, packets.HIGHEST)
    port = url.port or packets.PORT
    voice = SacnVoice(patch, component_id(), name, priority, sync, port, multicast)
    to = packets.multicast_address(patch.universes[0]) if multicast else host
    link = UdpLink(to, port, connected=not multicast, interface=interface)
    return SteadyLight(url, zones, voice, link, max_fps=fps, profile=profile)
