"""``beatomizer live``: light for sound that is still arriving."""

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
from beatomizer.cli.render import add_style_options, style_of
from beatomizer.errors import UsageError

if TYPE_CHECKING:
    from beatomizer.audio.capture.block import Capture
    from beatomizer.audio.capture.watched import WatchedCapture
    from beatomizer.live.follower import LiveFollower
    from beatomizer.player.following import Heard

HELP = "follow a microphone, a line input, or what the computer plays"

_QUIET_DB, _QUIET_S = -60.0, 5.0
_METER_DB = 60.0
_METER = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``live`` takes."""
    add_output_arguments(parser)
    parser.add_argument("--list", action="store_true", help="list the sources of sound, and do nothing else")
    parser.add_argument(
        "--source",
        metavar="NAME",
        help="computer, microphone, or a name from --list (default: computer, if it can be)",
    )
    parser.add_argument(
        "--from", dest="file", metavar="FILE", help="a song's file, as if it were being played"
    )
    parser.add_argument(
        "--delay-audio", type=float, default=0.0, metavar="MS", help="play the sound again, later"
    )
    parser.add_argument(
        "--device", metavar="NAME", help="the sound output for --delay-audio, by name or number"
    )
    parser.add_argument(
        "--sync", metavar="WHAT", help="beats from elsewhere: midi:PORT, or os2l (VirtualDJ and others)"
    )
    parser.add_argument("--for", dest="seconds", type=float, metavar="S", help="stop after so many seconds")
    parser.add_argument("--model", metavar="NAME", default="live", help="a streaming engine (default live)")
    add_style_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Follow until the end, a key, or a signal; the lights are dark afterwards."""
    if arguments.list:
        from beatomizer.audio.capture.find import listed

        print("\n".join(listed()) or "no source of sound was found; 'beatomizer doctor' says what to do")
        return 0
    if not arguments.to:
        raise UsageError("say which lights, with --to", "see 'beatomizer live --help'")
    return dark_afterwards(arguments, _follow)


def _follow(arguments: argparse.Namespace, line: StatusLine) -> None:
    from beatomizer.audio.capture.watched import WatchedCapture
    from beatomizer.player.board import Wishes
    from beatomizer.player.clock import Anchor
    from beatomizer.player.delayed import DelayedSpeaker
    from beatomizer.player.following import Following, leads, warm
    from beatomizer.player.hands import Hands
    from beatomizer.player.keys import Keys
    from beatomizer.player.output import OutputProcess
    from beatomizer.player.plan import Plan

    urls, offsets_s = outputs_of(arguments)
    until_s = seconds_of(arguments)
    if not 0.0 <= arguments.delay_audio <= 3000.0:
        raise UsageError(f"--delay-audio {arguments.delay_audio:g} is out of range", "give 0 to 3000 ms")
    lead_s, wait_s = leads(offsets_s, arguments.delay_audio / 1000.0)
    follower = _follower(arguments, 1000.0 * lead_s)
    hands = Hands(urls, offsets_s, arguments.master)
    plan = Plan(urls, follower.style.zones, follower.style.safety, live=True, rig=arguments.rig)
    first = Wishes(Anchor(0.0, 0.0, 0.0), master=arguments.master, idle=True, offsets_s=tuple(offsets_s))
    with OutputProcess(plan, first, watchdog=arguments.watchdog) as output:
        capture = WatchedCapture(lambda: _source(arguments))
        speaker = None
        try:
            if arguments.delay_audio:
                speaker = DelayedSpeaker(
                    capture.sample_rate, arguments.delay_audio / 1000.0, arguments.device
                )
                capture.tap = speaker.push
            if not arguments.quiet:
                print(f"listening to {capture.name} ({capture.sample_rate} Hz)", flush=True)
            following = Following(capture, follower, output, hands, wait_s)
            following.until_s = until_s
            warm(follower)
            with Keys() as keys:
                following.keys = keys.pressed
                following.show = _Meter(line, capture)
                following.run()
        finally:
            capture.close()
            if speaker is not None:
                speaker.close()


def _follower(arguments: argparse.Namespace, lead_ms: float) -> "LiveFollower":
    from beatomizer.errors import UnreadableInputError
    from beatomizer.inference.engines import load_engine
    from beatomizer.live.follower import MOST_LEAD_MS, LiveEngine, LiveFollower
    from beatomizer.safety.profiles import profile_named

    style = style_of(arguments)
    profile_named(style.safety)
    if lead_ms > MOST_LEAD_MS:
        raise UsageError(
            f"light {lead_ms:.0f} ms ahead cannot be foreseen",
            f"use --delay-audio {lead_ms:.0f}, or smaller offsets",
        )
    engine = load_engine(arguments.model)
    if not isinstance(engine, LiveEngine):
        raise UnreadableInputError(
            f"'{arguments.model}' hears whole songs only", "use a streaming model: live"
        )
    if arguments.sync:
        from beatomizer.player.sync import open_sync, synced

        return LiveFollower(synced(engine, open_sync(arguments.sync)), style, lead_ms=lead_ms)
    return LiveFollower(engine, style, lead_ms=lead_ms)


def _source(arguments: argparse.Namespace) -> "Capture":
    from beatomizer.audio.capture.file import FileCapture
    from beatomizer.audio.capture.find import open_capture

    if arguments.file is not None:
        if arguments.source is not None:
            raise UsageError("--from and --source exclude each other", "say one of them")
        return FileCapture(arguments.file)
    return open_capture(arguments.source)


class _Meter:
    """The status line: level first, then what was understood."""

    def __init__(self, line: StatusLine, capture: "WatchedCapture") -> None:
        self._line, self._capture, self._watch = line, capture, LightWatch(line)
        self._lost, self._frames, self._loudest_db, self._warned = False, 0, -90.0, False

    def __call__(self, heard: "Heard") -> None:
        """Show it."""
        self._tell_lost(heard.lost)
        self._tell_silence(heard)
        bars = round(min(max(0.0, heard.level_db + _METER_DB), _METER_DB) / _METER_DB * _METER)
        parts = [
            f"[{'#' * bars}{' ' * (_METER - bars)}] {heard.level_db:4.0f} dB{' CLIPS' if heard.clipped else ''}",
            f"{heard.tempo_bpm:.0f} BPM" if heard.tempo_bpm else "no beat yet",
            "".join("●" if place == heard.position else "·" for place in range(1, 5)) if heard.beat else "",
            f"{heard.skipped_s:.1f} s left out: the computer is too slow" if heard.skipped_s >= 0.1 else "",
            self._watch.look(heard.lights),
            "blackout" if heard.hands.blackout else heard.hands.said,
        ]
        self._line.show("  ".join(part for part in parts if part))

    def _tell_lost(self, lost: bool) -> None:
        if lost != self._lost:
            name = self._capture.name
            self._line.note(f"{name} is gone; trying again" if lost else f"{name} is back")
            self._lost = lost

    def _tell_silence(self, heard: "Heard") -> None:
        self._frames += 1
        self._loudest_db = max(self._loudest_db, heard.peak_db)
        if not self._warned and self._frames > _QUIET_S * 50:
            self._warned = True
            if self._loudest_db < _QUIET_DB and not heard.lost:
                self._line.note(
                    f"nothing is to be heard from {self._capture.name}; see 'beatomizer live --list'"
                )
