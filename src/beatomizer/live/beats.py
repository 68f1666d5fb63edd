"""Beats ahead of time: from the oscillator's phase to moments at which light may be fired, each once."""

import numpy as np

from beatomizer.cues.cuelist import Beat
from beatomizer.live.bars import BarCounter
from beatomizer.live.oscillator import Oscillator, Reading
from beatomizer.timebase import FPS

_SOONEST = 0.6
"""Least share of a period from one beat to the next: the oscillator may slip, the light may not stutter."""

_HEARD_AFTER = 3
"""Frames after a beat at which it is weighed: models mark it within two."""

_HIT_SHARE = 0.25
"""One-pole share a beat of how well the beats were hit: four beats."""

_HIT_ENOUGH, _STRAY_SHARE = 0.4, 1.5
_NONE_SHARE = 1.0 / 30
_FOCUS = (0.12, 0.45)
"""Agreement of the belief that is no better than chance, and that is full."""


class BeatFollower:
    """Hears scores and tells beats before they fall.

    Args:
        ahead_frames: how long before a beat it is committed, at the latest.
        late_frames: by how much the scores speak of the past (the model's latency).
    """

    def __init__(self, ahead_frames: float, late_frames: int = 0) -> None:
        self._ahead, self._late = ahead_frames, late_frames
        self._oscillator = Oscillator()
        self._bars = BarCounter()
        self._last = float("-inf")
        self._unheard: list[float] = []
        self._recent = np.zeros((32, 2))
        self._hit = self._none = self._strength = 0.0
        self._stray = 0.2
        self.reading = Reading(0.0, 30.0, 0.0)
        self.coming = 0.0

    @property
    def meter(self) -> int:
        """Beats in a bar."""
        return self._bars.meter

    @property
    def period(self) -> float:
        """Frames in a beat."""
        return self.reading.period

    @property
    def confidence(self) -> float:
        """How sure a beat would be now, 0..1."""
        low, high = _FOCUS
        agreed = min(max((self.reading.focus - low) / (high - low), 0.0), 1.0)
        hit = min(max((self._hit - _STRAY_SHARE * self._stray) / _HIT_ENOUGH, 0.0), 1.0)
        return float(np.sqrt(agreed * hit) * (1.0 - self._none))

    def position_after(self, beats: int) -> int:
        """Place in the bar of a beat to come, counted from the last one committed."""
        return self._bars.after(beats)

    def step(
        self, frame: int, beat: float, downbeat: float, tempo: np.ndarray | None, phase: np.ndarray | None
    ) -> Beat | None:
        """Hear the scores that arrived with ``frame``; the beat that is now certain to be fired, if any."""
        self.reading = self._oscillator.step(beat, tempo, phase)
        heard = frame - self._late
        self._recent[heard % len(self._recent)] = beat, downbeat
        if tempo is not None:
            self._none += _NONE_SHARE * (float(tempo[-1]) - self._none)
        self._stray += (beat - self._stray) / (4.0 * FPS)
        while self._unheard and heard >= self._unheard[0] + _HEARD_AFTER:
            self._weigh(self._unheard.pop(0), heard)
        return self._commit(frame, heard)

    def _commit(self, frame: int, heard: int) -> Beat | None:
        period = self.reading.period
        at = heard + (1.0 - self.reading.phase) * period
        while at < max(self._last + _SOONEST * period, frame - 0.5 * period):
            at += period
        self.coming = at
        if at - frame > self._ahead:
            return None
        self._last = at
        self._unheard.append(at)
        self.coming = at + period
        position = self._bars.next()
        return Beat(max(at, 0.0) / FPS, position, self.confidence, self._strength)

    def _weigh(self, at: float, heard: int) -> None:
        """A committed beat has sounded: was anything there, and was it a bar's first?"""
        frames = [frame for frame in range(round(at) - 2, round(at) + 4) if heard - 31 <= frame <= heard]
        if not frames:
            return
        beat, downbeat = self._recent[np.array(frames) % len(self._recent)].max(axis=0)
        self._hit += _HIT_SHARE * (float(beat) - self._hit)
        self._strength += 0.5 * (min(1.0, float(beat) / max(self._hit, 0.1)) - self._strength)
        self._bars.hear(float(downbeat), trust=min(1.0, 0.3 + float(beat)))
