"""The numbers of an evaluation as plain JSON: every mean with its interval, and a hash over what must not change."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beatomizer.arrays import F64
from beatomizer.evaluation.collect import Collected
from beatomizer.evaluation.measuring import BELONGING, Measured
from beatomizer.evaluation.references import GREY, LABEL, MEAN_COLOUR
from beatomizer.metrics.combined import AUC, combined_score, hits
from beatomizer.metrics.interval import Interval, mean_interval, ratio_interval
from beatomizer.metrics.system import ms_per_frame, ms_percentiles, times_real_time
from beatomizer.metrics.table import METRICS, metric_named

FORMAT, VERSION = "beatomizer-results", 1

AUC_TARGET = 0.80
"""Own song against another song's show: the least for a shipped model."""

UNHASHED = ("hash", "made", "system")
"""What differs from run to run: the date and command, and how long things took."""


@dataclass(frozen=True)
class Results:
    """Everything that the report and the pictures show.

    Attributes:
        facts: plain JSON, what ``results.json`` holds.
    """

    facts: dict[str, Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Label, models, references."""
        rows: list[dict[str, Any]] = self.facts["rows"]
        return rows

    def text(self) -> str:
        """The JSON, with sorted keys and ``null`` for what does not apply."""
        return json.dumps(self.facts, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def results_of(
    found: Collected,
    measured: Sequence[Measured],
    *,
    data: dict[str, Any],
    settings: dict[str, Any],
    made: dict[str, Any],
    songs: list[dict[str, Any]] | None = None,
) -> Results:
    """Put everything together.

    Args:
        found: what was lit.
        measured: the numbers of each row, in the order of the report.
        data: what is known of the clips: hash, split, counts.
        settings: of the measuring: seed, beats.
        made: when, by which command, with which versions; not hashed.
        songs: of real songs, see ``songs.py``.
    """
    by_name = {one.row.name: one for one in measured}
    constant = _best_constant(by_name)
    teacher = _means_and_auc(by_name[LABEL], found.takes)
    seed = int(settings["seed"])
    facts: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "data": data,
        "settings": settings,
        "metrics": [_described(index) for index in range(len(METRICS))],
        "rows": [_row(one, found.takes, constant, teacher, seed) for one in measured],
        "songs": songs or [],
        "system": {one.row.name: _system(found, one) for one in measured if one.row.seconds},
        "made": made,
    }
    facts = cleaned(facts)
    facts["hash"] = hash_of(facts)
    return Results(facts)


def hash_of(facts: dict[str, Any]) -> str:
    """SHA-256 over the results without ``UNHASHED``: the same clips and models give the same."""
    kept = {key: value for key, value in facts.items() if key not in UNHASHED}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def cleaned(value: Any) -> Any:
    """Plain JSON: numbers with seven digits, ``None`` for what is not finite."""
    if isinstance(value, dict):
        return {str(key): cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(inner) for inner in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    number = float(value)
    return float(f"{number:.7g}") if np.isfinite(number) else None


def _described(index: int) -> dict[str, Any]:
    metric = METRICS[index]
    return {
        "name": metric.name,
        "group": metric.group,
        "title": metric.title,
        "unit": metric.unit,
        "direction": metric.direction,
        "target": list(metric.target) if metric.target else None,
        "decimals": metric.decimals,
        "combined": metric.combined,
    }


def _row(
    one: Measured, takes: list[str], constant: F64 | None, teacher: dict[str, float], seed: int
) -> dict[str, Any]:
    means = _means_and_auc(one, takes)
    score, ratios = combined_score(means, teacher)
    auc = mean_interval(one.auc, takes, seed)
    values = {
        metric.name: _interval(mean_interval(one.values[:, index], takes, seed))
        for index, metric in enumerate(METRICS)
    }
    return {
        "name": one.row.name,
        "kind": one.row.kind,
        "model": one.row.facts,
        "values": values,
        "skill": _interval(_skill(one, takes, constant, seed)),
        "combined": {"score": score, "ratios": ratios},
        "belonging": {
            "auc": _interval(auc),
            "gap": {
                metric.name: _interval(mean_interval(one.gaps[:, column], takes, seed))
                for column, metric in enumerate(BELONGING)
            },
            "wins": {
                metric.name: _interval(mean_interval(one.wins[:, column], takes, seed))
                for column, metric in enumerate(BELONGING)
            },
        },
        "diversity": one.diversity,
        "targets": _targets(means),
    }


def _interval(interval: Interval) -> dict[str, Any]:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high, "n": interval.count}


def _means(values: F64) -> dict[str, float]:
    """Mean of each metric over the clips where it applies."""
    return {
        metric.name: float(column[np.isfinite(column)].mean()) if np.isfinite(column).any() else np.nan
        for metric, column in zip(METRICS, values.T)
    }


def _means_and_auc(one: Measured, takes: list[str]) -> dict[str, float]:
    return {**_means(one.values), AUC: mean_interval(one.auc, takes).mean}


def _errors(one: Measured) -> F64:
    return 1.0 - one.values[:, METRICS.index(metric_named("cosine"))]


def _best_constant(by_name: dict[str, Measured]) -> F64 | None:
    """``1 − cosine`` of each clip for the better of the two constant rows; what ``skill`` is measured against."""
    rows = [_errors(by_name[name]) for name in (GREY, MEAN_COLOUR) if name in by_name]
    rows = [errors for errors in rows if np.isfinite(errors).any()]
    return min(rows, key=lambda errors: float(np.nanmean(errors))) if rows else None


def _skill(one: Measured, takes: list[str], constant: F64 | None, seed: int) -> Interval:
    """``1 − Σ err / Σ err of the constant``; see ``metrics.paper.skill``."""
    if constant is None:
        return Interval(np.nan, np.nan, np.nan, 0)
    ratio = ratio_interval(_errors(one), constant, takes, seed)
    return Interval(1.0 - ratio.mean, 1.0 - ratio.high, 1.0 - ratio.low, ratio.count)


def _targets(means: dict[str, float]) -> dict[str, list[str]]:
    reached = {metric.name: hits(metric, means[metric.name]) for metric in METRICS}
    if np.isfinite(means[AUC]):
        reached[AUC] = means[AUC] >= AUC_TARGET
    return {
        "hit": [name for name, hit in reached.items() if hit],
        "missed": [name for name, hit in reached.items() if hit is False],
    }


def _system(found: Collected, one: Measured) -> dict[str, Any]:
    frames = [len(light) for light in one.row.lights]
    seconds, hearing = sum(one.row.seconds), sum(found.feature_seconds)
    p50, p99 = ms_percentiles(np.array(one.row.seconds) / np.array(frames))
    return {
        "parameters": one.row.facts.get("parameters"),
        "latency_frames": one.row.facts.get("latency_frames"),
        "times_real_time": times_real_time(sum(frames), seconds),
        "times_real_time_with_features": times_real_time(sum(frames), seconds + hearing),
        "ms_per_frame": ms_per_frame(sum(frames), seconds),
        "ms_per_frame_p50": p50,
        "ms_per_frame_p99": p99,
    }
