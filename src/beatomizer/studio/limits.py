"""What one task may cost, set in its own process before it sees a byte of the song."""

import contextlib
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Ceilings for one process.

    Attributes:
        memory_bytes: of address space. The model ``full`` maps 1.8 GB for a song of five minutes; two and a half hours
            with everything take 3.1 GB (``benchmarks/studio_server.py``).
        cpu_s: seconds of processor time.
        file_bytes: of each file that it writes.
        stall_s: seconds without a word; the parent's to watch.
    """

    memory_bytes: int = 5 << 30
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
        at_most(resource.RLIMIT_AS, limits.memory_bytes)
