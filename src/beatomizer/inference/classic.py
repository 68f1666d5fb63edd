"""The default engine: a classical listener, without anything learned. Offline: it hears the whole song at once."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.features import Features
from beatomizer.features.outline import outline
from beatomizer.inference.engine import Scores
from beatomizer.inference.onsets import beat_activation, drum_onsets
from beatomizer.inference.structure import boundary_novelty, downbeat_evidence, song_energy


class ClassicEngine:
    """Beats, drums, bars, sections and energy from signal processing."""

    name = "classic"
    look = "director"

    def listen(self, features: Features) -> Scores:
        """All scores; each as long as ``features``."""
        frames = features.frames
        if len(frames) == 0:
            return Scores(
                *(np.zeros(0, np.float32),) * 3, np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
            )
        beat, onsets = beat_activation(frames), drum_onsets(frames)
        downbeat = downbeat_evidence(frames, beat, onsets)
        return Scores(
            beat=_score(beat),
            downbeat=_score(downbeat),
            boundary=_score(boundary_novelty(outline(features.samples), downbeat + onsets[:, 0] * beat)),
            onsets=_score(onsets),
            energy=_score(song_energy(frames, onsets)),
        )


def _score(values: F64) -> F32:
    return np.clip(values, 0.0, 1.0).astype(np.float32)
