"""Does the light know the form of the song? Sections, repeats and drops."""

from itertools import combinations

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.metrics.colour import hue_histogram
from beatomizer.metrics.divergence import jensen_shannon
from beatomizer.metrics.light import Light
from beatomizer.metrics.series import peaks, pearson
from beatomizer.metrics.song import Part
from beatomizer.timebase import FPS, exact_div, nearest_frame

LOOK_FRAMES = 2 * FPS
"""Cue changes compare the two seconds before with the two after."""

CUE_PROMINENCE = 0.15
COLOUR_WEIGHT = 2.0
"""A turn from one saturated colour to another is |du| of 0.2 to 0.5; a full change of intensity is 1."""

STEP_FRAMES = exact_div(FPS, 3)
"""Self-similarity is looked at 3 times a second, as Kohl et al. (ACM MM 2025) do."""

KERNEL_STEPS = 12
"""Half size of the novelty's checkerboard: 4 s."""

SAME_BEAT_S = 0.1
"""A downbeat this near to a drop is the drop."""


def cue_changes(light: Light) -> F64:
    """Seconds at which the look changes: peaks of ``|ΔI| + 2 |Δu|`` between means over 2 s, at least 2 s apart."""
    seen = np.concatenate([light.intensity[:, None], COLOUR_WEIGHT * light.opponent.mean(axis=1)], axis=1)
    count = len(seen)
    if count < 2 * LOOK_FRAMES:
        return np.zeros(0)
    sums = np.concatenate([np.zeros((1, 3)), np.cumsum(seen, axis=0)])
    means = (sums[LOOK_FRAMES:] - sums[:-LOOK_FRAMES]) / LOOK_FRAMES
    change = means[LOOK_FRAMES:] - means[:-LOOK_FRAMES]
    strength = np.abs(change[:, 0]) + np.hypot(change[:, 1], change[:, 2])
    return (peaks(strength, CUE_PROMINENCE, LOOK_FRAMES) + LOOK_FRAMES) / FPS


def section_f_half_s(parts: tuple[Part, ...], light: Light) -> float:
    """F of cue changes against section boundaries within ±0.5 s (``mir_eval.segment.detection``, ends trimmed)."""
    return _section_f(parts, light, 0.5)


def section_f_3s(parts: tuple[Part, ...], light: Light) -> float:
    """F within ±3 s. In a clip of 15 s a third of all times is a hit by chance: read it on whole songs."""
    return _section_f(parts, light, 3.0)


def _section_f(parts: tuple[Part, ...], light: Light, window_s: float) -> float:
    from mir_eval.segment import detection

    starts = [part.start_s for part in parts[1:] if 0.0 < part.start_s < light.duration_s]
    if not starts:
        return np.nan
    changes = cue_changes(light)
    if len(changes) == 0:
        return 0.0
    reference, estimate = (_intervals(inner, light.duration_s) for inner in (starts, changes.tolist()))
    return float(detection(reference, estimate, window=window_s, trim=True)[2])


def _intervals(inner_s: list[float], duration_s: float) -> F64:
    edges = np.array([0.0, *inner_s, duration_s])
    return np.stack([edges[:-1], edges[1:]], axis=1)


def self_similarity_r(chroma: F32 | F64, light: Light) -> float:
    """Pearson of two self-similarity matrices at 3 Hz, of the sound's chroma (cosine) and of the light (closeness in
    OKLab), over all pairs of moments, −1..1. Professionals: 0.238 (Kohl et al., ACM MM 2025).
    """
    sound, seen = _matrices(chroma, light)
    upper = np.triu_indices(len(sound), 1)
    return pearson(sound[upper], seen[upper])


def novelty_r(chroma: F32 | F64, light: Light) -> float:
    """Pearson of the checkerboard novelty (Foote 2000) of the same two matrices, −1..1. Professionals: 0.343."""
    return pearson(*(checkerboard(matrix) for matrix in _matrices(chroma, light)))


