"""The slow things a song does: where bars and sections begin, and how much light it asks for. Offline."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.bank import COLUMNS, loudness_lufs
from beatomizer.features.outline import STEPS_PER_S, Outline
from beatomizer.inference.smoothing import bell, moving_max, moving_mean, on_frames, spread_0_1
from beatomizer.timebase import FPS

NOVELTY_STEPS_PER_S = 2.5
_GROUP = int(STEPS_PER_S / NOVELTY_STEPS_PER_S)
_KERNELS_S = (6.0, 14.0)
"""Half sizes of the checkerboards: a phrase, and a section."""


def boundary_novelty(coarse: Outline, frames: int) -> F64:
    """Likelihood that a section begins, ``[T]`` 0..1: peaks where what follows differs from what came before.

    Checkerboard novelty of a self-similarity matrix (Foote 2000) at 2.5 Hz, over timbre, harmony and level.
    """
    look = _standardised(coarse)
    if len(look) < 8:
        return np.zeros(frames)
    novelty = np.zeros(len(look) + 1)
    for half_s in _KERNELS_S:
        novelty += _checkerboard(look, max(2, int(half_s * NOVELTY_STEPS_PER_S))) / len(_KERNELS_S)
    scale = np.percentile(novelty, 98)
    if scale <= 1e-6:
        return np.zeros(frames)
    top = moving_max(novelty, int(2 * NOVELTY_STEPS_PER_S))
    peaks = np.clip(novelty / scale, 0.0, 1.0) * (novelty / np.maximum(top, 1e-9)) ** 2
    # novelty[i] belongs to the edge between steps i - 1 and i, half a step before the middle of step i
    return np.clip(
        on_frames(np.append(peaks, 0.0)[1:], 1.0 / NOVELTY_STEPS_PER_S, frames + _HALF, FPS)[:frames], 0, 1
    )


_HALF = 0


def _standardised(coarse: Outline) -> F64:
    """``[V, D]`` at 2.5 Hz: timbre, harmony and level, each group of equal say."""
    steps = coarse.steps // _GROUP * _GROUP
    mel = coarse.mel_db[:steps].reshape(-1, _GROUP, coarse.mel_db.shape[1]).mean(axis=1, dtype=np.float64)
    chroma = coarse.chroma[:steps].reshape(-1, _GROUP, 12).mean(axis=1, dtype=np.float64)
    if len(mel) == 0:
        return np.zeros((0, 0))
    level = mel.mean(axis=1, keepdims=True)
    groups = [(mel - level, 1.0), (moving_mean(chroma, 2), 0.6), (level, 0.8)]
    parts = []
    for values, say in groups:
        centred = values - values.mean(axis=0)
        parts.append(say * centred / max(float(np.sqrt(np.mean(np.sum(centred**2, axis=1)))), 1e-6))
    return np.hstack(parts)


def _checkerboard(look: F64, half: int) -> F64:
    """Novelty at each edge between steps, ``[V + 1]``: likeness within the sides less likeness across.

    The Gaussian-tapered checkerboard of a matrix of inner products is ``|before − after|²`` of two tapered sums, so
    the matrix itself is never built.
    """
    taper = np.exp(-0.5 * (np.arange(half) / (0.5 * half)) ** 2)
    taper /= taper.sum()
    count, width = look.shape
    padded = np.concatenate([np.repeat(look[:1], half, 0), look, np.repeat(look[-1:], half, 0)])
    before, after = np.zeros((count + 1, width)), np.zeros((count + 1, width))
    for step, weight in enumerate(taper):
        before += weight * padded[half - 1 - step : half - step + count]
        after += weight * padded[half + step : half + step + count + 1]
    return np.asarray(np.sum((before - after) ** 2, axis=1))


def downbeat_evidence(frames: F32, beat: F64, onsets: F64) -> F64:
    """Likelihood of a bar's first beat, ``[T]`` 0..1: a beat with weight in the bass where the harmony changes."""
    chroma = np.asarray(frames[:, COLUMNS["chroma"]], dtype=np.float64)
    reach = int(0.3 * FPS)
    smooth = moving_mean(chroma, reach // 2)
    padded = np.pad(smooth, [(reach, reach), (0, 0)], mode="edge")
    change = np.sum((padded[2 * reach :] - padded[: -2 * reach]) ** 2, axis=1)
    harmony = change / (moving_mean(change, 8 * FPS) + 1e-3)
    bass = np.asarray(frames[:, COLUMNS["mel"]][:, :6], dtype=np.float64).mean(axis=1)
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
    lufs = loudness_lufs(frames).astype(np.float64)
    loud = spread_0_1(bell(np.maximum(lufs[:, 1], -60.0), FPS // 2), least_span=8.0)
    busy = spread_0_1(bell(onsets.sum(axis=1), FPS), least_span=0.02)
    flux = np.asarray(frames[:, COLUMNS["flux"]], dtype=np.float64)
    bright = spread_0_1(bell(flux[:, 12:].mean(axis=1), FPS), least_span=0.02)
    energy = 0.6 * loud + 0.25 * busy + 0.15 * bright
    sounding = np.clip((lufs[:, 1] + 78.0) / 10.0, 0.0, 1.0)
    return np.asarray(spread_0_1(energy, 3.0, 97.0, least_span=0.1) * sounding)
