"""What the stages found out about one take: kept beside its clips while a set is built."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.dataset.packed import plain_json


@dataclass(frozen=True)
class ClipFacts:
    """One clip of a take: its key, and why it should be left out (empty: nothing against it)."""

    key: str
    problem: str = ""


@dataclass(frozen=True)
class TakeFacts:
    """A take after the stages.

    Attributes:
        id: as in ``TakeSource``.
        problem: why it cannot be used at all; empty if it can.
        duration_s: length of its sound.
        fps, size: of its pictures: a fraction or "variable", width and height.
        offset_ms: how late the picture was relative to the sound; already corrected in the clips.
        offset_measured_ms, significance, offset_trusted: what was measured, how far it stands out, and whether it was
            corrected.
        cuts_s: camera cuts.
        flags: what the quality checks noticed.
        warnings: what was mended, one line each.
        fingerprint: of its sound, hexadecimal (``dataset.fingerprint``).
        clips: in order.
        sha256: of the file of clips; empty if there is none.
    """

    id: str
    problem: str = ""
    duration_s: float = 0.0
    fps: str = ""
    size: tuple[int, int] = (0, 0)
    offset_ms: float = 0.0
    offset_measured_ms: float = 0.0
    significance: float = 0.0
    offset_trusted: bool = False
    cuts_s: tuple[float, ...] = ()
    flags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fingerprint: str = ""
    clips: tuple[ClipFacts, ...] = ()
    sha256: str = ""

    def save(self, path: Path) -> None:
        """Write as JSON; raises as ``written_aside``."""
        with written_aside(path) as aside:
            aside.write_text(plain_json(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "TakeFacts | None":
        """Read what ``save`` wrote; ``None`` if there is nothing, or nothing whole."""
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            lists = {name: tuple(data[name]) for name in ("size", "cuts_s", "flags", "warnings")}
            clips = tuple(ClipFacts(**clip) for clip in data["clips"])
            return cls(**{**data, **lists, "clips": clips})
        except (OSError, ValueError, KeyError, TypeError):
            return None
