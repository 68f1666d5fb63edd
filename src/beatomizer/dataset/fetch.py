"""A list → a folder of videos that decode, each with what the list says about it beside it.

    OUT/3f9c….mp4           named by its content, so that titles and sites cannot choose names
    OUT/3f9c….take.json     the rows of the list that speak of it (``sidecar``)
    OUT/fetch.csv           what came of each row
    OUT/.fetch/             memory and unfinished downloads; may be deleted

Run again, it goes on where it was: finished videos are not asked for again, unfinished ones continue, and videos that
were looked at and are of no use stay refused until ``again``.
"""

import csv
import errno
import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.dataset.downloader import Download, FetchLimits, download
from beatomizer.dataset.fetch_errors import DISK_FULL
from beatomizer.dataset.fetch_state import HIDDEN, FetchState, Remembered, only_one
from beatomizer.dataset.listing import CLIP_S, Listing, Row, by_url
from beatomizer.dataset.probe import examine
from beatomizer.dataset.sidecar import SUFFIX, Excerpt, read_sidecar, write_sidecar
from beatomizer.errors import ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.progress import Progress, silent
from beatomizer.timebase import clock

REPORT = "fetch.csv"
REPORT_COLUMNS = ("row", "url", "start_s", "end_s", "title", "licence", "status", "file", "reason")

FETCHED, KEPT, SAME, REFUSED, FAILED = "fetched", "kept", "same", "refused", "failed"
"""A row's status: new; there since earlier; the video of another address or row; looked at and of no use; not come."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class RowResult:
    """What came of one row of the list."""

    row: Row
    status: str
    file: str = ""
    reason: str = ""

    def line(self) -> str:
        """For people."""
        excerpt = self.row.excerpt
        return f"row {self.row.number}: {excerpt.title or excerpt.url} {self.status}: {self.reason}"


@dataclass(frozen=True)
class FetchReport:
    """What came of a list.

    Attributes:
        results: one for each good row, in the list's order.
        complaints: lines about the list itself.
    """

    results: tuple[RowResult, ...]
    complaints: tuple[str, ...] = ()

    @property
    def takes(self) -> int:
        """Rows whose excerpt is there."""
        return sum(result.status in (FETCHED, KEPT) for result in self.results)

    def summary(self) -> dict[str, Any]:
        """For ``--json``."""
        counts = Counter(result.status for result in self.results)
        return {
            "rows": len(self.results),
            "takes": self.takes,
            **{status: counts[status] for status in (FETCHED, KEPT, SAME, REFUSED, FAILED)},
            "without_licence": sum(
                not r.row.excerpt.licence for r in self.results if r.status in (FETCHED, KEPT)
            ),
            "complaints": list(self.complaints),
            "troubles": [result.line() for result in self.results if result.reason],
        }


@dataclass
class _Visit:
    """One run over a list."""

    out: Path
    limits: FetchLimits
    pause_s: float
    again: bool
    state: FetchState
    inherit: tuple[int, ...] = ()
    asked: int = 0
    taken: dict[tuple[str, float, float | None], Row] = field(default_factory=dict)


def fetch(
    listing: Listing,
    out: Path,
    *,
    limits: FetchLimits | None = None,
    pause_s: float = 2.0,
    again: bool = False,
    progress: Progress = silent,
) -> FetchReport:
    """Fetch what a list names into ``out``.

    Args:
        listing: from ``read_list``.
        out: a folder; made if need be.
        limits: what one video may cost.
        pause_s: between two videos, out of politeness.
        again: ask again for videos that were of no use.
        progress: told the share of the list that is done, as stage ``fetch``.

    Raises:
        UsageError: the folder cannot be written to, or another fetch is at work in it.
        ResourceLimitError: the disk is full.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"'{out}' is a file", "name a folder with -o")
    with only_one(out) as inherit:
        visit = _Visit(out, limits or FetchLimits(), pause_s, again, FetchState(out), inherit)
        results: list[RowResult] = []
        groups = list(by_url(listing.rows))
        for number, (url, rows) in enumerate(groups):

            def share(part: float, number: int = number) -> None:
                progress("fetch", (number + part) / len(groups))

            share(0.0)
            with _full_disk_said():
                known, fresh, reason = _come(visit, url, share)
                results += _placed(visit, url, rows, known, fresh, reason)
        progress("fetch", 1.0)
        report = FetchReport(tuple(sorted(results, key=lambda result: result.row.number)), listing.complaints)
        _write_report(out / REPORT, report)
    return report


@contextmanager
def _full_disk_said() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ResourceLimitError(
            "the disk is full", "free some space and run the same command again"
        ) from error


