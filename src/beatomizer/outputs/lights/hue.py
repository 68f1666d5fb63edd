"""``hue://``: Philips Hue Entertainment over DTLS. Tested against OpenSSL; not verified on hardware."""

import contextlib

from beatomizer.errors import BeatomizerError
from beatomizer.outputs.lights import hue_packets
from beatomizer.outputs.lights.dtls_link import DtlsLink
from beatomizer.outputs.lights.hue_bridge import (
    Area,
    Credentials,
    HueBridge,
    chosen_area,
    keep_credentials,
    kept_credentials,
)
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Message, PlainVoice
from beatomizer.rig.fixture import Calibration, Fixture
from beatomizer.rig.pixels import PixelPatch
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile

BRIDGE_FPS = 25.0
"""The bridge passes 25 pictures a second on: each of ours lasts 40 ms, so that none is lost."""

STREAM_S = 0.02
"""Pictures are repeated at 50 Hz, as the bridge's documentation advises, because datagrams get lost."""


class HueVoice(PlainVoice):
    """The messages of one entertainment area."""

    def __init__(self, area: Area, zones: int) -> None:
        self._area = area
        lamps = [
            Fixture(str(number), position=x, calibration=Calibration(gamma=None))
            for number, x in area.channels
        ]
        self._patch = PixelPatch(tuple(lamps), zones)
        self._sequence = 0

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """The colours of a frame; 8 bits become 16 by repetition, so that full stays full."""
        self._sequence = (self._sequence + 1) % 256
        colors = self._patch.render(frame.rgb8).astype(int) * 257
        channels = [
            (number, (red, green, blue))
            for (number, _), (red, green, blue) in zip(self._area.channels, colors.tolist())
        ]
        return [Message(hue_packets.stream_message(self._area.uuid, self._sequence, channels))]


def open_hue(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``hue://BRIDGE?area=NAME``; the first time, the button on the bridge must have been pressed."""
    host = url.need_host("hue://192.168.1.2?area=TV")
    name = url.word("area", "")
    web_port = url.whole("web", 443, 1, 65535)
    url.finish()
    bridge = HueBridge(host, web_port)
    credentials = kept_credentials(host)
    if credentials is None:
        credentials = bridge.pair()
        keep_credentials(host, credentials)
    area = chosen_area(bridge.areas(credentials), name)
    link = DtlsLink(
        host,
        url.port or hue_packets.PORT,
        credentials.user,
        credentials.key,
        before=lambda: _act(bridge, credentials, area, "start"),
        after=lambda: _act(bridge, credentials, area, "stop"),
    )
    voice = HueVoice(area, zones)
    return SteadyLight(url, zones, voice, link, max_fps=BRIDGE_FPS, keep_alive_s=STREAM_S, profile=profile)


def _act(bridge: HueBridge, credentials: Credentials, area: Area, action: str) -> None:
    """Start or stop the stream; the link calls it aside."""
    with contextlib.suppress(BeatomizerError):  # the handshake will tell
        bridge.act(credentials, area, action)
