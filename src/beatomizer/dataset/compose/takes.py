"""Many takes into a folder: in parallel, resumable, and the same bytes whoever makes them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from beatomizer.composer.generators import GENERATORS
from beatomizer.dataset.compose.take import TakeSettings, is_whole, made_with, make_take
from beatomizer.dataset.piecework import Tell, make_folder, results, sweep
from beatomizer.errors import UsageError
from beatomizer.progress import Progress, silent

MOST_TAKES = 10_000_000
STAGE = "composing takes"

_SMALLEST_PX, _LARGEST_PX = 64, 1920


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
    make_folder(folder)
    _refuse_strangers(folder, settings)
    sweep(folder, (".mp4", ".flac", ".json"))
    began = time.monotonic()
    todo = [index for index in range(takes) if not is_whole(settings, index, folder)]
    found = takes - len(todo)
    seconds = 0.0
    progress(STAGE, found / takes)

    def tell(done: float) -> None:
        progress(STAGE, min(1.0, (found + done) / takes))

    for length in results(partial(_take, settings, folder), todo, workers, tell):
        seconds += length
    progress(STAGE, 1.0)
    return Composed(len(todo), found, seconds, time.monotonic() - began)


def _take(settings: TakeSettings, folder: Path, index: int, tell: Tell) -> float:
    return make_take(settings, index, folder, lambda _, share: tell(share))


def _check(takes: int, settings: TakeSettings, workers: int) -> None:
    if not 1 <= takes <= MOST_TAKES:
        raise UsageError(f"cannot compose {takes} takes", f"choose 1 to {MOST_TAKES}")
    for number in (settings.seed, settings.designer or 0):
        if number < 0:
            raise UsageError(f"a seed cannot be {number}", "choose 0 or more")
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
    if theirs.get("designer") != ours.get("designer"):
        who = [
            ("designer " + str(made["designer"]) if "designer" in made else "many designers")
            for made in (theirs, ours)
        ]
        odd.append(f"{who[0]}, now {who[1]}")
    if theirs.get("revision") != ours["revision"]:
        odd.append("by another version of beatomizer")
    return odd


def _size_said(size: object) -> str:
    return "x".join(map(str, size)) if isinstance(size, list) else "another size"
