"""One run of the lights: from the moment they are opened until they are dark again, in a thread of its own.

The thread leads an output process (``player.output``) as ``beatomizer play`` does: it writes on a board, many times a
second, where the song is and what is wished. Whoever starts or ends a run waits for lights in threads too; the
server's event loop never does.
"""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import U8
from beatomizer.errors import BeatomizerError, DeviceError
from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from beatomizer.studio.page_clock import Mood

STEP_S = 0.02
_TELL_S = 0.5
_OPEN_S = 40.0
"""The output process gives up after 30 s."""

_END_S = 8.0
_KEPT_SONGS = 2

Follow = Callable[[float], "tuple[Anchor, Mood] | None"]
"""At a moment (monotonic): where the song is and what lights should do; ``None`` ends the run."""


@dataclass(frozen=True)
class ShowLight:
    """A song's light.

    Attributes:
        rgb8: uint8 ``[T, Z, 3]``; the output process limits it for rooms in any case.
        cues: the cue list's file; what is known of the song beside.
        profile: the flash limits, by name.
        number: of the light: another number, another light.
    """

    rgb8: U8
    cues: Path | None = None
    profile: str = "broadcast"
    number: int = 0

    @property
    def zones(self) -> int:
        """Z."""
        return int(self.rgb8.shape[1])


@dataclass(frozen=True)
class Output:
    """One light of a run.

    Attributes:
        id: of the light, or of the rig's output.
        name: for people.
        url: by which its offset is saved.
        near_url: the same with a number for a host.
    """

    id: str
    name: str
    url: str
    near_url: str


@dataclass
class Hands:
    """What people wish, whatever page they wish it from; read by the run's thread.

    Attributes:
        master: 0..1.
        blackout: dark now.
        offsets_s: by ``Output.url``; positive is later.
    """

    master: float = 1.0
    blackout: bool = False
    offsets_s: dict[str, float] = field(default_factory=dict)


class OutputMeter:
    """Turns what the output process reports into what a page shows: frames a second, by output."""

    def __init__(self, outputs: tuple[Output, ...]) -> None:
        self._outputs = outputs
        self._seen: list[dict[str, Any]] | None = None
        self._before: dict[str, tuple[float, int]] = {}
        self._fps: dict[str, float] = {}

    def look(self, lights: list[dict[str, Any]], now_s: float) -> None:
        """Take in a report; one that was seen already changes nothing."""
        if lights is self._seen or not lights:
            return
        self._seen = lights
        for light in lights:
            url, sent = light["url"], int(light["sent"])
            if url in self._before:
                since_s, before = self._before[url]
                self._fps[url] = (sent - before) / max(now_s - since_s, 1e-3)
            self._before[url] = (now_s, sent)

    def told(self, hands: Hands) -> list[dict[str, Any]]:
        """Each output, for the page."""
        reports = {light["url"]: light for light in self._seen or []}
        return [self._one(output, reports.get(output.near_url, {}), hands) for output in self._outputs]

    def _one(self, output: Output, report: Mapping[str, Any], hands: Hands) -> dict[str, Any]:
        return {
            "id": output.id,
            "name": output.name,
            "online": bool(report.get("online", False)),
            "fps": round(self._fps.get(output.near_url, 0.0), 1),
            "frames": int(report.get("sent", 0)),
            "error": str(report.get("error", "")) if not report.get("online", True) else "",
            "offset_ms": round(1000.0 * hands.offsets_s.get(output.url, 0.0), 1),
        }


