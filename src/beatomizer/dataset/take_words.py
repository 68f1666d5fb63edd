"""A row of ``takes.csv`` as people read it: on the contact sheet and on the review page."""

import math
from collections.abc import Mapping
from contextlib import suppress

from beatomizer.dataset.wording import many, rate_said
from beatomizer.timebase import clock


def take_said(row: Mapping[str, str]) -> list[str]:
    """What is known of a take, a few words each. Untrusted text."""
    size, fps = row.get("size", ""), row.get("fps", "")
    seconds = number_of(row, "duration_s")
    facts = [
        row.get("kind", ""),
        clock(seconds) if seconds else "",
        size.replace("x", " × "),
        f"{rate_said(fps)} pictures a second" if fps else "",
        _offset(row),
        many(int(row["cuts"]), "cut") if row.get("cuts", "").isdecimal() else "",
        f"in {row['split']}" if row.get("split") else "not in the set",
        f"licence: {row.get('licence') or 'not known'}",
        row.get("url", ""),
        row.get("id", ""),
    ]
    return [fact for fact in facts if fact]


def flags_of(row: Mapping[str, str]) -> list[str]:
    """What the quality checks noticed."""
    return [flag for flag in row.get("flags", "").split("; ") if flag]


def _offset(row: Mapping[str, str]) -> str:
    """What is known of the pictures' lateness: nothing is, of light that was never filmed."""
    offset_ms, significance = number_of(row, "offset_ms"), number_of(row, "significance")
    if offset_ms is None or not significance:
        return ""
    if not offset_ms and "no sync" in row.get("flags", ""):
        return "offset not found"
    return f"pictures were {abs(offset_ms):.0f} ms {'late' if offset_ms >= 0 else 'early'}"


def number_of(row: Mapping[str, str], column: str) -> float | None:
    """A number of ``takes.csv``; ``None`` where there is none."""
    with suppress(ValueError, KeyError):
        value = float(row[column])
        return value if math.isfinite(value) else None
    return None
