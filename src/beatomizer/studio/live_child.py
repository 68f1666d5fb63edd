"""The process that listens and lights: ``player.following``, led by lines of JSON instead of keys.

The level is told from the first block of sound, while the model and the lights are still being opened: a person sees
at once whether anything is heard. When standard input closes (the studio ended, crashed, was killed) it stops, and the
lights go dark.

``python -m beatomizer.studio.live_child`` follows what the first line asks for; with ``list`` it lists the sources.
"""

import base64
import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from beatomizer.audio.capture.block import EndOfSoundError
from beatomizer.audio.capture.find import open_capture
from beatomizer.audio.capture.watched import WatchedCapture
from beatomizer.cues.style import Style
from beatomizer.errors import BeatomizerError, UsageError, one_line
from beatomizer.inference.engines import load_engine
from beatomizer.live.follower import MOST_LEAD_MS, LiveEngine, LiveFollower
from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.following import Following, Frames, Heard, Level, leads, warm
from beatomizer.player.hands import Hands
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from beatomizer.player.ring import Timed
from beatomizer.studio.lines_child import Told, spoken, telling
from beatomizer.studio.sound_sources import list_sources

_LEVELS_A_SECOND = 15
_READ_S = 0.05
_ALL_FRAMES_ZONES = 64
"""A larger stage is shown at 30 frames a second in the preview: a page has other things to do."""

Tell = Callable[[Told], None]


class Preview:
    """Stands before the lights and shows the page every frame; without lights it is all there is.

    Args:
        output: the lights, if any.
        tell: to the page.
        zones: Z.
    """

    def __init__(self, output: OutputProcess | None, tell: Tell, zones: int) -> None:
        self._output, self._tell = output, tell
        self._every = 1 if zones <= _ALL_FRAMES_ZONES else 2

    @property
    def ring(self) -> Frames | None:
        """Itself."""
        return self

    @property
    def lights(self) -> list[dict[str, Any]]:
        """Of the lights."""
        return self._output.lights if self._output is not None else []

    def write(self, timed: Timed) -> None:
        """A frame, for lights and page."""
        if self._output is not None and self._output.ring is not None:
            self._output.ring.write(timed)
        if timed.number % self._every == 0:
            rgb = base64.b64encode(timed.frame.rgb8.tobytes()).decode()
            self._tell({"frame": timed.number, "rgb": rgb})

    def poke(self) -> None:
        """There is a new frame."""
        if self._output is not None:
            self._output.poke()

    def wish(self, wishes: Wishes) -> None:
        """What is wanted."""
        if self._output is not None:
            self._output.wish(wishes)

    def check(self) -> None:
        """Whether the lights are still led."""
        if self._output is not None:
            self._output.check()


class Orders:
    """What the studio says while sound is followed. Hands move at once, also while lights are still being opened.

    Args:
        hands: that it moves.
    """

    def __init__(self, hands: Hands) -> None:
        self._hands, self._wishes = hands, queue.SimpleQueue[Told]()
        self.over = threading.Event()
        self.follower: LiveFollower | None = None

    def listen(self, lines: Iterator[str]) -> None:
        """Hear lines until there are no more: that is the end."""
        for line in lines:
            with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
                self._hear(json.loads(line))
        self.over.set()

    def _hear(self, said: Told) -> None:
        hands = self._hands
        hands.blackout = bool(said.get("blackout", hands.blackout))
        hands.master = float(said.get("master", hands.master))
        hands.offsets_s = [float(value) for value in said.get("offsets_s", hands.offsets_s)]
        if "wishes" in said:
            self._wishes.put(said["wishes"])

    def keys(self) -> list[str]:
        """Wear the wishes that came; ``q`` when it is over."""
        while self.follower is not None and not self._wishes.empty():
            with contextlib.suppress(BeatomizerError):  # the studio has checked them
                self.follower.wish(_style(self._wishes.get(), self.follower.style))
        return ["q"] if self.over.is_set() else []


