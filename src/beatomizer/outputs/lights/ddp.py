"""``ddp://``: pixels to a DDP display (WLED, Falcon, ESPixelStick)."""

from beatomizer.arrays import U8
from beatomizer.outputs.lights import ddp_packets
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.link import UdpLink
from beatomizer.outputs.lights.response import response_of
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Message, PlainVoice
from beatomizer.rig.pixels import PixelPatch, plain_strip
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile
from beatomizer.timebase import FPS

MOST_PIXELS = 65536


class DdpVoice(PlainVoice):
    """The packets of one display."""

    def __init__(self, patch: PixelPatch) -> None:
        self.patch = patch
        self._sequence = 1

    def seen(self, rgb8: U8) -> U8 | None:
        """What the lamps will show."""
        return self.patch.seen(rgb8)

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """All packets of the frame, PUSH on the last."""
        data = self.patch.render(frame.rgb8).tobytes()
        packets, self._sequence = ddp_packets.frame_packets(data, self._sequence)
        return [Message(packet) for packet in packets]


def open_ddp(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``ddp://HOST?pixels=N``; options as in docs/lights.md."""
    host = url.need_host("ddp://192.168.1.40?pixels=120")
    pixels = url.whole("pixels", zones, 1, MOST_PIXELS)
    fps = url.number("fps", float(FPS), 1, FPS)
    response = response_of(url)
    url.finish()
    fixtures = rig.behind(url.text).fixtures if rig else plain_strip(pixels)
    voice = DdpVoice(PixelPatch(response.of(fixtures), zones))
    link = UdpLink(host, url.port or ddp_packets.PORT)
    return SteadyLight(url, zones, voice, link, max_fps=fps, profile=profile)
