"""From a number to a finished song."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.arrange import arranged, ideas
from beatomizer.composer.drums import Kit
from beatomizer.composer.mix import mixed
from beatomizer.composer.score import Score
from beatomizer.composer.synth import RATE, hertz
from beatomizer.composer.voices import Timbre

ARTIST = "Beatomizer"


@dataclass(frozen=True)
class Composition:
    """A song and everything that is known about it.

    Attributes:
        samples: float32 ``[N, 2]``, within −1..1.
        sample_rate: 48,000.
        title: its name.
        score: what is played when.
    """

    samples: F32
    sample_rate: int
    title: str
    score: Score


def compose(seed: int = 0) -> Composition:
    """Compose and play a song of about a minute: intro, groove, break, build, a beat of silence, drop, outro.

    Another seed gives another key, tempo, progression, tune, groove and sound; the same seed the same bytes.
    """
    writing, sound = (np.random.default_rng([abs(seed), int(seed < 0), part]) for part in (1, 2))
    song = ideas(writing)
    score = arranged(song)
    wave = mixed(score, _timbre(sound), _kit(sound, song.key.tonic))
    return Composition(np.ascontiguousarray(wave.T), RATE, score.title, score)


def _timbre(rng: np.random.Generator) -> Timbre:
    return Timbre(
        pad=str(rng.choice(["saw", "saw", "hollow"])),
        stab=str(rng.choice(["saw", "square", "hollow"])),
        arp=str(rng.choice(["square", "triangle", "bell", "saw"])),
        bass=str(rng.choice(["saw", "square", "hollow"])),
        lead=str(rng.choice(["saw", "square", "hollow"])),
        detune_cents=float(rng.uniform(7, 13)),
        pluck_s=float(rng.uniform(0.3, 0.6)),
    )


def _kit(rng: np.random.Generator, tonic: int) -> Kit:
    """A kit whose kick rests on the song's tonic, between 41 and 78 Hz, folded to where a kick speaks best."""
    pitch = 28 + (tonic - 28) % 12
    kick_hz = hertz(pitch)
    return Kit(
        kick_hz=kick_hz if kick_hz <= 58 else kick_hz * 0.75,
        kick_s=float(rng.uniform(0.26, 0.36)),
        snare_hz=float(rng.uniform(170, 220)),
        seed=int(rng.integers(2**31)),
    )
