"""What the director knows of a moment: loudness as light, energy, and the model's slow opinions; from the past alone.

Everything is measured against the song so far, in quarters of a second, as a person does who walked in with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.bank import COLUMNS, loudness_lufs
from beatomizer.timebase import FPS

QUARTER_FRAMES = FPS // 4
_MEMORY = 4 * 180
"""Quarters of a second remembered: three minutes."""

_QUIET_SHARE = 0.4
"""Light of the quiet parts, as in ``cues.level``."""

_SPAN_DB = (5.0, 14.0, 36.0)
"""Least, first and largest range between a song's quiet and loud parts."""

_HEADROOM_DB = 3.0
"""By how much a song that has just begun is expected to become louder yet."""

_KNOWN_QUARTERS = 120
"""After half a minute the range is the song's own."""

_UNHEARD_LUFS = -60.0
_ENERGY_SHARE, _OPINION_SHARE, _LOUD_SHARE = 1.0 / 45, 1.0 / 60, 1.0 / 90
"""One-pole shares a frame: 0.75 s, 1 s and 1.5 s."""

_SAID_WEIGHT = 1.0
"""What the model says of the energy counts as much as loudness (0.6) and activity (0.4): it knows what songs do."""


@dataclass(frozen=True)
class Moment:
    """One frame, as far as it matters for decisions.

    Attributes:
        lufs: momentary loudness (400 ms), before any gain of ours.
        light: the loudness as light, 0..1.
        loud: how loud it is within the song so far, 0..1, over a second and a half.
        energy: 0..1 within the song so far, over most of a second.
        now: the same of this moment alone.
        boundary: the model's likelihood that a section begins, this frame.
        part, look, hue: the model's chances, over a second; ``None`` if it has no opinion.
        sound: a vector whose direction tells materials apart, over a second.
    """

    lufs: float
    light: float
    loud: float
    energy: float
    now: float
    boundary: float
    part: F64 | None
    look: F64 | None
    hue: F64 | None
    sound: F64


class Hearing:
    """From features and scores, frame by frame, to moments."""

    def __init__(self) -> None:
        self._lufs = _Range(_SPAN_DB[1], _SPAN_DB[0], _SPAN_DB[2], _HEADROOM_DB)
        self._activity = _Range(0.6, 0.2, 3.0)
        self._frame = 0
        self._energy = self._now = self._light = self._loud = 0.0
        self._slow: dict[str, F64] = {}

    def step(self, features: F32, scores: Mapping[str, F32], gain_db: float = 0.0) -> Moment:
        """``features [F]`` and each score's row, the newest frame of both, and the gain in front of the features.

        How loud the song is among its own parts is judged without the gain, which rises and falls by ten decibels in
        a song's first minute; whether anything is heard at all, with it.
        """
        heard = float(loudness_lufs(features[None])[0, 1])
        lufs = heard - gain_db
        activity = float(features[COLUMNS["flux"]].mean())
        said = scores.get("energy")
        smooth = float(self._slowly("activity", np.array([activity]), _OPINION_SHARE)[0])
        if self._frame % QUARTER_FRAMES == 0 and heard > _UNHEARD_LUFS:
            self._lufs.add(lufs)
            self._activity.add(smooth)
        self._frame += 1
        self._mix(lufs, smooth, said, sounds=heard > _UNHEARD_LUFS)
        return Moment(
            lufs=lufs,
            light=self._light,
            loud=self._loud,
            energy=self._energy,
            now=self._now,
            boundary=float(scores["boundary"]) if "boundary" in scores else 0.0,
            part=self._opinion("part", scores),
            look=self._opinion("look", scores),
            hue=self._opinion("hue", scores),
            sound=self._sound(features, scores),
        )

    def _mix(self, lufs: float, activity: float, said: F32 | None, *, sounds: bool) -> None:
        """Light and energy of the frame."""
        if not sounds:
            self._now = 0.0
            self._light += _ENERGY_SHARE * (0.0 - self._light)
            place = 0.0
        else:
            place = self._lufs.place(lufs)
            parts = [(0.6, place), (0.4, self._activity.place(activity))]
            if said is not None:
                parts.append((_SAID_WEIGHT, min(max(float(said), 0.0), 1.0)))
            self._now = sum(weight * part for weight, part in parts) / sum(weight for weight, _ in parts)
            share = self._lufs.place(lufs, floor=-_QUIET_SHARE / (1.0 - _QUIET_SHARE))
            light = _QUIET_SHARE + (1.0 - _QUIET_SHARE) * share
            self._light += (light - self._light) / 12.0
        self._loud += _LOUD_SHARE * (place - self._loud)
        self._energy += _ENERGY_SHARE * (self._now - self._energy)

    def _opinion(self, name: str, scores: Mapping[str, F32]) -> F64 | None:
        return self._slowly(name, scores[name], _OPINION_SHARE) if name in scores else None

    def _sound(self, features: F32, scores: Mapping[str, F32]) -> F64:
        if "material" in scores:
            return self._slowly("sound", 2.0 * scores["material"].astype(np.float64) - 1.0, _OPINION_SHARE)
        mel, chroma = features[COLUMNS["mel"]] / 8.0, features[COLUMNS["chroma"]]
        return self._slowly("sound", np.concatenate([mel, chroma - chroma.mean()]), _OPINION_SHARE)

    def _slowly(self, name: str, value: F32 | F64, share: float) -> F64:
        now = np.asarray(value, dtype=np.float64)
        before = self._slow.get(name)
        self._slow[name] = now if before is None else before + share * (now - before)
        return self._slow[name]


class _Range:
    """Where a value lies between the low and the high ones of the last minutes.

    Args:
        first, least, largest: the span that is assumed at first, and its limits.
        headroom: how much higher than the high ones so far the first value may be followed by.
    """

    def __init__(self, first: float, least: float, largest: float, headroom: float = 0.0) -> None:
        self._span, self._least, self._largest = first, least, largest
        self._first, self._headroom = first, headroom
        self._values: list[float] = []
        self._high: float | None = None

    def add(self, value: float) -> None:
        """Remember a value."""
        self._values.append(value)
        del self._values[:-_MEMORY]
        low, high = np.percentile(self._values, [8, 95])
        known = min(1.0, len(self._values) / _KNOWN_QUARTERS)
        self._high = float(high) + (1.0 - known) * self._headroom
        span = known * float(high - low) + (1.0 - known) * max(float(high - low), self._first)
        self._span = min(max(span, self._least), self._largest)

    def place(self, value: float, floor: float = 0.0) -> float:
        """``floor`` … 1: 1 is as high as the high ones, 0 as low as the low ones."""
        if self._high is None:
            return 0.5
        return min(max(1.0 - (self._high - value) / self._span, floor), 1.0)
