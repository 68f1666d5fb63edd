"""Several workers side by side on one machine: started, watched and stopped together."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from beatomizer.errors import BeatomizerError
from beatomizer.search.storage import Search
from beatomizer.search.trial import Task
from beatomizer.search.worker import work

_LOOK_S = 0.5
_STOP_S = 20.0
"""How long a worker may take to put its trial down before it is killed; the next search takes that up too."""


def work_together(task: Task, plan: Search, workers: int, told: Callable[[], None]) -> None:
    """Run workers in processes of their own until all are done; ``told`` is called now and then.

    The first worker that fails stops the others. Ctrl-C stops all; their trials are queued to go on.

    Raises:
        BeatomizerError: what a worker raised, or that one was killed.
        KeyboardInterrupt: stopped.
    """
    # spawned, not forked: torch and the storage have threads of their own
    context = get_context("spawn")
    crew: list[tuple[BaseProcess, Connection]] = []
    try:
        for _ in range(workers):
            here, there = context.Pipe(duplex=False)
            process: BaseProcess = context.Process(target=_worker, args=(task, plan, workers, there))
            with _deaf_to_interrupts():
                process.start()
            there.close()
            crew.append((process, here))
        while any(process.is_alive() for process, _ in crew):
            for process, pipe in crew:
                _check(process, pipe)
            told()
            time.sleep(_LOOK_S)
        for process, pipe in crew:
            _check(process, pipe)
    finally:
        _stop([process for process, _ in crew])


def _check(process: BaseProcess, pipe: Connection) -> None:
    """Raise what a worker that ended has met with."""
    code = process.exitcode
    if code is None or code == 0:
        return
    try:
        error: BeatomizerError = pipe.recv()
        raise error
    except EOFError:  # it could say nothing any more
        pass
    why = f"by signal {-code}" if code < 0 else f"with {code}"
    raise BeatomizerError(
        f"a worker ended {why}",
        "perhaps the memory is full; the same command with fewer --workers goes on",
    )


def _stop(processes: list[BaseProcess]) -> None:
    for process in processes:
        if process.is_alive():
            process.terminate()
    until = time.monotonic() + _STOP_S
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def _worker(task: Task, plan: Search, workers: int, pipe: Connection) -> None:
    """The processor is shared out."""
    import torch

    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, _interrupted)
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // workers))
    try:
        work(task, plan)
    except KeyboardInterrupt:
        raise SystemExit(1) from None
    except Exception as error:
        pipe.send(error if isinstance(error, BeatomizerError) else _mistake(error))
        raise SystemExit(1) from None


def _end_with_parent() -> None:
    """A search that was killed takes its workers with it; the next one takes their trials up."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _mistake(error: Exception) -> BeatomizerError:
    return BeatomizerError(
        f"a worker failed ({type(error).__name__}: {error})",
        "with --workers 1 --debug the same command tells more",
    )


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What is started here inherits it: Ctrl-C in a terminal reaches workers too, and is left to the search."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted(number: int, frame: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the trial is put down
    raise KeyboardInterrupt
