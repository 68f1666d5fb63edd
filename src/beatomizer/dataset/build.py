"""Folders of takes → a set of clips. Stages of takes run side by side; what they made is then put together in order.

What is in the set depends on the takes, the settings and the verdicts alone: not on how many processes worked, in
which order they finished, where, or how often the build was stopped.
"""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from beatomizer.dataset.card import write_card
from beatomizer.dataset.census import Census
from beatomizer.dataset.fingerprint import same_songs
from beatomizer.dataset.packed import SPLITS, PackedClip
from beatomizer.dataset.schedule import run_local, run_on_cluster
from beatomizer.dataset.shards import FACTS_FILE, read_packed, write_facts, write_split
from beatomizer.dataset.sources import Refusal, TakeSource, find_takes
from beatomizer.dataset.splits import split_songs
from beatomizer.dataset.stages import TakeSettings, Work, known
from beatomizer.dataset.standing import refuse_other_settings, stands
from beatomizer.dataset.take_facts import TakeFacts
from beatomizer.dataset.take_server import Limits, TakeTask
from beatomizer.dataset.takes_table import TakeRow, write_table
from beatomizer.dataset.trims import Trim, good_frames, is_enough, trimmed
from beatomizer.dataset.verdicts import Judgement, read_judgements, take_of
from beatomizer.dataset.whereabouts import write_whereabouts
from beatomizer.dataset.wording import many
from beatomizer.dataset.workplace import alone, apart, made, refuse_half_installed, swept
from beatomizer.errors import ResourceLimitError, UnreadableInputError
from beatomizer.progress import Progress, silent

LEFT_OUT = ("silent", "static")
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

    def to_json(self) -> dict[str, Any]:
        """What ``dataset.json`` records as ``settings``: a set made with the same is the same set."""
        take = {**asdict(self.take), "grid": "x".join(map(str, self.take.grid))}
        if self.take.labels != "zones":
            del take["grid"]
        return {**take, "leave_out": list(self.leave_out), "split_seed": self.split_seed}


class NothingBuiltError(UnreadableInputError):
    """No clip came of anything that was offered.

    Attributes:
        complaints: ``(name, reason)`` of each take and file.
    """

    def __init__(self, problem: str, hint: str, complaints: Sequence[tuple[str, str]]) -> None:
        super().__init__(problem, hint)
        self.complaints = tuple(complaints)


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
    replacing: bool = False,
    progress: Progress = silent,
) -> BuildReport:
    """Make a set of clips of all takes in ``folders``. Started again, it goes on where it was stopped.

    Args:
        folders: with videos, ``.fseq`` files beside songs, composed takes.
        shards: where the set goes; made if it is not there.
        settings: what is in it.
        crew: who works.
        work: where results of stages are kept; by default ``work`` inside ``shards``.
        replacing: a finished set in ``shards`` that was made with other settings gives way to this one.
        progress: told of the stages ``sources``, ``takes``, ``shards``, ``card``.

    Raises:
        NothingBuiltError: there is no take, or no clip could be made; a set that stands in ``shards`` stays as it is.
        UsageError: a folder does not exist, or cannot be written to, or another build is at work in it, or it holds
            a set made with other settings.
        ResourceLimitError: the disk is full; start again when there is space.
        DeviceError: the cluster does not answer.
        MissingExtraError: matplotlib, or for a cluster Dask, is not installed.
    """
    settings, crew = settings or BuildSettings(), crew or Crew()
    refuse_half_installed(cluster=bool(crew.scheduler))
    named = Path(shards)  # as messages show it
    apart([Path(folder) for folder in folders], (named, work or named / "work"))
    if not replacing:
        refuse_other_settings(named, settings.to_json())
    made(named)
    for name in _FOLDERS:
        made((work or named / "work") / name)
    shards, work = named.resolve(), (work or named / "work").resolve()
    with alone(work), swept([shards, shards / "card", *(work / name for name in _FOLDERS)]):
        sources, refusals = find_takes([Path(folder).resolve() for folder in folders], progress)
        if not sources and not refusals:
            raise NothingBuiltError(
                "there is nothing in the folders", "name a folder with videos or takes", ()
            )
        problems, worked_on = _worked(sources, settings.take, work, crew, progress)
        judged = read_judgements(shards)
        rows = _rows(sources, settings, work, problems, judged)
        if not any(row.clips for row in rows):
            raise _nothing(named, rows, refusals)
        write_whereabouts(work, sources)
        facts = _put_together(shards, work, rows, refusals, settings, judged, progress)
    return BuildReport(facts, tuple(rows), tuple(refusals), worked_on)


