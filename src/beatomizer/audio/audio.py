"""A song in memory."""

from dataclasses import dataclass
from pathlib import Path

from beatomizer.arrays import F32
from beatomizer.timebase import SAMPLE_RATE, frame_count


@dataclass(frozen=True)
class Audio:
    """Mono sound at 24 kHz, and what is known of where it came from.

    Attributes:
        samples: float32 ``[N]``, finite, without an offset, within −1..1.
        source: the file it was decoded from; ``None`` if it was made in memory. Outputs with sound read it again,
            in stereo and at its own rate.
        title, artist: from the file's tags, else the file's stem and an empty string. Untrusted text.
        warnings: what was mended on the way in, one line each.
    """

    samples: F32
    source: Path | None = None
    title: str = ""
    artist: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length in seconds, to the sample."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def frames(self) -> int:
        """Frames that cover the song."""
        return frame_count(len(self.samples))
