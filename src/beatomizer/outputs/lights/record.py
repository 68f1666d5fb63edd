"""``record://FILE.npz``: the light that remembers. What was sent, when, in a file that ``check`` can read.

The file holds ``rgb`` (uint8 ``[N, Z, 3]``), ``time_s`` (float64 ``[N]``, seconds since opening on the monotonic
clock), ``song_s`` (the frames' own time), ``beat`` and ``fps``. It appears when the light is closed, whole; and only if
their own time or beat moved: where no show began, an earlier file stays.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from beatomizer.arrays import F64, U8, Int
from beatomizer.atomic import written_aside
from beatomizer.errors import UsageError
from beatomizer.outputs.lights.ending import fade_frames
from beatomizer.outputs.lights.light import Light, LightFrame, LightStatus, black
from beatomizer.outputs.lights.url import LightUrl, record_path
from beatomizer.rig.rig import Rig
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile
from beatomizer.timebase import FPS


class RecordingLight:
    """A ``Light`` for tests and curiosity; ``rgb8``, ``times_s`` and ``frames`` may be read at any time.

    Args:
        path: the file to write on closing; ``None`` keeps everything in memory only.
        url: what ``url`` says.
        max_fps: what ``max_fps`` says.
        profile: the flash limits for the closing fade.
    """

    def __init__(
        self,
        path: Path | None = None,
        url: str = "record://",
        max_fps: float = float(FPS),
        profile: str | Profile = DEFAULT_PROFILE,
    ) -> None:
        self.path, self.url, self.max_fps, self._profile = path, url, max_fps, profile
        self.status = LightStatus()
        self.frames: list[LightFrame] = []
        self._times_s: list[float] = []
        self._opened_s = time.monotonic()
        self._closed = False

    @property
    def rgb8(self) -> U8:
        """All that was sent, ``[N, Z, 3]``."""
        zones = len(self.frames[0].rgb8) if self.frames else 1
        empty = np.zeros((0, zones, 3), dtype=np.uint8)
        return np.stack([frame.rgb8 for frame in self.frames]) if self.frames else empty

    @property
    def times_s(self) -> F64:
        """When each frame was sent, seconds since opening, ``[N]``."""
        return np.array(self._times_s)

    @property
    def beats(self) -> Int:
        """The beat counter of each frame, ``[N]``."""
        return np.array([frame.beat for frame in self.frames], dtype=np.int64)

    def seen(self, rgb8: U8) -> U8 | None:
        """The colours themselves."""
        return None

    def send(self, frame: LightFrame) -> None:
        """Remember a frame."""
        if not self._closed:
            self._keep(frame, time.monotonic() - self._opened_s)

    def idle(self) -> None:
        """Nothing is due."""

    def close(self, fade_s: float = 0.3) -> None:
        """Fade, three dark frames, write the file. The ending is remembered with its times, and takes none.

        Raises:
            BeatomizerError: the file cannot be written any more, for example because the disk is full.
        """
        if self._closed:
            return
        if self.frames:
            self._end(fade_s)
        self._closed = True
        if self.path is not None and self._moved():
            self._write(self.path)

    def _end(self, fade_s: float) -> None:
        moment_s = max(time.monotonic() - self._opened_s, self._times_s[-1] + 1 / self.max_fps)
        last = self.frames[-1]
        fading: list[U8] = []
        if last.rgb8.any() and fade_s > 0:
            recent = [(t, f.rgb8) for t, f in zip(self._times_s, self.frames) if moment_s - t <= 6.0]
            past = recent or [(self._times_s[-1], last.rgb8)]
            fading = fade_frames(past, moment_s, fade_s, self.max_fps, self._profile)
        for rgb8 in [*fading, *[black(len(last.rgb8)).rgb8] * 3]:
            self._keep(LightFrame(rgb8, last.time_s, last.beat), moment_s)
            moment_s += 1 / self.max_fps

    def _keep(self, frame: LightFrame, time_s: float) -> None:
        self.frames.append(replace(frame, rgb8=frame.rgb8.copy()))
        self._times_s.append(time_s)
        self.status.frames_sent += 1

    def _moved(self) -> bool:
        return len({(frame.time_s, frame.beat) for frame in self.frames}) > 1

    def _write(self, path: Path) -> None:
        song_s = np.array([frame.time_s for frame in self.frames])
        with written_aside(path) as aside:
            np.savez_compressed(
                aside,
                rgb=self.rgb8,
                time_s=self.times_s,
                song_s=song_s,
                beat=self.beats,
                fps=np.float64(self.max_fps),
            )


def open_record(url: LightUrl, zones: int, rig: Rig | None, profile: str | Profile) -> Light:
    """``record:///folder/file.npz``, or ``record://file.npz`` for the folder one is in."""
    fps = url.number("fps", float(FPS), 1, FPS)
    url.finish()
    path = record_path(url)
    if path.suffix.lower() != ".npz":
        raise UsageError(f"'{url.text}' names no .npz file", "write it like record://sent.npz")
    if not path.parent.is_dir():
        raise UsageError(f"the folder '{path.parent}' is not there", "make it first, or name another file")
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder", "name a file")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()  # better now than after the show
    except OSError as error:
        raise UsageError(
            f"cannot write into '{path.parent}' ({error.strerror})", "name another place"
        ) from error
    return RecordingLight(path, url.text, fps, profile)
