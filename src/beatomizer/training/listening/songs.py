"""Lessons in memory, in the form from which any excerpt at any speed is cut fast.

What belongs to frames is kept for frames; what changes slowly, for slow steps of eight. Beats are kept as a running
count, so that tempo and place in the beat follow from it at any speed.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beatomizer.arrays import F16, F32, F64, Int
from beatomizer.composer.annotations import ONSET_CLASSES
from beatomizer.dataset.lessons.lesson import SUFFIX, read_lesson
from beatomizer.dataset.lessons.targets import targets
from beatomizer.errors import UnreadableInputError
from beatomizer.models.listening.heads import SLOW_FRAMES
from beatomizer.progress import Progress, silent
from beatomizer.timebase import FPS

_TEMPO_BEATS = 4


@dataclass(frozen=True)
class Song:
    """One lesson.

    Attributes:
        frames: float16 ``[T, F]``.
        beats, downbeats, boundaries: float64, in frames; ``onsets``: one array for each class.
        count: float32 ``[T]``, beats since the first one, running on by one beat on either side; NaN beyond.
        period: float32 ``[T]``, frames from beat to beat, NaN beyond.
        energy, light: float16 ``[T]``; ``rgb``: float16 ``[T, 3]`` linear.
        part, letter, look: int8 ``[U]``, −1 unknown; ``hue``: float16 ``[U]`` radians, NaN unknown.
        known: kinds of truth to be believed.
    """

    frames: F16
    beats: F64
    downbeats: F64
    onsets: tuple[F64, ...]
    boundaries: F64
    count: F32
    period: F32
    energy: F16
    light: F16
    rgb: F16
    part: Int
    letter: Int
    look: Int
    hue: F32
    known: frozenset[str]

    def __len__(self) -> int:
        """Frames."""
        return len(self.frames)


def lesson_files(folders: Sequence[Path]) -> list[Path]:
    """All lessons of some folders, by name.

    Raises:
        UnreadableInputError: a folder holds none.
    """
    found = []
    for folder in folders:
        here = sorted(folder.glob(f"*{SUFFIX}"))
        if not here:
            raise UnreadableInputError(
                f"there are no lessons in '{folder}'",
                "make some: beatomizer dataset lessons -o DIR --songs N",
            )
        found += here
    return found


def load_songs(files: Sequence[Path], progress: Progress = silent) -> list[Song]:
    """Read lessons; about 1.3 MB a minute of song."""
    songs: list[Song] = []
    with ThreadPoolExecutor(2) as pool:
        for song in pool.map(load_song, files):
            songs.append(song)
            progress("lessons", len(songs) / len(files))
    return songs


def load_song(path: Path) -> Song:
    """Read one lesson."""
    lesson = read_lesson(path)
    true, truth = targets(lesson), lesson.facts["truth"]
    beats = np.array([time for time, _ in truth["beats"]], dtype=np.float64) * FPS
    positions = np.array([position for _, position in truth["beats"]], dtype=np.int64)
    count, period = _running(beats, len(lesson.frames))
    return Song(
        frames=lesson.frames,
        beats=beats,
        downbeats=beats[positions == 1],
        onsets=tuple(
            np.array(truth["onsets"].get(name, ()), dtype=np.float64) * FPS for name in ONSET_CLASSES
        ),
        boundaries=np.array([part["start_s"] * FPS for part in truth["sections"][1:]], dtype=np.float64),
        count=count,
        period=period,
        energy=true.energy.astype(np.float16),
        light=lesson.light,
        rgb=lesson.rgb,
        part=true.part[::SLOW_FRAMES].astype(np.int8).astype(np.int64),
        letter=true.letter[::SLOW_FRAMES],
        look=true.look[::SLOW_FRAMES],
        hue=true.hue[::SLOW_FRAMES],
        known=true.known,
    )


def _running(beats: F64, frames: int) -> tuple[F32, F32]:
    nothing = np.full(frames, np.nan, dtype=np.float32)
    if len(beats) < 3:
        return nothing, nothing
    number = np.arange(len(beats))
    low, high = np.maximum(number - _TEMPO_BEATS, 0), np.minimum(number + _TEMPO_BEATS, len(beats) - 1)
    period = (beats[high] - beats[low]) / (high - low)
    wider = np.concatenate([[beats[0] - period[0]], beats, [beats[-1] + period[-1]]])
    at = np.arange(frames)
    count = np.interp(at, wider, np.arange(-1, len(beats) + 1), left=np.nan, right=np.nan)
    local = np.where(np.isnan(count), np.nan, np.interp(at, beats, period))
    return count.astype(np.float32), local.astype(np.float32)
