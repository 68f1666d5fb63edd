"""The seam between listening and lighting: what an engine takes, and the two kinds of answer it may give."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from beatomizer.arrays import F32
from beatomizer.features.features import Features


@dataclass(frozen=True)
class Scores:
    """How strongly a model hears each thing, frame by frame; ``cues`` turns it into a cue list.

    All arrays are float32 of length T, 0..1; ``None`` means that the engine has no opinion, and the decoder falls
    back on the features.

    Attributes:
        beat: likelihood that a beat falls on this frame (a narrow peak a beat).
        downbeat: likewise for the first beat of a bar.
        boundary: likelihood that a section begins here.
        onsets: ``[T, 4]``: kick, snare, hat, other.
        energy: how much light the moment asks for, slow (seconds).
    """

    beat: F32
    downbeat: F32 | None = None
    boundary: F32 | None = None
    onsets: F32 | None = None
    energy: F32 | None = None


@dataclass(frozen=True)
class RawLight:
    """Colour straight from the engine, as in the paper: linear light float32 ``[T, Z, 3]``, 0..1."""

    linear: F32


Heard: TypeAlias = Scores | RawLight


class Engine(Protocol):
    """Something that listens to a whole song.

    Attributes:
        name: what cue lists and reports call it.
        look: ``"director"`` if cues should be designed in full from its scores; ``"flasher"`` for the reference row
            that answers every beat with the same white flash.
    """

    name: str
    look: str

    def listen(self, features: Features) -> Heard:
        """Hear the song; the answer has as many frames as ``features``."""
