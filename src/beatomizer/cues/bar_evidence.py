"""What learned scores say for and against each beat, bar and tempo, in one currency: natural-log odds.

Four witnesses are heard. ``beat`` and ``downbeat`` are peaks, judged against the strongest ones around them, so that
quiet passages count and silence says nothing. ``phase`` tells on every frame where in the beat it is: over a wrong
octave its angles cancel. ``tempo`` tells how fast. Frames repeat each other, so the last two are weighted far down.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64, Int
from beatomizer.cues.tempo import moving_mean
from beatomizer.cues.tempo_evidence import TEMPI, TempoEvidence
from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS

PERIODS: F64 = FPS * 60.0 / TEMPI
"""Their periods in frames, 92.7 to 14.8."""

LEEWAY: Int = np.arange(-2, 3)
"""Frames by which an interval may miss its tempo: whole frames and people are not exact."""

INTERVALS: Int = np.round(PERIODS)[:, None].astype(np.int64) + LEEWAY
"""``[K, 5]``: frames from beat to beat at each tempo."""

LONGEST = int(INTERVALS.max())

_FLATTEST = 0.05
"""No peak says more than odds of 1 : 19."""

_BEAT_WEIGHT, _BEAT_MOST = 1.5, 1.5
"""A peak says less for a beat than a gap says against one: eighths may be as strong as beats."""

_BEAT_ROOM, _BAR_ROOM = 3 * FPS // 2, 4 * FPS
"""Frames on either side within which peaks are compared."""

_ALIVE_FROM = 0.35
"""Where even the highest peaks stand out by less than this, they are heard with that much less trust."""

_DOWNBEAT_WEIGHT, _BOUNDARY_WEIGHT = 1.0, 3.0
_PHASE_WEIGHT = 6.0 / FPS
"""A sure phase is worth a sure beat every half second."""


@dataclass(frozen=True)
class Evidence:
    """Of T frames; zeros wherever nothing is known.

    Attributes:
        beat: float32 ``[T]``: for a beat on this frame.
        downbeat: float32 ``[T]``: for its being a bar's first, besides.
        phase: complex64 ``[T]``: the place in the beat as an angle, its length the trust in it, weighted.
        tempo: what is for each of ``TEMPI``.
    """

    beat: F32
    downbeat: F32
    phase: np.ndarray[tuple[int, ...], np.dtype[np.complex64]]
    tempo: TempoEvidence

    def padded(self, before: int, after: int) -> "Evidence":
        """The same between frames about which nothing is known."""
        ends = (before, after)
        return Evidence(
            np.pad(self.beat, ends),
            np.pad(self.downbeat, ends),
            np.pad(self.phase, ends),
            self.tempo.widened(before, after),
        )

    def cut(self, first: int, last: int) -> "Evidence":
        """Frames ``first`` to ``last`` (excluded)."""
        here = slice(first, last)
        return Evidence(self.beat[here], self.downbeat[here], self.phase[here], self.tempo.cut(first, last))

    def __len__(self) -> int:
        return len(self.beat)


def evidence(heard: Scores) -> Evidence:
    """Everything that the learned scores say about rhythm.

    Args:
        heard: with ``tempo`` and ``phase``.
    """
    assert heard.tempo is not None
    assert heard.phase is not None
    beat = _known(heard.beat)
    gain = _BEAT_WEIGHT * _odds(np.maximum(beat, 0.8 * _widened(beat, 1)), _BEAT_ROOM)
    gain = np.minimum(gain, _BEAT_MOST)
    bar = np.zeros(len(beat))
    if heard.downbeat is not None:
        known = _known(heard.downbeat)
        bar = _DOWNBEAT_WEIGHT * _odds(_widened(known, 2), _BAR_ROOM)
    if heard.boundary is not None:
        bar = bar + _BOUNDARY_WEIGHT * np.clip((_widened(_known(heard.boundary), 3) - 0.2) / 0.6, 0.0, 1.0)
    phase = 2.0 * _known(heard.phase) - 1.0
    turning = _PHASE_WEIGHT * (phase[:, 0] + 1j * phase[:, 1])
    return Evidence(
        gain.astype(np.float32),
        bar.astype(np.float32),
        turning.astype(np.complex64),
        TempoEvidence.of(heard.tempo),
    )


def agreement(turning: np.ndarray[tuple[int, ...], np.dtype[np.complex64]], interval: int) -> F64:
    """What the phase says for a beat on each frame and one ``interval`` frames before it, ``[T]``.

    It is the sum over the frames between of the angle's likeness to the one that these two beats ask for.
    """
    frames = np.arange(len(turning))
    spin = np.exp(-2j * np.pi * frames / interval)
    sums = np.concatenate([[0.0], np.cumsum(turning * spin)])
    window = sums[interval:-1] - sums[: -interval - 1]
    out = np.zeros(len(turning))
    out[interval:] = (window * np.conj(spin[interval:])).real
    return out


def _known(values: F32) -> F64:
    return np.nan_to_num(np.asarray(values, dtype=np.float64))


def _widened(values: F64, reach: int) -> F64:
    """The largest value within ``reach`` frames."""
    padded = np.pad(values, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(windows.max(axis=1)) if len(values) else values


def _odds(values: F64, room: int) -> F64:
    """Log odds of peaks against the local strongest one; none where nothing stands out."""
    top = _local_top(values, room)
    share = _FLATTEST + (1.0 - 2.0 * _FLATTEST) * np.clip(values / np.maximum(top, 1e-6), 0.0, 1.0)
    alive = np.clip((top - moving_mean(values, 2 * room)) / _ALIVE_FROM, 0.0, 1.0)
    return np.asarray(np.log(share / (1.0 - share)) * alive)


def _local_top(values: F64, room: int) -> F64:
    """The largest value within ``room`` frames, by steps of a tenth of that."""
    step = max(1, room // 10)
    cells = -(-len(values) // step)
    tops = np.pad(values, (0, cells * step - len(values))).reshape(cells, step).max(axis=1)
    wide = _widened(tops, 10)
    return np.asarray(np.interp(np.arange(len(values)), (np.arange(cells) + 0.5) * step, wide))
