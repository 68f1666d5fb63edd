"""The show: every light's colour at every sixtieth of a second."""

from dataclasses import dataclass
from pathlib import Path

from beatomizer.arrays import U8
from beatomizer.cues.cuelist import CueList
from beatomizer.timebase import FPS


@dataclass(frozen=True)
class Show:
    """What the stage is wanted to do. Not yet judged for safety: outputs do not accept it.

    Attributes:
        rgb8: uint8 sRGB ``[T, Z, 3]``, zones from stage left (index 0) to stage right.
        cues: the cue list it was drawn from; ``None`` for raw colour.
        source: the song's file, for outputs with sound.
    """

    rgb8: U8
    cues: CueList | None = None
    source: Path | None = None

    @property
    def frames(self) -> int:
        """T, frames of 1/60 s."""
        return int(self.rgb8.shape[0])

    @property
    def zones(self) -> int:
        """Z, independently coloured parts of the stage."""
        return int(self.rgb8.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / FPS
