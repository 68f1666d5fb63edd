"""The song's form as it unfolds: where a part begins, and what it is for, told at each beat from what came before.

A part begins on a downbeat; whether it did is often heard only within the bar, so the question is asked at every
beat and answered for the bar's beginning. Multiples of four and eight bars need less evidence, short parts more.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.cuelist import Beat, Section
from beatomizer.inference.engine import PARTS
from beatomizer.live.hearing import Moment

_NEEDED = 0.62
_PHRASE_BONUS = {0: 0.22, 4: 0.12}
"""Less is needed at multiples of eight bars, and of four."""

_YOUNG_S, _YOUNG_COST = 7.0, 0.5
"""Parts shorter than this are rare (``cues.structure``)."""

_LONG_S, _LONG_BONUS = 45.0, 0.1
_LEAP, _LEAP_DB, _DROP_ENERGY = 0.3, 10.0, 0.6
"""As in ``cues.structure``: energy and loudness that come in, and what a drop must have."""

_CLEAR = 0.5
"""Chance from which the model's word for a part is believed."""

_FADES = 0.985
"""A boundary that was heard is remembered for about a second."""

_BRIEF, _BRIEF_BARS = ("break", "intro", "outro"), 8
"""Parts that are lit low because they pass: what lasts longer than this is simply how the song is."""

_RISE = 0.15
_BARS_KEPT = 64


class Turn(Enum):
    """What a beat brings."""

    NOTHING = "nothing"
    BAR = "bar"
    PART = "part"
    BURST = "burst"


@dataclass
class Part:
    """A part that is being heard.

    Attributes:
        start_s: when it began.
        kind: as in ``Section``.
        bars: completed since then.
        energies: of those bars.
        label: its letter, as soon as it is known.
    """

    start_s: float
    kind: str = "steady"
    label: str = "A"
    bars: int = 0
    energies: tuple[float, ...] = ()

    @property
    def energy(self) -> float:
        """Mean so far; a half before anything is known."""
        return float(np.mean(self.energies)) if self.energies else 0.5