class Session:
    """One live session, from the first block to dark lights.

    Args:
        asked: ``source``, ``wishes``, ``plan`` (or ``None``), ``offsets_s``, ``master``, ``blackout``.
        tell: to the studio.
        lines: from the studio.
    """

    def __init__(self, asked: Mapping[str, Any], tell: Tell, lines: Iterator[str]) -> None:
        self._asked, self._tell = asked, tell
        offsets_s = [float(value) for value in asked["offsets_s"]]
        urls = tuple(asked["plan"]["urls"]) if asked["plan"] else ()
        self._hands = Hands(urls, offsets_s, float(asked["master"]), bool(asked["blackout"]))
        self._orders = Orders(self._hands)
        self._told_s = float("-inf")
        self._lights: list[dict[str, Any]] = []
        self._made: tuple[LiveFollower, OutputProcess | None] | None = None
        self._failed: BaseException | None = None
        signal.signal(signal.SIGTERM, lambda *_: self._orders.over.set())
        threading.Thread(target=self._orders.listen, args=(lines,), daemon=True).start()

    def run(self) -> None:
        """Listen, follow, darken.

        Raises:
            BeatomizerError: no sound, no lights, or wishes that make no sense.
        """
        source = self._asked["source"]
        capture = WatchedCapture(lambda: open_capture(source))
        try:
            self._tell({"listening": one_line(capture.name, 80), "sample_rate": capture.sample_rate})
            maker = threading.Thread(target=self._make, daemon=True)
            maker.start()
            self._wait(capture, maker)
            maker.join()
            if self._failed is not None:
                raise self._failed
            if not self._orders.over.is_set():
                self._follow(capture)
        finally:
            capture.close()
            if self._made is not None and self._made[1] is not None:
                self._made[1].close()

    def _make(self) -> None:
        try:
            lead_s, self._wait_s = leads(self._hands.offsets_s, 0.0)
            if 1000.0 * lead_s > MOST_LEAD_MS:
                raise UsageError(
                    f"light {1000.0 * lead_s:.0f} ms ahead cannot be foreseen", "use smaller offsets"
                )
            engine = load_engine("live")
            assert isinstance(engine, LiveEngine)
            follower = LiveFollower(engine, _style(self._asked["wishes"]), lead_ms=1000.0 * lead_s)
            warm(follower)
            self._made = (follower, self._opened())  # last, so that hands are attended to from then on
        except BaseException as error:
            self._failed = error

    def _opened(self) -> OutputProcess | None:
        if not self._asked["plan"]:
            return None
        facts = self._asked["plan"]
        plan = Plan(**{**facts, "urls": tuple(facts["urls"]), "bare": tuple(facts["bare"])})
        first = Wishes(
            Anchor(0.0, 0.0, 0.0), master=self._hands.master, blackout=self._hands.blackout, idle=True
        )
        return OutputProcess(plan, first, watchdog=os.name == "posix").__enter__()

    def _wait(self, capture: WatchedCapture, maker: threading.Thread) -> None:
        """Show the level while the rest is being opened."""
        level = Level()
        while maker.is_alive() and not self._orders.over.is_set():
            try:
                found = capture.read(_READ_S)
            except EndOfSoundError:
                return
            if found is not None:
                level.push(found[0])
            self._tell_level(level.level_db, level.peak_db, capture.clipped > 0.0, capture.is_lost)

    def _follow(self, capture: WatchedCapture) -> None:
        assert self._made is not None
        follower, output = self._made
        self._orders.follower = follower
        preview = Preview(output, self._tell, follower.style.zones)
        following = Following(capture, follower, preview, self._hands, self._wait_s)
        following.keys, following.show = self._orders.keys, self._show
        self._tell({"following": True})
        following.run()

    def _show(self, heard: Heard) -> None:
        beats = (round(heard.tempo_bpm, 1), heard.position, heard.beat)
        self._tell_level(heard.level_db, heard.peak_db, heard.clipped, heard.lost, *beats)
        if heard.lights is not self._lights:
            self._lights = heard.lights
            for light in heard.lights:  # one a line: a line must fit into a pipe at once
                self._tell({"light": light})

    def _tell_level(
        self,
        level_db: float,
        peak_db: float,
        clipped: bool,
        lost: bool,
        tempo_bpm: float = 0.0,
        position: int = 0,
        beat: int = 0,
    ) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < 1.0 / _LEVELS_A_SECOND:
            return
        self._told_s = now_s
        level = {
            "level_db": round(level_db, 1),
            "peak_db": round(peak_db, 1),
            "clipped": clipped,
            "lost": lost,
        }
        self._tell({"heard": {**level, "tempo_bpm": tempo_bpm, "position": position, "beat": beat}})


def _style(wishes: Mapping[str, Any], before: Style | None = None) -> Style:
    before = before or Style()
    return Style(
        palette=wishes.get("palette"),
        energy=float(wishes.get("energy", before.energy)),
        seed=int(wishes.get("seed", before.seed)),
        zones=int(wishes.get("zones", before.zones)),
        safety=str(wishes.get("safety", before.safety)),
    )


def main(words: list[str]) -> int:
    """See the module."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tell = telling()
    if words == ["list"]:
        for source in list_sources():
            tell({"source": source})
        return 0
    lines = spoken()
    asked = next(lines, "")
    if not asked:
        return 0
    try:
        Session(json.loads(asked), tell, lines).run()
    except BeatomizerError as error:
        tell({"failed": error.problem, "hint": error.hint})
        return error.exit_code
    tell({"ended": True})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
