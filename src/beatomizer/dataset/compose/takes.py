"""Many takes into a folder: in parallel, resumable, and the same bytes whoever makes them."""

import _thread
import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from ctypes import Array, c_double
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from beatomizer.composer.generators import GENERATORS
from beatomizer.dataset.compose.take import TakeSettings, is_whole, made_with, make_take
from beatomizer.errors import ResourceLimitError, UsageError
from beatomizer.progress import Progress, silent

MOST_TAKES = 10_000_000
STAGE = "composing takes"

_SMALLEST_PX, _LARGEST_PX = 64, 1920
_LOOK_S = 0.2
"""How often the progress is told."""

_STALE_S = 3600.0
"""Half-written files older than this belong to a run that was killed."""


@dataclass(frozen=True)
class Composed:
    """What a run did.

    Attributes:
        made, found: takes written now, and takes that were there already.
        sound_s: seconds of sound in those written now.
        wall_s: how long it took.
    """

    made: int
    found: int
    sound_s: float
    wall_s: float


def compose_takes(
    folder: Path, takes: int, settings: TakeSettings, *, workers: int = 1, progress: Progress = silent
) -> Composed:
    """Fill ``folder`` with takes 0 … ``takes − 1``; those that are whole already stay as they are.

    Args:
        folder: made if it is not there.
        takes: how many there should be in the end.
        settings: seed and what else decides the bytes.
        workers: processes; 1 works in this one.
        progress: told about the stage "composing takes".

    Raises:
        UsageError: a setting makes no sense, or the folder holds takes made with other settings.
        ResourceLimitError: the disk is full, or a worker was killed; run it again and it goes on.
    """
    _check(takes, settings, workers)
    _make_folder(folder)
    _refuse_strangers(folder, settings)
    _sweep(folder)
    began = time.monotonic()
    todo = [index for index in range(takes) if not is_whole(settings, index, folder)]
    found = takes - len(todo)
    seconds = 0.0
    progress(STAGE, found / takes)

    def tell(done: float) -> None:
        progress(STAGE, min(1.0, (found + done) / takes))

    for length in _lengths(folder, todo, settings, min(workers, max(1, len(todo))), tell):
        seconds += length
    progress(STAGE, 1.0)
    return Composed(len(todo), found, seconds, time.monotonic() - began)


def _lengths(
    folder: Path, todo: list[int], settings: TakeSettings, workers: int, tell: Callable[[float], None]
) -> Iterator[float]:
    """Make the takes; yields the length of each as it is finished, and tells how many are done, with fractions."""
    if workers == 1:
        for place, index in enumerate(todo):
            yield make_take(settings, index, folder, lambda _, share, place=place: tell(place + share))
        return
    spawn = multiprocessing.get_context("spawn")
    stop, shares = spawn.Event(), spawn.RawArray("d", 2 * workers)
    pool = ProcessPoolExecutor(workers, spawn, initializer=_prepare_worker, initargs=(stop, shares))
    try:
        waiting: dict[Future[float], int] = {}  # with the place in ``shares`` that each writes to, alone
        free, queue, finished = list(range(2 * workers)), iter(todo), 0
        while True:
            for index in itertools.islice(queue, len(free)):
                place = free.pop()
                waiting[pool.submit(_take_in_worker, settings, index, folder, place)] = place
            if not waiting:
                return
            for future in wait(waiting, timeout=_LOOK_S, return_when=FIRST_COMPLETED).done:
                length = future.result()
                place = waiting.pop(future)
                shares[place] = 0.0
                free.append(place)
                finished += 1
                yield length
            tell(finished + sum(shares))
    except BrokenProcessPool as error:
        raise ResourceLimitError(
            "a worker process was killed, perhaps for want of memory",
            "run the same command again, with fewer --workers; finished takes are kept",
        ) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


_stop: Event | None = None
"""In a worker: set when the parent wants no more takes."""

