"""Many takes at once: a pool on this machine, or the workers of a Dask cluster. The same task runs on both.

What comes of a take is in the work folder, so on a cluster all machines must see that folder and the takes under the
same paths.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any

from beatomizer.dataset.take_process import StoppedError, TakeProcess, run_task
from beatomizer.dataset.take_server import Outcome, TakeTask
from beatomizer.errors import DeviceError, MissingExtraError, one_line
from beatomizer.progress import Progress, silent

_ANSWER_S = 20
"""A scheduler, and its first worker, must answer within this time."""

_LOOK_S = 0.2
"""How often the progress is told."""


def run_local(tasks: Sequence[TakeTask], workers: int, progress: Progress = silent) -> Generator[Outcome]:
    """Work on ``tasks`` here, ``workers`` at a time; outcomes come in the order in which takes are finished.

    Each take has a process of its own; a thread waits for it. If the caller stops listening, all processes end.

    Args:
        tasks: what to do.
        workers: processes at a time.
        progress: told the share of all takes that is done, as stage ``takes``.
    """
    stop = threading.Event()
    todo: queue.SimpleQueue[TakeTask] = queue.SimpleQueue()
    done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
    shares = dict.fromkeys((task.source.id for task in tasks), 0.0)
    for task in tasks:
        todo.put(task)

    def run(task: TakeTask, process: TakeProcess) -> Outcome:
        return process.run(task, lambda _, share: shares.update({task.source.id: share}), stop)

    def work() -> None:
        with TakeProcess() as process, contextlib.suppress(queue.Empty, StoppedError):
            while not stop.is_set():
                done.put(run(todo.get_nowait(), process))

    def work_or_tell() -> None:
        try:
            work()
        except BaseException as error:
            done.put(error)

    threads = [threading.Thread(target=work_or_tell) for _ in range(max(1, min(workers, len(tasks))))]
    for thread in threads:
        thread.start()
    try:
        for _ in tasks:
            outcome = _next(done, lambda: progress("takes", sum(shares.values()) / len(shares)))
            shares[outcome.take] = 1.0
            yield outcome
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    progress("takes", 1.0)


def _next(done: "queue.SimpleQueue[Outcome | BaseException]", look: Callable[[], None]) -> Outcome:
    while True:
        look()
        try:
            outcome = done.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def run_on_cluster(
    tasks: Sequence[TakeTask], address: str, progress: Progress = silent
) -> Generator[Outcome]:
    """Work on ``tasks`` on the cluster whose scheduler is at ``address`` (``tcp://host:port``).

    A worker that dies costs nothing: its takes go to another one.

    Raises:
        MissingExtraError: Dask is not installed here.
        DeviceError: no scheduler or no worker answers, or a worker cannot run the task.
    """
    client = _client(address)
    try:
        futures = client.map(
            run_task,
            list(tasks),
            key=[f"take-{task.source.id}-{task.settings.key()}" for task in tasks],
            pure=False,
        )
        yield from _outcomes(client, futures, list(tasks), progress)
    finally:
        client.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError("building on a cluster", "cluster") from error
    try:
        client = Client(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"no Dask scheduler answers at {one_line(address, 80)}", "start one with 'dask scheduler'"
        ) from error
    try:
        client.wait_for_workers(1, timeout=_ANSWER_S)
    except TimeoutError as error:
        client.close()
        raise DeviceError(
            f"the scheduler at {one_line(address, 80)} has no workers",
            f"start some with 'dask worker {address}'",
        ) from error
    return client


def _outcomes(
    client: Any, futures: list[Any], tasks: list[TakeTask], progress: Progress
) -> Generator[Outcome]:
    from distributed import KilledWorker, as_completed

    take_of = {future.key: task.source.id for future, task in zip(futures, tasks)}
    for count, future in enumerate(as_completed(futures, loop=client.loop), start=1):
        error = future.exception()
        if error is None:
            yield future.result()
        elif isinstance(error, KilledWorker):
            yield Outcome(take_of[future.key], "took its worker down again and again")
        else:
            raise DeviceError(
                f"a worker of the cluster cannot do its part ({type(error).__name__}: {one_line(str(error), 120)})",
                "install the same version of beatomizer, with the same extras, on all machines",
            ) from error
        progress("takes", count / len(tasks))
