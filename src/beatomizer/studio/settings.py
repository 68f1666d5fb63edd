"""What the studio is started with, and how much it takes from a page."""

from dataclasses import dataclass
from pathlib import Path

from beatomizer.timebase import FPS

DEFAULT_PORT = 8765

UPLOAD_BYTES = 200 * 10**6
"""Of one song, counted while they come; a three-hour mp3 of good quality is smaller."""

LONGEST_S = 7_200
"""Of one song: two hours, as ``audio.blocks`` reads (which the server does not import)."""

MOST_COLORS = 12_000_000
"""Frames times lights of one show: what ``check`` judges at once. Three hours of eighteen, a song of hundreds."""

MOST_ZONES = 64
"""Lights that a page edits; cue lists may have more."""

JSON_BYTES = 64 << 10
"""Of a request that says a few words."""

CUES_BYTES = 8 << 20
"""Of a cue list: that of a three-hour song with a cue on every beat."""

MESSAGE_BYTES = 64 << 10
"""Of a WebSocket message from a page."""

MOST_PROJECTS = 1_000

EXPORT_KEPT_S = 3600.0
"""Seconds until a file that was made for a download is deleted."""


@dataclass(frozen=True)
class Settings:
    """What the person at the command line chose.

    Attributes:
        folder: where projects are kept.
        port: that was bound.
        host: another address than loopback that was bound too; empty for none.
        token: what a page must say before it may do anything; empty if it need not.
        shards: a data set to review; ``None`` for none.
    """

    folder: Path
    port: int = DEFAULT_PORT
    host: str = ""
    token: str = ""
    shards: Path | None = None


def too_many_lights(duration_s: float, zones: int) -> bool:
    """Whether a show is more than is drawn here."""
    return zones > MOST_ZONES or duration_s * FPS * zones > MOST_COLORS
