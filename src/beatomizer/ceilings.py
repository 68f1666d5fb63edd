"""What this process may cost: ceilings set by itself, for good, before it looks at a file from a stranger."""

import contextlib
import sys


def keep_within(
    memory_bytes: int, cpu_s: float, *, file_bytes: int | None = None, later_bytes: int | None = None
) -> None:
    """Limit this process and its threads; where a system cannot limit something, that stays as it is.

    Args:
        memory_bytes: of address space.
        cpu_s: seconds of processor time.
        file_bytes: of each file that it writes; ``None`` leaves them.
        later_bytes: of address space that it may allow itself later (``raise_memory``), if more.
    """
    if sys.platform == "win32":
        return
    import resource

    def at_most(what: int, amount: int, over: int = 0) -> None:
        _, hard = resource.getrlimit(what)
        ceiling = amount + over if hard == resource.RLIM_INFINITY else min(hard, amount + over)
        resource.setrlimit(what, (min(amount, ceiling), ceiling))

    with contextlib.suppress(ValueError, OSError):
        at_most(resource.RLIMIT_CORE, 0)
        at_most(resource.RLIMIT_CPU, max(1, round(cpu_s)), over=5)
        if file_bytes is not None:
            at_most(resource.RLIMIT_FSIZE, file_bytes)
        at_most(resource.RLIMIT_AS, memory_bytes, over=max(0, (later_bytes or 0) - memory_bytes))


def raise_memory() -> None:
    """From now on the process may use what ``keep_within`` called ``later_bytes``."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