class LightRun:
    """Lights that follow a song.

    Args:
        plan: which; its URLs are those of ``outputs``, in this order.
        outputs: what they are called.
        light: what is shown at first.
        follow: asked fifty times a second.
        hands: of the people.
        lead_s: by how much light goes before sound.
        tell: told twice a second, and when something changed, what the outputs do; from the run's thread.
        ended: told once when the lights are dark: itself, and what went wrong, or nothing.
    """

    def __init__(
        self,
        plan: Plan,
        outputs: tuple[Output, ...],
        light: ShowLight,
        follow: Follow,
        hands: Hands,
        lead_s: float,
        tell: Callable[[list[dict[str, Any]]], None] = lambda outputs: None,
        ended: "Callable[[LightRun, str], None]" = lambda run, why: None,
    ) -> None:
        self.plan, self.outputs = plan, outputs
        self._light, self._follow, self._hands, self._lead_s = light, follow, hands, lead_s
        self._tell, self._ended = tell, ended
        self._meter = OutputMeter(outputs)
        self._news, self._over, self._ready = threading.Event(), threading.Event(), threading.Event()
        self._failed: BaseException | None = None
        self._coming: ShowLight | None = None
        self._song = -1
        self._thread = threading.Thread(target=self._run, name="light-run", daemon=True)

    def start(self) -> None:
        """Open the lights; returns when they are open.

        Raises:
            BeatomizerError: what opening a light raised; nothing is left open.
        """
        self._thread.start()
        self._ready.wait(_OPEN_S)
        if self._failed is not None:
            self._thread.join(_END_S)
            if isinstance(self._failed, BeatomizerError):
                raise self._failed
            raise DeviceError("the lights could not be opened", str(self._failed)) from self._failed

    def show(self, light: ShowLight) -> None:
        """Another light of the same stage; what is shown glides into it."""
        self._coming = light
        self._news.set()

    def look(self) -> None:
        """Hands or positions have changed: do not wait for the next step. Never waits."""
        self._news.set()

    def stop(self) -> None:
        """Fade, dark, goodbye; returns when it is done."""
        self._over.set()
        self._news.set()
        if self._thread is not threading.current_thread() and self._thread.ident is not None:
            self._thread.join(_END_S)

    def outputs_now(self) -> list[dict[str, Any]]:
        """What each output does."""
        return self._meter.told(self._hands)

    # --- the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        why = ""
        try:
            first = Wishes(Anchor(0.0, 0.0, 0.0), master=self._hands.master, blackout=self._hands.blackout)
            with OutputProcess(self.plan, first, watchdog=os.name == "posix") as output:
                self._lay(output, self._light)
                self._ready.set()
                self._lead(output)
        except Exception as error:
            why = str(error)
            if not self._ready.is_set():
                self._failed = error
        finally:
            self._ready.set()
            self._ended(self, why)

    def _lead(self, output: OutputProcess) -> None:
        told_s = float("-inf")
        while not self._over.is_set():
            self._news.clear()
            now_s = time.monotonic()
            coming, self._coming = self._coming, None
            if coming is not None:
                self._lay(output, coming)
            followed = self._follow(now_s)
            if followed is None:
                return
            output.wish(self._wishes(now_s, *followed))
            output.check()
            self._meter.look(output.lights, now_s)
            if now_s - told_s >= _TELL_S:
                told_s = now_s
                self._tell(self.outputs_now())
            self._news.wait(STEP_S)

    def _wishes(self, now_s: float, line: Anchor, mood: Mood) -> Wishes:
        hands = self._hands
        return Wishes(
            line=line,
            lead_s=self._lead_s,
            beat_s=now_s,
            song=self._song,
            master=hands.master,
            blackout=hands.blackout or mood is Mood.DARK,
            idle=mood is Mood.BREATHES,
            offsets_s=tuple(hands.offsets_s.get(output.url, 0.0) for output in self.outputs),
        )

    def _lay(self, output: OutputProcess, light: ShowLight) -> None:
        """Put a light where the output process looks for it; the newest is shown from the next frame on."""
        number = self._song + 1
        lay_song(output.folder, number, light)
        self._song = number
        if number >= _KEPT_SONGS:
            shutil.rmtree(output.folder / f"song-{number - _KEPT_SONGS}", ignore_errors=True)


def lay_song(folder: Path, number: int, light: ShowLight) -> None:
    """A song as ``player.sources.SongShelf`` reads it; the folder appears whole."""
    aside = folder / f"song-{number}.new"
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(aside)
    aside.mkdir()
    np.save(aside / "show.npy", light.rgb8)
    if light.cues is not None:
        with contextlib.suppress(FileNotFoundError):  # drawn anew in this moment: the next light has it
            shutil.copyfile(light.cues, aside / "cues.json")
    aside.rename(folder / f"song-{number}")
