"""From a number to a finished song."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.annotations import Annotations
from beatomizer.composer.arrange import arranged
from beatomizer.composer.banks import BANKS
from beatomizer.composer.drums.kits import Kit
from beatomizer.composer.generators import Choice, choose
from beatomizer.composer.ideas import Ideas, ideas
from beatomizer.composer.mix import Band, mixed
from beatomizer.composer.score import Score
from beatomizer.composer.synth import RATE, hertz
from beatomizer.composer.truth import annotated

ARTIST = "Beatomizer"


@dataclass(frozen=True)
class Composition:
    """A song and everything that is known about it.

    Attributes:
        samples: float32 ``[N, 2]``, within −1..1.
        sample_rate: 48,000.
        title: its name.
        score: what is played when.
        annotations: what there is to know about it, in seconds.
    """

    samples: F32
    sample_rate: int
    title: str
    score: Score
    annotations: Annotations


def compose(
    seed: int = 0,
    *,
    style: str | None = None,
    form: str | None = None,
    bank: str | None = None,
    generators: str = "all",
) -> Composition:
    """Compose and play a song of 45 to 150 seconds.

    The same arguments give the same bytes; another seed gives another key, tempo, progression, tune, groove, form,
    band and mix.

    Args:
        seed: any integer.
        style: a name in ``composer.generators.STYLES``; ``None`` draws one, and so below.
        form: a name in ``FORMS``.
        bank: a name in ``BANKS``.
        generators: ``"train"``, ``"held-out"`` or ``"all"``: which of these may be drawn.

    Raises:
        UsageError: an unknown name, or one that ``generators`` forbids.
    """
    score, song = written(seed, style=style, form=form, bank=bank, generators=generators)
    rng = _source(seed, 3)
    band = Band(BANKS[song.choice.bank].drawn(rng), _kit(song, rng))
    number = int(rng.integers(2**31))
    wave = mixed(score, band, song.style.desk.set(rng), number, BANKS[song.choice.bank].hiss)
    samples = np.ascontiguousarray(wave.T)
    slow = [role for role, recipe in band.tones.items() if recipe.slow]
    known = annotated(score, seed, len(samples) / RATE, slow)
    return Composition(samples, RATE, score.title, score, known)


def written(
    seed: int,
    *,
    style: str | None = None,
    form: str | None = None,
    bank: str | None = None,
    generators: str = "all",
) -> tuple[Score, Ideas]:
    """Only the score of the song that ``compose`` would play, and the ideas behind it: fast."""
    choice: Choice = choose(_source(seed, 0), style, form, bank, generators)
    song = ideas(choice, _source(seed, 1))
    return arranged(song, _source(seed, 2)), song


def _source(seed: int, part: int) -> np.random.Generator:
    return np.random.default_rng([abs(seed), int(seed < 0), part])


def _kit(song: Ideas, rng: np.random.Generator) -> Kit:
    """The bank's kit; its effects rest on the song's tonic, between 41 and 78 Hz, folded to where booms speak best."""
    root_hz = hertz(28 + (song.key.tonic - 28) % 12)
    return Kit(song.choice.bank, root_hz if root_hz <= 58 else root_hz * 0.75, int(rng.integers(2**31)))
