"""Reference row: the same white flash on every beat of a classical beat tracker."""

import numpy as np

from beatomizer.features.features import Features
from beatomizer.inference.engine import Scores
from beatomizer.inference.onsets import beat_activation


class FlasherEngine:
    """Hears beats and nothing else; the flashes are drawn by the ``flasher`` look of ``cues``."""

    name = "flasher"
    look = "flasher"

    def listen(self, features: Features) -> Scores:
        """Beat activation only."""
        return Scores(beat=beat_activation(features.frames).astype(np.float32))
