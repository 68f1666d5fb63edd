"""Beats from elsewhere: a DJ's deck or a drum machine knows them better than any ear.

What arrives (MIDI clock, OS2L) becomes a grid; the grid takes the place of what the model says of beats, tempo and
phase, frame by frame. Everything else (colour, parts, onsets) is still heard. When nothing has come for two seconds,
or the other side says stop, the model's own beats count again.
"""

import threading
import time
from collections.abc import Callable, Mapping

import numpy as np

from beatomizer.arrays import F32
from beatomizer.errors import UsageError, one_line
from beatomizer.inference.engine import TEMPI_BPM
from beatomizer.live.follower import Card, Listener, LiveEngine
from beatomizer.timebase import FPS

SILENT_S = 2.0
_SLOWEST_BPM, _FASTEST_BPM = 30.0, 300.0
_SHARE = 0.25
"""How much of a new beat's time is believed against the grid's: messages jitter by some milliseconds."""


class BeatGrid:
    """Beats told one by one, from any thread; where the next ones fall.

    Args:
        now: the clock, monotonic.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._at_s, self._heard_s = float("-inf"), float("-inf")
        self._period_s, self._count = 0.5, 0
        self.keeper: object = None

    def beat(self, at_s: float, *, bpm: float | None = None, count: int | None = None) -> None:
        """A beat fell.

        Args:
            at_s: when (monotonic).
            bpm: the tempo, if it was told.
            count: number of the beat from 0, of which every fourth is a downbeat, if it was told.
        """
        with self._lock:
            gap_s = at_s - self._at_s
            beats = max(1, round(gap_s / self._period_s)) if gap_s < SILENT_S else 1
            if bpm is not None and _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
                self._period_s = 60.0 / bpm
            elif 60.0 / _FASTEST_BPM <= gap_s / beats <= 60.0 / _SLOWEST_BPM:
                self._period_s += _SHARE * (gap_s / beats - self._period_s)
            expected_s = self._at_s + beats * self._period_s
            near = abs(at_s - expected_s) < 0.25 * self._period_s
            self._at_s = expected_s + _SHARE * (at_s - expected_s) if near else at_s
            self._count = self._count + beats if count is None else count
            self._heard_s = self._now()

    def stop(self) -> None:
        """There are no beats any more."""
        with self._lock:
            self._heard_s = float("-inf")

    def phase(self, at_s: float) -> tuple[float, float, int] | None:
        """Place in the beat 0..1, period in seconds, and the beat's number, at a moment; ``None`` without a grid."""
        with self._lock:
            if self._now() - self._heard_s > SILENT_S:
                return None
            beats = (at_s - self._at_s) / self._period_s
            whole = int(np.floor(beats))
            return beats - whole, self._period_s, self._count + whole


class SyncedEngine:
    """An engine whose beats come from a grid.

    Args:
        engine: what listens otherwise.
        grid: told by a sender.
        now: the clock at which a frame that is pushed has just been heard.
    """

    def __init__(self, engine: LiveEngine, grid: BeatGrid, now: Callable[[], float] = time.monotonic) -> None:
        self.name = engine.name
        self._engine, self._grid, self._now = engine, grid, now

    def stream(self) -> Listener:
        """See ``LiveEngine``."""
        return _SyncedListener(self._engine.stream(), self._grid, self._now)


class _SyncedListener:
    def __init__(self, listener: Listener, grid: BeatGrid, now: Callable[[], float]) -> None:
        self._listener, self._grid, self._now = listener, grid, now

    @property
    def card(self) -> Card:
        return self._listener.card

    def push(self, frames: F32) -> Mapping[str, F32]:
        scores = dict(self._listener.push(frames))
        now_s = self._now() - self.card.latency_frames / FPS
        for row in range(len(frames)):
            told = self._grid.phase(now_s - (len(frames) - 1 - row) / FPS)
            if told is not None:
                _write(scores, row, *told)
        return scores


def _write(scores: dict[str, F32], row: int, phase: float, period_s: float, count: int) -> None:
    """One frame's beat, downbeat, phase and tempo, as a model that is sure would say them."""
    frames = period_s * FPS
    after = phase * frames
    beat = 0.95 if after < 1.0 else 0.4 if after < 2.0 else 0.0
    scores["beat"] = _with(scores["beat"], row, beat)
    if "downbeat" in scores:
        scores["downbeat"] = _with(scores["downbeat"], row, beat if count % 4 == 0 else 0.0)
    if "tempo" in scores:
        place = np.log(60.0 / period_s / TEMPI_BPM[0]) / np.log(TEMPI_BPM[1] / TEMPI_BPM[0])
        width = scores["tempo"].shape[1]
        soft = np.exp(-0.5 * ((np.arange(width - 1) - place) / 0.8) ** 2)
        scores["tempo"] = _with(scores["tempo"], row, np.append(soft / max(soft.sum(), 1e-9), 0.0))
    if "phase" in scores:
        angle = 2.0 * np.pi * phase
        scores["phase"] = _with(
            scores["phase"], row, np.array([0.5 + 0.5 * np.cos(angle), 0.5 + 0.5 * np.sin(angle)])
        )


def _with(values: F32, row: int, value: "float | np.ndarray") -> F32:
    changed = values.copy()
    changed[row] = value
    return changed


class Sender:
    """Something that tells a grid its beats, in a thread of its own.

    Args:
        grid: that it tells.
        close: ends it.

    Attributes:
        port: where it listens, if it is a server.
    """

    def __init__(self, grid: BeatGrid, close: Callable[[], None]) -> None:
        self.grid, self.close = grid, close
        self.port = 0
        grid.keeper = self  # who follows the grid keeps its sender alive


def open_sync(text: str) -> Sender:
    """``midi:PORT`` or ``os2l[:ADDRESS][:PORT]``.

    Raises:
        UsageError: it is neither.
        DeviceError: the port cannot be opened.
    """
    kind, _, rest = text.partition(":")
    if kind == "midi":
        from beatomizer.player.midi_clock import listen_midi

        return listen_midi(rest)
    if kind == "os2l":
        from beatomizer.player.os2l import listen_os2l

        return listen_os2l(rest)
    raise UsageError(f"'{one_line(text, 40)}' gives no beats", "write midi:PORT or os2l")


def synced(engine: LiveEngine, sender: Sender) -> SyncedEngine:
    """The engine, with the sender's beats."""
    return SyncedEngine(engine, sender.grid)
