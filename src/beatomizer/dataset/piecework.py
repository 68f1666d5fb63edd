"""Piecework: many things made by several processes into one folder, each of them on its own.

Processes are spawned, stop at once when their parent wants no more, and end when it does, however that ended. The
module imports no numpy, so that workers can be given one BLAS thread each before numpy begins: they share the
processor already, and the same piece gets the same bytes however many processors there are.
"""

import _thread
import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from ctypes import Array, c_byte, c_double
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from beatomizer.errors import ResourceLimitError, UsageError

Piece = TypeVar("Piece")
Result = TypeVar("Result")
Tell: TypeAlias = Callable[[float], None]

_LOOK_S = 0.2
"""How often the progress is told."""

_HEED_S = 0.1
"""How often a worker looks whether it should stop."""

_STALE_S = 3600.0
"""Half-written files older than this belong to a run that was killed."""

_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What the makers of BLAS libraries read when they begin."""


def results(
    work: Callable[[Piece, Tell], Result],
    pieces: Sequence[Piece],
    workers: int,
    tell: Tell,
    *,
    kept: str = "takes",
) -> Iterator[Result]:
    """Do all pieces; yields what comes of each as it is finished, in any order.

    Args:
        work: makes one piece, and tells the share of it that is done; with several workers it must be picklable.
        pieces: what to do.
        workers: processes; 1 works in this one.
        tell: told how many pieces are done, with fractions.
        kept: what the finished pieces are called, for the message when a worker was killed.

    Raises:
        ResourceLimitError: a worker was killed.
    """
    if min(workers, len(pieces)) <= 1:
        for place, piece in enumerate(pieces):
            yield work(piece, partial(_tell_after, tell, place))
            tell(place + 1)
        return
    try:
        yield from _of_workers(work, pieces, min(workers, len(pieces)), tell)
    except BrokenProcessPool as error:
        raise ResourceLimitError(
            "a worker process was killed, perhaps for want of memory",
            f"run the same command again, with fewer --workers; finished {kept} are kept",
        ) from error


def _tell_after(tell: Tell, finished: int, share: float) -> None:
    tell(finished + share)


def _of_workers(
    work: Callable[[Piece, Tell], Result], pieces: Sequence[Piece], workers: int, tell: Tell
) -> Iterator[Result]:
    spawn = multiprocessing.get_context("spawn")
    # Plain memory instead of an Event: to set that waits for ever for a worker that was killed while it waited.
    stop, shares = spawn.RawArray("b", 1), spawn.RawArray("d", 2 * workers)
    pool = ProcessPoolExecutor(workers, spawn, initializer=_prepare_worker, initargs=(stop, shares))
    try:
        waiting: dict[Future[Result], int] = {}  # with the place in ``shares`` that each writes to, alone
        free, queue, finished = list(range(2 * workers)), iter(pieces), 0
        while True:
            for piece in itertools.islice(queue, len(free)):
                place = free.pop()
                waiting[pool.submit(_in_worker, work, piece, place)] = place
            if not waiting:
                return
            for future in wait(waiting, timeout=_LOOK_S, return_when=FIRST_COMPLETED).done:
                result = future.result()
                place = waiting.pop(future)
                shares[place] = 0.0
                free.append(place)
                finished += 1
                yield result
            tell(finished + sum(shares))
    finally:
        stop[0] = 1
        pool.shutdown(wait=True, cancel_futures=True)


_stop: "Array[c_byte] | None" = None
"""In a worker: not 0 when the parent wants no more pieces."""

_shares: "Array[c_double] | None" = None
"""In a worker: what share of each piece in work is done, for the parent to read."""


def _prepare_worker(stop: "Array[c_byte]", shares: "Array[c_double]") -> None:
    """One BLAS thread; stop at once when the parent says so, and end when it does.

    Ctrl-C in a terminal reaches workers too; it is left to the parent, which then sets ``stop``.
    """
    global _stop, _shares
    _stop, _shares = stop, shares
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for watch in (_end_with_parent, _stop_when_told):
        threading.Thread(target=watch, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _stop_when_told() -> None:
    while not _stopped():
        time.sleep(_HEED_S)
    _thread.interrupt_main()


def _stopped() -> bool:
    return _stop is not None and bool(_stop[0])


def _in_worker(work: Callable[[Piece, Tell], Result], piece: Piece, place: int) -> Result:
    """A piece that can be stopped half-way; what is half-written is removed on the way out."""

    def tell(share: float) -> None:
        if _shares is not None:
            _shares[place] = share

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if _stopped():
            raise KeyboardInterrupt
        return work(piece, tell)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_folder(folder: Path) -> None:
    """Make the folder if it is not there.

    Raises:
        UsageError: it cannot be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder '{folder}' ({error.strerror})", "choose another with -o"
        ) from error


def sweep(folder: Path, suffixes: Collection[str]) -> None:
    """Remove half-written files of these kinds that a killed run left behind."""
    for path in folder.glob(".beatomizer-*"):
        try:
            if path.suffix in suffixes and time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()
        except OSError:
            continue  # somebody else's, or already gone
