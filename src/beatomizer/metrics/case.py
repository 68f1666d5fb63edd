"""One show on one song with everything that metrics may ask for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64, Bool
from beatomizer.metrics.light import Light
from beatomizer.metrics.song import Part, Song
from beatomizer.metrics.table import METRICS, Metric


@dataclass(frozen=True)
class Case:
    """What is measured. The names of the attributes are the names of the metrics' parameters.

    Attributes:
        song: the sound, and what is known of it.
        light: the estimate.
        label: the light that was there; ``None`` if nobody knows.
        seen: ``[T]``, frames whose label was seen and is not disturbed by a cut; ``None`` is all.
        unsafe: ``[T]``, frames at which a flash judge finds a rule broken; ``None`` if nobody asked.
    """

    song: Song
    light: Light
    label: Light | None = None
    seen: Bool | None = None
    unsafe: Bool | None = None

    def __post_init__(self) -> None:
        """Refuse what has not the same number of frames."""
        sized = [self.song.onset, self.song.loudness_db, self.song.chroma, self.seen, self.unsafe]
        lengths = {len(one) for one in sized if one is not None} | {self.light.frames}
        if self.label is not None:
            lengths.add(self.label.frames)
        if len(lengths) != 1:
            raise ValueError(f"song, light and label have {sorted(lengths)} frames")

    @cached_property
    def usable(self) -> Bool:
        """``[T]``: which frames can be compared with the label."""
        return np.ones(self.light.frames, dtype=np.bool_) if self.seen is None else self.seen

    @property
    def onset(self) -> F32 | F64:
        """Of the song."""
        return self.song.onset

    @property
    def loudness_db(self) -> F32 | F64:
        """Of the song."""
        return self.song.loudness_db

    @property
    def chroma(self) -> F32 | F64:
        """Of the song."""
        return self.song.chroma

    @property
    def beats_s(self) -> F64 | None:
        """Of the song."""
        return self.song.beats_s

    @property
    def downbeats_s(self) -> F64 | None:
        """Of the song."""
        return self.song.downbeats_s

    @property
    def parts(self) -> tuple[Part, ...] | None:
        """Of the song."""
        return self.song.parts

    @property
    def drops_s(self) -> F64 | None:
        """Of the song."""
        return self.song.drops_s


def measure(metric: Metric, case: Case) -> float:
    """The metric's value; ``nan`` where it does not apply, because something it needs is not known or not there.

    Given what it needs, a metric is finite for every light.
    """
    asked: list[Any] = [getattr(case, name) for name in metric.needs]
    return np.nan if any(one is None for one in asked) else float(metric.function(*asked))


def measure_all(case: Case, metrics: tuple[Metric, ...] = METRICS) -> F64:
    """All metrics of the table, in its order."""
    return np.array([measure(metric, case) for metric in metrics])
