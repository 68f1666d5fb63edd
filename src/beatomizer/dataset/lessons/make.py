"""Many composed lessons into a folder: in parallel, resumable, and the same bytes whoever makes them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from beatomizer.composer.generators import GENERATORS
from beatomizer.dataset.lessons.lesson import SUFFIX, facts_of
from beatomizer.dataset.lessons.teach import LessonSettings, lesson_path, make_lesson
from beatomizer.dataset.piecework import Tell, make_folder, results, sweep
from beatomizer.errors import UsageError
from beatomizer.progress import Progress, silent

MOST_LESSONS = 1_000_000
STAGE = "composing lessons"

_SAID = {
    "seed": "seed {theirs}, now {ours}",
    "generators": "generators {theirs}, now {ours}",
    "clean": "clean: {theirs}, now {ours}",
    "teacher": "labelled by {theirs}, now by {ours}",
    "teacher_sha256": "labelled by another file of the model",
    "features": "other features",
    "revision": "by another version of beatomizer",
}
"""How lessons of one folder may differ from those that are wanted, the first words said first."""


@dataclass(frozen=True)
class Made:
    """What a run did.

    Attributes:
        made, found: lessons written now, and lessons that were there already.
        sound_s: seconds of sound in those written now.
        wall_s: how long it took.
        complaints: name and reason of each song that became no lesson.
    """

    made: int
    found: int
    sound_s: float
    wall_s: float
    complaints: tuple[tuple[str, str], ...] = ()


def make_lessons(
    folder: Path, songs: int, settings: LessonSettings, *, workers: int = 1, progress: Progress = silent
) -> Made:
    """Fill ``folder`` with lessons 0 … ``songs − 1``; those that are whole already stay as they are.

    Args:
        folder: made if it is not there.
        songs: how many there should be in the end.
        settings: seed and what else decides the bytes.
        workers: processes; 1 works in this one.
        progress: told about the stage "composing lessons".

    Raises:
        UsageError: a setting makes no sense, or the folder holds lessons made with other settings.
        ResourceLimitError: the disk is full, or a worker was killed; run it again and it goes on.
    """
    _check(songs, settings, workers)
    make_folder(folder)
    refuse_strangers(folder, settings.facts(0), ("lesson",))
    sweep(folder, (".npz",))
    began = time.monotonic()
    todo = [index for index in range(songs) if not is_whole(settings, index, folder)]
    found = songs - len(todo)
    seconds = 0.0
    progress(STAGE, found / songs)

    def tell(done: float) -> None:
        progress(STAGE, min(1.0, (found + done) / songs))

    for length in results(partial(_lesson, settings, folder), todo, workers, tell, kept="lessons"):
        seconds += length
    progress(STAGE, 1.0)
    return Made(len(todo), found, seconds, time.monotonic() - began)


def is_whole(settings: LessonSettings, index: int, folder: Path) -> bool:
    """Whether ``folder`` already holds this very lesson, complete."""
    facts = facts_of(lesson_path(folder, index))
    return facts is not None and made_so(facts["made"], settings.facts(index))


def made_so(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether ``made`` of a lesson says everything that is wanted."""
    return all(made.get(name) == value for name, value in wanted.items())


def refuse_strangers(folder: Path, wanted: Mapping[str, Any], own: tuple[str, ...]) -> None:
    """A folder holds lessons of one kind and seed; others are not overwritten, and the two are not mixed.

    Args:
        folder: where lessons are or will be.
        wanted: what lessons made now would say of their making.
        own: keys of ``wanted`` that each lesson answers for itself.

    Raises:
        UsageError: the lessons that are there were made with other settings.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        facts = facts_of(path)
        if facts is None:
            continue
        odd = _differing(facts["made"], {name: value for name, value in wanted.items() if name not in own})
        if odd:
            raise UsageError(
                f"'{folder}' holds lessons made with other settings ({'; '.join(odd)})",
                "choose another folder with -o, or the same settings",
            )
        return  # lessons are made by these functions alone, so the first one speaks for all


def _differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """How the lessons that are there differ from those that are wanted, in a few words each."""
    if ("teacher" in theirs) != ("teacher" in ours):
        return [f"{kind_of(theirs)}, now {kind_of(ours)}"]
    odd = [name for name in _SAID if theirs.get(name) != ours.get(name)]
    if "teacher" in odd and "teacher_sha256" in odd:
        odd.remove("teacher_sha256")
    return [_SAID[name].format(theirs=_said(theirs.get(name)), ours=_said(ours.get(name))) for name in odd]


def kind_of(made: Mapping[str, Any]) -> str:
    """What a lesson came from, in two words."""
    return "real songs" if "teacher" in made else "composed songs"


def _said(value: object) -> str:
    return {"True": "yes", "False": "no"}.get(str(value), str(value)[:40])


def _lesson(settings: LessonSettings, folder: Path, index: int, tell: Tell) -> float:
    return make_lesson(settings, index, folder)


def _check(songs: int, settings: LessonSettings, workers: int) -> None:
    if not 1 <= songs <= MOST_LESSONS:
        raise UsageError(f"cannot make lessons of {songs} songs", f"choose 1 to {MOST_LESSONS}")
    check_run(settings.seed, workers)
    if settings.generators not in GENERATORS:
        problem = f"no set of generators is called '{settings.generators}'"
        raise UsageError(problem, f"choose from {', '.join(GENERATORS)}")


def check_run(seed: int, workers: int) -> None:
    """Refuse a seed or a number of processes that cannot be."""
    if seed < 0:
        raise UsageError(f"a seed cannot be {seed}", "choose 0 or more")
    if workers < 1:
        raise UsageError(f"cannot work with {workers} workers", "choose 1 or more")
