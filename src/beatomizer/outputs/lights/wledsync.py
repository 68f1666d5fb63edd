"""``wledsync://``: one multicast packet every 20 ms drives every audio-reactive WLED in the house.

The light that comes out is made by the WLEDs' own effects. No flash limit of ours reaches it; only the peaks, on
which such effects flash, are kept at least 360 ms apart, and there is silence while the stage is dark.
"""

from beatomizer.outputs.lights import wled_packets
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.link import UdpLink
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Message, PlainVoice
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile

SYNC_FPS = 50.0
"""WLED itself sends one packet about every 20 ms."""

PEAK_GAP_S = 0.36
"""Leading edges this far apart are acceptable whatever their brightness (Ofcom, guidance on flashing images)."""

_SMOOTHING = 0.2


class WledSyncVoice(PlainVoice):
    """Level, bands and beats as WLED's sound sync tells them."""

    def __init__(self) -> None:
        self._smooth, self._beat = 0.0, 0
        self._peak_s = -PEAK_GAP_S

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """The sync packet of a frame; without a spectrum all bands follow the level."""
        is_dark = not frame.rgb8.any()
        raw = 0.0 if is_dark else 255.0 * min(max(frame.level, 0.0), 1.0)
        self._smooth = 0.0 if is_dark else self._smooth + _SMOOTHING * (raw - self._smooth)
        told = (
            frame.spectrum
            if len(frame.spectrum) == wled_packets.BANDS
            else (frame.level,) * wled_packets.BANDS
        )
        bands = tuple(0 if is_dark else round(255 * min(max(band, 0.0), 1.0)) for band in told)
        is_peak = not is_dark and frame.beat != self._beat and now_s - self._peak_s >= PEAK_GAP_S
        if is_peak:
            self._peak_s = now_s
        self._beat = frame.beat
        strongest = max(range(len(bands)), key=bands.__getitem__)
        edges = wled_packets.BAND_HZ
        major_hz = (edges[strongest] + edges[strongest + 1]) / 2 if bands[strongest] else 0.0
        packet = wled_packets.sync_packet(
            raw, self._smooth, is_peak, bands, 16.0 * bands[strongest], major_hz
        )
        return [Message(packet)]

    def farewell(self) -> list[Message]:
        """Silence."""
        return [Message(wled_packets.sync_packet(0, 0, False, (0,) * wled_packets.BANDS, 0, 0))]


def open_wledsync(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``wledsync://`` for everybody in the house, or ``wledsync://HOST`` for one."""
    interface = url.word("interface", "")
    url.finish()
    host = url.host or wled_packets.SYNC_GROUP
    link = UdpLink(host, url.port or wled_packets.SYNC_PORT, connected=bool(url.host), interface=interface)
    return SteadyLight(url, zones, WledSyncVoice(), link, max_fps=SYNC_FPS, profile=profile)
