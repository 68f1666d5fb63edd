"""``enttec://``: one universe through a DMX USB Pro, or any widget that speaks its serial protocol."""

from beatomizer.arrays import U8
from beatomizer.errors import UsageError
from beatomizer.outputs.lights.enttec_packets import dmx_message
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.response import response_of
from beatomizer.outputs.lights.sacn import DMX_FPS
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.stream_link import SerialLink
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Message, PlainVoice
from beatomizer.rig.patch import DmxPatch, plain_fixtures
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile


class EnttecVoice(PlainVoice):
    """One message a frame. The widget repeats the last one on the DMX line by itself."""

    def __init__(self, patch: DmxPatch) -> None:
        self.patch = patch

    def seen(self, rgb8: U8) -> U8 | None:
        """What the lamps will show."""
        return self.patch.seen(rgb8)

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """The universe of a frame."""
        return [Message(dmx_message(self.patch.render(frame.rgb8)[0].tobytes()))]


def open_enttec(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``enttec:///dev/ttyUSB0`` or ``enttec://COM3``."""
    universe = url.whole("universe", 1, 0, 63999)
    address = url.whole("address", 1, 1, 512)
    fps = url.number("fps", DMX_FPS, 1, 44)
    response = response_of(url)
    url.finish()
    device = f"/{url.path}" if url.path and not url.host else url.host.upper()
    if not device:
        raise UsageError(
            f"'{url.text}' names no serial port", "write it like enttec:///dev/ttyUSB0 or enttec://COM3"
        )
    fixtures = rig.behind(url.text).fixtures if rig else plain_fixtures(zones, universe, address)
    if rig:
        fixtures = tuple(
            fixture for fixture in fixtures if fixture.universe == universe or len(fixtures) == 1
        )
    patch = DmxPatch(response.of(fixtures), zones, 0, 63999)
    if len(patch.universes) > 1:
        raise UsageError(
            f"{len(patch.universes)} universes do not fit through one serial widget",
            "it carries 170 RGB pixels",
        )
    link = SerialLink(device)
    link.must_open()
    return SteadyLight(url, zones, EnttecVoice(patch), link, max_fps=fps, profile=profile)
