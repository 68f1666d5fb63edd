"""What is known of the sound that a show is measured against."""

from dataclasses import dataclass

from beatomizer.arrays import F32, F64


@dataclass(frozen=True)
class Part:
    """A section: from, until, which material (parts with the same ``material`` repeat each other)."""

    start_s: float
    end_s: float
    material: str


@dataclass(frozen=True)
class Song:
    """The reference side of a metric. ``None`` is "not known"; metrics that need it do not apply.

    Attributes:
        onset: o ``[T]``, onset envelope of the sound at 60 fps, not negative.
        loudness_db: R ``[T]``, loudness over 400 ms in dB.
        chroma: ``[T, 12]``, pitch classes.
        beats_s: B, times of the beats, ascending.
        downbeats_s: D, times of the first beats of bars.
        parts: the sections in order, without gaps.
        drops_s: where the song drops.
    """

    onset: F32 | F64
    loudness_db: F32 | F64
    chroma: F32 | F64
    beats_s: F64 | None = None
    downbeats_s: F64 | None = None
    parts: tuple[Part, ...] | None = None
    drops_s: F64 | None = None
