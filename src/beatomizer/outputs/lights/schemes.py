"""The table of light protocols, by URL scheme, and the way in: ``open_light``.

An entry leads to ``open(url, zones, rig, profile)``, which returns a ``Light`` or raises an error for people.
"""

from typing import Protocol

from beatomizer.outputs.lights.light import Light
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.registry import Registry
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile

_HOME = "beatomizer.outputs.lights"

LIGHTS = Registry(
    "light protocol",
    "beatomizer.lights",
    {
        "sacn": f"{_HOME}.sacn:open_sacn",
        "artnet": f"{_HOME}.artnet:open_artnet",
        "ddp": f"{_HOME}.ddp:open_ddp",
        "wled": f"{_HOME}.wled:open_wled",
        "wledsync": f"{_HOME}.wledsync:open_wledsync",
        "osc": f"{_HOME}.osc:open_osc",
        "hue": f"{_HOME}.hue:open_hue",
        "enttec": f"{_HOME}.enttec:open_enttec",
        "mqtt": f"{_HOME}.mqtt:open_mqtt",
        "screen": f"{_HOME}.screen:open_screen",
        "record": f"{_HOME}.record:open_record",
    },
)


class Opener(Protocol):
    """What an entry of the table is."""

    def __call__(self, url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
        """Open the light that ``url`` names."""


def open_light(
    url: str, zones: int, rig: Rig | None = None, profile: str | Profile = DEFAULT_PROFILE
) -> Light:
    """The light behind a URL, ready to be sent frames of ``zones`` zones.

    Args:
        url: such as ``sacn://192.168.1.20/?universe=1``; ``docs/lights.md`` lists every scheme and its options.
        zones: Z of the frames that will be sent.
        rig: which lamps hang there; without one, zones follow each other as plain RGB.
        profile: the flash limits that the frames obey; the closing fade obeys them too.

    Raises:
        UsageError: the URL, an option or the rig does not make sense.
        MissingExtraError: the protocol needs a package that is not installed.
        DeviceError: a device that must be there from the start (serial port, paired bridge) is not.
    """
    parsed = LightUrl.parse(url)
    opener: Opener = LIGHTS.load(parsed.scheme)
    light = opener(parsed, zones, rig, profile)
    return light
