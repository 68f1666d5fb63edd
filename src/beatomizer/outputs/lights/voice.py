"""What a protocol says, apart from how it gets there: bytes out, bytes in, no sockets, no clock of its own."""

from dataclasses import dataclass
from typing import Protocol

from beatomizer.arrays import U8
from beatomizer.outputs.lights.light import LightFrame

Address = tuple[str, int]
"""A host's address as text, and a port."""


@dataclass(frozen=True)
class Message:
    """Bytes to hand over in one piece, to the receiver that the light was opened for or to another address."""

    data: bytes
    to: Address | None = None


class Voice(Protocol):
    """One protocol. ``now_s`` is a monotonic clock, the same through one light's life."""

    def greeting(self) -> list[Message]:
        """What is said when a receiver is reached, the first time and after each break."""

    def show(self, frame: LightFrame, now_s: float) -> list[Message]:
        """The messages of one frame; empty if there is nobody to send it to."""

    def seen(self, rgb8: U8) -> U8 | None:
        """What the lamps will show of colours ``[Z, 3]``, as 8-bit sRGB; ``None``: the colours themselves."""

    def due(self, now_s: float) -> list[Message]:
        """What else is due: polls, discovery, pings. Called every tick."""

    def heard(self, data: bytes, sender: Address) -> None:
        """Take what came back; never raises, whatever the bytes are."""

    def farewell(self) -> list[Message]:
        """The goodbye, after the dark frames."""


class PlainVoice:
    """The parts of a ``Voice`` that many protocols do not have."""

    def greeting(self) -> list[Message]:
        """Say nothing."""
        return []

    def seen(self, rgb8: U8) -> U8 | None:
        """The colours themselves."""
        return None

    def due(self, now_s: float) -> list[Message]:
        """Nothing is due."""
        return []

    def heard(self, data: bytes, sender: Address) -> None:
        """Nobody answers."""

    def farewell(self) -> list[Message]:
        """Nothing is said at the end."""
        return []
