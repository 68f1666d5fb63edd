"""Strong sounds beside the beat, found as they happen."""

from beatomizer.arrays import F32
from beatomizer.cues.cuelist import Accent
from beatomizer.timebase import FPS

_WORTH = (0.6, 1.0, 0.2, 0.6)
"""Of kick, snare, hat and the rest, as in ``cues.accents``."""

_LEAST = 0.45
_LEAST_GAP = FPS // 4
_NEAR_BEAT = 0.09 * FPS
_STRETCH = 8 * FPS
"""Accents are rationed in stretches of eight seconds."""


class AccentWatch:
    """Finds accents, at most ``energy`` a second over any stretch."""

    def __init__(self, energy: float) -> None:
        self._ration = round(energy * _STRETCH / FPS)
        self._before = 0.0
        self._taken: list[int] = []

    def wish(self, energy: float) -> None:
        """Another ration from now on."""
        self._ration = round(energy * _STRETCH / FPS)

    def step(self, frame: int, onsets: F32 | None, beats: tuple[float, ...]) -> Accent | None:
        """After a frame: its onset scores ``[4]``, and the frames of the beats around it."""
        if onsets is None or not self._ration:
            return None
        strength = float(sum(worth * float(score) for worth, score in zip(_WORTH, onsets)))
        rises, self._before = strength > self._before, strength
        if strength < _LEAST or not rises:
            return None
        self._taken = [other for other in self._taken if frame - other < _STRETCH]
        if len(self._taken) >= self._ration or (self._taken and frame - self._taken[-1] < _LEAST_GAP):
            return None
        if any(abs(frame - beat) <= _NEAR_BEAT for beat in beats):
            return None
        self._taken.append(frame)
        return Accent(frame / FPS, min(strength, 1.0))