def _come(visit: _Visit, url: str, share: Callable[[float], None]) -> tuple[Remembered | None, bool, str]:
    """What is known of an address now, whether that is new, and why nothing is."""
    known = visit.state.of(url)
    if known is not None and not (known.refused and visit.again):
        return known, False, ""
    if visit.asked:
        time.sleep(visit.pause_s)
    visit.asked += 1
    folder = visit.out / HIDDEN / hashlib.sha256(url.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    got = download(url, folder, visit.limits, share, visit.inherit)
    if got.trouble is not None:
        if got.trouble == DISK_FULL:
            raise OSError(errno.ENOSPC, DISK_FULL.reason)
        _remove_if_empty(folder)
        return None, True, got.trouble.reason
    known = _accepted(visit.out, folder, got)
    visit.state.remember(url, known)
    shutil.rmtree(folder, ignore_errors=True)
    return known, True, ""


def _remove_if_empty(folder: Path) -> None:
    """Keep an unfinished download, and nothing else."""
    if not any(path.name.startswith("video.") for path in folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _accepted(out: Path, folder: Path, got: Download) -> Remembered:
    """Look into what came; a good video gets its place in ``out``."""
    joined = folder / "joined"
    finding = examine(got.files, joined)
    title, licence = got.facts.get("title", ""), got.facts.get("license", "")
    if finding.problem == DISK_FULL.reason:
        raise OSError(errno.ENOSPC, DISK_FULL.reason)
    if finding.problem:
        return Remembered(
            refused=finding.problem, duration_s=finding.duration_s, title=title, licence=licence
        )
    path = got.files[0] if len(got.files) == 1 else joined.with_name(joined.name + finding.suffix)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    name = digest.hexdigest()[:16] + finding.suffix
    size = path.stat().st_size
    path.replace(out / name)
    return Remembered(name, size, finding.duration_s, "", title, licence)


def _placed(
    visit: _Visit, url: str, rows: list[Row], known: Remembered | None, fresh: bool, reason: str
) -> list[RowResult]:
    """The results of one address's rows; the good ones are written beside the video."""
    if known is None:
        return [RowResult(row, FAILED, reason=reason) for row in rows]
    if known.refused:
        earlier = "" if fresh else " (seen earlier; --again asks again)"
        return [RowResult(row, REFUSED, reason=known.refused + earlier) for row in rows]
    results, good = [], []
    for row in rows:
        excerpt = _completed(row.excerpt, known)
        end_s = known.duration_s if excerpt.end_s is None else min(excerpt.end_s, known.duration_s)
        first = visit.taken.setdefault((known.file, excerpt.start_s, excerpt.end_s), row)
        if first is not row:
            results.append(RowResult(row, SAME, known.file, f"the same video as row {first.number}"))
        elif end_s - excerpt.start_s < CLIP_S - 0.05:
            length = f"the video ends at {clock(known.duration_s)}"
            results.append(
                RowResult(row, REFUSED, reason=f"no 15 s from {clock(excerpt.start_s)} on: {length}")
            )
        else:
            good.append(excerpt)
            results.append(RowResult(replace(row, excerpt=excerpt), FETCHED if fresh else KEPT, known.file))
    if good:
        _describe(visit.out / known.file, url, good)
    return results


def _completed(excerpt: Excerpt, known: Remembered) -> Excerpt:
    """What the list leaves empty, the site may know."""
    return replace(excerpt, title=excerpt.title or known.title, licence=excerpt.licence or known.licence)


def _describe(video: Path, url: str, good: list[Excerpt]) -> None:
    """Write the sidecar: these excerpts, and those that other addresses or lists brought."""
    path = video.with_name(video.stem + SUFFIX)
    others: list[Excerpt] = []
    if path.exists():
        try:
            others = [excerpt for excerpt in read_sidecar(path) if excerpt.url != url]
        except UnreadableInputError:
            others = []
    taken = {(excerpt.start_s, excerpt.end_s) for excerpt in others}
    fresh = [excerpt for excerpt in good if (excerpt.start_s, excerpt.end_s) not in taken]
    ordered = sorted([*others, *fresh], key=lambda one: (one.start_s, one.end_s or 0.0, one.url))
    write_sidecar(path, ordered)


def _write_report(path: Path, report: FetchReport) -> None:
    with written_aside(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(REPORT_COLUMNS)
        for result in report.results:
            one = result.row.excerpt
            end = "" if one.end_s is None else f"{one.end_s:g}"
            known = (result.row.number, one.url, f"{one.start_s:g}", end, one.title, one.licence)
            writer.writerow((*known, result.status, result.file, result.reason))
        for complaint in report.complaints:
            writer.writerow(("", "", "", "", "", "", "list", "", complaint))
