"""What one task may cost, set in its own process before it sees a byte of the song."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Ceilings for one process.

    Attributes:
        decode_bytes: of address space, while the song is decoded: two hours take 0.9 GB.
        memory_bytes: likewise, afterwards: the model ``full`` maps 1.8 GB for a song of five minutes. Address space is
            more than memory, of which two hours take 1.4 GB.
        cpu_s: seconds of processor time.
        file_bytes: of each file that it writes.
        stall_s: seconds without a word; the parent's to watch.
    """

    decode_bytes: int = 2 << 30
    memory_bytes: int = 6 << 30
    cpu_s: float = 900.0
    file_bytes: int = 8 << 30
    stall_s: float = 180.0
