"""What a listener should say, frame by frame: a lesson's truth as arrays.

The same arrays, as ``Scores``, are a listener that is always right (``perfect_scores``): tests of the decoder and of
the metrics begin with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64, Int
from beatomizer.color import linear_to_oklab, oklab_to_oklch, parse_hex, rgb8_to_linear
from beatomizer.composer.annotations import ONSET_CLASSES
from beatomizer.dataset.lessons.lesson import Lesson
from beatomizer.inference.engine import PARTS, TAUGHT_LOOKS, TEMPI_BPM, Scores
from beatomizer.timebase import FPS

HUES = 24
UNKNOWN = -1
"""In place of a class where nobody knows."""

PART_OF = {
    "intro": "intro", "opening": "intro",
    "verse": "verse", "groove": "verse", "episode": "verse", "passage": "verse", "theme": "verse",
    "chorus": "chorus", "refrain": "chorus", "climax": "chorus", "summit": "chorus", "solo": "chorus",
    "build": "build", "rise": "build", "pre-chorus": "build",
    "drop": "drop",
    "break": "break", "interlude": "break", "bridge": "break",
    "outro": "outro", "closing": "outro", "descent": "outro",
}  # fmt: skip
"""Composed labels → ``PARTS``; labels that are not here count as verses, empty ones as unknown."""

_TEMPO_WIDTH = 0.8
"""Standard deviation of the soft tempo labels in bins of ``TEMPI_BPM``."""
_TEMPO_BEATS = 4
"""Beats on either side over which the tempo is measured."""
_EDGE_FRAMES = 12
"""Half the foot of the hill at a boundary."""


@dataclass(frozen=True)
class Targets:
    """Of T frames. Classes are ``UNKNOWN`` where nobody knows.

    Attributes:
        beat, downbeat: float32 ``[T]``, 1 on the nearest frame.
        onsets: float32 ``[T, 4]``, likewise.
        boundary: float32 ``[T]``, a hill of half a foot of 0.2 s at each new section.
        energy: float32 ``[T]``.
        tempo: float32 ``[T, 49]``, sums to 1.
        phase: float32 ``[T, 2]``, cosine and sine, −1..1; zero without a beat.
        part: int64 ``[T]``, place in ``PARTS``.
        letter: int64 ``[T]``, a number for each letter of repeated material.
        light: float32 ``[T]``.
        rgb: float32 ``[T, 3]``, linear.
        look: int64 ``[T]``, place in ``TAUGHT_LOOKS``.
        hue: float32 ``[T]``, OKLCh hue of the leading colour, radians; NaN where nobody knows.
        known: kinds of truth to be believed.
    """

    beat: F32
    downbeat: F32
    onsets: F32
    boundary: F32
    energy: F32
    tempo: F32
    phase: F32
    part: Int
    letter: Int
    light: F32
    rgb: F32
    look: Int
    hue: F32
    known: frozenset[str]


def targets(lesson: Lesson) -> Targets:
    """All targets of a lesson."""
    truth, count = lesson.facts["truth"], len(lesson.frames)
    times = np.array([time for time, _ in truth["beats"]])
    positions = np.array([position for _, position in truth["beats"]], dtype=np.int64)
    sections = truth["sections"]
    tempo, phase = _tempo_and_phase(times, count)
    letters = {letter: place for place, letter in enumerate(dict.fromkeys(s["repeat"] for s in sections))}
    part = np.full(count, UNKNOWN, dtype=np.int64)
    letter = np.full(count, UNKNOWN, dtype=np.int64)
    for section in sections:
        here = slice(round(section["start_s"] * FPS), round(section["end_s"] * FPS))
        if section["label"]:
            part[here] = PARTS.index(PART_OF.get(section["label"], "verse"))
        letter[here] = letters[section["repeat"]]
    energy = truth["energy"] or [[0.0, 0.0]]
    look, hue = _design(lesson.facts.get("design"), sections, count)
    return Targets(
        beat=_marked(times, count),
        downbeat=_marked(times[positions == 1], count),
        onsets=np.stack([_marked(truth["onsets"].get(name, ()), count) for name in ONSET_CLASSES], axis=1),
        boundary=_hills([section["start_s"] for section in sections[1:]], count),
        energy=np.interp(np.arange(count) / FPS, *np.array(energy).T).astype(np.float32),
        tempo=tempo,
        phase=phase,
        part=part,
        letter=letter,
        light=lesson.light.astype(np.float32),
        rgb=lesson.rgb.astype(np.float32),
        look=look,
        hue=hue,
        known=lesson.known,
    )


def perfect_scores(lesson: Lesson) -> Scores:
    """What a listener would say that knows the truth."""
    true = targets(lesson)
    angles = 2.399963 * np.maximum(true.letter, 0)[:, None] * np.arange(1, 9)
    material = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(8)
    return Scores(
        beat=true.beat,
        downbeat=true.downbeat,
        boundary=true.boundary,
        onsets=true.onsets,
        energy=true.energy,
        tempo=true.tempo,
        phase=(0.5 + 0.5 * true.phase).astype(np.float32),
        part=_one_hot(true.part, len(PARTS)),
        material=(0.5 + 0.5 * material).astype(np.float32),
        light=true.light,
        look=_one_hot(true.look, len(TAUGHT_LOOKS)),
        hue=soft_hue(true.hue),
    )


def soft_hue(hue: F32) -> F32:
    """Hues in radians ``[...]`` → chances of 24 bins ``[..., 24]``, a hill of two bins; all equal for NaN."""
    centres = np.arange(HUES) * (2 * np.pi / HUES)
    closeness = np.exp((np.cos(np.nan_to_num(hue)[..., None] - centres) - 1.0) / 0.05)
    soft = closeness / closeness.sum(axis=-1, keepdims=True)
    return np.where(np.isnan(hue)[..., None], 1.0 / HUES, soft).astype(np.float32)


def soft_tempo(bpm: F64) -> F32:
    """Tempi ``[N]``, NaN where there is no beat → chances of ``TEMPI_BPM`` and last of no beat, ``[N, 49]``."""
    none = np.isnan(bpm)
    known = np.where(none, TEMPI_BPM[0], bpm)
    place = np.log(known / TEMPI_BPM[0]) / np.log(TEMPI_BPM[1] / TEMPI_BPM[0])
    place = np.clip(place, 0, len(TEMPI_BPM) - 1)
    soft = np.exp(-0.5 * ((np.arange(len(TEMPI_BPM)) - place[:, None]) / _TEMPO_WIDTH) ** 2)
    soft = np.where(none[:, None], 0.0, soft / soft.sum(axis=1, keepdims=True))
    return np.concatenate([soft, none[:, None]], axis=1).astype(np.float32)


def _marked(times: Any, count: int) -> F32:
    out = np.zeros(count, dtype=np.float32)
    frames = np.round(np.asarray(times, dtype=np.float64) * FPS).astype(np.int64)
    out[frames[(frames >= 0) & (frames < count)]] = 1.0
    return out


def _hills(times: list[float], count: int) -> F32:
    out = np.zeros(count, dtype=np.float32)
    frames = np.arange(count)
    for time in times:
        np.maximum(out, 1.0 - np.abs(frames - time * FPS) / _EDGE_FRAMES, out=out, casting="same_kind")
    return out


def _tempo_and_phase(times: F64, count: int) -> tuple[F32, F32]:
    """Soft tempo labels and the place in the beat; both also beyond the first and last beat by one beat."""
    tempo = np.zeros((count, len(TEMPI_BPM) + 1), dtype=np.float32)
    tempo[:, -1] = 1.0
    phase = np.zeros((count, 2), dtype=np.float32)
    if len(times) < 3:
        return tempo, phase
    number = np.arange(len(times))
    low, high = np.maximum(number - _TEMPO_BEATS, 0), np.minimum(number + _TEMPO_BEATS, len(times) - 1)
    period = (times[high] - times[low]) / (high - low)
    seconds = np.arange(count) / FPS
    inside = (seconds >= times[0] - period[0]) & (seconds <= times[-1] + period[-1])
    local = np.interp(seconds, times, period)
    tempo = soft_tempo(np.where(inside, 60.0 / local, np.nan))
    ahead = np.concatenate([[times[0] - period[0]], times, [times[-1] + period[-1]]])
    angle = 2 * np.pi * np.interp(seconds, ahead, np.arange(len(ahead)))
    phase[inside] = np.stack([np.cos(angle), np.sin(angle)], axis=1)[inside]
    return tempo, phase


def _design(design: Mapping[str, Any] | None, sections: list[dict[str, Any]], count: int) -> tuple[Int, F32]:
    look = np.full(count, UNKNOWN, dtype=np.int64)
    hue = np.full(count, np.nan, dtype=np.float32)
    if not design or not sections:
        return look, hue
    starts = [*(time for time, _ in design["looks"]), count / FPS]
    for (start, name), end in zip(design["looks"], starts[1:], strict=True):
        look[round(start * FPS) : round(end * FPS)] = TAUGHT_LOOKS.index(name)
    rgb8 = np.array([parse_hex(color) for color in design["palette"]], dtype=np.uint8)
    hues = oklab_to_oklch(linear_to_oklab(rgb8_to_linear(rgb8)))[:, 2]
    for section in sections:
        lead = design["worn"][section["repeat"]][0]
        hue[round(section["start_s"] * FPS) : round(section["end_s"] * FPS)] = hues[lead]
    return look, hue


def _one_hot(classes: Int, count: int) -> F32:
    out = np.full((len(classes), count), 1.0 / count, dtype=np.float32)
    known = classes != UNKNOWN
    out[known] = np.eye(count, dtype=np.float32)[classes[known]]
    return out
