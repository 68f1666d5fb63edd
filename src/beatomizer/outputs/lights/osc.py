"""``osc://``: what the show does, as numbers for video, sound and stage software.

Beats are *counters*: a receiver that samples 30 times a second misses 69 % of pulses of one frame, and no count.
"""

from beatomizer.outputs.lights import osc_packets
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.link import UdpLink
from beatomizer.outputs.lights.osc_packets import Value
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Message, PlainVoice
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile
from beatomizer.timebase import FPS

PORT = 9000
ALL_AGAIN_S = 0.8
"""Everything is told again after this time, for receivers that came later or lost a packet."""


class OscVoice(PlainVoice):
    """One bundle a frame, with what changed; everything again after 0.8 s."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._told: dict[str, tuple[Value, ...]] = {}
        self._all_s: float | None = None

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """The bundle of a frame."""
        if self._all_s is None or now_s - self._all_s >= ALL_AGAIN_S:
            self._told, self._all_s = {}, now_s
        changed = {name: values for name, values in _facts(frame).items() if self._told.get(name) != values}
        self._told |= changed
        told = [osc_packets.message(f"{self._prefix}/{name}", *values) for name, values in changed.items()]
        return [Message(osc_packets.bundle(told))] if told else []

    def farewell(self) -> list[Message]:
        """The show is over."""
        return [Message(osc_packets.bundle([osc_packets.message(f"{self._prefix}/playing", 0)]))]


def _facts(frame: LightFrame) -> dict[str, tuple[Value, ...]]:
    facts: dict[str, tuple[Value, ...]] = {
        "playing": (1,),
        "time": (float(frame.time_s),),
        "beat": (frame.beat,),
        "position": (frame.position,),
        "tempo": (float(frame.tempo_bpm),),
        "intensity": (float(frame.intensity),),
        "level": (float(frame.level),),
        "look": (frame.look,),
        "section": (frame.section,),
        "palette": tuple(frame.palette),
    }
    for zone, color in enumerate(frame.rgb8.tolist()):
        facts[f"zone/{zone + 1}"] = tuple(value / 255.0 for value in color)
    if frame.spectrum:
        facts["spectrum"] = tuple(float(band) for band in frame.spectrum)
    return facts


def open_osc(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``osc://HOST:PORT``; options as in docs/lights.md."""
    host = url.need_host("osc://192.168.1.50:9000")
    prefix = "/" + url.word("prefix", "beatomizer").strip("/")
    fps = url.number("fps", float(FPS), 1, FPS)
    url.finish()
    link = UdpLink(host, url.port or PORT)
    return SteadyLight(
        url, zones, OscVoice(prefix), link, max_fps=fps, keep_alive_s=ALL_AGAIN_S, profile=profile
    )