_shares: "Array[c_double] | None" = None
"""In a worker: what share of each take in work is done, for the parent to read."""


def _prepare_worker(stop: Event, shares: "Array[c_double]") -> None:
    """A worker stops at once when its parent says so, and ends when its parent does, however that ended.

    Ctrl-C in a terminal reaches workers too; it is left to the parent, which then sets ``stop``.
    """
    global _stop, _shares
    _stop, _shares = stop, shares
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for watch in (_end_with_parent, _stop_when_told):
        threading.Thread(target=watch, args=(stop,), daemon=True).start()


def _end_with_parent(stop: Event) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _stop_when_told(stop: Event) -> None:
    stop.wait()
    _thread.interrupt_main()


def _take_in_worker(settings: TakeSettings, index: int, folder: Path, place: int) -> float:
    """A take that can be stopped half-way; what is half-written is removed on the way out."""

    def tell(stage: str, share: float) -> None:
        if _shares is not None:
            _shares[place] = share

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if _stop is not None and _stop.is_set():
            raise KeyboardInterrupt
        return make_take(settings, index, folder, tell)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check(takes: int, settings: TakeSettings, workers: int) -> None:
    if not 1 <= takes <= MOST_TAKES:
        raise UsageError(f"cannot compose {takes} takes", f"choose 1 to {MOST_TAKES}")
    if settings.seed < 0:
        raise UsageError(f"a seed cannot be {settings.seed}", "choose 0 or more")
    if workers < 1:
        raise UsageError(f"cannot work with {workers} workers", "choose 1 or more")
    if settings.generators not in GENERATORS:
        problem = f"no set of generators is called '{settings.generators}'"
        raise UsageError(problem, f"choose from {', '.join(GENERATORS)}")
    for name, side in zip(("width", "height"), settings.size, strict=True):
        if side % 2 or not _SMALLEST_PX <= side <= _LARGEST_PX:
            raise UsageError(
                f"a film cannot have a {name} of {side} pixels",
                f"choose even numbers from {_SMALLEST_PX} to {_LARGEST_PX}, for example 426x240",
            )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder '{folder}' ({error.strerror})", "choose another with -o"
        ) from error


def _refuse_strangers(folder: Path, settings: TakeSettings) -> None:
    """A folder holds takes of one seed and kind; others are not overwritten, and the two are not mixed."""
    for score in sorted(folder.glob("take-*.score.json")):
        made = made_with(score)
        if made is None:
            continue
        theirs, ours = made["made"], settings.of_take(made["made"]["take"])
        odd = _differing(theirs, ours)
        if odd:
            raise UsageError(
                f"'{folder}' holds takes made with other settings ({'; '.join(odd)})",
                "choose another folder with -o, or the same settings",
            )
        return  # takes are made by this function alone, so the first one speaks for all


def _differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """How the takes that are there differ from those that are wanted, in a few words each."""
    odd = []
    if theirs.get("seed") != ours["seed"]:
        odd.append(f"seed {theirs.get('seed')}, now {ours['seed']}")
    if theirs.get("film") != ours["film"]:
        odd.append("without films, now with" if ours["film"] else "with films, now without")
    elif theirs.get("size") != ours["size"]:
        odd.append(f"films of {_size_said(theirs.get('size'))}, now {_size_said(ours['size'])}")
    if theirs.get("generators") != ours["generators"]:
        odd.append(f"generators {theirs.get('generators')}, now {ours['generators']}")
    if theirs.get("revision") != ours["revision"]:
        odd.append("by another version of beatomizer")
    return odd


def _size_said(size: object) -> str:
    return "x".join(map(str, size)) if isinstance(size, list) else "another size"


def _sweep(folder: Path) -> None:
    """Remove half-written files that a killed run left behind."""
    for path in folder.glob(".beatomizer-*"):
        try:
            if path.suffix in (".mp4", ".flac", ".json") and time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()
        except OSError:
            continue  # somebody else's, or already gone
