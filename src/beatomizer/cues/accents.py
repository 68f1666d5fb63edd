"""Strong sounds that deserve light of their own: snares and hits off the beat."""

from collections.abc import Sequence

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.cues.cuelist import Accent
from beatomizer.features.bank import COLUMNS
from beatomizer.features.features import Features
from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS

MOST_PER_S = 1.0
"""At energy 1; people at the desk set 1.4 to 2.5 key frames a second, most of which are beats and cues here."""

_LEAST_GAP = FPS // 4
"""Accents nearer than 4 Hz no longer look synchronous."""

_KEEN = 1.5
_NEAR_BEAT_S = 0.09
_LEAST_BEATS = 8
"""Sure beats within a stretch and half of its neighbours, without which nothing is answered: talk and applause are
full of strong sounds, and light that jumps at each of them is no show."""

_ROW_S = 8.0
"""Accents are rationed in stretches of this length, so that a busy chorus does not use up the song's."""


def find_accents(
    heard: Scores,
    features: Features,
    beats_s: F64,
    energy: float,
    follow: Sequence[tuple[float, float]] = (),
) -> tuple[Accent, ...]:
    """The strongest sounds beside the beats, at most ``energy * MOST_PER_S`` a second in any stretch.

    Args:
        heard: what an engine heard; its onsets count, if it has any.
        features: what it was heard from.
        beats_s: times of sure beats, which need no accent; where there are none, nothing has one.
        energy: the wish, 0..1.
        follow: from, until: where half as many more are taken, because the light is to follow each sound.
    """
    ration = round(energy * MOST_PER_S * _ROW_S)
    if not ration:
        return ()
    strength = hit_strength(heard, features)
    if not len(strength) or strength.max() <= 0:
        return ()
    frames = _peaks(strength, 0.35)
    if len(beats_s):
        after = np.clip(np.searchsorted(beats_s, frames / FPS), 1, max(1, len(beats_s) - 1))
        near = np.minimum(
            np.abs(beats_s[np.minimum(after, len(beats_s) - 1)] - frames / FPS),
            np.abs(beats_s[after - 1] - frames / FPS),
        )
        frames = frames[near > _NEAR_BEAT_S]
    kept: list[int] = []
    stretch = np.floor(frames / (FPS * _ROW_S)).astype(int)
    for number in np.unique(stretch):
        here = frames[stretch == number]
        strongest = here[np.argsort(-strength[here], kind="stable")]
        middle_s = (number + 0.5) * _ROW_S
        if np.sum(np.abs(beats_s - middle_s) < _ROW_S) < _LEAST_BEATS:
            continue
        keen = any(start <= middle_s < end for start, end in follow)
        kept += _spaced(strongest, round(_KEEN * ration) if keen else ration)
    chosen = _spaced_in_time(sorted(kept))
    return tuple(Accent(frame / FPS, float(np.clip(strength[frame], 0.0, 1.0))) for frame in chosen)


def hit_strength(heard: Scores, features: Features) -> F64:
    """How strong a hit each frame holds, 0..1, ``[T]``: snares most, kicks and the rest less, hats hardly."""
    if heard.onsets is not None:
        hits: F64 = np.nan_to_num(np.asarray(heard.onsets, dtype=np.float64)) @ np.array([0.6, 1.0, 0.2, 0.6])
    else:
        hits = features.frames[:, COLUMNS["flux"]].astype(np.float64).mean(axis=1)
    top = float(np.percentile(hits, 99.8)) if len(hits) else 0.0
    return np.clip(hits / top, 0.0, 1.0) if top > 1e-6 else np.zeros(len(hits))


def _peaks(strength: F64, least: float) -> Int:
    """Frames that stand above both neighbours and above ``least``."""
    inner = (strength[1:-1] > strength[:-2]) & (strength[1:-1] >= strength[2:]) & (strength[1:-1] >= least)
    return np.flatnonzero(inner) + 1


def _spaced(frames: Int, most: int) -> list[int]:
    """The first ``most`` of the frames that keep their distance from those already taken."""
    taken: list[int] = []
    for frame in frames.tolist():
        if len(taken) == most:
            break
        if all(abs(frame - other) >= _LEAST_GAP for other in taken):
            taken.append(frame)
    return taken


def _spaced_in_time(frames: list[int]) -> list[int]:
    kept: list[int] = []
    for frame in frames:
        if not kept or frame - kept[-1] >= _LEAST_GAP:
            kept.append(frame)
    return kept
