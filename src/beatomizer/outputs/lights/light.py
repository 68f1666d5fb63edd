"""What a light is to the player, whatever it speaks: frames in, never an exception, never a wait.

The player holds one ``Light`` for each output. Every tick it calls ``send`` with a new frame, if the resampler gave
one for this light, and ``idle`` in any case: keep-alives, polls, answers and attempts to get back all happen there,
so that no light needs a thread.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from beatomizer.arrays import U8


@dataclass(frozen=True)
class LightFrame:
    """One frame for lights: colours that safety has already limited, and what else is known at that moment.

    Attributes:
        rgb8: uint8 ``[Z, 3]``, sRGB, display-referred, as it came out of a limiter.
        time_s: position in the song, or since the light began to follow; may jump when a person seeks.
        beat: beats so far, a running counter: a receiver that samples slowly loses no beat (0: none yet).
        position: of the beat in its bar, 1 is the downbeat (0: not known).
        tempo_bpm: beats a minute (0: not known).
        intensity: 0..1, of the cue.
        palette: colours of the song or section as ``#rrggbb``.
        look: how the stage moves now, a name from the glossary.
        section: label or name of the part of the song.
        level: loudness as light, 0..1.
        spectrum: 16 bands from low to high, 0..1 each, or empty.
    """

    rgb8: U8
    time_s: float = 0.0
    beat: int = 0
    position: int = 0
    tempo_bpm: float = 0.0
    intensity: float = 0.0
    palette: tuple[str, ...] = ()
    look: str = ""
    section: str = ""
    level: float = 0.0
    spectrum: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is not a frame of 8-bit colours."""
        if self.rgb8.dtype != np.uint8 or self.rgb8.ndim != 2 or self.rgb8.shape[1] != 3:
            raise ValueError(
                f"a light frame is uint8 [zones, 3], not {self.rgb8.dtype} {list(self.rgb8.shape)}"
            )


def black(zones: int, time_s: float = 0.0) -> LightFrame:
    """A dark frame."""
    return LightFrame(np.zeros((zones, 3), dtype=np.uint8), time_s)


@dataclass
class LightStatus:
    """How a light is doing; the light itself keeps it up to date.

    Attributes:
        online: whether the last thing heard from the network was good news. Most protocols have no answers: then
            online means only that nothing was refused.
        frames_sent: frames handed to the network, keep-alives and endings included.
        frames_dropped: frames that could not be handed over: offline, or a full buffer.
        errors: how often something failed.
        last_error: one line about the latest failure.
    """

    online: bool = True
    frames_sent: int = 0
    frames_dropped: int = 0
    errors: int = 0
    last_error: str = ""


class Light(Protocol):
    """One output. Opening may fail with an error for people; after that nothing is raised but mistakes of ours."""

    @property
    def url(self) -> str:
        """The address it was opened with."""

    @property
    def max_fps(self) -> float:
        """Frames a second it can show. The player resamples to this; see ``resample.Resampler``."""

    @property
    def status(self) -> LightStatus:
        """How it is doing."""

    def seen(self, rgb8: U8) -> U8 | None:
        """What its lamps will show of colours ``[Z, 3]``, as 8-bit sRGB; ``None``: the colours themselves.

        Lamps of eight linear bits round dim light to the next of few steps. The player sends only what is within the
        limits as they show it.
        """

    def send(self, frame: LightFrame) -> None:
        """Show a frame. Returns within about a millisecond and never raises for the network's faults.

        When the receiver is gone, the light marks itself offline and logs that once, drops frames, tries again with
        pauses that grow to a second at most, and then shows the newest frame at once.
        """

    def idle(self) -> None:
        """Do what is due: keep-alive, discovery, polls, answers, coming back. Call it every tick, also in pauses."""

    def close(self, fade_s: float = 0.3) -> None:
        """Go dark for good: fade, three black frames, and the protocol's own goodbye; under 0.5 s in all.

        The fade goes through a limiter that knows what was sent before. It is skipped where the light is dark already
        and where ``fade_s`` is 0. Closing twice does nothing. Only a recording may raise: ``BeatomizerError``, if its
        file cannot be written.
        """
