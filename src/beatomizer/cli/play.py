"""``beatomizer play``: sound and light together, from one position."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from beatomizer.cli.evening import (
    LightWatch,
    StatusLine,
    add_output_arguments,
    dark_afterwards,
    outputs_of,
)
from beatomizer.cli.render import add_style_options, style_of
from beatomizer.errors import UsageError

if TYPE_CHECKING:
    from beatomizer.player.hands import Hands
    from beatomizer.player.output import OutputProcess
    from beatomizer.player.prepare import Request
    from beatomizer.player.session import Now, Session

HELP = "play songs with their light on real lights"

LIGHTS_FIRST_MS = 30.0
"""People see light and sound as one when the light leads by 20 to 40 ms."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``play`` takes."""
    parser.add_argument("songs", metavar="SONG", nargs="+", help="songs, or a cue list (.json) with --audio")
    add_output_arguments(parser)
    parser.add_argument("--audio", metavar="SONG", default="", help="the song of a cue list")
    parser.add_argument("--no-audio", action="store_true", help="light without sound, paced by the clock")
    parser.add_argument("--device", metavar="NAME", help="the sound output, by name or number")
    parser.add_argument(
        "--lights-first",
        type=float,
        metavar="MS",
        help="by how much light goes before sound (default 30, without sound 0)",
    )
    parser.add_argument(
        "--start", type=float, default=0.0, metavar="S", help="begin so many seconds into the song"
    )
    parser.add_argument("--loop", action="store_true", help="begin again after the last song")
    parser.add_argument("--model", metavar="NAME", default="", help="an engine's name or an .onnx file")
    add_style_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Play until the end, a key, or a signal; the lights are dark afterwards."""
    return dark_afterwards(arguments, _play)


def _play(arguments: argparse.Namespace, line: StatusLine) -> None:
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.player.board import Wishes
    from beatomizer.player.clock import Anchor
    from beatomizer.player.hands import HELP as KEYS
    from beatomizer.player.hands import Hands
    from beatomizer.player.keys import Keys
    from beatomizer.player.output import OutputProcess
    from beatomizer.player.plan import Plan

    urls, offsets_s = outputs_of(arguments)
    _lead_ms(arguments)
    requests = _requests(arguments)
    hands = Hands(urls, offsets_s, arguments.master)
    style = requests[0].style
    plan = Plan(urls, style.zones, style.safety, rig=arguments.rig)
    first = Wishes(Anchor(0.0, 0.0, 0.0), master=arguments.master, offsets_s=tuple(offsets_s))
    with OutputProcess(plan, first, watchdog=arguments.watchdog) as output:
        session = _session(arguments, requests, output, hands)
        session.progress = bars_if_terminal(arguments.quiet)
        session.note = line.note
        song = session.prepare_first()
        if arguments.start >= song.duration_s:
            raise UsageError(
                f"--start {arguments.start:g} is after the end of the song",
                f"it lasts {song.duration_s:.1f} s",
            )
        if not arguments.quiet:
            print(f"{song.title}: {song.safety}", flush=True)
        session.transport = _transport(arguments, requests[0].sample_rate)
        try:
            with Keys() as keys:
                if line.is_on:
                    print(KEYS, flush=True)
                session.keys = keys.pressed
                session.show = _Shown(line)
                session.run()
        finally:
            session.transport.close()


def _session(
    arguments: argparse.Namespace, requests: "list[Request]", output: "OutputProcess", hands: "Hands"
) -> "Session":
    from beatomizer.player.session import Session
    from beatomizer.show.scene import LEAD_FRAMES
    from beatomizer.timebase import FPS

    lead_s = _lead_ms(arguments) / 1000.0 - LEAD_FRAMES / FPS  # a drawn show runs early by itself
    session = Session(requests, output, None, hands, lead_s=lead_s, start_s=arguments.start)
    session.loop = arguments.loop
    return session


def _lead_ms(arguments: argparse.Namespace) -> float:
    """By how much light goes first.

    Raises:
        UsageError: that, or the start, is out of range.
    """
    lead_ms = arguments.lights_first
    if lead_ms is None:
        lead_ms = 0.0 if arguments.no_audio else LIGHTS_FIRST_MS
    if not -1000.0 <= lead_ms <= 1000.0:
        raise UsageError(f"--lights-first {lead_ms:g} is out of range", "give -1000 to 1000")
    if not arguments.start >= 0.0:
        raise UsageError(f"--start {arguments.start:g} is before the song", "give 0 or more seconds")
    return float(lead_ms)


def _transport(arguments: argparse.Namespace, sample_rate: int) -> object:
    from beatomizer.player.clock import SteadyTransport
    from beatomizer.player.speaker import SpeakerTransport

    return SpeakerTransport(sample_rate, arguments.device) if sample_rate else SteadyTransport()


def _requests(arguments: argparse.Namespace) -> "list[Request]":
    """All songs, for one stage: that of the first cue list, unless the command says more."""
    from beatomizer.cues.format import read_cues
    from beatomizer.player.prepare import Request, with_stage
    from beatomizer.player.speaker import rate_of_speaker
    from beatomizer.safety.profiles import profile_named

    style = style_of(arguments)
    profile_named(style.safety)
    given = tuple(
        name
        for name in ("palette", "energy", "seed", "zones", "safety")
        if getattr(arguments, name) is not None
    )
    if arguments.audio and len(arguments.songs) > 1:
        raise UsageError("--audio goes with one cue list", "play them one after the other")
    rate = 0 if arguments.no_audio else rate_of_speaker(arguments.device)
    requests = [
        Request(song, arguments.audio, arguments.model, style, given, rate) for song in arguments.songs
    ]
    if requests[0].is_cue_list:
        cues = read_cues(Path(requests[0].song))
        style = replace(
            style,
            zones=style.zones if "zones" in given else cues.zones,
            safety=style.safety if "safety" in given else cues.safety,
        )
    return [with_stage(request, style.zones, style.safety) for request in requests]


class _Shown:
    """The status line of a song that plays."""

    def __init__(self, line: StatusLine) -> None:
        self._line, self._watch = line, LightWatch(line)

    def __call__(self, now: "Now") -> None:
        """Show it."""
        from beatomizer.timebase import clock

        state = "no sound card" if now.lost else "paused" if now.paused else "playing"
        place = min(max(0.0, now.position_s), now.song.duration_s)
        parts = [
            f"{state} {clock(place)}/{clock(now.song.duration_s)}",
            f"{now.number + 1}/{now.count}" if now.count > 1 else "",
            now.song.title,
            f"{now.song.tempo_bpm:.0f} BPM" if now.song.tempo_bpm else "",
            self._watch.look(now.lights),
            "blackout" if now.hands.blackout else now.hands.said,
        ]
        self._line.show("  ".join(part for part in parts if part))
