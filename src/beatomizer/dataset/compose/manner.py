"""How one lighting designer works: drawn once a take, kept for the whole song.

No two designers treat the same song alike. Some programme every hit, some paint with slow washes; some press buttons
live and are late, some let the desk lead the sound by a hair. A learner that has seen only one of them learns that
one's habits instead of the craft.
"""

from dataclasses import dataclass

import numpy as np

FEWEST_ZONES, MOST_ZONES = 4, 12


@dataclass(frozen=True)
class Manner:
    """The habits of one designer.

    Attributes:
        busyness: 0 calm … 1 restless: how many key frames, how short the phrases.
        grip: 0..1, how strongly key frames follow the beat and the onsets; the rest is placed freely.
        ignores: 0..1, the share of musical events that are passed over.
        latency_ms: mean time from the sound to its light; negative where a programmed desk leads.
        jitter_ms: standard deviation of the timing of single key frames.
        fades: 0..1, the share of changes that fade where they could snap.
        follows_level: 0..1, how much of the intensity is the song's energy.
        pump: 0..1, how far the whole stage breathes on the beat of driven passages: full on it, lower after it.
        pull_back: 0..1, how far the light goes down before a drop.
        blackouts, strobes, sparkles, chases: 0..1, how much they like each.
        mirrored: lights the stage from the middle to both sides instead of from left to right.
        whites: 0..1, the share of accents in white.
        phrase_bars: bars after which something changes.
        floor: 0..1, the least intensity of a stage that is on.
    """

    busyness: float
    grip: float
    ignores: float
    latency_ms: float
    jitter_ms: float
    fades: float
    follows_level: float
    pump: float
    pull_back: float
    blackouts: float
    strobes: float
    sparkles: float
    chases: float
    mirrored: bool
    whites: float
    phrase_bars: int
    floor: float


def drawn_manner(rng: np.random.Generator) -> Manner:
    """A designer by chance.

    Two in three are programmed shows: the light is on the sound or leads it by a hair, and hardly wavers. The others
    are run by hand: a person anticipates a steady beat, but is a little late and scatters by up to 60 ms (two
    standard deviations).
    """
    busyness = float(rng.beta(2.0, 2.0))
    by_hand = rng.random() < 1 / 3
    return Manner(
        busyness=busyness,
        grip=float(rng.uniform(0.55, 0.98)),
        ignores=float(rng.beta(1.4, 6.0)),
        latency_ms=float(rng.uniform(-10, 30) if by_hand else rng.uniform(-15, 5)),
        jitter_ms=float(rng.uniform(9, 30) if by_hand else rng.uniform(0, 8)),
        fades=float(rng.uniform(0.15, 0.55)),
        follows_level=float(rng.uniform(0.3, 1.0)),
        pump=float(rng.choice([0.0, 1.0], p=[0.2, 0.8]) * rng.uniform(0.25, 0.6)),
        pull_back=float(rng.uniform(0.4, 1.0)),
        blackouts=float(rng.beta(1.2, 2.5)),
        strobes=float(rng.beta(1.0, 3.0)),
        sparkles=float(rng.random()),
        chases=float(rng.random()),
        mirrored=bool(rng.random() < 0.5),
        whites=float(rng.choice([0.0, 0.0, 0.15, 0.4])),
        phrase_bars=int(rng.choice([4, 4, 8] if busyness < 0.5 else [2, 4, 4])),
        floor=float(rng.uniform(0.0, 0.3)),
    )


def drawn_zones(rng: np.random.Generator) -> int:
    """How many lights this stage has: 4 to 12, even numbers more often."""
    return int(rng.choice([4, 5, 6, 6, 7, 8, 8, 8, 9, 10, 12]))
