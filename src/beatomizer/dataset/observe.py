"""Watch a video once: the time, the mean colour and a small copy of every picture.

Time is the file's own clock (PTS), never the number of a picture, and its zero is sample 0 of ``load_audio``. Pictures
that are damaged are left out: the label is then missing there, and the take goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from beatomizer.arrays import F64, U8
from beatomizer.audio.decode import Track
from beatomizer.audio.gate import BARREN_VIDEO_BYTES, SongFile, open_song, shown
from beatomizer.audio.timeline import Timeline
from beatomizer.dataset.clock import Clock, described_rate, repaired
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.planes import quarter_turns, see
from beatomizer.dataset.video_file import MOST_PIXELS, Troubles, moving_picture, opened, pictures, too_large
from beatomizer.errors import NoUsableAudioError, ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.progress import Progress, silent

MOST_PICTURES = 650_000
"""Three hours at 60 a second; 1.1 GB."""

MARGIN_S = 0.5
"""Kept before and after the take: labels are moved by up to a quarter of a second."""

_SEEKABLE = frozenset({"mov", "mp4", "matroska", "webm"})
"""Containers with an index; elsewhere a search may land anywhere."""

_SEEK_FROM_S = 5.0
_SURELY_OVER = 16
"""Pictures in a row after the end before reading stops: coders do not give them out of order further than this."""

_TURN_S = 2**33 / 90_000
"""The clock of transport streams has 33 bits and starts again after 26.5 hours."""

_HIGH_DYNAMIC_RANGE = {16: "PQ", 18: "HLG"}
"""H.273 transfer codes whose colours are not those of a screen."""


def observe(
    path: Path,
    start_s: float = 0.0,
    end_s: float | None = None,
    progress: Progress = silent,
    *,
    threads: int = 0,
) -> Observed:
    """Watch a video, or the part of it from ``start_s`` to ``end_s``.

    Args:
        path: a regular file.
        start_s: beginning of the take, in seconds from sample 0 of ``load_audio(path)``; times in the answer count
            from here, and up to ``MARGIN_S`` of pictures before it are kept.
        end_s: its end; by default that of the pictures.
        progress: told the share of the work as stage ``video``.
        threads: for the decoder; 0 is one a core.

    Raises:
        UnreadableInputError: not a video, no picture can be decoded, or none lies in the part asked for.
        ResourceLimitError: pictures that claim to be larger than 8K, or more than three hours of 60 a second.
        UsageError: a part that is empty.
    """
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise UsageError(f"no part lies from {start_s:g} s to {end_s} s", "give a start before the end")
    watcher = _Watcher(path, start_s, end_s, threads, progress)
    watched = watcher.watch(seek=True) if start_s > _SEEK_FROM_S else None
    watched = watched or watcher.watch(seek=False)
    if watched is None or not watched.stamps_s:
        hint = "is it complete, and not larger than 8K?"
        raise UnreadableInputError(f"no picture in '{shown(path)}' can be decoded", hint)
    observed = _arranged(path, watched, start_s, end_s)
    progress("video", 1.0)
    return observed


def sound_zero_s(path: Path) -> float | None:
    """Where sample 0 of ``load_audio(path)`` lies on the file's own clock; ``None`` without sound or without a clock.

    It is asked of the same code that loads songs, so that the two cannot drift apart.
    """
    try:
        with Track(path) as track:
            placed = next(Timeline(track.picture_start_s).placed(track.frames()), None)
    except (NoUsableAudioError, UnreadableInputError):
        return None
    if placed is None or placed[0].clock_s is None:
        return None
    frame, placement = placed
    assert frame.clock_s is not None
    return frame.clock_s + (placement.cut - placement.silence) / frame.rate


@dataclass
class _Watched:
    """What came out of the decoder, in its order; ``stamps_s`` count from the sound's zero, NaN where unknown."""

    step_s: float
    stamps_s: list[float] = field(default_factory=list)
    means: list[F64] = field(default_factory=list)
    grids: list[U8] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
    transfer: str = ""
    troubles: Troubles = field(default_factory=Troubles)


