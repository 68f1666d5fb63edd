"""The last frames of a live show, where the output process can see them: a ring in memory, the newest wins.

The writer never waits. Each place holds one frame with its number, the moment at which it is due, and a checksum, so
that a reader who looks while it is written knows it.
"""

import json
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from beatomizer.arrays import U8
from beatomizer.outputs.lights.light import LightFrame

PLACES = 256
"""Four seconds of frames: outputs may be up to that much later than the fastest."""

_HEAD = struct.Struct("<qdH")
_NEWEST = struct.Struct("<q")
_FACTS_BYTES = 1024


@dataclass(frozen=True)
class Timed:
    """One frame of the ring.

    Attributes:
        number: 0, 1, 2 … as they were made.
        due_s: when an output without delay shows it (monotonic).
        frame: what is shown, and what is known.
    """

    number: int
    due_s: float
    frame: LightFrame


class FrameRing:
    """The ring, mapped from a file.

    Args:
        path: made by ``FrameRing.make``.
        zones: Z.
    """

    def __init__(self, path: Path, zones: int) -> None:
        self._zones = zones
        self._place = _place_bytes(zones)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _NEWEST.size + PLACES * self._place)

    @classmethod
    def make(cls, path: Path, zones: int) -> "FrameRing":
        """A new, empty ring."""
        path.write_bytes(_NEWEST.pack(-1) + bytes(PLACES * _place_bytes(zones)))
        return cls(path, zones)

    @property
    def newest(self) -> int:
        """Number of the newest frame; -1 before the first."""
        return int(_NEWEST.unpack(self._map[: _NEWEST.size])[0])

    def write(self, timed: Timed) -> None:
        """Add a frame; numbers go up by one."""
        frame = timed.frame
        facts = {name: getattr(frame, name) for name in _FACTS}
        text = json.dumps(facts, separators=(",", ":")).encode()
        if len(text) > _FACTS_BYTES:
            text = b"{}"  # a section's name of a thousand letters: colours matter more
        body = _HEAD.pack(timed.number, timed.due_s, len(text)) + text.ljust(_FACTS_BYTES)
        body += frame.rgb8.tobytes()
        start = self._start(timed.number)
        self._map[start : start + self._place] = body + struct.pack("<I", crc32(body))
        self._map[: _NEWEST.size] = _NEWEST.pack(timed.number)

    def read(self, number: int) -> Timed | None:
        """A frame by its number; ``None`` if it is not there, or no longer."""
        if number < 0:
            return None
        start = self._start(number)
        data = self._map[start : start + self._place]
        body = data[:-4]
        if struct.unpack("<I", data[-4:])[0] != crc32(body):
            return None
        found, due_s, size = _HEAD.unpack_from(body)
        if found != number or not size:
            return None
        facts = json.loads(body[_HEAD.size : _HEAD.size + size])
        for name in ("palette", "spectrum"):
            facts[name] = tuple(facts.get(name, ()))
        rgb8: U8 = np.frombuffer(body, dtype=np.uint8, offset=_HEAD.size + _FACTS_BYTES)
        return Timed(found, due_s, LightFrame(rgb8.reshape(self._zones, 3).copy(), **facts))

    def close(self) -> None:
        """Let the memory go."""
        self._map.close()

    def _start(self, number: int) -> int:
        return _NEWEST.size + (number % PLACES) * self._place


_FACTS = (
    "time_s",
    "beat",
    "position",
    "tempo_bpm",
    "intensity",
    "palette",
    "look",
    "section",
    "level",
    "spectrum",
)


def _place_bytes(zones: int) -> int:
    return _HEAD.size + _FACTS_BYTES + zones * 3 + 4
