"""What the director has on the desk before the first cue is written."""

from dataclasses import dataclass, field

from beatomizer.arrays import F64
from beatomizer.cues.beat_grid import BeatGrid
from beatomizer.cues.cuelist import Section
from beatomizer.cues.opinions import Opinions
from beatomizer.cues.phrases import Phrase
from beatomizer.cues.style import Style

_FREE_BEAT_S = 0.6


@dataclass(frozen=True)
class Score:
    """All that the director looks at.

    Attributes:
        sections, bars_s, grid: the song's form and time; ``bars_s`` ends with the end of the song.
        palette: three to five colours.
        style: the wishes.
        last_sound_s: where the last sound ends.
        song: a number that tells this song from others, so that one seed has another idea for each.
        opinions: a learned model's, if one listened.
        phrases: of the song; found from the sections if empty.
    """

    sections: tuple[Section, ...]
    bars_s: F64
    grid: BeatGrid
    palette: tuple[str, ...]
    style: Style
    last_sound_s: float
    song: int = 0
    opinions: Opinions = field(default_factory=Opinions)
    phrases: tuple[Phrase, ...] = ()

    @property
    def beat_s(self) -> float:
        """Seconds a beat."""
        return 60.0 / self.grid.tempo_bpm if self.grid.tempo_bpm > 0 else _FREE_BEAT_S

    @property
    def duration_s(self) -> float:
        """Length of the song."""
        return float(self.bars_s[-1])