class _Watcher:
    """One video, to be read from its beginning or from a place shortly before the take."""

    def __init__(
        self, path: Path, start_s: float, end_s: float | None, threads: int, progress: Progress
    ) -> None:
        self._path = path
        self._start_s = start_s
        self._end_s = end_s
        self._threads = threads
        self._progress = progress
        self._zero_s = sound_zero_s(path)

    def watch(self, *, seek: bool) -> "_Watched | None":
        """Decode and look; ``None`` where the search for the beginning of the take failed or led past it."""
        with open_song(self._path) as file:
            file.patience = BARREN_VIDEO_BYTES
            with opened(self._path, file) as container:
                stream = moving_picture(self._path, container, self._threads)
                if seek and not self._found(container, stream):
                    return None
                watched = _Watched(1 / float(stream.average_rate or 30))
                for picture in pictures(container, stream, file, watched.troubles):
                    self._look(picture, watched)
                    self._progress("video", self._share(watched, file))
                    if self._is_over(watched):
                        break
        if seek and not (watched.stamps_s and min(watched.stamps_s) <= self._start_s - MARGIN_S):
            return None
        return watched

    def _found(self, container: InputContainer, stream: VideoStream) -> bool:
        """Go to a key frame before the take, if that can be done safely."""
        if not _SEEKABLE & set(container.format.name.split(",")):
            return False
        if self._zero_s is None or not stream.time_base:
            return False
        wanted_s = self._start_s - 2 * MARGIN_S + self._zero_s
        try:
            container.seek(int(Fraction(wanted_s) / stream.time_base), stream=stream, backward=True)
        except av.error.FFmpegError:
            return False
        return True

    def _look(self, picture: VideoFrame, watched: _Watched) -> None:
        if picture.width * picture.height > MOST_PIXELS:
            raise too_large(self._path)
        stamp = picture.dts if picture.pts is None else picture.pts
        clock_s = np.nan
        if stamp is not None and picture.time_base:
            clock_s = float(stamp * picture.time_base)
        if self._zero_s is None:
            self._zero_s = 0.0 if np.isnan(clock_s) else clock_s
        turns = quarter_turns(picture)
        seen = see(picture, turns)
        watched.stamps_s.append(_unwrapped(clock_s - self._zero_s))
        watched.means.append(seen.mean_rgb)
        watched.grids.append(seen.grid)
        if len(watched.stamps_s) == 1:
            size = (picture.width, picture.height)
            watched.size = (size[1], size[0]) if turns % 2 else size
            watched.transfer = _HIGH_DYNAMIC_RANGE.get(int(picture.color_trc), "")
        if len(watched.stamps_s) > MOST_PICTURES:
            raise ResourceLimitError(f"'{shown(self._path)}' has too many pictures", "cut it into parts")

    def _is_over(self, watched: _Watched) -> bool:
        if self._end_s is None or len(watched.stamps_s) < _SURELY_OVER:
            return False
        return all(stamp > self._end_s + MARGIN_S for stamp in watched.stamps_s[-_SURELY_OVER:])

    def _share(self, watched: _Watched, file: SongFile) -> float:
        if self._end_s is None:
            return min(1.0, file.furthest / max(1, file.size))
        done = (watched.stamps_s[-1] - self._start_s) / (self._end_s - self._start_s)
        return float(np.clip(np.nan_to_num(done), 0.0, 1.0))


def _unwrapped(since_zero_s: float) -> float:
    """Sound and picture are read apart, and libav may place one of them a turn of the clock away."""
    if np.isnan(since_zero_s):
        return since_zero_s
    return since_zero_s - _TURN_S * round(since_zero_s / _TURN_S)


def _arranged(path: Path, watched: _Watched, start_s: float, end_s: float | None) -> Observed:
    """Pictures of the take in the order of time."""
    clock = repaired(watched.stamps_s, watched.step_s)
    name, _ = described_rate(clock.pts_s)
    times = clock.pts_s - start_s
    step = float(np.median(np.diff(times))) if len(times) > 1 else watched.step_s
    until = np.append(times[1:], times[-1] + step)
    wanted = until > -MARGIN_S
    if end_s is not None:
        wanted &= times < end_s - start_s + MARGIN_S
    if not wanted.any():
        raise UnreadableInputError(
            f"'{shown(path)}' has no pictures from {start_s:g} s on", "check the start"
        )
    chosen = clock.kept[wanted]
    return Observed(
        pts_s=times[wanted],
        mean_rgb=np.array([watched.means[index] for index in chosen], np.float32),
        grid=np.array([watched.grids[index] for index in chosen], np.uint8),
        size=watched.size,
        fps=name,
        end_s=float(until[wanted][-1]),
        warnings=tuple(_warnings(watched, clock)),
    )


def _warnings(watched: _Watched, clock: Clock) -> Iterator[str]:
    if watched.troubles.damaged:
        yield f"{watched.troubles.damaged} damaged places in the picture left out"
    if watched.troubles.broken_off:
        yield "the pictures break off"
    if clock.mended:
        yield f"{clock.mended} pictures without a believable time put where they belong"
    if clock.leaps:
        yield "the clock of the pictures starts again; sound and picture may differ"
    if clock.dropped:
        yield f"{clock.dropped} pictures that came late or twice left out"
    if watched.transfer:
        yield f"high dynamic range ({watched.transfer}): colours are duller than they were"
