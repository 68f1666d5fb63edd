"""What one task may cost, set in its own process before it sees a byte of the song."""

import contextlib
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Ceilings for one process.

    Attributes:
        decode_bytes: of address space, while the song is decoded: two hours take 0.9 GB.
        memory_bytes: likewise, afterwards: the model ``full`` maps 1.8 GB for a song of five minutes; designing two
            and a half hours takes 4.7 GB (3.6 GB of memory).
        cpu_s: seconds of processor time.
        file_bytes: of each file that it writes.
        stall_s: seconds without a word; the parent's to watch.
    """

    decode_bytes: int = 2 << 30
    memory_bytes: int = 6 << 30
    cpu_s: float = 900.0
    file_bytes: int = 8 << 30
    stall_s: float = 180.0


def keep_within(limits: Limits) -> None:
    """Set the limits for this process and its threads, for good."""
    if sys.platform == "win32":
        return
    import resource

    def at_most(what: int, amount: int, over: int = 0) -> None:
        _, hard = resource.getrlimit(what)
        ceiling = amount + over if hard == resource.RLIM_INFINITY else min(hard, amount + over)
        resource.setrlimit(what, (min(amount, ceiling), ceiling))

    with contextlib.suppress(ValueError, OSError):  # not every system can limit everything
        at_most(resource.RLIMIT_CORE, 0)
        at_most(resource.RLIMIT_CPU, max(1, round(limits.cpu_s)), over=5)
        at_most(resource.RLIMIT_FSIZE, limits.file_bytes)
        at_most(
            resource.RLIMIT_AS, limits.decode_bytes, over=max(0, limits.memory_bytes - limits.decode_bytes)
        )


def decoded() -> None:
    """The song was decoded, or none will be: what follows may take more memory."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
