"""What a designer looks up in the score: beats and their fractions, bars, hits, how much energy there is."""

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.composer.annotations import Annotations

_FREE_BEAT_S = 0.75
"""A song without a beat is counted as people breathe with it: a count each 0.75 s."""


class SongView:
    """Times of a song as sorted arrays, in seconds.

    Attributes:
        beats, positions: every beat and its place in the bar.
        onsets: by class.
        beat_s: the median length of a beat.
        parts: into how many a beat divides: 2, or 3 in 6/8.
    """

    def __init__(self, song: Annotations) -> None:
        self.song = song
        beats = song.beats or tuple((t, 1 + i % 4) for i, t in enumerate(_counted(song.duration_s)))
        self.beats: F64 = np.array([time for time, _ in beats])
        self.positions: Int = np.array([position for _, position in beats], dtype=np.int64)
        self.onsets: dict[str, F64] = {name: np.array(times) for name, times in song.onsets.items()}
        self.parts = 3 if song.meter == "6/8" else 2
        self.beat_s = float(np.median(np.diff(self.beats))) if len(self.beats) > 1 else _FREE_BEAT_S
        energy = song.energy or ((0.0, 0.5),)
        self._energy_times: F64 = np.array([time for time, _ in energy])
        self._energy_values: F64 = np.array([value for _, value in energy])

    def grid(self, start_s: float, end_s: float, per_beat: int = 1) -> F64:
        """Every ``1/per_beat`` of a beat in ``[start_s, end_s)``, following drift."""
        place = np.arange((len(self.beats) - 1) * per_beat + 1) / per_beat
        times = np.interp(place, np.arange(len(self.beats)), self.beats)
        return _within(times, start_s, end_s)

    def bars(self, start_s: float, end_s: float) -> F64:
        """Downbeats in ``[start_s, end_s)``."""
        return _within(self.beats[self.positions == 1], start_s, end_s)

    def hits(self, name: str, start_s: float, end_s: float) -> F64:
        """Onsets of one class in ``[start_s, end_s)``."""
        return _within(self.onsets.get(name, np.empty(0)), start_s, end_s)

    def is_driven(self, start_s: float, end_s: float) -> bool:
        """Whether drums play: at least one stroke in two beats, on the whole."""
        strokes = sum(len(self.hits(name, start_s, end_s)) for name in ("kick", "snare", "hat"))
        return strokes * 2 * self.beat_s >= end_s - start_s

    def energy(self, times: F64) -> F64:
        """0..1 at each of ``times``."""
        return np.asarray(np.interp(times, self._energy_times, self._energy_values))


def _within(times: F64, start_s: float, end_s: float) -> F64:
    # A millisecond of grace: a section begins on its first beat, and both were rounded when they were written down.
    return np.asarray(times[(times >= start_s - 0.001) & (times < end_s - 0.001)])


def _counted(duration_s: float) -> F64:
    return np.arange(0.0, max(duration_s, 2 * _FREE_BEAT_S), _FREE_BEAT_S)
