"""The output process: lights, and nothing else, sixty times a second.

A busy Python thread keeps others waiting for milliseconds, so lights have a process of their own. It reads wishes from
the board and frames from files in memory; its standard input is the leader's sign of life. When that closes (the
leader ended, crashed, or was killed) the light fades, goes dark, and says goodbye, all within a second.

Started by ``player.output``; speaks one JSON object a line to what was its standard output. What lights print goes
where errors go: to the terminal, for ``screen://``.
"""

import contextlib
import gc
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from beatomizer.errors import BeatomizerError
from beatomizer.outputs.lights.ending import close_all
from beatomizer.outputs.lights.light import Light
from beatomizer.outputs.lights.resample import Resampler
from beatomizer.player.board import Board
from beatomizer.player.fader import BLACKOUT_S, Fader
from beatomizer.player.folder import hold
from beatomizer.player.group import Desk, Group
from beatomizer.player.idle import Idle
from beatomizer.player.plan import BOARD, RING, Plan
from beatomizer.player.ring import FrameRing
from beatomizer.player.sources import Reader, RingReader, SongReader, SongShelf
from beatomizer.safety.limiter import Limiter

LONGEST_SLEEP_S = 1.0 / 60
_REPORT_S = 1.0
_DARK_FRAMES = 3
_ENDING_S = BLACKOUT_S + 0.1

Tell = Callable[[dict[str, Any]], None]


class Signs:
    """What comes from outside: new frames, and the end."""

    def __init__(self) -> None:
        self.news = threading.Event()
        self.ended = threading.Event()
        self.leader_gone = False

    def listen(self, descriptor: int) -> None:
        """Read signs until the leader is gone; any byte is news."""
        while os.read(descriptor, 4096):
            self.news.set()
        self.leader_gone = True
        self.ended.set()
        self.news.set()

    def end(self, *_: object) -> None:
        """Finish, for example because the system asks for it."""
        self.ended.set()
        self.news.set()


class Stagehand:
    """Runs the groups until the end.

    Args:
        plan: what to do.
        folder: with board, songs or ring.
        lights: open.
        board: of the leader.
        signs: from outside.
        tell: reports to the leader.
    """

    def __init__(
        self, plan: Plan, folder: Path, lights: list[Light], board: Board, signs: Signs, tell: Tell
    ) -> None:
        self._lights, self._board, self._signs, self._tell = lights, board, signs, tell
        wishes = board.read()
        reader: Reader
        if plan.live:
            reader = RingReader(FrameRing(folder / RING, plan.zones), plan.zones)
        else:
            reader = SongReader(SongShelf(folder, plan.zones))
        desks = [
            Desk(number, light, Resampler(plan.zones, light.max_fps, plan.limits, light.seen))
            for number, light in enumerate(lights)
        ]
        fader = Fader(wishes.master)
        limiter = Limiter(plan.zones, plan.limits)
        self._groups = [Group(0.0, desks, reader, fader, Idle(plan.zones), limiter)]
        self._told_s = 0.0

    def run(self) -> None:
        """Until the leader wants the end, or is gone."""
        ending_s: float | None = None
        while True:
            self._signs.news.clear()
            wishes, now_s = self._board.read(), time.monotonic()
            if ending_s is None and (wishes.ended or self._signs.ended.is_set()):
                ending_s = now_s
            self._groups = [part for group in self._groups for part in group.split(wishes)]
            for group in self._groups:
                if group.due_s(wishes) <= now_s + 1e-4:
                    group.show(now_s, wishes, ending_s is not None)
            if ending_s is not None and (self._are_dark() or now_s - ending_s > _ENDING_S):
                return
            self._report(now_s)
            due_s = min(group.due_s(wishes) for group in self._groups)
            wait_s = min(due_s - time.monotonic(), LONGEST_SLEEP_S)
            if wait_s > 0:
                self._signs.news.wait(wait_s)

    def _are_dark(self) -> bool:
        return all(group.dark >= _DARK_FRAMES for group in self._groups)

    def _report(self, now_s: float) -> None:
        if now_s - self._told_s < _REPORT_S:
            return
        self._told_s = now_s
        states = [
            {
                "url": light.url,
                "online": light.status.online,
                "sent": light.status.frames_sent,
                "dropped": light.status.frames_dropped,
                "error": light.status.last_error,
            }
            for light in self._lights
        ]
        self._tell({"lights": states})


def main(words: list[str]) -> int:
    """``python -m beatomizer.player.stagehand FOLDER [DESCRIPTOR]``; the descriptor is the watchdog's pipe."""
    folder, tell = Path(words[0]), _telling()
    hold(folder)
    watchdog = int(words[1]) if len(words) > 1 else None
    signs = Signs()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches everybody in the terminal; the leader decides
    signal.signal(signal.SIGTERM, signs.end)
    logging.getLogger("beatomizer").addHandler(logging.NullHandler())
    logging.getLogger(
        "beatomizer"
    ).propagate = False  # what lights log is in their status; the leader tells it
    try:
        lights = (plan := Plan.read(folder)).open()
    except BeatomizerError as error:
        tell({"failed": error.problem, "hint": error.hint, "kind": type(error).__name__})
        _dark(watchdog)
        return error.exit_code
    fade_s = 0.0  # the groups have faded by then
    try:
        threading.Thread(target=signs.listen, args=(sys.stdin.fileno(),), daemon=True).start()
        hand = Stagehand(plan, folder, lights, Board(folder / BOARD), signs, tell)
        gc.freeze()
        sys.setswitchinterval(0.001)
        tell({"ready": [light.url for light in lights]})
        hand.run()
    except Exception as error:
        tell({"broken": f"the output process stopped ({type(error).__name__}: {error})"})
        fade_s = BLACKOUT_S
        return 70
    finally:
        for trouble in close_all(lights, fade_s):
            tell({"broken": trouble})
        _dark(watchdog)
        tell({"dark": True})
        if signs.leader_gone:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def _telling() -> Tell:
    """What reports to the leader, and never waits for it: it may stand still, and then its pipe fills."""
    pipe = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if os.name == "posix":
        os.set_blocking(pipe, False)

    def tell(what: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # full, or nobody listens any more
            os.write(pipe, f"{json.dumps(what)}\n".encode())

    return tell


def _dark(watchdog: int | None) -> None:
    """Tell the watchdog that it is not needed."""
    if watchdog is not None:
        os.write(watchdog, b"d")
        os.close(watchdog)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
