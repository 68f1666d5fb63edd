"""The lights desk: the hands that people have on the lights, and the one thing that the lights do at a time.

Needs no web server. Its methods may be called from any thread. Those that open or end something return when that is
done, so the server calls them aside; ``said``, ``left`` and the hands (``set_…``) never wait and may be called on an
event loop.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from beatomizer.cues.style import Style
from beatomizer.errors import BeatomizerError, DeviceError, UsageError
from beatomizer.player.calibration import checked_ms, save_offsets_ms
from beatomizer.player.clicks import wanted_flashes
from beatomizer.player.clock import Anchor
from beatomizer.player.plan import Plan
from beatomizer.safety.profiles import profile_named
from beatomizer.show.scene import LEAD_FRAMES
from beatomizer.studio import live_run
from beatomizer.studio.blink import BLINK_S, blink_light
from beatomizer.studio.light_list import LightList, saved_offsets_ms
from beatomizer.studio.light_plan import RIG_OUTPUT, Chosen, outputs_of, plan_of, rig_folder
from beatomizer.studio.light_run import Follow, Hands, LightRun, Output, ShowLight
from beatomizer.studio.live_run import LiveRun
from beatomizer.studio.page_clock import Mood, PageClock
from beatomizer.timebase import FPS

Told = dict[str, Any]

LIGHTS_FIRST_S = 0.030
"""As in ``beatomizer play``: people see light and sound as one when the light leads by 20 to 40 ms."""

SHOW_LEAD_S = LIGHTS_FIRST_S - LEAD_FRAMES / FPS
"""A drawn show runs a frame early by itself."""

CLICKS = "clicks"
"""Instead of a project: a click and a flash each second, to line up a light by ear and eye."""

_CLICK_ZONES = 8
_END_AFTER_DARK_S = 12.0
"""A page that was gone for so long has to start the lights again; they are let go with their goodbye."""


class LightsDesk:
    """Everything the studio does with lights.

    Args:
        folder: of the studio's data.
        send: told events, as ``docs/studio-lights.md`` lists them; from any thread, must not wait.
        send_frame: told live frames, number and bytes ``[Z * 3]``; likewise.

    Attributes:
        list: which lights there are.
    """

    def __init__(
        self,
        folder: Path,
        send: Callable[[Told], None] = lambda event: None,
        send_frame: Callable[[int, bytes], None] = lambda number, rgb: None,
    ) -> None:
        self.list = LightList(folder)
        self._send, self._send_frame = send, send_frame
        self._hands = Hands()
        self._unsaved_ms: dict[str, float] = {}
        self._saving = threading.Lock()
        self._doing = threading.Lock()  # held by whoever starts or stops something
        self._run: LightRun | LiveRun | None = None
        self._running, self._project, self._style = "", "", Style()
        self._chosen, self._shown = Chosen(), 0
        self._clock: PageClock | None = None
        self._error, self._revision, self._closed = "", 0, False

    # --- what is going on ------------------------------------------------------------------------------------

    def event(self) -> Told:
        """What every page is told when something changes, and twice a second while lights run."""
        run = self._run
        return {
            "type": "lights",
            "running": self._running or None,
            "project": self._project or None,
            "outputs": run.outputs_now() if run is not None else [],
            "blackout": self._hands.blackout,
            "master": self._hands.master,
            "error": self._error,
            "revision": self._revision,
        }

    def live_event(self) -> Told:
        """The same for live mode."""
        run, style = self._run, self._style
        heard = (
            run.told() if isinstance(run, LiveRun) else {"source": "", "following": False, **live_run.SILENT}
        )
        facts = {"zones": style.zones, "wishes": {"palette": style.palette, "energy": style.energy}}
        return {"type": "live", "running": isinstance(run, LiveRun), **facts, **heard}

    def changed(self) -> None:
        """The list of lights has changed: pages should fetch it again."""
        self._revision += 1
        self._tell()

    # --- hands: never wait -----------------------------------------------------------------------------------

    def set_blackout(self, on: bool) -> None:
        """Dark, or light again; from whatever page, and whatever runs."""
        self._hands.blackout = on
        self._look()

    def set_master(self, value: float) -> None:
        """How bright, 0..1."""
        self._hands.master = min(1.0, max(0.0, value))
        self._look()

    def set_offset(self, id: str, offset_ms: float) -> None:
        """Show one light later, or earlier; at once, and kept by ``save_offsets``.

        Raises:
            UsageError: no such light, or out of range.
        """
        url = self._url_of(id)
        self._hands.offsets_s[url] = checked_ms(offset_ms) / 1000.0
        self._unsaved_ms[url] = offset_ms
        self._look()

    def said(self, page: object, project: str, position_s: float, playing: bool, at_s: float | None) -> None:
        """A page says where its song is.

        Args:
            page: who.
            project: what it plays; positions of other songs than the one that is lit are of no use.
            position_s: where it is.
            playing: whether it moves.
            at_s: at which moment of our clock (monotonic), if the page knows.
        """
        clock, run = self._clock, self._run
        if clock is not None and project == self._project:
            was = clock.is_playing
            if (
                clock.said(page, position_s, playing, at_s, time.monotonic())
                and was != playing
                and run is not None
            ):
                run.look()

    def left(self, page: object) -> None:
        """A page is gone."""
        if self._clock is not None:
            self._clock.left(page, time.monotonic())

    def save_offsets(self) -> None:
        """Keep the offsets that were set, where ``beatomizer calibrate`` keeps them. Writes a file."""
        with self._saving:  # one after the other: each reads the file, adds to it and writes it
            unsaved = dict(self._unsaved_ms)
            if unsaved:
                save_offsets_ms(unsaved)
            for url, offset_ms in unsaved.items():
                if self._unsaved_ms.get(url) == offset_ms:  # it may have been moved on meanwhile
                    del self._unsaved_ms[url]

    @property
    def has_unsaved(self) -> bool:
        """Whether an offset is not on disk yet."""
        return bool(self._unsaved_ms)

    # --- one thing at a time ---------------------------------------------------------------------------------

    def start_show(self, project: str, light: ShowLight, chosen: Chosen) -> None:
        """Light a song; lights follow the positions that its page says. Takes as long as opening the lights.

        Raises:
            UsageError: no light, or one that may not be used.
            DeviceError: one cannot be opened.
        """
        with self._doing:
            self._stop()
            self._clock = PageClock(time.monotonic())
            self._open("show", project, light, chosen, self._clock, SHOW_LEAD_S)

    def start_clicks(self, chosen: Chosen) -> None:
        """A flash each second, where the page clicks; see ``start_show``."""
        light = ShowLight(wanted_flashes(_CLICK_ZONES))
        with self._doing:
            self._stop()
            self._clock = PageClock(time.monotonic())
            self._open("clicks", CLICKS, light, chosen, self._clock, 0.0)

    def renew(self, project: str, light: ShowLight) -> None:
        """The light of a song has changed; if it is lit, lights glide into the new one."""
        with self._doing:
            run, clock = self._run, self._clock
            if not isinstance(run, LightRun) or clock is None or self._running != "show":
                return
            if self._project != project or light.number < self._shown:
                return
            self._shown = light.number
            if light.zones == run.plan.zones and light.profile == run.plan.profile:
                run.show(light)
                return
            self._stop()  # another stage, or other limits: opened anew, dark in between
            self._clock = clock
            self._open("show", project, light, self._chosen, clock, SHOW_LEAD_S)

    def blink(self, id: object) -> None:
        """Let one light swell, twice and slowly, so that a person sees which it is. Returns when it has begun.

        Raises:
            UsageError: no such light, or lights are busy with something else.
        """
        place, name = self.list.place(id)
        with self._doing:
            if self._running not in ("", "blink"):
                raise UsageError("the lights are running", "stop them first, then blink")
            self._stop()
            output = Output(str(id), name, place.url, place.near_url())
            light, open_s = blink_light(place), list[float]()

            def follow(now_s: float) -> tuple[Anchor, Mood] | None:
                start_s = (open_s or [now_s])[0]  # however long the light took to open
                open_s[:] = [start_s]
                return (Anchor(start_s, 0.0, 1.0), Mood.FOLLOWS) if now_s - start_s < BLINK_S else None

            plan = Plan((output.near_url,), light.zones, light.profile)
            self._begin(
                LightRun(plan, (output,), light, follow, self._hands, 0.0, self._tell_outputs, self._over),
                "blink",
            )

    def start_live(self, source: str | None, chosen: Chosen, style: Style) -> None:
        """Listen, show the page, and light the lights (none: the page alone). Takes as long as opening the source.

        Raises:
            UsageError: a light or a wish that may not be.
            DeviceError: the source cannot be opened.
        """
        profile_named(style.safety)
        with self._doing:
            self._stop()
            stack = contextlib.ExitStack()
            try:
                folder = stack.enter_context(rig_folder())
                outputs, plan = tuple[Output, ...](), None
                if not chosen.is_empty:
                    outputs, rig_file = outputs_of(self.list.book, chosen, folder)
                    plan = plan_of(outputs, rig_file, style.zones, style.safety, live=True)
                    self._take_offsets(outputs)
                self._style = style

                def ended(run: LightRun | LiveRun, why: str) -> None:
                    stack.close()
                    self._over(run, why)

                run = LiveRun(
                    source, style, plan, outputs, self._hands, self._tell_live, self._send_frame, ended
                )
                self._begin(run, "live")
            except BaseException:
                stack.close()
                raise

    def wish_live(self, style: Style) -> None:
        """Other colours and energy while live mode goes on.

        Raises:
            UsageError: it does not.
        """
        run = self._run
        if not isinstance(run, LiveRun):
            raise UsageError("live mode is not running", "start it first")
        self._style = replace(self._style, palette=style.palette, energy=style.energy)
        run.wish(self._style)
        self._send(self.live_event())

    def stop(self, *kinds: str) -> None:
        """End what runs, if it is one of ``kinds`` (none: whatever it is); returns when the lights are dark."""
        with self._doing:
            if not kinds or self._running in kinds:
                self._stop()
        self._tell()

    def remove(self, id: object) -> None:
        """Forget a light; if it is lit, all go dark first."""
        light = self.list.book.light(id)
        with self._doing:
            if self._run is not None and any(output.id == light.id for output in self._run.outputs):
                self._stop()
        self.list.book.remove(id)
        self.changed()

    def close(self) -> None:
        """End everything for good."""
        self._closed = True
        self.stop()
        try:
            self.save_offsets()
        except BeatomizerError:  # the disk may be full; the lights are dark all the same
            return

    # --- inside ----------------------------------------------------------------------------------------------

    def _open(
        self, kind: str, project: str, light: ShowLight, chosen: Chosen, clock: PageClock, lead_s: float
    ) -> None:
        with rig_folder() as folder:
            outputs, rig_file = outputs_of(self.list.book, chosen, folder)
            plan = plan_of(outputs, rig_file, light.zones, light.profile)
            self._take_offsets(outputs)
            follow = _following(clock)
            run = LightRun(plan, outputs, light, follow, self._hands, lead_s, self._tell_outputs, self._over)
            self._chosen, self._shown = chosen, light.number
            self._begin(run, kind, project)

    def _begin(self, run: LightRun | LiveRun, kind: str, project: str = "") -> None:
        if self._closed:
            raise DeviceError("the studio is ending", "start it again")
        self._run, self._running, self._project, self._error = run, kind, project, ""
        try:
            run.start()
        except BaseException:
            self._forget()
            raise
        self._tell()

    def _take_offsets(self, outputs: tuple[Output, ...]) -> None:
        saved_ms = {**saved_offsets_ms(), **self._unsaved_ms}
        for output in outputs:
            self._hands.offsets_s[output.url] = saved_ms.get(output.url, 0.0) / 1000.0

    def _url_of(self, id: str) -> str:
        for output in self._run.outputs if self._run is not None else ():
            if output.id == id:
                return output.url
        return self.list.book.light(id).place.url

    def _stop(self) -> None:
        """End what runs; the lock is held."""
        run = self._run
        self._forget()
        if run is not None:
            run.stop()
        if isinstance(run, LiveRun):
            self._send(self.live_event())

    def _forget(self) -> None:
        self._run, self._running, self._project, self._clock = None, "", "", None

    def _over(self, run: LightRun | LiveRun, why: str) -> None:
        """A run is over; from its own thread. One that was stopped is forgotten already."""
        if self._run is run:
            self._forget()
            self._error = why
            if isinstance(run, LiveRun):
                self._send(self.live_event())
            self._tell()

    def _look(self) -> None:
        run = self._run
        if run is not None:
            run.look()
        self._tell()

    def _tell(self) -> None:
        self._send(self.event())

    def _tell_outputs(self, outputs: list[Told]) -> None:
        self._tell()

    def _tell_live(self, heard: Told) -> None:
        self._send(self.live_event())


def _following(clock: PageClock) -> Follow:
    """Lights that follow a page's clock, and end some time after they went dark because it is gone."""
    dark_s: list[float] = []

    def follow(now_s: float) -> tuple[Anchor, Mood] | None:
        mood = clock.mood(now_s)
        if mood is not Mood.DARK:
            dark_s.clear()
        elif not dark_s:
            dark_s.append(now_s)
        elif now_s - dark_s[0] > _END_AFTER_DARK_S:
            return None
        return clock.line(now_s), mood

    return follow


__all__ = ["CLICKS", "RIG_OUTPUT", "LightsDesk"]
