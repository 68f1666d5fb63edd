"""Drum patterns: what the kit plays in one bar of each section."""

from collections.abc import Iterator
from dataclasses import dataclass

from beatomizer.composer.score import BEATS_PER_BAR, Stroke

_SIXTEENTH = 0.25


@dataclass(frozen=True)
class Groove:
    """How one song's drummer plays.

    Attributes:
        swing: how far every second sixteenth comes late, in sixteenths (0 = straight, 0.33 = a triplet).
        hats: sixteenths of a bar on which the closed hat plays.
        clap_on: beats (1 and 3 counted from 0) with a clap.
        extra_kicks: sixteenths of every fourth bar with one more kick.
    """

    swing: float
    hats: tuple[int, ...]
    clap_on: tuple[int, ...]
    extra_kicks: tuple[int, ...]

    def placed(self, bar: int, sixteenth: float) -> float:
        """Position in beats of a sixteenth of a bar, with the swing."""
        late = self.swing if int(sixteenth) % 2 else 0.0
        return bar * BEATS_PER_BAR + (sixteenth + late) * _SIXTEENTH


HAT_PATTERNS = ((2, 6, 10, 14), (0, 2, 4, 6, 8, 10, 12, 14), (2, 3, 6, 7, 10, 11, 14, 15))
_OFF_BEATS = (2, 6, 10, 14)
EXTRA_KICKS = ((), (15,), (11,), (7, 15))


def full_bar(groove: Groove, bar: int, power: float) -> Iterator[Stroke]:
    """Kick, clap, hats and shaker; ``power`` 0..1 adds the open hat and strength."""
    yield from kicks(bar, 0.9 + 0.1 * power)
    if bar % 4 == 3:
        yield from (Stroke("kick", groove.placed(bar, at), 0.7) for at in groove.extra_kicks)
    for beat in groove.clap_on:
        yield Stroke("clap", bar * BEATS_PER_BAR + beat, 0.85 + 0.15 * power)
    opened = _OFF_BEATS if power > 0.5 else ()
    yield from hats(groove, bar, 0.8 + 0.2 * power, without=opened)
    yield from (Stroke("open_hat", groove.placed(bar, at), 0.8) for at in opened)
    for at in range(16):
        yield Stroke("shaker", groove.placed(bar, at), (0.9, 0.35, 0.6, 0.4)[at % 4])


def kicks(bar: int, velocity: float) -> Iterator[Stroke]:
    """Four on the floor."""
    return (Stroke("kick", float(bar * BEATS_PER_BAR + beat), velocity) for beat in range(BEATS_PER_BAR))


def hats(groove: Groove, bar: int, velocity: float, without: tuple[int, ...] = ()) -> Iterator[Stroke]:
    """The closed hat alone, accented off the beat; silent where the open hat takes its place."""
    for at in groove.hats:
        if at in without:
            continue
        accent = 1.0 if at % 4 == 2 else 0.6
        yield Stroke("hat", groove.placed(bar, at), velocity * accent, tone=0.5 if at % 4 == 2 else 0.0)


def roll(first_bar: int, bars: int) -> Iterator[Stroke]:
    """A snare roll that doubles its pace every quarter of its way, grows and climbs; it stops a beat early."""
    beats = bars * BEATS_PER_BAR
    at = 0.0
    while at < beats - 1:
        share = at / beats
        yield Stroke("snare", first_bar * BEATS_PER_BAR + at, 0.3 + 0.7 * share**1.3, tone=0.9 * share**2)
        at += (1.0, 0.5, 0.5, 0.25)[int(4 * share)] if share < 0.875 else 0.125


def fill(groove: Groove, bar: int) -> Iterator[Stroke]:
    """The end of a bar that leads into the next section."""
    for at, velocity in ((12, 0.5), (13, 0.4), (14, 0.7), (15, 0.85)):
        yield Stroke("snare", groove.placed(bar, at), velocity, tone=0.1 * (at - 12))
