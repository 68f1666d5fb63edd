"""What a person may wish for before the show is designed."""

from dataclasses import dataclass

from beatomizer.cues.cuelist import check_stage
from beatomizer.errors import UsageError


@dataclass(frozen=True)
class Style:
    """The wishes a show is designed to.

    Attributes:
        palette: a palette's name or ``"#rrggbb,#rrggbb,…"``; ``None`` chooses one by the song's mood.
        energy: 0 (calm: washes and slow breaths) to 1 (club: pulses, chases, real dark).
        seed: another number, another show of the same song; the same number, the same show.
        zones: independently coloured parts of the stage.
        safety: the profile the show will be limited to; written into the cue list.
    """

    palette: str | None = None
    energy: float = 0.5
    seed: int = 0
    zones: int = 8
    safety: str = "broadcast"

    def __post_init__(self) -> None:
        """Refuse wishes out of range."""
        if not 0.0 <= self.energy <= 1.0:
            raise UsageError(f"energy {self.energy:g} is out of range", "give 0 (calm) to 1 (club)")
        check_stage(self.zones, self.seed)
