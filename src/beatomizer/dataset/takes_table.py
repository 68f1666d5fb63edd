"""``takes.csv``: one row for every take, and for everything that was offered and did not become one."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from beatomizer.atomic import written_aside
from beatomizer.dataset.sources import Refusal, TakeSource
from beatomizer.dataset.take_facts import TakeFacts

COLUMNS = (
    "id", "name", "kind", "title", "licence", "url", "duration_s", "fps", "size", "offset_ms", "significance",
    "cuts", "flags", "verdict", "split", "clips", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class TakeRow:
    """A take in the set, or left out of it.

    Attributes:
        source: where it is from.
        facts: what the stages found out; its ``problem`` is set if they could not.
        verdict: ``accept``, ``reject`` or empty: what a person said.
        split: where its clips are; empty if it has none in the set.
        clips: keys of its clips in the set.
        reason: why it, or some of its clips, were left out; one line.
    """

    source: TakeSource
    facts: TakeFacts
    verdict: str = ""
    split: str = ""
    clips: tuple[str, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        """As a person knows it."""
        return self.source.name or self.source.media.name


def write_table(path: Path, rows: Sequence[TakeRow], refusals: Sequence[Refusal]) -> None:
    """Write the table: takes in the order of their ids, then what was refused, by name.

    Raises:
        UsageError, ResourceLimitError: as ``written_aside``.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(row) for row in rows)
    blank = dict.fromkeys(COLUMNS, "")
    writer.writerows(
        list({**blank, "name": refusal.name, "reason": refusal.reason}.values()) for refusal in refusals
    )
    with written_aside(path) as aside:
        aside.write_text(text.getvalue(), encoding="utf-8", errors="replace")


def _cells(row: TakeRow) -> list[str]:
    source, facts = row.source, row.facts
    seen = bool(facts.fps)
    return [
        source.id,
        row.name,
        source.kind,
        source.title,
        source.licence,
        source.url,
        f"{facts.duration_s:.3f}" if facts.duration_s else "",
        facts.fps,
        f"{facts.size[0]}x{facts.size[1]}" if seen else "",
        f"{facts.offset_ms:.1f}" if seen else "",
        f"{facts.significance:.2f}" if seen else "",
        str(len(facts.cuts_s)) if seen else "",
        "; ".join(facts.flags),
        row.verdict,
        row.split,
        str(len(row.clips)),
        row.reason,
    ]


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table, as written: column → text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
