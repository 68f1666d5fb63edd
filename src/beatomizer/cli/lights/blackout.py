"""``beatomizer lights blackout``: dark, now."""

import argparse
import time

HELP = "make lights dark and let go of them"

_PIXELS = 170
"""RGB pixels that fill a universe: without a rig the whole universe, or so many pixels, go dark."""

_REACHED_WITHIN_S = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``lights blackout`` takes."""
    parser.add_argument("urls", metavar="URL", nargs="*", help="such as sacn://192.168.1.20?universe=1")
    parser.add_argument("--rig", metavar="FILE.toml", help="its lamps; without URLs, all of its outputs")


def run(arguments: argparse.Namespace) -> int:
    """Send dark frames and each protocol's goodbye; 6 if a light could not be reached."""
    from beatomizer.errors import DeviceError, UsageError
    from beatomizer.outputs.lights.light import Light, black
    from beatomizer.outputs.lights.schemes import open_light
    from beatomizer.outputs.lights.url import LightUrl
    from beatomizer.rig.rig_file import read_rig

    rig = read_rig(arguments.rig) if arguments.rig else None
    urls = arguments.urls or (list(rig.outputs.values()) if rig else [])
    if not urls:
        raise UsageError("say which lights", "name their URLs, or a rig with --rig")
    lights: list[Light] = [open_light(url, _PIXELS, rig) for url in urls]
    end = time.monotonic() + _REACHED_WITHIN_S
    while time.monotonic() < end and any(not light.status.frames_sent for light in lights):
        for light in lights:
            light.send(black(_PIXELS))
            light.idle()
        time.sleep(0.025)
    for light in lights:
        light.close(0)
    lost = [light for light in lights if not light.status.online or not light.status.frames_sent]
    if lost:
        reason = lost[0].status.last_error or "no answer"
        others = "; the other lights are dark" if len(lost) < len(lights) else ""
        names = ", ".join(LightUrl.parse(light.url).shown for light in lost)
        raise DeviceError(f"{names} could not be reached ({reason})", f"check the address{others}")
    print(f"dark: {', '.join(LightUrl.parse(url).shown for url in urls)}")
    return 0