def _nothing(shards: Path, rows: Sequence[TakeRow], refusals: Sequence[Refusal]) -> NothingBuiltError:
    """Why there is no set; its ``takes.csv`` is written, but not beside the clips of a set that stands."""
    of = f"of {many(len(rows), 'take')}" if rows else "of what is in the folders: there is no take"
    hint = f"the set in '{shards}' stays as it is"
    if not stands(shards):
        write_table(shards / "takes.csv", rows, refusals)
        hint = f"'{shards / 'takes.csv'}' says why"
    complaints = [(row.name, row.reason) for row in rows if row.reason]
    complaints += [(refusal.name, refusal.reason) for refusal in refusals]
    return NothingBuiltError(f"no clip could be made {of}", hint, complaints)


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
    judged: Mapping[str, Judgement],
) -> list[TakeRow]:
    """Who is in: a row for each take, in the order of ids."""
    rows = []
    verdicts: dict[str, str] = {name: one.verdict for name, one in judged.items()}
    trims = _trims(judged)
    for source in sources:
        problem = problems.get(source.id, "")
        facts = TakeFacts(source.id, problem) if problem else _facts_of(source, settings, work)
        rows.append(_judged(TakeRow(source, facts, verdicts.get(source.id, "")), settings, verdicts, trims))
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


def _trims(judged: Mapping[str, Judgement]) -> dict[str, Trim]:
    return {name: one.trim for name, one in judged.items() if one.trim}


def _judged(
    row: TakeRow, settings: BuildSettings, verdicts: Mapping[str, str], trims: Mapping[str, Trim]
) -> TakeRow:
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
        elif not is_enough(good_frames(clip.key, trims), asked_for=verdict == "accept"):
            reasons["trimmed"] += 1
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
    judged: Mapping[str, Judgement],
    progress: Progress,
) -> dict[str, Any]:
    """Write the set. ``dataset.json`` goes first and comes last, so a set that is not whole is none."""
    (shards / FACTS_FILE).unlink(missing_ok=True)
    census, trims = Census(), _trims(judged)
    total = sum(len(row.clips) for row in rows)

    def clips_of(split: str) -> Iterator[PackedClip]:
        for row in rows:
            if row.split == split:
                for clip in _clips_of(row, Work.of(work, row.source.id, settings.take), trims):
                    census.count(clip)
                    progress("shards", census.clips / total)
                    yield clip

    written = {split: write_split(shards, split, clips_of(split)) for split in SPLITS}
    names = {shard.name for listed in written.values() for shard in listed}
    for stale in shards.glob("clips-*.tar"):
        if stale.name not in names:
            stale.unlink()
    write_table(shards / "takes.csv", rows, refusals)
    more = _more(rows, refusals, settings, judged, census)
    zones = settings.take.grid[0] * settings.take.grid[1] if settings.take.labels == "zones" else 1
    described = {"labels": settings.take.labels, "zones": zones}
    write_card(shards, work, rows, refusals, census, more | described, written, settings.take, progress)
    return write_facts(shards, written, labels=settings.take.labels, zones=zones, more=more)


def _clips_of(row: TakeRow, work: Work, trims: Mapping[str, Trim]) -> Iterator[PackedClip]:
    """The take's clips that are in the set, with their split and what the list says about the take."""
    told = {"title": row.source.title, "licence": row.source.licence}
    for clip in read_packed(work.clips):
        if clip.key in row.clips:
            yield trimmed(clip.with_facts(split=row.split, **told), trims)


def _more(
    rows: Sequence[TakeRow],
    refusals: Sequence[Refusal],
    settings: BuildSettings,
    judged: Mapping[str, Judgement],
    census: Census,
) -> dict[str, Any]:
    """What ``dataset.json`` says besides the clips."""
    members = [row for row in rows if row.clips]
    offered = {row.source.id for row in rows}
    honoured = {name: one for name, one in sorted(judged.items()) if take_of(name) in offered}
    trims = {name: str(trim) for name, trim in _trims(honoured).items()}
    return {
        "settings": settings.to_json(),
        "verdicts": {name: str(one.verdict) for name, one in honoured.items()},
        **({"trims": trims} if trims else {}),
        "licences": dict(sorted(Counter(row.source.licence or "unknown" for row in members).items())),
        "takes": {
            "used": len(members),
            "left_out": len(rows) - len(members),
            "refused": sum(refusal.media for refusal in refusals),
            "kinds": dict(sorted(Counter(row.source.kind for row in members).items())),
            "splits": {split: sum(row.split == split for row in rows) for split in SPLITS},
        },
        "light": census.to_json(),
    }
