"""What a person may wish for before the show is designed."""

from dataclasses import dataclass

from beatomizer.cues.cuelist import check_stage
from beatomizer.errors import UsageError, one_line

ENERGIES = {"calm": 0.0, "balanced": 0.5, "party": 0.75, "club": 1.0}
"""Words for how much happens on stage."""


def energy_of(text: str) -> float:
    """A number 0..1, or one of the words of ``ENERGIES``.

    Raises:
        UsageError: it is neither.
    """
    word = text.strip().lower()
    try:
        value = ENERGIES[word] if word in ENERGIES else float(word)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        known = ", ".join(ENERGIES)
        raise UsageError(
            f"'{one_line(text, 40)}' is not between 0 (calm) and 1 (club)", f"or write one of {known}"
        )
    return value


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
