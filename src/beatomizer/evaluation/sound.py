"""A clip's or a song's sound as the reference side of the metrics: what the line hears, and what its score says."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.bank import BANK, COLUMNS, loudness_lufs
from beatomizer.features.features import Features
from beatomizer.metrics.song import Part, Song
from beatomizer.timebase import SAMPLE_RATE

DROP = "drop"
"""Sections with this label begin with a drop."""

_MOMENTARY = BANK.loudness_frames.index(24)
"""The loudness column over 400 ms."""


def song_of(features: Features, score: Mapping[str, Any] | None = None, *, beats: str = "score") -> Song:
    """The song of these features.

    Args:
        features: what was heard; gives onset envelope, loudness and chroma.
        score: a clip's ``facts["score"]``, with times in seconds from its beginning; what it lacks stays unknown.
        beats: ``"estimate"`` takes the classical tracker's beats where the score has none.
    """
    score = score or {}
    known_beats, downbeats = _beats(score)
    if known_beats is None and beats == "estimate":
        known_beats, downbeats = tracked_beats(features)
    parts = _parts(score)
    return Song(
        onset=onset_envelope(features.frames),
        loudness_db=loudness_lufs(features.frames)[:, _MOMENTARY],
        chroma=features.frames[:, COLUMNS["chroma"]],
        beats_s=known_beats,
        downbeats_s=downbeats,
        parts=parts,
        drops_s=_drops(score, features),
    )


def onset_envelope(frames: F32) -> F64:
    """``[T]``: mean of the 24 flux bands; a click at sample n shows in frame ``n // 400``."""
    return np.asarray(frames[:, COLUMNS["flux"]].mean(axis=1, dtype=np.float64))


def tracked_beats(features: Features) -> tuple[F64, F64]:
    """Beats and downbeats, in seconds, that the classical engine hears."""
    from beatomizer.cues.beat_grid import track_beats
    from beatomizer.inference.classic import ClassicEngine

    grid = track_beats(ClassicEngine().listen(features), len(features.samples) / SAMPLE_RATE)
    times = np.array([beat.time_s for beat in grid.beats])
    return times, times[np.array([beat.position == 1 for beat in grid.beats], dtype=bool)]


def _beats(score: Mapping[str, Any]) -> tuple[F64 | None, F64 | None]:
    if "beats" not in score:
        return None, None
    table = np.array(score["beats"], dtype=np.float64).reshape(-1, 2)
    table = table[np.argsort(table[:, 0], kind="stable")]
    table = table[table[:, 0] >= 0.0]
    return table[:, 0], table[table[:, 1] == 1.0, 0]


def _parts(score: Mapping[str, Any]) -> tuple[Part, ...] | None:
    if "sections" not in score:
        return None
    parts = [
        Part(float(part["start_s"]), float(part["end_s"]), str(part.get("repeat") or part["label"]))
        for part in score["sections"]
    ]
    return tuple(sorted(parts, key=lambda part: part.start_s))


def _drops(score: Mapping[str, Any], features: Features) -> F64 | None:
    if "drops_s" in score:
        times = [float(time) for time in score["drops_s"]]
    elif "sections" in score:
        times = [float(part["start_s"]) for part in score["sections"] if part["label"] == DROP]
    else:
        return None
    end_s = len(features.samples) / SAMPLE_RATE
    return np.array(sorted(time for time in times if 0.0 < time < end_s))
