"""A light that stays alive: one protocol's ``Voice`` over one ``Link``, with faults, keep-alive and the end.

All lights that can break share this, so that each behaves the same when its receiver is gone: it is marked offline
once and logged once, frames are dropped and not queued, a new attempt follows after a pause that grows from 0.25 s
to 1 s, and the newest frame is shown at once when the way is open again.
"""

import logging
import time
from collections import deque
from collections.abc import Callable

from beatomizer.arrays import U8
from beatomizer.errors import one_line
from beatomizer.outputs.lights.ending import fade_frames
from beatomizer.outputs.lights.light import LightFrame, LightStatus, black
from beatomizer.outputs.lights.link import Link
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.outputs.lights.voice import Voice
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile

log = logging.getLogger("beatomizer.lights")

KEEP_ALIVE_S = 0.8
"""E1.31 6.6.2 asks for 800 to 1000 ms; Art-Net and WLED are content with the same."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 1.0
_TRUST_S = 0.1
"""A datagram that was refused is reported within this time on a network that answers at all."""

_PATIENCE_S = 3.0
"""A name server, broker or bridge that has not answered by then is asked again."""

_QUIET_S = 60.0
"""A light that comes and goes is written about at most once in this time, each way."""

_REMEMBERED_S = 6.0
"""What was sent is remembered for longer than the longest window of the flash rules (5 s)."""

_DARK_FRAMES = 3


class SteadyLight:
    """A ``Light`` made of a voice and a link.

    Args:
        url: the address it was opened with.
        zones: Z of the frames.
        voice: what is said.
        link: how it gets there.
        max_fps: frames a second that the receiver can show.
        keep_alive_s: an unchanged picture is sent again after this time; 0: never.
        profile: the flash limits for the closing fade.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        url: LightUrl,
        zones: int,
        voice: Voice,
        link: Link,
        *,
        max_fps: float,
        keep_alive_s: float = KEEP_ALIVE_S,
        profile: str | Profile = DEFAULT_PROFILE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self.zones, self.voice, self._link = url, zones, voice, link
        self._max_fps, self._keep_alive_s, self._profile = max_fps, keep_alive_s, profile
        self._clock = clock
        self._status = LightStatus()
        self._frame: LightFrame | None = None
        self._past: deque[tuple[float, U8]] = deque()
        self._sent_s = self._opened_s = self._retry_s = clock()
        self._pause_s = _FIRST_PAUSE_S
        self._open, self._greeted, self._closed = False, False, False
        self._logged_s: dict[str, float] = {}
        self._try_to_open()

    @property
    def url(self) -> str:
        """The address it was opened with."""
        return self._url.text

    @property
    def max_fps(self) -> float:
        """Frames a second that it can show."""
        return self._max_fps

    @property
    def status(self) -> LightStatus:
        """How it is doing."""
        return self._status

    def seen(self, rgb8: U8) -> U8 | None:
        """What its lamps will show of colours."""
        return self.voice.seen(rgb8)

    def send(self, frame: LightFrame) -> None:
        """Show a frame."""
        if self._closed:
            return
        self._frame = frame
        self._remember(frame)
        self._show(frame)

    def idle(self) -> None:
        """Keep alive, poll, hear answers, come back."""
        if self._closed:
            return
        now = self._clock()
        if not self._usable(now):
            return
        try:
            for data, sender in self._link.receive():
                self.voice.heard(data, sender)
            for message in self.voice.due(now):
                self._link.send(message)
        except BlockingIOError:
            pass
        except OSError as error:
            self._went_offline(error)
            return
        if self._frame is not None and self._keep_alive_s and now - self._sent_s >= self._keep_alive_s:
            self._show(self._frame)

    def close(self, fade_s: float = 0.3) -> None:
        """Fade, go dark, say goodbye, let go."""
        if self._closed:
            return
        if self._frame is not None and self._frame.rgb8.any() and fade_s > 0 and self._status.online:
            self._fade(fade_s)
        self._say_goodbye()
        self._closed = True
        self._link.close()

    # --- the way out -----------------------------------------------------------------------------------------

    def _show(self, frame: LightFrame) -> None:
        now = self._clock()
        if not self._usable(now):
            self._status.frames_dropped += 1
            return
        try:
            messages = self.voice.show(frame, now)
            for message in messages:
                self._link.send(message)
        except BlockingIOError:
            self._status.frames_dropped += 1
            return
        except OSError as error:
            self._status.frames_dropped += 1
            self._went_offline(error)
            return
        self._sent_s = now
        if messages:
            self._status.frames_sent += 1

    def _usable(self, now: float) -> bool:
        """Whether something may be sent now; opens the way again when it is time."""
        if not self._open and (now < self._retry_s or not self._try_to_open()):
            return False
        try:
            if not self._link.ready():
                if now - self._opened_s > _PATIENCE_S:
                    raise TimeoutError("no answer")
                return False
            if not self._greeted:
                self._greeted = True
                for message in self.voice.greeting():
                    self._link.send(message)
        except BlockingIOError:
            return False
        except OSError as error:
            self._went_offline(error)
            return False
        if not self._status.online and now - self._opened_s >= _TRUST_S:
            self._came_back(now)
        return True

    def _try_to_open(self) -> bool:
        now = self._clock()
        self._opened_s, self._greeted = now, False
        try:
            self._link.open()
        except OSError as error:
            self._went_offline(error)
            return False
        self._open = True
        return True

    def _went_offline(self, error: OSError) -> None:
        now = self._clock()
        self._open = False
        self._link.close()
        self._retry_s = now + self._pause_s
        self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s)
        self._status.errors += 1
        self._status.last_error = one_line(error.strerror or str(error))
        if self._status.online:
            self._status.online = False
            self._log("is offline: %s; trying again", self._status.last_error)

    def _came_back(self, now: float) -> None:
        self._status.online = True
        self._pause_s = _FIRST_PAUSE_S
        self._log("is back%s", "")
        if self._frame is not None:
            self._sent_s = now - self._keep_alive_s

    def _log(self, text: str, detail: str) -> None:
        now = self._clock()
        if now - self._logged_s.get(text, -_QUIET_S) >= _QUIET_S:
            self._logged_s[text] = now
            log.warning(f"%s {text}", self._url.shown, detail)

    # --- the end ---------------------------------------------------------------------------------------------

    def _remember(self, frame: LightFrame) -> None:
        now = self._clock()
        self._past.append((now, frame.rgb8.copy()))  # whoever made the frame may use its array again
        while self._past and now - self._past[0][0] > _REMEMBERED_S:
            self._past.popleft()

    def _fade(self, fade_s: float) -> None:
        start, step_s = self._clock(), 1.0 / self._max_fps
        frames = fade_frames(list(self._past), start, fade_s, self._max_fps, self._profile)
        for number, rgb8 in enumerate(frames):
            _sleep_until(start + number * step_s, self._clock)
            self._show(LightFrame(rgb8))
        _sleep_until(start + len(frames) * step_s, self._clock)

    def _say_goodbye(self) -> None:
        zones = self.zones if self._frame is None else len(self._frame.rgb8)
        start = self._clock()
        if self._frame is not None:
            for number in range(_DARK_FRAMES):
                _sleep_until(start + number / max(self._max_fps, 40.0), self._clock)
                self._show(black(zones))
        if not self._usable(self._clock()):
            return
        try:
            for message in self.voice.farewell():
                self._link.send(message)
        except OSError as error:
            self._status.last_error = one_line(error.strerror or str(error))


def _sleep_until(moment_s: float, clock: Callable[[], float]) -> None:
    left = moment_s - clock()
    if left > 0:
        time.sleep(min(left, 1.0))
