"""A listener that makes a learned model's mistakes: what it hears is right, blurred, doubted and now and then wrong."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beatomizer.arrays import F32, F64, Int
from beatomizer.dataset.lessons.lesson import KINDS, Lesson
from beatomizer.dataset.lessons.targets import perfect_scores
from beatomizer.features.bank import WIDTH
from beatomizer.inference.engine import TEMPI_BPM, Scores
from beatomizer.timebase import FPS

OCTAVE_BINS = round(np.log(2.0) / np.log(TEMPI_BPM[1] / TEMPI_BPM[0]))


def rightly_heard(
    beats: Sequence[tuple[float, int]], duration_s: float, sections: Sequence[tuple[float, str, str]] = ()
) -> Scores:
    """What a listener says that is always right.

    Args:
        beats: ``(time_s, position)`` of each.
        duration_s: of the song.
        sections: ``(start_s, label, letter)`` of each, in order.
    """
    count = round(duration_s * FPS)
    ends = [*(start for start, _, _ in sections[1:]), duration_s]
    truth = {
        "beats": list(beats),
        "onsets": {},
        "energy": [],
        "sections": [
            {"start_s": start, "end_s": end, "label": label, "repeat": letter}
            for (start, label, letter), end in zip(sections, ends)
        ],
    }
    nothing = np.zeros((count, WIDTH), np.float16)
    facts = {"truth": truth, "known": list(KINDS)}
    return perfect_scores(Lesson(nothing, nothing[:, 0], nothing[:, :3], facts))


def tired(heard: Scores, seed: int) -> Scores:
    """Scores that are always right → those of a tired listener; the same seed gives the same ones.

    Peaks are ±2 frames wide and 15 % are missing, every second gap between beats has a ghost of 0.4, the tempo is
    taken for half or double for passages of ten seconds, downbeats are taken for thirds of the bar, boundaries come up
    to a second off, at half strength, or not at all, and parts and material are told through noise.
    """
    assert heard.downbeat is not None
    assert heard.boundary is not None
    assert heard.tempo is not None
    assert heard.phase is not None
    assert heard.part is not None
    assert heard.material is not None
    rng = np.random.default_rng(seed)
    count = len(heard.beat)
    beats = np.flatnonzero(heard.beat > 0.5)
    bars = np.flatnonzero(heard.downbeat > 0.5)
    return replace(
        heard,
        beat=_spread(np.concatenate([_some(beats, rng), _ghosts(beats, rng)]), count, rng, len(beats)),
        downbeat=_spread(
            np.concatenate([_some(bars, rng), _thirds(beats, bars, rng)]), count, rng, len(bars)
        ),
        boundary=_shaken(heard.boundary, rng),
        tempo=_doubted(heard.tempo, rng),
        phase=_loosened(heard.phase, rng),
        part=_told_badly(heard.part, rng, 0.5),
        material=_told_badly(heard.material, rng, 0.12),
    )


def _some(frames: Int, rng: np.random.Generator) -> Int:
    return np.asarray(frames[rng.random(len(frames)) > 0.15])


def _ghosts(beats: Int, rng: np.random.Generator) -> Int:
    between = (beats[:-1] + beats[1:]) // 2
    return np.asarray(-between[rng.random(len(between)) < 0.5])


def _thirds(beats: Int, bars: Int, rng: np.random.Generator) -> Int:
    places = np.searchsorted(beats, bars) + 2
    there = beats[places[places < len(beats)]]
    return np.asarray(-there[rng.random(len(there)) < 0.4])


def _spread(frames: Int, count: int, rng: np.random.Generator, real: int) -> F32:
    """Peaks two frames to either side; negative frames are ghosts of 0.4."""
    out = rng.random(count) * 0.04
    for frame in frames:
        height = rng.uniform(0.55, 0.95) if frame >= 0 else rng.uniform(0.3, 0.45)
        near = np.arange(-4, 5) + round(abs(frame) + rng.normal(0.0, 0.5))
        shape = height * np.exp(-0.5 * (np.arange(-4, 5) / 1.3) ** 2)
        inside = (near >= 0) & (near < count)
        np.maximum.at(out, near[inside], shape[inside])
    return out.astype(np.float32)


def _shaken(boundary: F32, rng: np.random.Generator) -> F32:
    frames = np.flatnonzero((boundary[1:-1] >= boundary[:-2]) & (boundary[1:-1] > boundary[2:])) + 1
    false = rng.uniform(0, len(boundary), len(boundary) // (40 * FPS))
    out = rng.random(len(boundary)) * 0.05
    grid = np.arange(len(boundary))
    for frame, height in [*((f, rng.uniform(0.4, 1.0)) for f in frames), *((f, 0.35) for f in false)]:
        if rng.random() > 0.1:
            middle = frame + np.clip(rng.normal(0.0, 0.35), -1.0, 1.0) * FPS
            out = np.maximum(out, height * np.exp(-0.5 * ((grid - middle) / 9.0) ** 2))
    return out.astype(np.float32)


def _doubted(tempo: F32, rng: np.random.Generator) -> F32:
    out = tempo.astype(np.float64).copy()
    half, double = np.zeros_like(out), np.zeros_like(out)
    half[:, : -1 - OCTAVE_BINS] = out[:, OCTAVE_BINS:-1]
    double[:, OCTAVE_BINS:-1] = out[:, : -1 - OCTAVE_BINS]
    for start in range(0, len(out), 10 * FPS):
        here = slice(start, start + 10 * FPS)
        if rng.random() < 0.4:
            out[here] = 0.4 * out[here] + 0.6 * (half if rng.random() < 0.7 else double)[here]
    out[:, :-1] = (
        0.5 * out[:, :-1] + 0.25 * np.roll(out[:, :-1], 1, axis=1) + 0.25 * np.roll(out[:, :-1], -1, axis=1)
    )
    out += 0.002
    return np.asarray(out / out.sum(axis=1, keepdims=True), dtype=np.float32)


def _loosened(phase: F32, rng: np.random.Generator) -> F32:
    turning = (2.0 * phase[:, 0] - 1.0) + 1j * (2.0 * phase[:, 1] - 1.0)
    off = _slow(rng.normal(0.0, 1.0, len(phase)), FPS // 2) * 4.0
    turning = (
        turning
        * np.exp(0.35j * off)
        * np.clip(0.7 + 0.5 * _slow(rng.normal(0.0, 1.0, len(phase)), FPS), 0.1, 1.0)
    )
    return np.asarray(0.5 + 0.5 * np.stack([turning.real, turning.imag], axis=1), dtype=np.float32)


def _told_badly(values: F32, rng: np.random.Generator, noise: float) -> F32:
    """Half a second late or early at seams, with noise that lasts for seconds."""
    out = values.astype(np.float64)
    for column in range(values.shape[1]):
        drift = _slow(rng.normal(0.0, 1.0, len(out)), 2 * FPS) * np.sqrt(2 * FPS)
        out[:, column] = _slow(out[:, column], FPS) + noise * drift * 0.5
    out = np.clip(out, 0.0, 1.0)
    return np.asarray(out, dtype=np.float32)


def _slow(values: F64, width: int) -> F64:
    kernel = np.ones(width) / width
    return np.convolve(values, kernel, mode="same")
