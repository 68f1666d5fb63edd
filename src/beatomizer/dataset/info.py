"""What a set holds, and whether it is whole: from ``dataset.json``, ``takes.csv``, ``verdicts.csv`` and the shards."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from beatomizer.dataset.clips import CLIP_S
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.shards import FACTS_FILE, ShardFacts, set_facts, set_hash, shard_paths
from beatomizer.dataset.takes_table import read_table
from beatomizer.dataset.verdicts import Judgement, Verdict, read_judgements, take_of
from beatomizer.errors import UnreadableInputError
from beatomizer.progress import Progress, silent

_BLOCK = 1 << 20


def describe(shards: Path, progress: Progress = silent) -> dict[str, Any]:
    """A set in numbers, plain JSON; ``damaged`` lists what is wrong with its files (empty: it is whole).

    Args:
        shards: a set's folder.
        progress: told the share of the shards that was read, as stage ``hash``.

    Raises:
        UnreadableInputError: ``shards`` is not a set, or its verdicts are damaged.
    """
    facts = set_facts(shards)
    rows = _rows(shards)
    clips = _clips(shards, facts)
    judged = read_judgements(shards)
    return {
        "folder": str(shards),
        "hash": facts.get("hash", ""),
        "labels": facts.get("labels", ""),
        "zones": facts["zones"],
        "clips": sum(clips.values()),
        "hours": round(sum(clips.values()) * CLIP_S / 3600, 3),
        "splits": {split: {"clips": clips[split], "takes": _takes_in(rows, split)} for split in SPLITS},
        "takes": {
            "used": sum(bool(row["split"]) for row in rows if row["id"]),
            "left_out": sum(not row["split"] for row in rows if row["id"]),
            "refused": _refused(facts, rows),
        },
        "kinds": _counted(row["kind"] for row in rows if row["split"]),
        "licences": facts.get("licences", {}),
        "flags": _counted(flag for row in rows if row["id"] for flag in row["flags"].split("; ")),
        "left_out": _counted(row["reason"] for row in rows if row["id"] and not row["split"]),
        "verdicts": _verdicts(judged, facts, rows),
        "settings": facts.get("settings", {}),
        "bytes": sum(path.stat().st_size for path in shards.glob("clips-*.tar")),
        "damaged": _damage(shards, facts, progress),
    }


def _clips(shards: Path, facts: Mapping[str, Any]) -> dict[str, int]:
    """How many clips each split has."""
    with suppress(AttributeError):
        counts = {split: facts["splits"].get(split, {}).get("clips", 0) for split in SPLITS}
        if all(isinstance(count, int) for count in counts.values()) and isinstance(
            facts.get("licences", {}), dict
        ):
            return counts
    raise UnreadableInputError(
        f"'{shards / FACTS_FILE}' is damaged", "build the set again, or fetch it again"
    )


_COLUMNS = ("id", "kind", "flags", "split", "reason", "verdict", "name")


def _rows(shards: Path) -> list[dict[str, str]]:
    """``takes.csv``, as far as it is there."""
    try:
        rows = read_table(shards / "takes.csv")
    except (OSError, ValueError):
        return []
    return [{name: row.get(name) or "" for name in _COLUMNS} for row in rows]


def _takes_in(rows: Sequence[Mapping[str, str]], split: str) -> int:
    return sum(row["split"] == split for row in rows)


def _counted(names: Any) -> dict[str, int]:
    """How often each name comes, the most frequent first."""
    counts = Counter(name for name in names if name)
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _refused(facts: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> int:
    """How many videos and songs were no takes; notes that lay beside them are not counted."""
    takes = facts.get("takes")
    told = takes.get("refused") if isinstance(takes, dict) else None
    return told if isinstance(told, int) else sum(not row["id"] for row in rows)


def _verdicts(
    judged: Mapping[str, Judgement], facts: Mapping[str, Any], rows: Sequence[Mapping[str, str]]
) -> dict[str, int]:
    """How many, and how many about takes and clips of the set were spoken, or taken back, since it was built."""
    counts = Counter(one.verdict for one in judged.values())
    takes = {row["id"] for row in rows if row["id"]}
    recorded = facts.get("verdicts")
    told = {row["id"]: row["verdict"] for row in rows if row["verdict"]}
    told = recorded if isinstance(recorded, dict) else told
    trims = facts.get("trims")
    parts: Mapping[str, Any] = trims if isinstance(trims, dict) else {}
    applied = {name: (word, parts.get(name, "")) for name, word in told.items()}
    said = {name: (one.verdict.value, str(one.trim or "")) for name, one in judged.items()}
    late = sum(applied.get(name) != said.get(name) for name in {*applied, *said} if take_of(name) in takes)
    return {
        "accepted": counts[Verdict.ACCEPT],
        "rejected": counts[Verdict.REJECT],
        "not_applied": late,
    }


def _damage(shards: Path, facts: Mapping[str, Any], progress: Progress) -> list[str]:
    """What is wrong with the files, one line each."""
    found: list[str] = []
    listed: list[ShardFacts] = []
    paths = [(split, path) for split in SPLITS for path in shard_paths(shards, split)]
    for number, (split, path) in enumerate(paths):
        progress("hash", number / len(paths))
        entry = next(one for one in facts["splits"][split]["shards"] if one.get("name") == path.name)
        told = str(entry.get("sha256", ""))
        listed.append(ShardFacts(path.name, 0, 0, told))
        seen = _digest(path)
        if not seen:
            found.append(f"'{path.name}' is missing or cannot be read")
        elif seen != told:
            found.append(f"'{path.name}' is not what was built: its SHA-256 differs")
    progress("hash", 1.0)
    if facts.get("hash") != set_hash(listed):
        found.append("dataset.json: its hash is not that of the shards it lists")
    extra = {path.name for path in shards.glob("clips-*.tar")} - {path.name for _, path in paths}
    found += [f"'{name}' does not belong to the set" for name in sorted(extra)]
    return found


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