def _matrices(chroma: F32 | F64, light: Light) -> tuple[F64, F64]:
    pitch = _steps(np.asarray(chroma, dtype=np.float64))
    lengths = np.linalg.norm(pitch, axis=1, keepdims=True)
    pitch = np.divide(pitch, lengths, out=np.zeros_like(pitch), where=lengths > 0.0)
    seen = _steps(light.stage_oklab)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    return pitch @ pitch.T, -apart


def _steps(frames: F64) -> F64:
    """``[T, D]`` → ``[U, D]``: means of 20 frames; a rest at the end is dropped."""
    count = len(frames) // STEP_FRAMES
    return np.asarray(frames[: count * STEP_FRAMES].reshape(count, STEP_FRAMES, frames.shape[1]).mean(axis=1))


def checkerboard(matrix: F64) -> F64:
    """Novelty ``[U − 1]`` of a self-similarity matrix ``[U, U]``: at the edge between each step and the next.

    A tapered checkerboard of 4 + 4 s is moved along the diagonal; beyond its ends a song goes on as it is there.
    """
    places = np.arange(-KERNEL_STEPS, KERNEL_STEPS) + 0.5
    signed = np.sign(places) * np.exp(-0.5 * (places / (0.5 * KERNEL_STEPS)) ** 2)
    edges = np.arange(1, len(matrix))
    if len(edges) == 0:
        return np.zeros(0)
    padded = np.pad(matrix, KERNEL_STEPS, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * KERNEL_STEPS, 2 * KERNEL_STEPS))
    return np.asarray(np.einsum("eij,i,j->e", windows[edges, edges], signed, signed))


def repetition(parts: tuple[Part, ...], light: Light) -> float:
    """Palette likeness of parts with the same material, minus that of parts with different material, −1..1.

    Likeness is 1 − Jensen–Shannon divergence of the hue histograms. 1: repeats have their own colours and nothing else
    has them. Needs at least one pair of each kind.
    """
    palettes = [_palette(part, light) for part in parts]
    same: list[float] = []
    different: list[float] = []
    for (one, first), (other, second) in combinations(zip(parts, palettes), 2):
        (same if one.material == other.material else different).append(1.0 - jensen_shannon(first, second))
    return float(np.mean(same) - np.mean(different)) if same and different else np.nan


def _palette(part: Part, light: Light) -> F64:
    frames = slice(max(0, nearest_frame(part.start_s)), max(0, nearest_frame(part.end_s)))
    return hue_histogram(Light(light.linear[frames]))


def drop_response(drops_s: F64, light: Light) -> float:
    """How much brighter the 2 s after a drop are than the 4 s before it, −1..1: ``(a − b) / (a + b)``.

    0.33 is twice as bright, 0 the same. Drops without 2 s after them or a second before them are left out.
    """
    return _mean_contrast(
        [(_mean(light, drop, drop + 2.0), _mean(light, drop - 4.0, drop)) for drop in _inside(drops_s, light)]
    )


def pull_back(drops_s: F64, downbeats_s: F64, light: Light) -> float:
    """How much darker the last bar before a drop is than the 4 s before that bar, −1..1: ``(b − a) / (a + b)``.

    Drops without a whole second before their last bar are left out.
    """
    pairs = []
    for drop in _inside(drops_s, light):
        bars = downbeats_s[downbeats_s < drop - SAME_BEAT_S]
        if len(bars) and bars[-1] > 1.0:
            bar = float(bars[-1])
            pairs.append((_mean(light, bar - 4.0, bar), _mean(light, bar, drop)))
    return _mean_contrast(pairs)


def _inside(drops_s: F64, light: Light) -> list[float]:
    return [drop for drop in drops_s.tolist() if 1.0 <= drop <= light.duration_s - 2.0]


def _mean(light: Light, start_s: float, end_s: float) -> float:
    part = light.intensity[max(0, nearest_frame(start_s)) : nearest_frame(end_s)]
    return float(part.mean()) if len(part) else 0.0


def _mean_contrast(pairs: list[tuple[float, float]]) -> float:
    contrasts = [(more - less) / (more + less) if more + less > 0.0 else 0.0 for more, less in pairs]
    return float(np.mean(contrasts)) if contrasts else np.nan
