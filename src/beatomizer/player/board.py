"""What the leading process wants, where the output process can see it: one small file in memory, overwritten in place.

Nothing waits for anybody: the writer overwrites, the reader looks when it needs to. A checksum tells a reader that it
looked in the middle of writing; then it goes on with what it saw before.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from beatomizer.player.clock import Anchor

MOST_OUTPUTS = 32
_BODY = struct.Struct(f"<5did???i{MOST_OUTPUTS}d")
_SUM = struct.Struct("<I")
BOARD_BYTES = _BODY.size + _SUM.size


@dataclass(frozen=True)
class Wishes:
    """Everything that may change while lights play.

    Attributes:
        line: where the song is.
        lead_s: by how much all light goes before sound.
        beat_s: when this was written (monotonic): a leader that stands still stops writing.
        song: number of the song, from 0; -1 is darkness.
        master: 0..1.
        blackout: dark now.
        idle: the leader has nothing to say: no song is ready, or the sound card is gone.
        ended: go dark for good.
        offsets_s: one for each output; positive is later.
    """

    line: Anchor
    lead_s: float = 0.0
    beat_s: float = 0.0
    song: int = -1
    master: float = 1.0
    blackout: bool = False
    idle: bool = False
    ended: bool = False
    offsets_s: tuple[float, ...] = ()

    def offset_s(self, output: int) -> float:
        """Of one output; 0 where nothing was said."""
        return self.offsets_s[output] if output < len(self.offsets_s) else 0.0

    def packed(self) -> bytes:
        """As bytes, ``BOARD_BYTES`` of them."""
        offsets = [*self.offsets_s, *[0.0] * (MOST_OUTPUTS - len(self.offsets_s))]
        line = self.line
        body = _BODY.pack(
            *(line.at_s, line.position_s, line.rate, self.lead_s, self.beat_s, self.song, self.master),
            *(self.blackout, self.idle, self.ended, len(self.offsets_s), *offsets),
        )
        return body + _SUM.pack(crc32(body))

    @classmethod
    def unpacked(cls, data: bytes) -> "Wishes | None":
        """From bytes; ``None`` if they were read while they were written."""
        body = data[: _BODY.size]
        if len(data) != BOARD_BYTES or _SUM.unpack(data[_BODY.size :])[0] != crc32(body):
            return None
        at_s, position_s, rate, *rest = _BODY.unpack(body)
        count, offsets = rest[-MOST_OUTPUTS - 1], rest[-MOST_OUTPUTS:]
        line = Anchor(at_s, position_s, rate)
        lead_s, beat_s, song, master, blackout, idle, ended = rest[: -MOST_OUTPUTS - 1]
        return cls(line, lead_s, beat_s, song, master, blackout, idle, ended, tuple(offsets[:count]))


class Board:
    """The file, mapped into memory.

    Args:
        path: made by ``Board.make``.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), BOARD_BYTES)
        self._seen: Wishes | None = None

    @classmethod
    def make(cls, path: Path, wishes: Wishes) -> "Board":
        """A new board that says ``wishes``."""
        path.write_bytes(wishes.packed())
        return cls(path)

    def write(self, wishes: Wishes) -> None:
        """Say something new."""
        self._map[:] = wishes.packed()

    def read(self) -> Wishes:
        """What is wanted now."""
        for _ in range(3):
            seen = Wishes.unpacked(self._map[:])
            if seen is not None:
                self._seen = seen
                break
        if self._seen is None:
            raise ValueError("the board holds no wishes")
        return self._seen

    def close(self) -> None:
        """Let the memory go."""
        self._map.close()
