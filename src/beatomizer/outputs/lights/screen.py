"""``screen://``: the zones as blocks of true colour in the terminal, a line of text below."""

import shutil
import sys
from typing import TextIO

from beatomizer.arrays import U8
from beatomizer.outputs.lights.light import Light, LightFrame, LightStatus, black
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import Profile

TERMINAL_FPS = 30.0
"""Terminals redraw about so often; more only fills pipes."""

_HOME, _CLEAR, _HIDE, _SHOW, _RESET = "\x1b[H", "\x1b[2J", "\x1b[?25l", "\x1b[?25h", "\x1b[0m"


def picture(frame: LightFrame, columns: int, rows: int) -> str:
    """One screenful: the zones side by side, ``rows - 1`` lines high, and a caption."""
    zones = len(frame.rgb8)
    edges = [zone * columns // zones for zone in range(zones + 1)]
    line = "".join(
        f"\x1b[48;2;{red};{green};{blue}m" + " " * (edges[zone + 1] - edges[zone])
        for zone, (red, green, blue) in enumerate(frame.rgb8.tolist())
        if edges[zone + 1] > edges[zone]
    )
    words = [
        f"{frame.tempo_bpm:.0f} BPM" if frame.tempo_bpm else "",
        f"beat {frame.beat}",
        frame.section,
        frame.look,
    ]
    caption = "  ".join(word for word in words if word)[: columns - 1]
    return _HOME + (line + _RESET + "\r\n") * max(1, rows - 1) + caption.ljust(columns - 1)


class ScreenLight:
    """A terminal as a ``Light``.

    Args:
        out: the terminal.
        url: what ``url`` says.
        max_fps: what ``max_fps`` says.
    """

    def __init__(
        self,
        out: TextIO,
        url: str = "screen://",
        max_fps: float = TERMINAL_FPS,
    ) -> None:
        self.url, self.max_fps, self.status = url, max_fps, LightStatus()
        self._out = out
        self._last: U8 | None = None
        self._closed = False

    def seen(self, rgb8: U8) -> U8 | None:
        """The colours themselves."""
        return None

    def send(self, frame: LightFrame) -> None:
        """Draw a frame."""
        if self._closed:
            return
        if self._last is None:
            self._write(_HIDE + _CLEAR)
        self._last = frame.rgb8
        columns, rows = shutil.get_terminal_size()
        self._write(picture(frame, columns, rows))
        self.status.frames_sent += 1

    def idle(self) -> None:
        """Nothing is due."""

    def close(self, fade_s: float = 0.3) -> None:
        """Dark, and the cursor back. One fall to black is one transition; nothing on a screen stays lit."""
        if self._closed:
            return
        if self._last is not None:
            self.send(black(len(self._last)))
            self._write(_RESET + _CLEAR + _HOME + _SHOW)
        self._closed = True

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError) as error:
            self.status.online, self.status.errors = False, self.status.errors + 1
            self.status.last_error = str(error)


def open_screen(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``screen://``."""
    fps = url.number("fps", TERMINAL_FPS, 1, 60)
    url.finish()
    return ScreenLight(sys.stdout, url.text, fps)
