"""What the models hear: one row of numbers a frame."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32
from beatomizer.timebase import HOP


@dataclass(frozen=True)
class Features:
    """The features of a song.

    Attributes:
        frames: float32 ``[T, F]``, one row for each 1/60 s; see ``features.bank`` for the columns.
        samples: the mono 24 kHz audio ``[N]`` they were made from; models that hear raw sound use ``slices``.
        settings: the identity of the feature bank, e.g. ``"bank104-v1"``. A model states the one that it was
            trained with, and an engine refuses another.
    """

    frames: F32
    samples: F32
    settings: str

    @property
    def slices(self) -> F32:
        """The audio cut into frames, ``[T, 400]``, the last one padded with silence (the paper's input)."""
        padded = np.zeros(len(self.frames) * HOP, dtype=np.float32)
        padded[: len(self.samples)] = self.samples
        return padded.reshape(-1, HOP)
