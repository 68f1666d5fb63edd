"""``mqtt://``: the show for Home Assistant, and colours for lamps that listen to a topic.

Sensors (tempo, beat, section, look, intensity, playing) appear in Home Assistant by its discovery. Each zone's colour
goes out in Home Assistant's JSON light schema, which Zigbee2MQTT, Tasmota and ESPHome lamps understand. Such lamps
are slow: a few frames a second.
"""

import json
from typing import Any

from beatomizer.outputs.lights import mqtt_packets
from beatomizer.outputs.lights.identity import component_id
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.steady import SteadyLight
from beatomizer.outputs.lights.stream_link import TcpLink
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Address, Message, PlainVoice
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile

DEFAULT_FPS = 4.0
"""A Zigbee network carries about ten commands a second in all."""

_PING_S = 20.0
_BROKER_S = 60
"""After one and a half times this the broker publishes the last will (3.1.2.10)."""

ALL_AGAIN_S = 5.0
"""Every lamp's colour is told again after this time: a message may have been dropped, or a lamp was off."""

_SENSORS = {"tempo": "BPM", "beat": None, "section": None, "look": None, "intensity": None, "palette": None}


class MqttVoice(PlainVoice):
    """The packets of one client.

    Args:
        user: for the broker; may be empty.
        password: for the broker; may be empty.
        base: the topic under which everything is told.
        discovery: Home Assistant's prefix; empty: no discovery.
        lamps: a topic for each zone, with ``{zone}`` in it.
    """

    def __init__(self, user: str, password: str, base: str, discovery: str, lamps: str) -> None:
        self._user, self._password, self._base = user, password, base
        self._discovery, self._lamps = discovery, lamps
        self._name = f"beatomizer-{component_id().hex()[:12]}"
        self._welcome = False
        self._refused = ""
        self._ping_s, self._heard_s, self._now_s = 0.0, 0.0, 0.0
        self._all_s = 0.0
        self._told: dict[int, bytes] = {}

    def greeting(self) -> list[Message]:
        """CONNECT; the rest follows when the broker agrees."""
        self._welcome, self._refused, self._told = False, "", {}
        connect = mqtt_packets.connect_packet(
            self._name, _BROKER_S, self._user, self._password, f"{self._base}/status", b"offline"
        )
        return [Message(connect)]

    def heard(self, data: bytes, sender: Address) -> None:
        """CONNACK says whether we may; whatever else comes says that the broker lives."""
        self._heard_s = self._now_s
        if data[:1] == bytes([mqtt_packets.CONNACK]):
            self._refused = mqtt_packets.refusal(data)
            self._welcome = not self._refused

    def due(self, now_s: float) -> list[Message]:
        """A ping, so that the broker knows that we live.

        Raises:
            PermissionError: the broker does not let us in.
            TimeoutError: it has not answered our pings.
        """
        self._now_s = now_s
        if self._refused:
            raise PermissionError(13, self._refused)
        if not self._welcome or now_s - self._ping_s < _PING_S:
            return []
        if now_s - self._heard_s > 2 * _PING_S:  # TCP alone would notice after a quarter of an hour
            raise TimeoutError("no answer to pings")
        self._ping_s = now_s
        return [Message(mqtt_packets.ping_packet())]

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """State, and the zones whose colour changed, as one write."""
        if not self._welcome:
            raise BlockingIOError("the broker has not answered yet")
        out = b"" if self._told else self._introduction(len(frame.rgb8))
        if now_s - self._all_s >= ALL_AGAIN_S or not frame.rgb8.any():
            self._told, self._all_s = dict.fromkeys(self._told, b""), now_s
        state = json.dumps(_state(frame)).encode()
        out += mqtt_packets.publish_packet(f"{self._base}/state", state, retain=True)
        for zone, (red, green, blue) in enumerate(frame.rgb8.tolist()):
            payload = json.dumps(_lamp(red, green, blue)).encode()
            if self._told.get(zone) != payload:
                self._told[zone] = payload
                out += mqtt_packets.publish_packet(self._lamps.replace("{zone}", str(zone + 1)), payload)
        return [Message(out)]

    def farewell(self) -> list[Message]:
        """Offline, and goodbye."""
        if not self._welcome:
            return []
        offline = mqtt_packets.publish_packet(f"{self._base}/status", b"offline", retain=True)
        return [Message(offline + mqtt_packets.disconnect_packet())]

    def _introduction(self, zones: int) -> bytes:
        """Home Assistant's discovery: one retained configuration for each sensor."""
        out = mqtt_packets.publish_packet(f"{self._base}/status", b"online", retain=True)
        if not self._discovery:
            return out
        for sensor, unit in _SENSORS.items():
            config: dict[str, Any] = {
                "name": sensor.capitalize(),
                "unique_id": f"{self._name}_{sensor}",
                "state_topic": f"{self._base}/state",
                "value_template": f"{{{{ value_json.{sensor} }}}}",
                "availability_topic": f"{self._base}/status",
                "device": {"identifiers": [self._name], "name": "Beatomizer", "manufacturer": "Beatomizer"},
            }
            config |= {"unit_of_measurement": unit} if unit else {}
            topic = f"{self._discovery}/sensor/{self._name}/{sensor}/config"
            out += mqtt_packets.publish_packet(topic, json.dumps(config).encode(), retain=True)
        return out


def _state(frame: LightFrame) -> dict[str, object]:
    return {
        "tempo": round(frame.tempo_bpm, 1),
        "beat": frame.beat,
        "section": frame.section,
        "look": frame.look,
        "intensity": round(frame.intensity, 2),
        "palette": " ".join(frame.palette),
        "level": round(frame.level, 2),
    }


def _lamp(red: int, green: int, blue: int) -> dict[str, object]:
    """Home Assistant's JSON light schema: the colour at full height, and the height as brightness."""
    height = max(red, green, blue)
    if height == 0:
        return {"state": "OFF", "transition": 0}
    color = {name: round(value * 255 / height) for name, value in zip("rgb", (red, green, blue))}
    return {"state": "ON", "brightness": height, "color": color, "transition": 0}


def open_mqtt(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``mqtt://user:password@HOST``; options as in docs/lights.md."""
    host = url.need_host("mqtt://192.168.1.10")
    base = url.word("topic", "beatomizer").strip("/")
    discovery = url.word("discovery", "homeassistant").strip("/")
    lamps = url.word("lamps", f"{base}/zone/{{zone}}")
    fps = url.number("fps", DEFAULT_FPS, 0.5, 30)
    url.finish()
    voice = MqttVoice(url.user, url.password, base, discovery, lamps)
    link = TcpLink(host, url.port or mqtt_packets.PORT)
    return SteadyLight(url, zones, voice, link, max_fps=fps, keep_alive_s=ALL_AGAIN_S, profile=profile)
