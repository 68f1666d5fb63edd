"""Lessons from nothing: compose a song, send it through the world, light it, hear it, write all of that down."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F16, F32
from beatomizer.audio.audio import Audio
from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.composer.annotations import Annotations
from beatomizer.composer.compose import compose
from beatomizer.dataset.compose.designer import Design, design
from beatomizer.dataset.compose.manner import drawn_manner
from beatomizer.dataset.lessons.damage import Damage, damaged, drawn_damage
from beatomizer.dataset.lessons.lesson import KINDS, SUFFIX, Lesson, write_lesson
from beatomizer.dataset.lessons.no_music import KINDS as NO_MUSIC
from beatomizer.dataset.lessons.no_music import no_music
from beatomizer.features.bank import SETTINGS, extract_features
from beatomizer.timebase import SAMPLE_RATE

REVISION = 2
"""Raised when the same settings would give other lessons."""

_NO_MUSIC_SHARE = 0.04
_THINNED = (("drums",), ("drums", "bass"), ("lead",), ("music", "lead"), ("bass", "music", "lead"), ("bass",))
_THINNED_SHARES = (0.34, 0.12, 0.14, 0.14, 0.12, 0.14)
_THINNED_SHARE = 0.28
"""How many songs are heard without some of their players, and which are missing: half of them have no drums."""


@dataclass(frozen=True)
class LessonSettings:
    """What decides the bytes of lessons, besides their number.

    Attributes:
        seed: 0 or more.
        generators: ``"train"``, ``"held-out"`` or ``"all"``, as in ``compose``.
        clean: songs arrive as they were mixed, with everybody playing; for tests of a listener.
    """

    seed: int = 0
    generators: str = "train"
    clean: bool = False

    def facts(self, index: int) -> dict[str, Any]:
        """What is written into a lesson about its making."""
        return {
            "lesson": index,
            "seed": self.seed,
            "generators": self.generators,
            "clean": self.clean,
            "features": SETTINGS,
            "revision": REVISION,
        }


def lesson_path(folder: Path, index: int) -> Path:
    """Where lesson ``index`` lies."""
    return folder / f"lesson-{index:06d}{SUFFIX}"


def make_lesson(settings: LessonSettings, index: int, folder: Path) -> float:
    """Make and write one lesson; returns its length in seconds."""
    lesson = composed_lesson(settings, index)
    write_lesson(lesson, lesson_path(folder, index))
    return float(lesson.facts["truth"]["duration_s"])


def composed_lesson(settings: LessonSettings, index: int) -> Lesson:
    """Lesson ``index``; the same settings and number give the same arrays."""
    rng = np.random.default_rng([settings.seed, index, 77])
    if not settings.clean and rng.random() < _NO_MUSIC_SHARE:
        return _without_music(settings, index, rng)
    without: tuple[str, ...] = ()
    if not settings.clean and rng.random() < _THINNED_SHARE:
        without = _THINNED[int(rng.choice(len(_THINNED), p=_THINNED_SHARES))]
    number = int(np.random.SeedSequence([settings.seed, index]).generate_state(1)[0])
    song = compose(number, generators=settings.generators, without=without)
    damage = Damage() if settings.clean else drawn_damage(rng)
    samples = damaged(song.samples.mean(axis=1), song.sample_rate, damage)
    truth = at_speed(song.annotations, damage.speed, len(samples) / SAMPLE_RATE)
    return _lesson(
        samples, truth, settings.facts(index) | {"damage": damage.facts(), "without": without}, rng
    )


def at_speed(truth: Annotations, speed: float, duration_s: float) -> Annotations:
    """The annotations of a song that is played ``speed`` times as fast and lasts ``duration_s``."""
    if speed == 1.0:
        return replace(truth, duration_s=duration_s)
    return replace(
        truth,
        tempo_bpm=truth.tempo_bpm * speed,
        duration_s=duration_s,
        beats=tuple((time / speed, position) for time, position in truth.beats),
        onsets={name: tuple(time / speed for time in times) for name, times in truth.onsets.items()},
        sections=tuple(
            replace(section, start_s=section.start_s / speed, end_s=section.end_s / speed)
            for section in truth.sections
        ),
        energy=tuple((time / speed, value) for time, value in truth.energy),
        drops_s=tuple(time / speed for time in truth.drops_s),
    )


def _without_music(settings: LessonSettings, index: int, rng: np.random.Generator) -> Lesson:
    kind = str(rng.choice(NO_MUSIC))
    samples = damaged(no_music(kind, rng), SAMPLE_RATE, drawn_damage(rng))
    truth = Annotations(
        title=kind,
        seed=index,
        **dict.fromkeys(("style", "form", "bank", "key", "meter"), ""),
        tempo_bpm=0.0,
        duration_s=len(samples) / SAMPLE_RATE,
        beats=(),
        onsets={},
        sections=(),
        energy=(),
        drops_s=(),
    )
    features = _heard(samples)
    dark = np.zeros(len(features), dtype=np.float16)
    facts = {"truth": truth.to_json(), "known": ["beats", "bars"], "made": settings.facts(index)}
    return Lesson(features, dark, np.zeros((len(features), 3), dtype=np.float16), facts)


def _lesson(samples: F32, truth: Annotations, made: dict[str, Any], rng: np.random.Generator) -> Lesson:
    features = _heard(samples)
    # The plan without the hand's tremble and delay: a listener should learn when the light is meant.
    manner = replace(drawn_manner(rng), latency_ms=0.0, jitter_ms=0.0)
    lit = design(truth, rng, manner=manner)
    light, rgb = _mean_light(lit, len(features))
    facts = {
        "truth": truth.to_json(),
        "design": lit.facts(),
        "known": list(KINDS),
        "made": made,
    }
    return Lesson(features, light, rgb, facts)


def _heard(samples: F32) -> F16:
    audio = Audio(np.asarray(samples, dtype=np.float32))
    return np.asarray(extract_features(audio).frames, dtype=np.float16)


def _mean_light(lit: Design, frames: int) -> tuple[F16, F16]:
    """The stage's mean light: root of luminance ``[T]``, linear colour ``[T, 3]``; dark where the plan has ended."""
    linear = rgb8_to_linear(lit.rgb8[:frames]).mean(axis=1)
    rgb = np.zeros((frames, 3))
    rgb[: len(linear)] = linear
    return np.sqrt(luminance(rgb)).astype(np.float16), rgb.astype(np.float16)
