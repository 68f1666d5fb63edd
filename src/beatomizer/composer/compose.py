"""From a number to a finished song."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.annotations import Annotations
from beatomizer.composer.arrange import arranged
from beatomizer.composer.banks import BANKS
from beatomizer.composer.drums.kits import Kit
from beatomizer.composer.generators import Choice, choose
from beatomizer.composer.ideas import Ideas, ideas
from beatomizer.composer.mix import GROUPS, Band, group_of, mixed
from beatomizer.composer.score import Score
from beatomizer.composer.synth import RATE, hertz
from beatomizer.composer.truth import annotated
from beatomizer.errors import UsageError

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
    without: Collection[str] = (),
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
        without: groups of ``composer.mix.GROUPS`` that stay silent (``"drums"``, ``"bass"``, ``"music"``, ``"lead"``);
            beats and sections are as written, onsets as heard.

    Raises:
        UsageError: an unknown name, or one that ``generators`` forbids.
    """
    score, song = written(seed, style=style, form=form, bank=bank, generators=generators)
    score = _thinned(score, without)
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


def _thinned(score: Score, without: Collection[str]) -> Score:
    """The score with groups left out."""
    for group in without:
        if group not in GROUPS:
            raise UsageError(f"no group is called '{group}'", f"choose from {', '.join(GROUPS)}")
    return replace(
        score,
        notes=tuple(note for note in score.notes if group_of(note.voice) not in without),
        strokes=() if "drums" in without else score.strokes,
    )


def _source(seed: int, part: int) -> np.random.Generator:
    return np.random.default_rng([abs(seed), int(seed < 0), part])


def _kit(song: Ideas, rng: np.random.Generator) -> Kit:
    """The bank's kit; its effects rest on the song's tonic, between 41 and 78 Hz, folded to where booms speak best."""
    root_hz = hertz(28 + (song.key.tonic - 28) % 12)
    return Kit(song.choice.bank, root_hz if root_hz <= 58 else root_hz * 0.75, int(rng.integers(2**31)))
