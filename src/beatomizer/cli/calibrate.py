"""``beatomizer calibrate``: click and flash, shifted by keys until they are one; saved for each output."""

import argparse
from typing import TYPE_CHECKING

from beatomizer.cli.evening import (
    LightWatch,
    StatusLine,
    add_output_arguments,
    dark_afterwards,
    outputs_of,
    seconds_of,
)
from beatomizer.errors import UsageError

if TYPE_CHECKING:
    from beatomizer.player.hands import Hands
    from beatomizer.player.session import Now

HELP = "click and flash once a second, and save how late each light is"

_KEYS = "← light earlier · → later (5 ms) · tab next output · q save and leave · Ctrl-C leave without saving"
_AS_HANDS = {"left": "[", "right": "]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``calibrate`` takes."""
    add_output_arguments(parser)
    parser.add_argument(
        "--zones", type=int, default=8, metavar="N", help="lights across the stage (default 8)"
    )
    parser.add_argument("--device", metavar="NAME", help="the sound output, by name or number")
    parser.add_argument("--no-audio", action="store_true", help="flash without clicks (to compare outputs)")
    parser.add_argument(
        "--for", dest="seconds", type=float, metavar="S", help="save and leave after so many seconds"
    )


def run(arguments: argparse.Namespace) -> int:
    """Click, flash, save."""
    from beatomizer.cues.cuelist import check_stage
    from beatomizer.player.hands import Hands

    check_stage(arguments.zones, 0)
    done = list[Hands]()
    code = dark_afterwards(
        arguments, lambda words, line: done.append(_calibrate(words, line)), "nothing was saved"
    )
    if done:
        _save(done[0], arguments.quiet)
    return code


def _calibrate(arguments: argparse.Namespace, line: StatusLine) -> "Hands":
    from beatomizer.player.board import Wishes
    from beatomizer.player.clicks import write_clicks
    from beatomizer.player.clock import Anchor, SteadyTransport
    from beatomizer.player.hands import Hands
    from beatomizer.player.keys import Keys
    from beatomizer.player.output import OutputProcess
    from beatomizer.player.plan import Plan
    from beatomizer.player.prepare import Request
    from beatomizer.player.session import Session
    from beatomizer.player.speaker import SpeakerTransport, rate_of_speaker
    from beatomizer.safety.profiles import DEFAULT_PROFILE

    urls, offsets_s = outputs_of(arguments)
    until_s = seconds_of(arguments)
    hands = Hands(urls, offsets_s, arguments.master)
    rate = 0 if arguments.no_audio else rate_of_speaker(arguments.device)
    plan = Plan(urls, arguments.zones, DEFAULT_PROFILE, rig=arguments.rig)
    first = Wishes(Anchor(0.0, 0.0, 0.0), master=arguments.master, offsets_s=tuple(offsets_s))
    with OutputProcess(plan, first, watchdog=arguments.watchdog) as output, Keys() as keys:
        song = write_clicks(output.folder / "song-0", arguments.zones, DEFAULT_PROFILE, rate)
        transport = SpeakerTransport(rate, arguments.device) if rate else SteadyTransport()
        session = Session([Request("calibration")], output, transport, hands, loop=True)
        session.use(song)
        session.until_s = until_s
        session.keys = lambda: [_AS_HANDS.get(key, key) for key in keys.pressed()]
        if line.is_on:
            print(_KEYS, flush=True)
        elif arguments.seconds is None:
            raise UsageError("calibrate needs a terminal for its keys", "or say how long, with --for SECONDS")

        watch = LightWatch(line)

        def show(now: "Now") -> None:
            watch.look(now.lights)
            line.show(now.hands.said or "click and flash once a second: are they one?")

        session.show = show
        try:
            session.run()
        finally:
            transport.close()
    return hands


def _save(hands: "Hands", quiet: bool) -> None:
    from beatomizer.player.calibration import save_offsets_ms

    offsets_ms = {url: round(1000.0 * value, 1) for url, value in zip(hands.urls, hands.offsets_s)}
    path = save_offsets_ms(offsets_ms)
    if not quiet:
        for url, value in offsets_ms.items():
            print(f"{url}  {value:+g} ms")
        print(f"saved in {path}; play and live use it")
