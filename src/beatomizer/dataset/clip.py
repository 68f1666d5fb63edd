"""Fifteen seconds of sound with the light that was seen: what shards hold and models learn from."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beatomizer.arrays import F32
from beatomizer.timebase import FPS, HOP

CLIP_FRAMES = 15 * FPS
"""900 frames, the paper's clip."""

CLIP_SAMPLES = CLIP_FRAMES * HOP
"""360,000 samples at 24 kHz."""

REPEAT = 1
"""Flag: the frame shows the same picture as the one before (the video is slower than 60 fps)."""

CUT = 2
"""Flag: within three frames of a camera cut."""

MISSING = 4
"""Flag: the video has no picture at this time."""


@dataclass(frozen=True)
class Clip:
    """One training example.

    Attributes:
        key: unique name in the set, ``TAKE-NNNN``: the take's identity and the clip's number in it.
        split: ``train``, ``validation`` or ``test``; all clips of a take have the same one.
        audio: int16 ``[360000]``, mono, 24 kHz; already shifted by the estimated sound–picture offset.
        rgb: uint16 ``[900, Z, 3]``: the label, sRGB-encoded, 65535 = 1.0.
        flags: uint8 ``[900]``: ``REPEAT | CUT | MISSING``.
        facts: what else is known, plain JSON: ``take``, ``start_s``, ``labels`` (mode), ``source_fps``,
            ``offset_ms``, ``quality`` (list of flags), and for composed takes ``score`` with times in seconds from
            the beginning of the clip: ``beats`` ([[time_s, position], …]), ``onsets`` ({class: [time_s, …]}),
            ``sections`` ([{start_s, end_s, label, repeat}]), ``energy`` ([[time_s, 0..1], …]), ``meter``, ``style``.
    """

    key: str
    split: str
    audio: NDArray[np.int16]
    rgb: NDArray[np.uint16]
    flags: NDArray[np.uint8]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def zones(self) -> int:
        """Independently coloured parts of the stage."""
        return int(self.rgb.shape[1])

    @property
    def sound(self) -> F32:
        """The audio as float32 ``[360000]``, −1..1."""
        return self.audio.astype(np.float32) / 32768.0

    @property
    def label(self) -> F32:
        """The light as float32 ``[900, Z, 3]``, sRGB-encoded, 0..1."""
        return self.rgb.astype(np.float32) / 65535.0

    @property
    def usable(self) -> NDArray[np.bool_]:
        """``[900]``: frames whose light was seen and is not disturbed by a cut."""
        return np.asarray((self.flags & (CUT | MISSING)) == 0)
