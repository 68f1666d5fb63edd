"""What a folder of lessons holds, in numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from beatomizer.dataset.lessons.lesson import KINDS, SUFFIX, facts_of
from beatomizer.dataset.lessons.make import kind_of
from beatomizer.progress import Progress, silent

TEMPO_STEP_BPM = 20
"""Width of the bins of the tempo histogram."""

_SETTINGS = ("seed", "generators", "clean", "teacher", "teacher_sha256", "features", "revision")


def holds_lessons(folder: Path) -> bool:
    """Whether there is a lesson in the folder."""
    return next(folder.glob(f"*{SUFFIX}"), None) is not None


def describe_lessons(folder: Path, progress: Progress = silent) -> dict[str, Any]:
    """A folder of lessons in numbers, plain JSON; ``damaged`` names the files that are no whole lessons.

    Args:
        folder: made by ``dataset lessons``.
        progress: told the share of the files that was looked at, as stage ``lessons``.
    """
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    told: list[dict[str, Any]] = []
    damaged = []
    for number, path in enumerate(paths):
        progress("lessons", number / len(paths))
        facts = facts_of(path)
        if facts is None:
            damaged.append(path.name)
        else:
            told.append(facts)
    progress("lessons", 1.0)
    made = [facts["made"] for facts in told]
    return {
        "folder": str(folder),
        "lessons": len(told),
        "hours": round(sum(float(facts["truth"].get("duration_s", 0.0)) for facts in told) / 3600, 3),
        "from": _counted(kind_of(one) for one in made),
        "styles": _counted(_style(facts) for facts in told),
        "tempi": _tempi(told),
        "known": {kind: sum(kind in facts["known"] for facts in told) for kind in KINDS},
        "without": _counted(" and ".join(one.get("without", ())) for one in made),
        "settings": {name: made[0][name] for name in _SETTINGS if name in made[0]} if made else {},
        "bytes": sum(path.stat().st_size for path in paths),
        "damaged": damaged,
    }


def _style(facts: Mapping[str, Any]) -> str:
    """The style of a composed song, or what else it is; nothing for a real one."""
    truth = facts["truth"]
    if "teacher" in facts["made"]:
        return ""
    return str(truth.get("style") or "no music")


def _tempi(told: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many songs lie in each bin of beats a minute, without those that have no beat."""
    tempi = [float(facts["truth"].get("tempo_bpm", 0.0)) for facts in told]
    bins = Counter(int(tempo // TEMPO_STEP_BPM) * TEMPO_STEP_BPM for tempo in tempi if tempo > 0)
    return {f"{low}-{low + TEMPO_STEP_BPM}": count for low, count in sorted(bins.items())}


def _counted(names: Iterable[str]) -> dict[str, int]:
    """How often each name comes, the most frequent first; empty names do not count."""
    counts = Counter(name for name in names if name)
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
