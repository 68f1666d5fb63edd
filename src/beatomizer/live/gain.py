"""Any microphone, one show: a slow gain in front of the features, and a sense of whether there is music at all.

The feature bank cancels level changes by its own running statistics; what is left for a gain is to bring faint inputs
out of the range in which the bank hears silence, and the absolute loudness columns to where models learned them. It
moves so slowly that it never looks like an onset, and it remembers a song's loud parts for minutes, so that a quiet
verse stays quiet.

Whether there is music cannot be told from the level, because the gain lifts a quiet room too. It takes both a level
above the noise that is always there and either a sure beat or loudness that comes and goes; otherwise the stage rests.
"""

import numpy as np

from beatomizer.arrays import F32
from beatomizer.timebase import FPS

WANTED_DB = -17.0
"""Root mean square of the loud parts after the gain: what a mastered song has."""

MOST_GAIN_DB, LEAST_GAIN_DB = 40.0, -20.0
SILENT_DB = -66.0
"""Quieter input is silence on any sound card: the hiss of its own input."""

_FIRST_RATE_DB, _RATE_DB = 24.0 / FPS, 3.0 / FPS
"""Decibels a frame: quickly while the input is new, slowly then."""

_NEW_FRAMES = 6 * FPS
_FADE_DB = 0.1 / FPS
"""The loudest level heard is forgotten by six decibels a minute while sound goes on."""

_POWER_SHARE = 1.0 / 24
"""One-pole over 0.4 s."""

_LOUDEST_SAMPLE = 8.0

_EVERY_FRAMES, _HISTORY = 15, 80
"""The loudness is looked at four times a second, over twenty seconds."""

_KNOWN, _LINE_DB = 16, -40.0
"""Until so many looks were taken, what is louder than this is given the benefit of the doubt."""

_STEADY_DB, _BURST_DB = 4.0, 12.0
"""Noise, hum and fans keep their loudness within the first; what rises by the second is new."""

_RISE, _FALL = 1.0 / 15, 1.0 / 60
"""One-pole shares a frame: music is noticed within a quarter of a second, and missed for a second."""


class AutomaticGain:
    """Gain of a live input, frame by frame."""

    def __init__(self) -> None:
        self._power = 0.0
        self._loud_db = -120.0
        self._gain_db = 0.0
        self._sounding = 0

    @property
    def level_db(self) -> float:
        """Root mean square of the last 0.4 s before the gain."""
        return 10.0 * float(np.log10(self._power + 1e-13))

    @property
    def gain_db(self) -> float:
        """The gain at the end of the last frame."""
        return self._gain_db

    def push(self, frame: F32) -> F32:
        """One hop of samples at any level → the same at the usual level; what is not finite is silence."""
        clean = np.nan_to_num(np.asarray(frame, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        clean = np.clip(clean, -_LOUDEST_SAMPLE, _LOUDEST_SAMPLE)
        before = self._gain_db
        self._power += _POWER_SHARE * (float(np.mean(np.square(clean))) - self._power)
        self._follow(self.level_db)
        start, end = 10.0 ** (before / 20.0), 10.0 ** (self._gain_db / 20.0)
        return np.asarray(clean * np.linspace(start, end, len(clean), dtype=np.float32))

    def _follow(self, level_db: float) -> None:
        if level_db <= SILENT_DB:
            return
        self._sounding += 1
        self._loud_db = max(level_db, self._loud_db - _FADE_DB)
        wanted = min(max(WANTED_DB - self._loud_db, LEAST_GAIN_DB), MOST_GAIN_DB)
        rate = _FIRST_RATE_DB if self._sounding < _NEW_FRAMES else _RATE_DB
        self._gain_db += min(max(wanted - self._gain_db, -rate), rate)


class Presence:
    """Whether there is music, 0 (a room at rest) to 1; from the level before the gain, and how sure the beat is."""

    def __init__(self) -> None:
        self._levels: list[float] = []
        self._low = self._span = 0.0
        self._heard = 0
        self._value = 0.0

    def step(self, level_db: float, sure: float) -> float:
        """After a frame: the level before the gain (0.4 s), and the beat's confidence 0..1."""
        if self._heard % _EVERY_FRAMES == 0 and level_db > SILENT_DB:
            self._levels = [*self._levels[-_HISTORY:], level_db]
            low, high = np.percentile(self._levels, [10, 90])
            self._low, self._span = float(low), float(high - low)
        self._heard += 1
        wanted = self._wanted(level_db, sure) if level_db > SILENT_DB else 0.0
        self._value += (wanted - self._value) * (_RISE if wanted > self._value else _FALL)
        return self._value

    def _wanted(self, level_db: float, sure: float) -> float:
        if len(self._levels) < _KNOWN:
            moving = 1.0 if level_db > _LINE_DB else 0.0
        else:
            moving = min(max((self._span - _STEADY_DB) / _STEADY_DB, 0.0), 1.0)
            moving = max(moving, float(level_db > self._low + _BURST_DB))
        above = min(max((level_db - self._low) / _STEADY_DB, 0.3), 1.0)
        return max(min(1.0, 2.0 * sure), 0.8 * moving * above)
