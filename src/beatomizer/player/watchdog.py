"""The watchdog: a process that waits, and darkens the lights if the output process ends without having done so.

It holds one end of a pipe whose other end only the output process has. Whatever ends that process, even kill -9 or
the whole terminal's end, closes the pipe; if no goodbye came first, the watchdog opens the lights itself and sends
black. It lives in a session of its own, so that what ends a terminal does not end it.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from beatomizer.errors import BeatomizerError
from beatomizer.outputs.lights.ending import close_all
from beatomizer.outputs.lights.light import Light, black
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.player.folder import hold
from beatomizer.player.plan import Plan

_NO_LAMPS = ("record", "screen")
_REACHED_WITHIN_S, _TRY_S = 1.0, 0.02
"""Names are looked up, brokers and WLEDs answer, before a light can be told anything."""


def main(words: list[str]) -> int:
    """``python -m beatomizer.player.watchdog FOLDER``, with the pipe as standard input."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(words[0])
    hold(folder)
    plan = Plan.read(folder)
    os.write(sys.stdout.fileno(), b"w")  # awake
    heard = b""
    while part := os.read(sys.stdin.fileno(), 64):
        heard += part
    if heard:
        return 0
    darken(plan)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def darken(plan: Plan) -> None:
    """Black on every light of the plan that can be opened, and its goodbye."""
    lights = list[Light]()
    for url in plan.urls:
        if LightUrl.parse(url).scheme not in _NO_LAMPS:
            with contextlib.suppress(BeatomizerError):
                lights += replace(plan, urls=(url,)).open()
    end_s = time.monotonic() + _REACHED_WITHIN_S
    while time.monotonic() < end_s and any(not light.status.frames_sent for light in lights):
        for light in lights:
            light.send(black(plan.zones))
            light.idle()
        time.sleep(_TRY_S)
    close_all(lights, 0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
