"""Songs with a form made for the purpose, and what is heard in them; for tests of the director."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from beatomizer.audio.audio import Audio
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.inference.engine import Scores
from beatomizer.inference.engines import load_engine
from beatomizer.timebase import SAMPLE_RATE

BPM = 120.0
BAR_S = 4 * 60.0 / BPM
Form = tuple[tuple[str, int], ...]
FORM: Form = (
    ("pad", 8), ("beat", 8), ("rise", 8), ("full", 8), ("pad", 8), ("rise", 8), ("full", 8), ("pad", 4),
)  # fmt: skip
SHORT: Form = (("pad", 6), ("beat", 8), ("full", 8), ("beat", 8))


def tone(hertz, seconds, start=0.0):
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE + start
    return sum(np.sin(2 * np.pi * hertz * n * t) / n for n in (1, 2, 3))


def bar_of(kind, number, of, chance):
    """One bar of sound: chords always, drums in some, a growing hiss in a rise."""
    length = int(BAR_S * SAMPLE_RATE)
    root = (220.0, 174.6, 130.8, 196.0)[number % 4]
    chord = sum(tone(root * ratio, BAR_S) for ratio in (1.0, 1.26, 1.5))
    sound = {"pad": 0.03, "beat": 0.05, "rise": 0.05, "full": 0.12}[kind] * chord
    t = np.arange(length) / SAMPLE_RATE
    if kind in ("beat", "full"):
        for beat in range(4):
            at = t - beat * BAR_S / 4
            on = at >= 0
            kick = np.sin(2 * np.pi * (50 * at + 4 * (1 - np.exp(-30 * np.abs(at))))) * np.exp(-18 * at) * on
            hiss = chance.normal(size=length) * np.exp(-25 * np.abs(at)) * on
            sound = sound + (0.5 if kind == "full" else 0.3) * kick + (0.15 if beat % 2 else 0.03) * hiss
    if kind == "rise":
        grown = (number + t / BAR_S) / of
        sound = sound + 0.1 * grown**2 * chance.normal(size=length)
    return sound


@lru_cache(maxsize=4)
def heard_song(form: Form = FORM) -> tuple[Scores, Features]:
    """What the classic engine hears in a song of this form."""
    chance = np.random.default_rng(5)
    bars = [bar_of(kind, number, count, chance) for kind, count in form for number in range(count)]
    samples = np.concatenate(bars).astype(np.float32)
    features = extract_features(Audio(samples / max(1.0, float(np.abs(samples).max()))))
    heard = load_engine("classic").listen(features)
    assert isinstance(heard, Scores)
    return heard, features


def starts_of(form: Form) -> Sequence[float]:
    """Seconds at which the parts of a form begin, and its end."""
    return np.cumsum([0] + [count for _, count in form]) * BAR_S
