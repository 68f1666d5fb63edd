"""``beatomizer lights test``: which lamp is which, slowly."""

import argparse
import signal
import sys
import threading
import time

from beatomizer.cli.evening import STOPPED

HELP = "swell each zone in turn, then red, green, blue and white: slow, far below every flash limit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``lights test`` takes."""
    parser.add_argument("url", metavar="URL", help="such as wled://192.168.1.40; see docs/lights.md")
    parser.add_argument("--rig", metavar="FILE.toml", help="which lamps hang there")
    parser.add_argument(
        "--zones", type=int, default=8, metavar="N", help="zones across the stage (default 8)"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="default: once through the pattern")


def run(arguments: argparse.Namespace) -> int:
    """Show the pattern; 0 if the light took it, 6 if it never could be reached, 130 if stopped."""
    from beatomizer.errors import DeviceError, UsageError
    from beatomizer.outputs.lights.identify import LIMITS, SWELL_S, pattern
    from beatomizer.outputs.lights.light import LightFrame
    from beatomizer.outputs.lights.resample import Resampler
    from beatomizer.outputs.lights.schemes import open_light
    from beatomizer.outputs.lights.url import LightUrl
    from beatomizer.rig.rig_file import read_rig
    from beatomizer.timebase import frame_time_s

    if not 1 <= arguments.zones <= 512:
        raise UsageError(f"a stage of {arguments.zones} zones cannot be lit", "choose 1 to 512")
    seconds = (arguments.zones + 4) * SWELL_S if arguments.seconds is None else arguments.seconds
    if not 0 < seconds <= 3600:
        raise UsageError(f"--seconds {seconds:g} is too long or too short", "choose 1 to 3600")
    rig = read_rig(arguments.rig) if arguments.rig else None
    light = open_light(arguments.url, arguments.zones, rig, LIMITS)
    resampler = Resampler(arguments.zones, light.max_fps, LIMITS, light.seen)
    start = time.monotonic()
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: dark
        for number, rgb8 in enumerate(pattern(arguments.zones, seconds)):
            time.sleep(max(0.0, start + frame_time_s(number) - time.monotonic()))
            frame = resampler.push(LightFrame(rgb8, frame_time_s(number)))
            if frame is not None:
                light.send(frame)
            light.idle()
    except KeyboardInterrupt:
        light.close()
        print("beatomizer: stopped; the light is dark", file=sys.stderr)
        return STOPPED
    finally:
        light.close()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if not light.status.frames_sent or not light.status.online:
        raise DeviceError(
            f"the light cannot be reached ({light.status.last_error or 'no answer'})", "check its address"
        )
    print(f"{light.status.frames_sent} frames sent to {LightUrl.parse(arguments.url).shown}")
    return 0
