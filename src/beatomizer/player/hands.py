"""What a person changes while lights play: master, blackout, offsets. Keys in, wishes out."""

from dataclasses import dataclass, field

from beatomizer.outputs.lights.url import LightUrl

MASTER_STEP = 0.05
OFFSET_STEP_S = 0.005

HELP = "space pause · ←→ 5 s · n next · b blackout · ↑↓ master · tab output · [ ] its offset · q quit"


@dataclass
class Hands:
    """The state of the hands; keys that are not theirs are for the player.

    Attributes:
        urls: of the outputs.
        offsets_s: one each; positive is later.
        master: 0..1.
        blackout: dark now.
        chosen: the output whose offset the keys move.
    """

    urls: tuple[str, ...]
    offsets_s: list[float]
    master: float = 1.0
    blackout: bool = False
    chosen: int = 0
    said: str = field(default="")

    def take(self, key: str) -> bool:
        """Use a key; whether it was one of these."""
        if key == "b":
            self.blackout = not self.blackout
            self.said = "blackout" if self.blackout else ""
        elif key in ("up", "down"):
            step = MASTER_STEP if key == "up" else -MASTER_STEP
            self.master = min(1.0, max(0.0, round(self.master + step, 4)))
            self.said = f"master {self.master:.0%}"
        elif key == "tab":
            self.chosen = (self.chosen + 1) % len(self.urls)
            self.said = self._offset()
        elif key in ("[", "]"):
            step_s = OFFSET_STEP_S if key == "]" else -OFFSET_STEP_S
            self.offsets_s[self.chosen] = round(self.offsets_s[self.chosen] + step_s, 4)
            self.said = self._offset()
        elif key == "?":
            self.said = HELP
        else:
            return False
        return True

    def _offset(self) -> str:
        offset_ms = 1000.0 * self.offsets_s[self.chosen]
        when = "later" if offset_ms > 0 else "earlier" if offset_ms < 0 else "in time"
        return f"{LightUrl.parse(self.urls[self.chosen]).shown} {abs(offset_ms):.0f} ms {when}"
