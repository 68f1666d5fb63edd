"""Folders of takes → a set of clips. Stages of takes run side by side; what they made is then put together in order.

What is in the set depends on the takes, the settings and the verdicts alone: not on how many processes worked, in
which order they finished, where, or how often the build was stopped.
"""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from beatomizer.dataset.card import write_card
from beatomizer.dataset.census import Census
from beatomizer.dataset.fingerprint import same_songs
from beatomizer.dataset.packed import SPLITS, PackedClip
from beatomizer.dataset.schedule import run_local, run_on_cluster
from beatomizer.dataset.shards import FACTS_FILE, read_packed, write_facts, write_split
from beatomizer.dataset.sources import Refusal, TakeSource, find_takes
from beatomizer.dataset.splits import split_songs
from beatomizer.dataset.stages import TakeSettings, Work, known
from beatomizer.dataset.take_facts import TakeFacts
from beatomizer.dataset.take_server import Limits, TakeTask
from beatomizer.dataset.takes_table import TakeRow, write_table
from beatomizer.dataset.verdicts import read_verdicts
from beatomizer.errors import ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.progress import Progress, silent

LEFT_OUT = ("silent", "no picture", "static")
"""Takes with one of these flags teach nothing, and stay out unless somebody wants them."""

_FOLDERS = ("observed", "clips", "takes")


@dataclass(frozen=True)
class BuildSettings:
    """What decides which clips are in a set, besides the takes.

    Attributes:
        take: how clips are made.
        leave_out: flags of takes that stay out.
        split_seed: another seed, another division into splits.
    """

    take: TakeSettings = field(default_factory=TakeSettings)
    leave_out: tuple[str, ...] = LEFT_OUT
    split_seed: int = 0


@dataclass(frozen=True)
class Crew:
    """Who works. Nothing of it changes the result.

    Attributes:
        workers: processes on this machine; 0: one a core.
        scheduler: address of a Dask scheduler, instead of processes here.
        limits: of one take.
    """

    workers: int = 0
    scheduler: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class BuildReport:
    """What was built.

    Attributes:
        facts: ``dataset.json``.
        rows: of each take.
        refusals: what else was offered, and why it did not become a take.
        worked_on: how many takes had to be worked on this time.
    """

    facts: Mapping[str, Any]
    rows: tuple[TakeRow, ...]
    refusals: tuple[Refusal, ...]
    worked_on: int


def build(
    folders: Sequence[Path],
    shards: Path,
    settings: BuildSettings | None = None,
    *,
    crew: Crew | None = None,
    work: Path | None = None,
    progress: Progress = silent,
) -> BuildReport:
    """Make a set of clips of all takes in ``folders``. Started again, it goes on where it was stopped.

    Args:
        folders: with videos, ``.fseq`` files beside songs, composed takes.
        shards: where the set goes; made if it is not there.
        settings: what is in it.
        crew: who works.
        work: where results of stages are kept; by default ``work`` inside ``shards``.
        progress: told of the stages ``sources``, ``takes``, ``shards``, ``card``.

    Raises:
        UnreadableInputError: there is no take, or no clip could be made; ``takes.csv`` says why.
        UsageError: a folder does not exist, or cannot be written to, or another build is at work in it.
        ResourceLimitError: the disk is full; start again when there is space.
        DeviceError, MissingExtraError: the cluster does not answer, or Dask is not installed.
    """
    settings, crew = settings or BuildSettings(), crew or Crew()
    shards = Path(shards).resolve()
    work = (work or shards / "work").resolve()
    _apart([Path(folder).resolve() for folder in folders], (shards, work))
    _made(shards)
    for name in _FOLDERS:
        _made(work / name)
    with _alone(work), _swept([shards, shards / "card", *(work / name for name in _FOLDERS)]):
        sources, refusals = find_takes([Path(folder).resolve() for folder in folders], progress)
        if not sources and not refusals:
            raise UnreadableInputError(
                "there is nothing in the folders", "name a folder with videos or takes"
            )
        problems, worked_on = _worked(sources, settings.take, work, crew, progress)
        rows = _rows(sources, settings, work, problems, read_verdicts(shards))
        facts = _put_together(shards, work, rows, refusals, settings, progress)
    if not sum(split["clips"] for split in facts["splits"].values()):
        raise UnreadableInputError(
            f"no clip could be made of {len(sources)} takes", f"'{shards / 'takes.csv'}' says why"
        )
    return BuildReport(facts, tuple(rows), tuple(refusals), worked_on)


