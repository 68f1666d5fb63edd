"""When things happen: metres, and a clock from beats to seconds with drift, ritardando and swing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beatomizer.arrays import F64


@dataclass(frozen=True)
class Meter:
    """How beats make bars.

    Attributes:
        name: ``"4/4"``, ``"3/4"`` or ``"6/8"``.
        beats: in a bar; of 6/8, two dotted quarters, which is what people clap.
        steps: of the finest written grid in a beat.
    """

    name: str
    beats: int
    steps: int


METERS = {
    name: Meter(name, beats, steps) for name, beats, steps in (("4/4", 4, 4), ("3/4", 3, 4), ("6/8", 2, 6))
}


@dataclass(frozen=True)
class Clock:
    """From positions in beats to seconds.

    Attributes:
        ticks_s: ``[B + 1]`` seconds of beat 0, 1, … and of the end.
        swing: where the middle of a swung pair falls: 0.5 is straight, 2/3 a triplet.
        pair: length of a swung pair in beats: 1 for swung eighths, 0.5 for swung sixteenths.
    """

    ticks_s: tuple[float, ...]
    swing: float = 0.5
    pair: float = 1.0

    @cached_property
    def _ticks(self) -> F64:
        return np.array(self.ticks_s)

    @property
    def beats(self) -> int:
        """Length of the song in beats."""
        return len(self.ticks_s) - 1

    def swung(self, positions: F64) -> F64:
        """Positions in beats with the second half of each pair come late."""
        if self.swing == 0.5:
            return positions
        pairs = positions / self.pair
        whole = np.floor(pairs + 1e-9)
        share = np.clip(pairs - whole, 0.0, 1.0)
        late = np.where(share < 0.5, 2 * share * self.swing, self.swing + (2 * share - 1) * (1 - self.swing))
        return np.asarray((whole + late) * self.pair)

    def times_s(self, positions: F64) -> F64:
        """Seconds of positions in beats, swing and drift included; straight on beyond the last beat."""
        swung = self.swung(np.asarray(positions, dtype=np.float64))
        inside = np.interp(swung, np.arange(len(self.ticks_s)), self._ticks)
        beyond = np.maximum(0.0, swung - self.beats) * (self.ticks_s[-1] - self.ticks_s[-2])
        return np.asarray(inside + beyond)

    def time_s(self, position: float) -> float:
        """Seconds of one position in beats."""
        return float(self.times_s(np.array([position]))[0])

    @property
    def bpm(self) -> float:
        """Beats a minute, the median."""
        return float(60.0 / np.median(np.diff(self._ticks)))


def phrasing(beats: int, phrase: int, depth: float) -> F64:
    """Relative tempo ``[beats]`` of a section whose phrases breathe: on to their middle, back at their end.

    Args:
        beats: of the section; its last phrase goes back twice as far.
        phrase: beats of a phrase.
        depth: how far, as a share of the tempo.
    """
    place = np.arange(beats) % phrase / phrase
    back = np.where(np.arange(beats) >= beats - phrase, 2.0, 1.0)
    return np.asarray(np.exp(depth * (np.sin(np.pi * place) - 0.5 - 1.2 * back * place**6)))


def ticks(
    factors: F64, bpm: float, drift: float, slowing: int, rng: np.random.Generator
) -> tuple[float, ...]:
    """Times of the beats of a band that plays together but is no machine.

    Args:
        factors: ``[B]`` relative tempo that the score asks for on each beat.
        bpm: beats a minute where the factor is 1.
        drift: how far the tempo wanders, as a standard deviation (0.01 is a good drummer, 0 a machine).
        slowing: beats of ritardando at the end.
        rng: where chance comes from.
    """
    count = len(factors)
    pull = 0.96  # the tempo is forgotten over some 25 beats, so that it wanders over phrases, not within bars
    wander = np.zeros(count)
    pushes = rng.standard_normal(count) * drift * np.sqrt(1 - pull**2)
    for beat in range(1, count):
        wander[beat] = pull * wander[beat - 1] + pushes[beat]
    periods = 60.0 / (bpm * factors * np.exp(np.clip(wander, -3 * drift, 3 * drift)))
    if slowing:
        periods[count - slowing :] *= 1 + 0.7 * np.linspace(0, 1, slowing) ** 1.5
    return tuple(np.concatenate([[0.0], np.cumsum(periods)]).tolist())
