"""From a score to its annotations: what is written becomes what is heard, in seconds."""

from collections.abc import Iterable

import numpy as np

from beatomizer.composer.annotations import ONSET_CLASSES, Annotations, SectionTruth
from beatomizer.composer.score import Score

CLASSES = {
    "kick": ("kick", "bass_drum"),
    "snare": ("snare", "clap", "rim", "brush"),
    "hat": ("hat", "open_hat", "pedal", "ride", "crash", "shaker", "tambourine"),
    "other": ("tom_high", "tom_mid", "tom_low", "timpani", "conga_high", "conga_low", "cowbell", "blip"),
}
"""Which drums count as which class; swelling effects (riser, reverse, sweep) and the boom of an impact as none."""

_SOFTEST = 0.12
"""Velocity below which a stroke is texture, not an event."""

_APART_S = 0.012
"""Onsets of one class that are nearer than this are one: the notes of a strummed chord, two cymbals at once."""


def annotated(score: Score, seed: int, duration_s: float, slow_voices: Iterable[str]) -> Annotations:
    """Everything known about a song.

    Args:
        score: what is played.
        seed: what it was composed from.
        duration_s: length of the sound.
        slow_voices: roles whose sounds swell, so that their beginnings are no onsets.
    """
    beats = score.meter.beats
    energies = score.energies()
    return Annotations(
        title=score.title,
        seed=seed,
        style=score.style,
        form=score.form,
        bank=score.bank,
        key=score.key,
        meter=score.meter.name,
        tempo_bpm=score.clock.bpm,
        duration_s=duration_s,
        beats=tuple((time_s, at % beats + 1) for at, time_s in enumerate(score.beats)),
        onsets=_onsets(score, frozenset(slow_voices)),
        sections=_sections(score, duration_s),
        energy=tuple(zip(score.beats, energies.tolist(), strict=True)),
        drops_s=tuple(score.clock.time_s(beat) for beat in score.drops),
    )


def _onsets(score: Score, slow_voices: frozenset[str]) -> dict[str, tuple[float, ...]]:
    class_of = {drum: name for name, drums in CLASSES.items() for drum in drums}
    heard: dict[str, list[tuple[float, float]]] = {name: [] for name in ONSET_CLASSES}
    for stroke in score.strokes:
        if stroke.drum in class_of and stroke.velocity >= _SOFTEST:
            heard[class_of[stroke.drum]].append((stroke.start, stroke.late_s))
    heard["other"] += [(note.start, note.late_s) for note in score.notes if note.voice not in slow_voices]
    return {name: _merged(score, pairs) for name, pairs in heard.items()}


def _merged(score: Score, pairs: list[tuple[float, float]]) -> tuple[float, ...]:
    if not pairs:
        return ()
    starts, late_s = np.array(pairs).T
    times_s = np.sort(np.maximum(0.0, score.clock.times_s(starts) + late_s))
    kept = [float(times_s[0])]
    for time_s in times_s[1:].tolist():
        if time_s - kept[-1] >= _APART_S:
            kept.append(time_s)
    return tuple(kept)


def _sections(score: Score, duration_s: float) -> tuple[SectionTruth, ...]:
    energies = score.energies()
    found = []
    for part in score.parts:
        last = part is score.parts[-1]
        found.append(
            SectionTruth(
                start_s=score.clock.time_s(part.start),
                end_s=duration_s if last else score.clock.time_s(part.end),
                label=part.label,
                repeat=part.repeat,
                energy=float(energies[int(part.start) : int(part.end)].mean()),
            )
        )
    return tuple(found)