# Preparing


def _apart(folders: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Refuse to write into a folder that is read: the next build would find what this one wrote."""
    for folder in folders:
        if not folder.exists():
            raise UsageError(f"there is no folder '{folder}'", "name a folder of videos or takes")
        for output in outputs:
            if output.is_relative_to(folder):
                raise UsageError(f"'{output}' lies inside '{folder}'", "choose a place beside it with -o")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder '{folder}' ({error.strerror})", "choose another with -o"
        ) from error
    return folder


@contextlib.contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Refuse to work where another build is at work. The lock is the process's: it goes when that goes."""
    with (work / "lock").open("wb") as file:
        if not _locked(file):
            raise UsageError(f"another build is at work in '{work}'", "wait for it, or choose another folder")
        yield


def _locked(file: IO[bytes]) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


@contextlib.contextmanager
def _swept(folders: Sequence[Path]) -> Iterator[None]:
    """Remove what a process that was killed had begun to write (see ``atomic.written_aside``), before and after."""

    def sweep() -> None:
        for folder in folders:
            for begun in folder.glob(".beatomizer-*"):
                begun.unlink(missing_ok=True)

    sweep()
    try:
        yield
    finally:
        sweep()


# Working


def _worked(
    sources: Sequence[TakeSource], settings: TakeSettings, work: Path, crew: Crew, progress: Progress
) -> tuple[dict[str, str], int]:
    """Run the stages of all takes that are not done; problems of those whose stages could not end, and how many ran.

    Raises:
        ResourceLimitError: the disk is full.
    """
    cores = crew.workers or _cores()
    todo = [source for source in sources if known(Work.of(work, source.id, settings)) is None]
    threads = max(1, _cores() // max(1, min(cores, len(todo))))
    tasks = [TakeTask(source, settings, work, threads, crew.limits) for source in todo]
    problems: dict[str, str] = {}
    if not tasks:
        return problems, 0
    remote = bool(crew.scheduler)
    outcomes = (
        run_on_cluster(tasks, crew.scheduler, progress) if remote else run_local(tasks, cores, progress)
    )
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            if outcome.disk_full:
                raise ResourceLimitError(
                    f"the disk is full while writing into '{work}'",
                    "free some space and build again; it goes on",
                )
            if outcome.problem:
                problems[outcome.take] = outcome.problem
    return problems, len(tasks)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# Deciding


def _rows(
    sources: Sequence[TakeSource],
    settings: BuildSettings,
    work: Path,
    problems: Mapping[str, str],
    verdicts: Mapping[str, str],
) -> list[TakeRow]:
    """Who is in: a row for each take, in the order of ids."""
    rows = []
    for source in sources:
        problem = problems.get(source.id, "")
        facts = TakeFacts(source.id, problem) if problem else _facts_of(source, settings, work)
        rows.append(_judged(TakeRow(source, facts, verdicts.get(source.id, "")), settings, verdicts))
    # A song's name must not depend on who of its takes is left out.
    songs = same_songs(
        {row.source.id: row.facts.fingerprint for row in rows},
        {row.source.id: row.source.content for row in rows if row.source.content},
    )
    members = {row.source.id: songs[row.source.id] for row in rows if row.clips}
    splits = split_songs(members, settings.split_seed)
    return [replace(row, split=splits.get(row.source.id, "")) for row in rows]


def _facts_of(source: TakeSource, settings: BuildSettings, work: Path) -> TakeFacts:
    facts = TakeFacts.load(Work.of(work, source.id, settings.take).facts)
    if facts is None:
        return TakeFacts(source.id, "was worked on, but its result is not in the work folder")
    return facts


def _judged(row: TakeRow, settings: BuildSettings, verdicts: Mapping[str, str]) -> TakeRow:
    """Which clips of a take are in, and why not the others. A person's word is stronger than a flag."""
    facts = row.facts
    flags = [flag for flag in facts.flags if flag in settings.leave_out]
    if facts.problem:
        return replace(row, reason=facts.problem)
    if row.verdict == "reject":
        return replace(row, reason="rejected")
    if flags and row.verdict != "accept":
        return replace(row, reason=", ".join(flags))
    kept, reasons = [], Counter[str]()
    for clip in facts.clips:
        verdict = verdicts.get(clip.key, "")
        if verdict == "reject" or (clip.problem and verdict != "accept"):
            reasons["rejected" if verdict == "reject" else clip.problem] += 1
        else:
            kept.append(clip.key)
    why = "; ".join(
        f"{count} clip{'s' * (count > 1)} left out: {reason}" for reason, count in sorted(reasons.items())
    )
    return replace(row, clips=tuple(kept), reason=why)


# Putting together


def _put_together(
    shards: Path,
    work: Path,
    rows: Sequence[TakeRow],
    refusals: Sequence[Refusal],
    settings: BuildSettings,
    progress: Progress,
) -> dict[str, Any]:
    """Write the set. ``dataset.json`` goes first and comes last, so a set that is not whole is none."""
    (shards / FACTS_FILE).unlink(missing_ok=True)
    census = Census()
    total = sum(len(row.clips) for row in rows)

    def clips_of(split: str) -> Iterator[PackedClip]:
        for row in rows:
            if row.split == split:
                for clip in _clips_of(row, Work.of(work, row.source.id, settings.take)):
                    census.count(clip)
                    progress("shards", census.clips / total)
                    yield clip

    written = {split: write_split(shards, split, clips_of(split)) for split in SPLITS}
    names = {shard.name for listed in written.values() for shard in listed}
    for stale in shards.glob("clips-*.tar"):
        if stale.name not in names:
            stale.unlink()
    write_table(shards / "takes.csv", rows, refusals)
    more = _more(rows, refusals, settings, census)
    zones = settings.take.grid[0] * settings.take.grid[1] if settings.take.labels == "zones" else 1
    described = {"labels": settings.take.labels, "zones": zones}
    write_card(shards, work, rows, refusals, census, more | described, written, settings.take, progress)
    return write_facts(shards, written, labels=settings.take.labels, zones=zones, more=more)


def _clips_of(row: TakeRow, work: Work) -> Iterator[PackedClip]:
    """The take's clips that are in the set, with their split and what the list says about the take."""
    told = {"title": row.source.title, "licence": row.source.licence}
    for clip in read_packed(work.clips):
        if clip.key in row.clips:
            yield clip.with_facts(split=row.split, **told)


def _more(
    rows: Sequence[TakeRow], refusals: Sequence[Refusal], settings: BuildSettings, census: Census
) -> dict[str, Any]:
    """What ``dataset.json`` says besides the clips."""
    members = [row for row in rows if row.clips]
    take = {**asdict(settings.take), "grid": "x".join(map(str, settings.take.grid))}
    if settings.take.labels != "zones":
        del take["grid"]
    return {
        "settings": {**take, "leave_out": list(settings.leave_out), "split_seed": settings.split_seed},
        "licences": dict(sorted(Counter(row.source.licence or "unknown" for row in members).items())),
        "takes": {
            "used": len(members),
            "left_out": len(rows) - len(members),
            "refused": len(refusals),
            "kinds": dict(sorted(Counter(row.source.kind for row in members).items())),
            "splits": {split: sum(row.split == split for row in rows) for split in SPLITS},
        },
        "light": census.to_json(),
    }