class Form:
    """Follows the form; the last of ``parts`` is the one that is being heard."""

    def __init__(self) -> None:
        self.parts = [Part(0.0, "silence")]
        self._edge = 0.0
        self._bar_s = 0.0
        self._bars: list[F64] = []
        self._bar, self._beat = _Mean(), _Mean()
        self._word: str | None = None

    @property
    def part(self) -> Part:
        """The one that is being heard."""
        return self.parts[-1]

    def sections(self, end_s: float) -> tuple[Section, ...]:
        """All parts so far, without gaps; the last one ends at ``end_s``."""
        ends = [*(part.start_s for part in self.parts[1:]), end_s]
        return tuple(
            Section(part.start_s, max(end, part.start_s), part.label, part.kind, part.energy)
            for part, end in zip(self.parts, ends)
            if end > part.start_s
        )

    def frame(self, moment: Moment) -> None:
        """Take in a frame."""
        self._edge = max(_FADES * self._edge, moment.boundary)
        self._bar.add(moment)
        self._beat.add(moment)

    def beat(self, beat: Beat, moment: Moment, moves: bool) -> Turn:
        """What the beat that is about to fall brings; ``moves``: the beat is sure."""
        turn = Turn.NOTHING
        if beat.position == 1:
            self._close_bar(beat.time_s)
            turn = Turn.BAR
        last = self._beat.taken()
        leap = self._leap(last)
        if self._begins(beat, moment, leap):
            self._open(moment, last, leap, moves)
            turn = Turn.PART
        elif self._bursts(last, leap, moves):
            self.part.kind = "drop"
            turn = Turn.BURST
        elif self.part.kind == "steady" and self._builds(moment):
            self.part.kind = "build"
        return turn

    def drop_may_follow(self, meter_left: int) -> bool:
        """Whether the build's phrase ends after ``meter_left`` more beats of this bar."""
        return self.part.kind == "build" and meter_left == 1 and (self.part.bars + 1) % 8 == 0

    def rest(self, time_s: float) -> None:
        """Music has stopped: what comes next is another part."""
        self.parts.append(Part(time_s, "silence", self.part.label))
        self._bars.clear()

    def wake(self, time_s: float) -> None:
        """Music begins."""
        self.parts.append(Part(time_s, "intro" if len(self.parts) == 1 else "steady"))
        self._bar, self._beat, self._bar_s = _Mean(), _Mean(), time_s

    def _close_bar(self, time_s: float) -> None:
        bar = self._bar.taken()
        if bar is not None:
            self._bars = [*self._bars[-_BARS_KEPT:], bar]
            self.part.energies += (float(bar[0]),)
            self.part.bars += 1
            if self.part.bars >= _BRIEF_BARS and self.part.kind in _BRIEF:
                self.part.kind = "steady"
        self._bar_s = time_s

    def _leap(self, last: F64 | None) -> float:
        """How much came in with the last beat against the two bars before this one: energy, and loudness with it."""
        if last is None or len(self._bars) < 2:
            return 0.0
        before = np.mean(self._bars[-2:], axis=0)
        return float(last[0] - before[0] + (last[1] - before[1]) / _LEAP_DB)

    def _begins(self, beat: Beat, moment: Moment, leap: float) -> bool:
        age_s = beat.time_s - self.part.start_s
        if self.part.bars < 2 or self._bar_s <= self.part.start_s:
            return False
        evidence = self._edge + 0.6 * max(0.0, abs(leap) - 0.15) + 0.3 * (self._said(moment) is not None)
        evidence += _PHRASE_BONUS.get(self.part.bars % 8, 0.0) + (_LONG_BONUS if age_s > _LONG_S else 0.0)
        return evidence >= _NEEDED + (_YOUNG_COST if age_s < _YOUNG_S else 0.0)

    def _said(self, moment: Moment) -> str | None:
        """The model's word for the moment, if it is clear and another than the part's."""
        word = _word(moment.part)
        return word if word is not None and word != self._word else None

    def _open(self, moment: Moment, last: F64 | None, leap: float, moves: bool) -> None:
        word = _word(moment.part)
        if moves and last is not None and last[0] >= _DROP_ENERGY and (leap >= _LEAP or word == "drop"):
            kind = "drop"
        elif word in ("build", "break", "intro", "outro"):
            kind = word
        else:
            kind = "break" if leap <= -_LEAP else "steady"
        self.parts.append(Part(self._bar_s, kind, self.part.label))
        self._word, self._edge = word, 0.0

    def _bursts(self, last: F64 | None, leap: float, moves: bool) -> bool:
        """Whether a part that has just begun turns out to be a drop: it began before it could be heard."""
        young = not self.part.bars and self.part.kind in ("steady", "build")
        return young and moves and leap >= _LEAP and last is not None and bool(last[0] >= _DROP_ENERGY)

    def _builds(self, moment: Moment) -> bool:
        if _word(moment.part) == "build":
            return True
        recent = self.part.energies[-8:]
        if len(recent) < 4:
            return False
        slope = float(np.polyfit(np.linspace(0.0, 1.0, len(recent)), recent, 1)[0])
        return slope > _RISE and moment.part is None


class _Mean:
    """Mean energy and loudness since it was last taken."""

    def __init__(self) -> None:
        self._sum, self._frames = np.zeros(2), 0

    def add(self, moment: Moment) -> None:
        self._sum += moment.now, moment.lufs
        self._frames += 1

    def taken(self) -> F64 | None:
        """``[2]``, and start over; ``None`` if nothing was added."""
        mean = self._sum / self._frames if self._frames else None
        self._sum, self._frames = np.zeros(2), 0
        return mean


def _word(part: F64 | None) -> str | None:
    if part is None or float(part.max()) < _CLEAR:
        return None
    return PARTS[int(part.argmax())]
