"""What of a teacher's answer to a song is to be believed, and that part as annotations.

The teacher hears the song three times: as it is, a little slower and a little faster. What it says each time is not
always true, but what it says only once is a guess. Rules of thumb for what one hearing is worth are in the constants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.audio.audio import Audio
from beatomizer.composer.annotations import Annotations, SectionTruth
from beatomizer.cues.beat_grid import sure_beats
from beatomizer.cues.cuelist import CueList, Section
from beatomizer.cues.decide import decide
from beatomizer.cues.style import Style
from beatomizer.dataset.lessons.damage import Damage, damaged
from beatomizer.errors import UsageError
from beatomizer.features.bank import extract_features
from beatomizer.inference.engine import PARTS, Engine, Heard, Scores
from beatomizer.metrics.sync import nearest
from beatomizer.timebase import FPS, SAMPLE_RATE

SPEEDS = (0.93, 1.075)
"""Of the other hearings: a semitone and a quarter, which moves tempi between octaves where those are in doubt."""

SURE_SHARE = 0.8
"""Share of the beats that must be sure (``cues.beat_grid.SURE``),"""

FEWEST_BEATS = 16
"""of at least so many,"""

AGREED, BEAT_S = 0.9, 0.05
"""and the F measure of beats within so many seconds between the hearings; likewise of the first beats of bars."""

CUTS_AGREED, CUT_S = 0.7, 0.5
"""The same for the beginnings of sections."""

_NAMED = ("intro", "build", "drop", "break", "outro")
"""What the decoder tells by contrast with the neighbours, without a teacher that knows parts."""


@dataclass(frozen=True)
class Belief:
    """A teacher's answer as the truth of a lesson.

    Attributes:
        truth: annotations; onsets are never among them.
        known: which kinds of it are to be believed, of ``lesson.KINDS``.
        light: float32 ``[T]``: the teacher's; zeros if it has no opinion.
        frames: float32 ``[T, F]``: the features of the song as it is.
    """

    truth: Annotations
    known: tuple[str, ...]
    light: F32
    frames: F32


@dataclass(frozen=True)
class _Hearing:
    """One hearing, its times as in the song as it is."""

    frames: F32
    scores: Scores
    cues: CueList
    beats_s: F64
    downbeats_s: F64
    cuts_s: F64


def believed(
    samples: F32, teacher: Engine, title: str, told: Callable[[float], None] = lambda _: None
) -> Belief:
    """What the teacher believes of a song.

    Args:
        samples: mono ``[N]`` at 24 kHz.
        teacher: an engine that gives scores.
        title: of the song.
        told: told the share that is done.

    Raises:
        UsageError: the teacher gives colour instead of scores.
    """
    hearings = []
    for number, speed in enumerate((1.0, *SPEEDS)):
        hearings.append(_heard(samples, teacher, speed))
        told((number + 1) / (1 + len(SPEEDS)))
    first = hearings[0]
    known = _known(first, hearings[1:])
    light = first.scores.light
    return Belief(
        _annotations(first, title, len(samples) / SAMPLE_RATE, known),
        known,
        np.zeros(len(first.scores.beat), dtype=np.float32) if light is None else light,
        first.frames,
    )


def scores_of(teacher: Engine, heard: Heard) -> Scores:
    """The scores of an answer.

    Raises:
        UsageError: it is colour.
    """
    if not isinstance(heard, Scores):
        raise UsageError(
            f"the model '{teacher.name}' gives colour, not beats and sections", "choose another with --model"
        )
    return heard


def _heard(samples: F32, teacher: Engine, speed: float) -> _Hearing:
    features = extract_features(Audio(damaged(samples, SAMPLE_RATE, Damage(speed=speed))))
    scores = scores_of(teacher, teacher.listen(features))
    cues = decide(scores, features, Style())
    return _Hearing(
        features.frames,
        scores,
        cues,
        speed * np.array([beat.time_s for beat in cues.beats]),
        speed * np.array([beat.time_s for beat in cues.beats if beat.position == 1]),
        speed * np.array([section.start_s for section in cues.sections[1:]]),
    )


def _known(first: _Hearing, others: Sequence[_Hearing]) -> tuple[str, ...]:
    """Kinds of truth to be believed, in the order of ``lesson.KINDS``.

    Bars and light need beats, which the light pulses with, and sections need bars, which they begin with.
    """
    sure = sure_beats(first.cues.beats)
    beats = len(sure) >= FEWEST_BEATS and bool(sure.mean() >= SURE_SHARE)
    beats = beats and all(agreement(first.beats_s, one.beats_s, BEAT_S) >= AGREED for one in others)
    bars = beats and all(agreement(first.downbeats_s, one.downbeats_s, BEAT_S) >= AGREED for one in others)
    cuts = bars and first.scores.boundary is not None
    cuts = cuts and all(agreement(first.cuts_s, one.cuts_s, CUT_S) >= CUTS_AGREED for one in others)
    found = {
        "beats": beats,
        "bars": bars,
        "sections": cuts,
        "energy": first.scores.energy is not None,
        "light": beats and first.scores.light is not None,
    }
    return tuple(name for name, yes in found.items() if yes)


def agreement(one_s: F64, other_s: F64, within_s: float) -> float:
    """F measure of two lists of times, 0..1; two empty ones agree."""
    if not len(one_s) or not len(other_s):
        return float(len(one_s) == len(other_s))
    here = float(np.mean(nearest(one_s, other_s) <= within_s))
    there = float(np.mean(nearest(other_s, one_s) <= within_s))
    return 2 * here * there / max(here + there, 1e-9)


def _annotations(first: _Hearing, title: str, duration_s: float, known: Sequence[str]) -> Annotations:
    """What was heard, without what is not believed."""
    beats = first.cues.beats if "beats" in known else ()
    sections = first.cues.sections if "sections" in known else ()
    parts = tuple(_section(section, first.scores) for section in sections)
    if parts:
        parts = (*parts[:-1], replace(parts[-1], end_s=duration_s))
    firsts = np.flatnonzero([beat.position == 1 for beat in beats])
    lengths = np.bincount(np.diff(firsts)) if len(firsts) > 1 else np.zeros(1)
    return Annotations(
        title=title,
        seed=0,
        **dict.fromkeys(("style", "form", "bank", "key"), ""),
        meter=f"{lengths.argmax()}/4" if "bars" in known else "",
        tempo_bpm=first.cues.tempo_bpm if beats else 0.0,
        duration_s=duration_s,
        beats=tuple((beat.time_s, beat.position if "bars" in known else 0) for beat in beats),
        onsets={},
        sections=parts,
        energy=_energy(first.scores, duration_s),
        drops_s=tuple(part.start_s for part in parts if part.label == "drop"),
    )


def _section(section: Section, scores: Scores) -> SectionTruth:
    """Named as the teacher does, else by the decoder if it can tell; an empty name says that nobody knows."""
    label = section.kind if section.kind in _NAMED else ""
    if scores.part is not None:
        here = slice(
            int(section.start_s * FPS), max(int(section.end_s * FPS), int(section.start_s * FPS) + 1)
        )
        label = PARTS[int(scores.part[here].mean(axis=0).argmax())]
    return SectionTruth(section.start_s, section.end_s, label, section.label, section.energy)


def _energy(scores: Scores, duration_s: float) -> tuple[tuple[float, float], ...]:
    """Once a second, the teacher's."""
    if scores.energy is None or not len(scores.energy):
        return ()
    times = np.arange(0.0, duration_s, 1.0)
    values = np.interp(times * FPS, np.arange(len(scores.energy)), scores.energy)
    return tuple(zip(times.tolist(), values.tolist(), strict=True))
