"""The only kind of show that outputs accept."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beatomizer.progress import Progress, silent
from beatomizer.registry import Registry
from beatomizer.show.show import Show

_SEAL = object()

_OUTPUTS = Registry(
    "output",
    "beatomizer.outputs",
    {
        "options": "beatomizer.outputs.files.options:FileOptions",
        "save": "beatomizer.outputs.files.save:save",
    },
)
"""Outputs stand to the right of safety, so they are found by name when a show is saved, and never imported here."""


@dataclass(frozen=True)
class SafetyReport:
    """What the judges saw and what the limiter did.

    Attributes:
        profile: the rules that were applied.
        passages_limited: stretches in which the light that leaves differs from the light that was wanted.
        frames_limited: frames in them.
        peak_flashes_per_s: the most flashes (pairs of opposing changes) that any judge counts in any second of what
            leaves.
        beats, beats_visible: beats of the song, and those with a visible change (ΔL* ≥ 10) within 100 ms.
    """

    profile: str
    passages_limited: int = 0
    frames_limited: int = 0
    peak_flashes_per_s: float = 0.0
    beats: int = 0
    beats_visible: int = 0

    def line(self) -> str:
        """One line for a person: "3 passages limited; peak 2 flashes/s (broadcast)"."""
        passages = f"{self.passages_limited} passage{'' if self.passages_limited == 1 else 's'} limited"
        return f"{passages}; peak {self.peak_flashes_per_s:g} flashes/s ({self.profile})"


@dataclass(frozen=True)
class SafeShow(Show):
    """A show that passed the limiter. Made by ``beatomizer.safety`` alone, never by hand.

    Outputs take this type, so that unlimited light is a type error; the seal makes it a run-time error too.
    """

    report: SafetyReport = field(default_factory=lambda: SafetyReport("none"))
    seal: object = field(default=None, repr=False, compare=False)

    def save(self, path: str | Path, *, progress: Progress = silent, **wishes: Any) -> None:
        """Write the show to a file; the suffix chooses the format (``.mp4 .png .html .csv .npz .json .fseq``).

        Args:
            path: where to; it appears whole or not at all.
            progress: told how far the writing is.
            wishes: fields of ``FileOptions``, for example ``size=(640, 360)``.

        Raises:
            BeatomizerError: an unknown suffix, a folder that is not there, a full disk.
        """
        options = _OUTPUTS.load("options")(**wishes)
        _OUTPUTS.load("save")(self, Path(path), options=options, progress=progress)

    def __post_init__(self) -> None:
        """Refuse a show that the limiter did not make."""
        if self.seal is not _SEAL:
            raise TypeError("only beatomizer.safety makes a SafeShow; call beatomizer.limit(show)")


def sealed(show: Show, report: SafetyReport) -> SafeShow:
    """Wrap what the limiter let through. For ``beatomizer.safety`` only."""
    return SafeShow(show.rgb8, show.cues, show.source, report, _SEAL)
