"""The watchdog: a process that waits, and darkens the lights if the output process ends without having done so.

It holds one end of a pipe whose other end only the output process has. Whatever ends that process, even kill -9 or
the whole terminal's end, closes the pipe; if no goodbye came first, the watchdog opens the lights itself and sends
black. It lives in a session of its own, so that what ends a terminal does not end it.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from beatomizer.outputs.lights.light import black
from beatomizer.player.plan import Plan


def main(words: list[str]) -> int:
    """``python -m beatomizer.player.watchdog FOLDER``, with the pipe as standard input."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(words[0])
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
    from dataclasses import replace

    from beatomizer.errors import BeatomizerError

    for url in plan.urls:
        try:
            (light,) = replace(plan, urls=(url,)).open()
        except BeatomizerError:
            continue
        light.send(black(plan.zones))
        light.close(0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
