"""The slow things a song does: where bars and sections begin, and how much light it asks for. Offline."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.bank import COLUMNS, loudness_lufs
from beatomizer.features.outline import STEPS_PER_S, Outline
from beatomizer.inference.smoothing import bell, moving_max, moving_mean, spread_0_1
from beatomizer.timebase import FPS

WHERE_S, WHETHER_S = 2.0, (6.0, 12.0)
"""Half sizes of the checkerboards: a short one finds the moment, long ones whether it matters (phrase, section)."""
_NEAR_S, _EDGE_S = 1.6, 6.0
_WIDE_FRAMES = 8
_BLOCK_STEPS = 2048
"""Steps compared at once: what is kept on the way fits a processor's cache and does not grow with the song."""
_RANGE_DB = 45.0
"""Levels lower than this under the song's loud parts count as equally silent: a fade is no section."""


def boundary_novelty(coarse: Outline, accent: F64) -> F64:
    """Likelihood that a section begins, ``[T]`` 0..1: a narrow peak at each candidate.

    Checkerboard novelty of a self-similarity matrix (Foote 2000) at 5 Hz, over timbre, harmony and level, says that
    something changes thereabouts. A cymbal that rings into the new part makes it late; so the candidate moves to
    the strongest accent a little before.

    Args:
        coarse: the song from afar.
        accent: ``[T]``, how likely something begins on a frame.
    """
    frames = len(accent)
    look = _standardised(coarse)
    if len(look) < 4 * STEPS_PER_S:
        return np.zeros(frames)
    where = _relative(_checkerboard(look, _steps(WHERE_S)))
    whether = np.mean([_relative(_checkerboard(look, _steps(half_s))) for half_s in WHETHER_S], axis=0)
    novelty = np.sqrt(where * moving_max(whether, _steps(_NEAR_S) // 2))
    novelty *= _away_from_ends(len(novelty), _steps(_EDGE_S))
    edges = np.flatnonzero((novelty > 0.05) & (novelty >= moving_max(novelty, _steps(_NEAR_S))))
    boundary = np.zeros(frames)
    for edge in edges:
        frame = _moved_to_accent(int(edge) * FPS // STEPS_PER_S, accent)
        low, high = max(0, frame - _WIDE_FRAMES), min(frames, frame + _WIDE_FRAMES + 1)
        hill = 1.0 - np.abs(np.arange(low, high) - frame) / (_WIDE_FRAMES + 1)
        boundary[low:high] = np.maximum(boundary[low:high], novelty[edge] * hill)
    return boundary


def _moved_to_accent(frame: int, accent: F64) -> int:
    """The frame of the strongest accent near ``frame``, sooner rather than later; ``frame`` if there is none."""
    low, high = max(0, frame - 3 * FPS // 2), min(len(accent), frame + FPS // 2)
    distance_s = (np.arange(low, high) - frame) / FPS + 0.4
    nearby = accent[low:high] * np.exp(-0.5 * (distance_s / 0.7) ** 2)
    return low + int(nearby.argmax()) if nearby.max(initial=0.0) > 0.05 else min(frame, len(accent) - 1)


def _steps(seconds: float) -> int:
    return round(seconds * STEPS_PER_S)


def _standardised(coarse: Outline) -> F64:
    """``[U, D]``: timbre, harmony and level, each group of equal say, smoothed over a second."""
    if coarse.steps == 0:
        return np.zeros((0, 0))
    loud = float(np.percentile(coarse.mel_db.max(axis=1), 90))
    mel = np.maximum(coarse.mel_db.astype(np.float64), loud - _RANGE_DB)
    level = mel.mean(axis=1, keepdims=True)
    groups = [(mel - level, 1.0), (moving_mean(coarse.chroma, STEPS_PER_S), 0.5), (level, 0.7)]
    parts = []
    for values, say in groups:
        centred = values - values.mean(axis=0)
        parts.append(say * centred / max(float(np.sqrt(np.mean(np.sum(centred**2, axis=1)))), 1e-6))
    return np.hstack(parts)


def _checkerboard(look: F64, half: int) -> F64:
    """Novelty at each edge before a step, ``[U]``: likeness within the sides less likeness across.

    A tapered checkerboard over a matrix of inner products is ``|before − after|²`` of two tapered means, so the
    matrix itself is never built.
    """
    taper = np.exp(-0.5 * (np.arange(half) / (0.5 * half)) ** 2)
    taper /= taper.sum()
    count = len(look)
    padded = np.concatenate([np.repeat(look[:1], half, 0), look, np.repeat(look[-1:], half, 0)])
    novelty = np.empty(count)
    for start in range(0, count, _BLOCK_STEPS):
        stop = min(start + _BLOCK_STEPS, count)
        before, after = np.zeros_like(look[start:stop]), np.zeros_like(look[start:stop])
        for step, weight in enumerate(taper):
            before += weight * padded[half - 1 - step + start : half - 1 - step + stop]
            after += weight * padded[half + step + start : half + step + stop]
        novelty[start:stop] = np.sum((before - after) ** 2, axis=1)
    return novelty


def _relative(novelty: F64) -> F64:
    """0..1: a usual edge of this song near 0, a strong one near 1."""
    usual, strong = np.percentile(novelty, [50, 97])
    return np.asarray(np.clip((novelty - usual) / max(float(strong - usual), 1e-3), 0.0, 1.0))


def _away_from_ends(count: int, steps: int) -> F64:
    """A ramp from 0 at both ends to 1: where the song begins and fades is known without listening."""
    step = np.arange(count)
    return np.clip(np.minimum(step, count - step) / max(steps, 1) - 0.5, 0.0, 1.0)


def downbeat_evidence(frames: F32, beat: F64, onsets: F64) -> F64:
    """Likelihood of a bar's first beat, ``[T]`` 0..1: a beat with weight in the bass where the harmony changes."""
    reach = int(0.3 * FPS)
    change = np.zeros(len(frames))
    for pitch in frames[
        :, COLUMNS["chroma"]
    ].T:  # one at a time: all at once are several times the whole song
        padded = np.pad(moving_mean(pitch, reach // 2), reach, mode="edge")
        change += (padded[2 * reach :] - padded[: -2 * reach]) ** 2
    harmony = change / (moving_mean(change, 8 * FPS) + 1e-3)
    bass = frames[:, COLUMNS["mel"]][:, :6].mean(axis=1, dtype=np.float64)
    bass_padded = np.pad(moving_mean(bass, 3), 6, mode="edge")
    bass_rise = np.maximum(bass_padded[12:] - bass_padded[:-12], 0.0)
    weight = (
        0.45 * np.tanh(0.6 * harmony) + 0.3 * np.tanh(bass_rise) + 0.25 * onsets[:, 0] - 0.2 * onsets[:, 1]
    )
    return np.asarray(moving_max(beat, 1) * np.clip(0.15 + weight, 0.0, 1.0))


def song_energy(frames: F32, onsets: F64) -> F64:
    """How much light each moment asks for within this song, ``[T]`` 0..1: loudness, density, brightness; slow."""
    if len(frames) == 0:
        return np.zeros(0)
    lufs = loudness_lufs(frames)[:, 1].astype(np.float64)
    loud = spread_0_1(bell(np.maximum(lufs, -60.0), FPS // 2), least_span=8.0)
    busy = spread_0_1(bell(onsets.sum(axis=1), FPS), least_span=0.02)
    high_flux = frames[:, COLUMNS["flux"]][:, 12:].mean(axis=1, dtype=np.float64)
    bright = spread_0_1(bell(high_flux, FPS), least_span=0.02)
    energy = 0.6 * loud + 0.25 * busy + 0.15 * bright
    sounding = np.clip((lufs + 78.0) / 10.0, 0.0, 1.0)
    return np.asarray(spread_0_1(energy, 3.0, 97.0, least_span=0.1) * sounding)
