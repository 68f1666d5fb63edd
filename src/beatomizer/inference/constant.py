"""Reference row: one grey that never changes. The least a model must beat."""

import numpy as np

from beatomizer.features.features import Features
from beatomizer.inference.engine import RawLight

GREY_LINEAR = 0.18
"""Middle grey: what a washed-out mean colour regresses to."""


class ConstantEngine:
    """Hears nothing, shows grey."""

    name = "constant"
    look = "director"

    def listen(self, features: Features) -> RawLight:
        """One zone of the same grey for every frame."""
        return RawLight(np.full((len(features.frames), 1, 3), GREY_LINEAR, dtype=np.float32))
