"""``wled://``: a WLED by name or address, asked for its size, driven by DDP or UDP realtime, and left in peace."""

import threading

from beatomizer.arrays import U8
from beatomizer.outputs.lights import ddp_packets, wled_packets
from beatomizer.outputs.lights.ddp import MOST_PIXELS
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.link import UdpLink
from beatomizer.outputs.lights.response import Response, response_of
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Address, Message, PlainVoice
from beatomizer.outputs.lights.wled_info import WledInfo, ask_info
from beatomizer.rig.fixture import Calibration, Fixture
from beatomizer.rig.pixels import PixelPatch, plain_strip
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile
from beatomizer.timebase import FPS

REALTIME_TIMEOUT_S = 2
"""After so long without a packet WLED goes back to its own effect; DDP uses WLED's setting, 2.5 s."""


class WledLink:
    """A ``UdpLink`` that first asks the WLED how many pixels it has, aside, because that may take seconds."""

    def __init__(self, host: str, port: int, http_port: int, known: WledInfo | None) -> None:
        self._udp = UdpLink(host, port)
        self._asked = (host, http_port)
        self.info = known
        self._known = known is not None
        self._error: OSError | None = None
        self._asking: threading.Thread | None = None

    def open(self) -> None:
        """Ask, unless the answer was given by hand; a WLED that was away may have changed."""
        self._udp.open()
        self._error = None
        if not self._known and (self._asking is None or not self._asking.is_alive()):
            self.info = None
            self._asking = threading.Thread(target=self._ask, name="wled-info", daemon=True)
            self._asking.start()

    def _ask(self) -> None:
        try:
            self.info = ask_info(*self._asked)
        except OSError as error:
            self._error = error

    def ready(self) -> bool:
        """Whether the size is known and the way is open."""
        if self._error is not None:
            raise self._error
        return self.info is not None and self._udp.ready()

    def send(self, message: Message) -> None:
        """One datagram."""
        self._udp.send(message)

    def receive(self) -> list[tuple[bytes, Address]]:
        """A WLED says nothing."""
        return []

    def close(self) -> None:
        """Close the socket."""
        self._udp.close()


class WledVoice(PlainVoice):
    """The packets of one WLED.

    Args:
        link: knows the size of the WLED.
        zones: Z of the frames.
        fixtures: of the rig; ``None``: one strip or matrix of the WLED's own size.
        host: where the goodbye goes.
        ddp: DDP, else UDP realtime.
        response: what the WLED does with values; where the URL does not say, as fixtures or the WLED itself say.
    """

    def __init__(
        self,
        link: WledLink,
        zones: int,
        fixtures: tuple[Fixture, ...] | None,
        host: str,
        ddp: bool,
        response: Response,
    ) -> None:
        self._link, self._zones, self._fixtures, self._host, self._ddp = link, zones, fixtures, host, ddp
        self._response = response
        self._patch: PixelPatch | None = PixelPatch(response.of(fixtures), zones) if fixtures else None
        self._for: WledInfo | None = None
        self._sequence = 1

    def seen(self, rgb8: U8) -> U8 | None:
        """What the pixels will show; the colours themselves while it is not known how many there are."""
        return (
            self._pixels().seen(rgb8) if self._fixtures is not None or self._link.info is not None else None
        )

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """The pixels of a frame."""
        data = self._pixels().render(frame.rgb8).tobytes()
        if not self._ddp:
            return [Message(packet) for packet in wled_packets.realtime_packets(data, REALTIME_TIMEOUT_S)]
        packets, self._sequence = ddp_packets.frame_packets(data, self._sequence)
        return [Message(packet) for packet in packets]

    def farewell(self) -> list[Message]:
        """Back to what the WLED did before."""
        info = self._link.info
        leave = wled_packets.leave_packet()
        return [Message(leave, (self._host, info.realtime_port)) if self._ddp and info else Message(leave)]

    def _pixels(self) -> PixelPatch:
        info = self._link.info
        if self._fixtures is None and info is not None and info != self._for:
            self._for = info
            shape = Fixture(
                info.name,
                "matrix" if info.columns else "strip",
                pixels=info.pixels,
                columns=info.columns,
                calibration=Calibration(gamma=info.gamma),
            )
            self._patch = PixelPatch(self._response.of((shape,)), self._zones)
        assert self._patch is not None  # the link is ready only when the size is known
        return self._patch


def open_wled(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``wled://NAME-OR-ADDRESS``; options as in docs/lights.md."""
    host = url.need_host("wled://192.168.1.40 or wled://wled-sofa.local")
    ddp = url.word("protocol", "ddp", ("ddp", "udp")) == "ddp"
    pixels = url.whole("pixels", 0, 0, MOST_PIXELS)
    http_port = url.whole("http", 80, 1, 65535)
    realtime_port = url.whole("realtime", wled_packets.REALTIME_PORT, 1, 65535)
    response = response_of(url)
    fps = url.number("fps", float(FPS), 1, FPS)
    url.finish()
    fixtures = rig.behind(url.text).fixtures if rig else None
    if fixtures == ():
        PixelPatch(fixtures, zones)  # says what is wrong with the rig
    if fixtures:
        pixels = sum(fixture.pixels for fixture in fixtures)
    known = WledInfo(host, pixels, realtime_port=realtime_port) if pixels else None
    if known and not fixtures:
        fixtures = plain_strip(pixels)
    link = WledLink(host, url.port or (ddp_packets.PORT if ddp else realtime_port), http_port, known)
    voice = WledVoice(link, zones, fixtures, host, ddp, response)
    return SteadyLight(url, zones, voice, link, max_fps=fps, profile=profile)
