"""An evening: songs in turn, with sound and light from one position.

The leader: it plays the sound, reads keys, and writes on the board where the song is. What lights do with that is the
output process's business.
"""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from beatomizer.errors import UnreadableInputError
from beatomizer.player.board import Wishes
from beatomizer.player.child import start_module
from beatomizer.player.clock import Anchor
from beatomizer.player.hands import Hands
from beatomizer.player.output import OutputProcess
from beatomizer.player.prepare import Prepared, Request, prepare, told
from beatomizer.progress import Progress, silent

STEP_S = 0.02
"""How often the leader looks: keys, the sound's position, the output process."""

SEEK_S = 5.0
_AFTER_S = 0.4
"""Light goes on so long after a song's last sound, for outputs that are late and fades that end."""


class Transport(Protocol):
    """What plays the sound, or the clock alone."""

    def line(self, now_s: float) -> Anchor:
        """From the monotonic clock to the song."""

    def play(self, now_s: float) -> None:
        """Go on."""

    def pause(self, now_s: float) -> None:
        """Stand still."""

    def seek(self, now_s: float, position_s: float) -> None:
        """Go elsewhere."""

    def close(self) -> None:
        """Let go."""


@dataclass(frozen=True)
class Now:
    """What a person may want to see.

    Attributes:
        song: what plays.
        number, count: which of how many.
        position_s: where.
        paused, lost: why it may stand still: a key, or the sound card.
        hands: master, blackout, offsets.
        lights: what each output says of itself.
    """

    song: Prepared
    number: int
    count: int
    position_s: float
    paused: bool
    lost: bool
    hands: Hands
    lights: list[dict[str, Any]]


@dataclass
class Session:
    """Plays requests one after the other.

    Attributes:
        requests: songs, all for one stage and one sample rate.
        output: started.
        transport: at rest.
        hands: of the person.
        lead_s: by how much a frame is shown before its moment of the sound.
        keys: gives keys pressed since it was last asked.
        show: told twenty times a second what happens; for a status line.
        start_s: where the first song begins.
        loop: whether the last song is followed by the first.
        until_s: stop after so many seconds.
        note: told one line when a song is left out.
    """

    requests: list[Request]
    output: OutputProcess
    transport: Any
    hands: Hands
    lead_s: float = 0.0
    keys: Callable[[], Iterable[str]] = lambda: ()
    show: Callable[[Now], None] = lambda now: None
    start_s: float = 0.0
    loop: bool = False
    note: Callable[[str], None] = lambda text: None
    progress: Progress = silent
    until_s: float = float("inf")
    _stop_s: float = field(default=float("inf"), repr=False)
    _paused: bool = field(default=False, repr=False)
    _coming: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _prepared: dict[int, Prepared] = field(default_factory=dict, repr=False)

    def prepare_first(self) -> Prepared:
        """Make the first song ready, here and now."""
        self._prepared[0] = prepare(self.requests[0], self._home(0), self.progress)
        return self._prepared[0]

    def use(self, song: Prepared) -> None:
        """Have a first song that somebody else made ready."""
        self._prepared[0] = song

    def run(self) -> None:
        """Play until the end, or until a person says so."""
        number, start_s = 0, self.start_s
        self._stop_s = time.monotonic() + self.until_s
        try:
            while number < len(self.requests):
                if number not in self._prepared and not self._await(number):
                    return
                song = self._ready(number)
                if song is not None and not self._play(number, song, start_s):
                    return
                if not self.loop and number >= 1:
                    self._forget(number - 1)  # nothing reads it any more; a long evening would fill the disk
                start_s, number = 0.0, number + 1
                if number == len(self.requests) and self.loop and self._prepared:
                    number = 0
        finally:
            self._stop_preparing()

    def _home(self, number: int) -> Path:
        return self.output.folder / f"song-{number}"

    def _await(self, number: int) -> bool:
        """Let lights breathe until a song's preparation is over; whether the evening goes on."""
        if self._coming is None:
            self._begin_preparing(number)
        assert self._coming is not None
        while self._coming.poll() is None:
            for key in self.keys():
                if key == "q":
                    return False
                self.hands.take(key)
            if time.monotonic() >= self._stop_s:
                return False
            self._wish(self._line_at_rest(), song=-1, idle=True)
            self.output.check()
            time.sleep(STEP_S)
        return True

    def _ready(self, number: int) -> Prepared | None:
        """A song whose preparation is over; ``None`` if it failed."""
        if number not in self._prepared:
            assert self._coming is not None
            said = self._coming.communicate()[0].decode(errors="replace").strip()
            failed, self._coming = self._coming.returncode != 0, None
            if failed:
                if len(self.requests) == 1:
                    raise UnreadableInputError(said or "the song could not be made ready")
                self.note(said or f"{self.requests[number].song} could not be made ready")
                return None
            self._prepared[number] = Prepared.read(self._home(number))
        following = number + 1
        if following < len(self.requests) and following not in self._prepared and self._coming is None:
            self._begin_preparing(following)
        return self._prepared[number]

    def _forget(self, number: int) -> None:
        self._prepared.pop(number, None)
        shutil.rmtree(self._home(number), ignore_errors=True)

    def _begin_preparing(self, number: int) -> None:
        self._coming = start_module("beatomizer.player.prepare", [str(self._home(number))])
        assert self._coming.stdin is not None
        self._coming.stdin.write(told(self.requests[number]).encode())
        self._coming.stdin.close()
        self._coming.stdin = None

    def _stop_preparing(self) -> None:
        if self._coming is not None:
            self._coming.kill()
            with contextlib.suppress(Exception):
                self._coming.communicate()

    def _line_at_rest(self) -> Anchor:
        return Anchor(time.monotonic(), 0.0, 0.0)

    def _wish(self, line: Anchor, song: int, *, idle: bool = False) -> None:
        hands = self.hands
        self.output.wish(
            Wishes(
                line=line,
                lead_s=self.lead_s,
                beat_s=time.monotonic(),
                song=song,
                master=hands.master,
                blackout=hands.blackout,
                idle=idle,
                offsets_s=tuple(hands.offsets_s),
            )
        )

    def _play(self, number: int, song: Prepared, start_s: float) -> bool:
        """One song; whether the evening goes on."""
        if hasattr(self.transport, "load"):
            self.transport.load(song.sound(), start_s)
        else:
            self.transport.seek(time.monotonic(), start_s)
        self._paused = False
        self.transport.play(time.monotonic())
        while time.monotonic() < self._stop_s:
            for key in self.keys():
                if key == "q":
                    return False
                if key == "n":
                    return True
                self._take(key, song)
            now_s = time.monotonic()
            line = self.transport.line(now_s)
            position_s = line.position(now_s)
            lost = bool(getattr(self.transport, "is_lost", False))
            self._wish(line, number, idle=lost)
            self.output.check()
            state = (position_s, self._paused, lost, self.hands, self.output.lights)
            self.show(Now(song, number, len(self.requests), *state))
            if position_s > song.duration_s + _AFTER_S + max(0.0, *self.hands.offsets_s, 0.0):
                return True
            time.sleep(STEP_S)
        return False

    def _take(self, key: str, song: Prepared) -> None:
        """A key that changes something while the song goes on."""
        now_s = time.monotonic()
        if key == "space":
            self._paused = not self._paused
            (self.transport.pause if self._paused else self.transport.play)(now_s)
        elif key in ("left", "right"):
            moved = self.transport.line(now_s).position(now_s) + (SEEK_S if key == "right" else -SEEK_S)
            self.transport.seek(now_s, min(max(0.0, moved), song.duration_s))
        else:
            self.hands.take(key)
