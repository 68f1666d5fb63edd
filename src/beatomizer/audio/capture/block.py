"""What every source of live sound gives, and how one is closed."""

from dataclasses import dataclass
from typing import Protocol

from beatomizer.arrays import F32


@dataclass(frozen=True)
class Block:
    """Sound as a device handed it over.

    Attributes:
        samples: float32 ``[n, C]`` at the source's own rate.
        at_s: the moment (monotonic) at which its last sample was there.
    """

    samples: F32
    at_s: float


class Capture(Protocol):
    """An open source of sound."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def sample_rate(self) -> int:
        """Of its blocks, Hz."""

    def read(self, timeout_s: float) -> Block | None:
        """The next block; ``None`` if none came in that time.

        Raises:
            DeviceError: it will give no more, and says so.
            EndOfSoundError: it has come to its end.
        """

    def close(self) -> None:
        """Let the device go."""


class EndOfSoundError(Exception):
    """A file is over."""
