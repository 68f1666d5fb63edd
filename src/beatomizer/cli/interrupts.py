"""Ctrl-C is never lost.

FFmpeg calls back into Python to read a file. An interrupt that arrives there cannot pass through the decoder: Cython
prints it and goes on. So whatever is swallowed that way is sent again, until it arrives where it can be heard.
"""

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import TracebackType

_AGAIN_S = 0.02


def _interrupt() -> None:
    """An interrupt for the main thread; where the system can, one that also ends its waiting."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@contextlib.contextmanager
def interrupts_kept() -> Iterator[None]:
    """While the body runs, an interrupt that was swallowed comes again."""
    unraisable, excepthook = sys.unraisablehook, sys.excepthook

    def swallowed(lost: "sys.UnraisableHookArgs") -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            unraisable(lost)
            return
        again = threading.Timer(_AGAIN_S, _interrupt)
        again.daemon = True
        again.start()

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):  # which is sent again, or told in one line at the end
            excepthook(kind, error, trace)

    sys.unraisablehook, sys.excepthook = swallowed, told
    try:
        yield
    finally:
        sys.unraisablehook, sys.excepthook = unraisable, excepthook
