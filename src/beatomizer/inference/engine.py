"""The seam between listening and lighting: what an engine takes, and the two kinds of answer it may give."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from beatomizer.arrays import F32, F64
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
        tempo: ``[T, 49]``: chances of each tempo of ``TEMPI_BPM``, and last that there is no beat.
        phase: ``[T, 2]``: cosine and sine of the place in the beat (an angle of 0 is on it), from −1..1 to 0..1; both
            are 0.5 where there is no telling.
        part: ``[T, 7]``: chances of each of ``PARTS``: what the moment is for.
        material: ``[T, 16]``: a unit vector, from −1..1 to 0..1; moments whose vectors are close are the same material
            coming back.
        light: how high a designer would have the light, frame by frame, with its pulse.
        look: ``[T, 8]``: chances of each of ``TAUGHT_LOOKS``.
        hue: ``[T, 24]``: chances of the OKLCh hue that leads: bin n is centred on n · 15°.
    """

    beat: F32
    downbeat: F32 | None = None
    boundary: F32 | None = None
    onsets: F32 | None = None
    energy: F32 | None = None
    tempo: F32 | None = None
    phase: F32 | None = None
    part: F32 | None = None
    material: F32 | None = None
    light: F32 | None = None
    look: F32 | None = None
    hue: F32 | None = None


SCORE_WIDTHS = {
    "beat": 0, "downbeat": 0, "boundary": 0, "onsets": 4, "energy": 0, "tempo": 49, "phase": 2, "part": 7,
    "material": 16, "light": 0, "look": 8, "hue": 24,
}  # fmt: skip
"""Score → numbers a frame; 0: one, without an axis of its own."""

TEMPI_BPM: F64 = 40.0 * 6.0 ** (np.arange(48) / 47)
"""40 to 240 beats a minute, 3.9 % apart."""

PARTS = ("intro", "verse", "chorus", "build", "drop", "break", "outro")

TAUGHT_LOOKS = ("hold", "pulse", "alternate", "chase", "swell", "sparkle", "follow", "strobe")
"""Looks of the designer that learned models were taught by; ``follow`` answers each sound."""


@dataclass(frozen=True)
class RawLight:
    """Colour straight from the engine, as in the paper: linear light float32 ``[T, Z, 3]``, 0..1."""

    linear: F32


Heard: TypeAlias = Scores | RawLight


class Engine(Protocol):
    """Something that listens to a whole song.

    Attributes:
        name: what cue lists and reports call it.
        look: ``"director"`` if cues should be designed in full from its scores; ``"follower"`` if they should be
            decided as they would be live, from the past alone; ``"flasher"`` for the reference row that answers every
            beat with the same white flash.
    """

    name: str
    look: str

    def listen(self, features: Features) -> Heard:
        """Hear the song; the answer has as many frames as ``features``."""
