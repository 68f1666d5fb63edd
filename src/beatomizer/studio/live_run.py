"""The studio's side of a live session: start the process that listens, hear how it does, move its hands."""

import base64
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from beatomizer.cues.style import Style
from beatomizer.errors import DeviceError
from beatomizer.player.plan import Plan
from beatomizer.studio.light_run import Hands, Output, OutputMeter
from beatomizer.studio.lines_child import LinesChild, Told

CHILD = "beatomizer.studio.live_child"
_LISTENING_S = 20.0
_DARK_S = 5.0
_LIST_S = 10.0

SILENT: Mapping[str, Any] = {
    **{"level_db": -90.0, "peak_db": -90.0, "clipped": False, "lost": False},
    **{"tempo_bpm": 0.0, "position": 0, "beat": 0},
}


class LiveRun:
    """One live session.

    Args:
        source: an id of ``list_sources``, ``computer`` or ``microphone``; ``None`` for what is likeliest.
        style: the wishes.
        plan: the lights; ``None`` for the page alone.
        outputs: what they are called.
        hands: of the people.
        tell: told what is heard, about fifteen times a second; from a thread.
        frame: told each frame, number and ``[Z * 3]`` bytes; from a thread.
        ended: told once when it is over: itself, and what went wrong, or nothing.
    """

    def __init__(
        self,
        source: str | None,
        style: Style,
        plan: Plan | None,
        outputs: tuple[Output, ...],
        hands: Hands,
        tell: Callable[[Told], None],
        frame: Callable[[int, bytes], None],
        ended: "Callable[[LiveRun, str], None]",
    ) -> None:
        self.outputs = outputs
        self._hands, self._tell, self._frame, self._ended = hands, tell, frame, ended
        self._meter = OutputMeter(outputs)
        self._reports: dict[str, dict[str, Any]] = {}
        self._heard: dict[str, Any] = dict(SILENT)
        self._name, self._following, self._why = "", False, ""
        self._ready = threading.Event()
        self._failed: DeviceError | None = None
        self._source, self._style, self._plan = source, style, plan
        self._child: LinesChild | None = None

    def start(self) -> None:
        """Begin to listen; returns when the source is open.

        Raises:
            DeviceError: it cannot be.
        """
        child = LinesChild(CHILD, [], self._hear, self._over)
        child.tell(self._asked())
        self._child = child
        self.look()  # hands may have moved in between: whoever wants it dark is heard
        if not self._ready.wait(_LISTENING_S):
            child.stop(_DARK_S)
            raise DeviceError("the source does not answer", "choose another one")
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """Fade, dark, goodbye; returns when it is done."""
        if self._child is not None:
            self._child.stop(_DARK_S)

    def look(self) -> None:
        """Hands have moved. Never waits."""
        if self._child is not None:
            self._child.tell(self._moved())

    def wish(self, style: Style) -> None:
        """Other colours, another energy."""
        if self._child is not None:
            self._child.tell({"wishes": asdict(style)})

    def outputs_now(self) -> list[dict[str, Any]]:
        """What each output does."""
        return self._meter.told(self._hands)

    def told(self) -> Told:
        """What is heard now, for the page."""
        return {"source": self._name, "following": self._following, **self._heard}

    def _asked(self) -> Told:
        """The first line."""
        plan = asdict(self._plan) if self._plan else None
        return {"source": self._source, "wishes": asdict(self._style), "plan": plan, **self._moved()}

    def _moved(self) -> Told:
        """Where the hands are now."""
        offsets_s = [self._hands.offsets_s.get(output.url, 0.0) for output in self.outputs]
        return {"master": self._hands.master, "blackout": self._hands.blackout, "offsets_s": offsets_s}

    def _hear(self, told: Told) -> None:
        if "frame" in told:
            with contextlib.suppress(ValueError):
                self._frame(int(told["frame"]), base64.b64decode(told["rgb"]))
            return
        if "heard" in told:
            self._heard = {**SILENT, **told["heard"]}
            self._tell(self.told())
        elif "light" in told:
            self._reports[str(told["light"]["url"])] = told["light"]
            if len(self._reports) == len(self.outputs):
                self._meter.look(list(self._reports.values()), time.monotonic())
                self._reports = {}
        elif "listening" in told:
            self._name = str(told["listening"])
            self._ready.set()
        elif "following" in told:
            self._following = True
            self._tell(self.told())
        elif "failed" in told:
            error = DeviceError(str(told["failed"]), str(told.get("hint", "")))
            self._why = str(error)
            if not self._ready.is_set():
                self._failed = error

    def _over(self, code: int) -> None:
        if code and not self._why:
            self._why = "live mode stopped by itself: start it again"
        if not self._ready.is_set() and self._failed is None:
            self._failed = DeviceError(self._why or "live mode did not start", "try again")
        self._ready.set()
        self._following = False
        self._ended(self, self._why)


def list_sources() -> list[Told]:
    """What can be listened to: ``id``, ``name``, ``kind`` (``computer``, ``microphone``), ``default``. Slow."""
    found = list[Told]()
    over = threading.Event()
    child = LinesChild(CHILD, ["list"], lambda told: found.append(told["source"]), lambda code: over.set())
    over.wait(_LIST_S)
    child.stop(0.1)
    return found
