"""Listeners for tests of the live follower: one that hears onsets, one that says what it was given."""

from types import SimpleNamespace

import numpy as np

from beatomizer.features.bank import COLUMNS
from beatomizer.inference.engine import TEMPI_BPM


class FluxEngine:
    """Beats where the spectrum rises; every answer follows from the frames so far."""

    name = "flux"

    def __init__(self, latency_frames=0):
        self.latency_frames = latency_frames

    def stream(self):
        return _FluxListener(self.latency_frames)


class _FluxListener:
    def __init__(self, latency_frames):
        self.card = SimpleNamespace(latency_frames=latency_frames)
        self._before = 0.0

    def push(self, frames):
        flux = frames[:, COLUMNS["flux"]].mean(axis=1)
        beat = np.empty(len(frames), np.float32)
        for number, value in enumerate(flux):
            beat[number] = np.clip(value - 0.3 - 0.5 * self._before, 0.0, 1.0)
            self._before = float(value)
        onsets = np.stack([beat, beat, beat, beat], axis=1) * 0.3
        return {"beat": beat, "downbeat": 0.3 * beat, "boundary": 0.1 * beat, "onsets": onsets}


class TruthEngine:
    """Says scores that were made beforehand, frame after frame, whatever it hears."""

    name = "truth"

    def __init__(self, scores, latency_frames=0):
        late = latency_frames
        self.scores = {
            name: np.concatenate([np.repeat(rows[:1] * 0, late, axis=0), rows])
            for name, rows in scores.items()
        }
        self.latency_frames = latency_frames

    def stream(self):
        return _TruthListener(self.scores, self.latency_frames)


class _TruthListener:
    def __init__(self, scores, latency_frames):
        self.card = SimpleNamespace(latency_frames=latency_frames)
        self._scores, self._heard = scores, 0

    def push(self, frames):
        here = slice(self._heard, self._heard + len(frames))
        self._heard = here.stop
        return {name: _padded(rows, here) for name, rows in self._scores.items()}


def _padded(rows, here):
    part = rows[here]
    missing = here.stop - here.start - len(part)
    return np.concatenate([part, np.zeros((missing, *rows.shape[1:]), rows.dtype)]) if missing else part


def tempo_rows(bpm, count, none=0.0):
    """What a tempo head says of a steady tempo, ``[count, 49]``."""
    place = np.log(bpm / TEMPI_BPM[0]) / np.log(TEMPI_BPM[1] / TEMPI_BPM[0])
    soft = np.exp(-0.5 * ((np.arange(48) - place) / 0.8) ** 2)
    row = np.concatenate([(1.0 - none) * soft / soft.sum(), [none]])
    return np.repeat(row[None], count, axis=0).astype(np.float32)


def told(beats_s, count, *, late=0, misses=0.0, noise=0.0, seed=0):
    """What a beat head says of beats at these seconds, ``[count]``: two frames wide, some missed, some noise."""
    rng = np.random.default_rng(seed)
    score = noise * rng.random(count)
    for time_s in beats_s:
        if rng.random() < misses:
            continue
        frame = round(time_s * 60) + late
        for offset, height in ((0, 0.85), (1, 0.4)):
            if 0 <= frame + offset < count:
                score[frame + offset] = max(score[frame + offset], height * rng.uniform(0.7, 1.0))
    return score.astype(np.float32)
