"""A take's sound and light → clips of fifteen seconds, side by side from the take's beginning.

What is left over at the end is shorter than a clip and is not used. A clip that is mostly silent, or whose light was
mostly not seen, is made as well, with the reason why it should be left out: a person may want it all the same.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.annotations import Annotations
from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES, Clip
from beatomizer.dataset.labels import Labels
from beatomizer.timebase import FPS, HOP

CLIP_S = CLIP_FRAMES / FPS

_LEAST_USABLE = 0.5
"""Share of a clip's frames whose light must have been seen, away from cuts."""

_MOST_SILENT = 0.5
_SILENT_RMS = 10 ** (-60 / 20)
"""Frames below −60 dB (of full scale) are silence: the noise of a good tape is there."""


def clip_key(take: str, number: int) -> str:
    """``TAKE-NNNN``."""
    return f"{take}-{number:04d}"


def clip_count(samples: int) -> int:
    """Whole clips in so many samples."""
    return samples // CLIP_SAMPLES


def cut_clips(
    take: str,
    sound: F32,
    labels: Labels,
    facts: dict[str, Any],
    score: Annotations | None = None,
    take_start_s: float = 0.0,
) -> Iterator[tuple[Clip, str]]:
    """The clips of a take in order, each with the reason to leave it out (empty: none).

    Args:
        take: its id.
        sound: ``[N]``.
        labels: of at least as many frames as there are whole clips of sound.
        facts: what all clips of the take have in common; each gets its own ``start_s`` and ``score``.
        score: what is known about a composed song.
        take_start_s: where the take begins in it.
    """
    for number in range(min(clip_count(len(sound)), len(labels.rgb) // CLIP_FRAMES)):
        samples = sound[number * CLIP_SAMPLES : (number + 1) * CLIP_SAMPLES]
        frames = slice(number * CLIP_FRAMES, (number + 1) * CLIP_FRAMES)
        own = {**facts, "take": take, "start_s": number * CLIP_S}
        if score is not None:
            begin_s = take_start_s + number * CLIP_S
            own["score"] = score_between(score, begin_s, begin_s + CLIP_S)
        clip = Clip(
            key=clip_key(take, number),
            split="train",  # decided when all takes are known
            audio=_whole(samples, 32768, -32768, 32767).astype(np.int16),
            rgb=_whole(labels.rgb[frames], 65535, 0, 65535).astype(np.uint16),
            flags=labels.flags[frames],
            facts=own,
        )
        yield clip, _why_not(clip)


def _whole(values: F32, scale: int, low: int, high: int) -> np.ndarray[Any, np.dtype[Any]]:
    return np.clip(np.round(values.astype(np.float64) * scale), low, high)


def _why_not(clip: Clip) -> str:
    rms = np.sqrt((clip.sound.reshape(CLIP_FRAMES, HOP) ** 2).mean(axis=1))
    if (rms < _SILENT_RMS).mean() > _MOST_SILENT:
        return "mostly silent"
    if clip.usable.mean() < _LEAST_USABLE:
        return "mostly without a picture, or cuts"
    return ""


def score_between(score: Annotations, start_s: float, end_s: float) -> dict[str, Any]:
    """What is known between two moments, in seconds from the first one.

    Sections are cut to it; ``begins`` tells those that begin inside from those that were going on before.
    """

    def moved(time_s: float) -> float:
        return round(time_s - start_s, 6)

    def inside(time_s: float) -> bool:
        return start_s <= time_s < end_s

    return {
        "beats": [[moved(time_s), position] for time_s, position in score.beats if inside(time_s)],
        "onsets": {name: [moved(t) for t in times if inside(t)] for name, times in score.onsets.items()},
        "sections": [
            {
                "start_s": moved(max(section.start_s, start_s)),
                "end_s": moved(min(section.end_s, end_s)),
                "label": section.label,
                "repeat": section.repeat,
                "energy": section.energy,
                "begins": inside(section.start_s),
            }
            for section in score.sections
            if section.start_s < end_s and section.end_s > start_s
        ],
        "energy": [[moved(time_s), value] for time_s, value in score.energy if inside(time_s)],
        "drops_s": [moved(time_s) for time_s in score.drops_s if inside(time_s)],
        "meter": score.meter,
        "tempo_bpm": score.tempo_bpm,
        "key": score.key,
        "style": score.style,
        "form": score.form,
        "bank": score.bank,
    }
