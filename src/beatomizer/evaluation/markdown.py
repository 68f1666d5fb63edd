"""The report that a person reads: one table a group, models and references side by side, targets hit and missed."""

import math
from typing import Any

from beatomizer.evaluation.results import AUC_TARGET, Results
from beatomizer.metrics.table import GROUPS, INTO, METRICS, UP, Metric

NOTHING = "–"
ONE_TAKE = (
    "One take only: no intervals (they are over takes) and no row of the wrong song (there is no other)."
)
_MARKS = {True: " ✓", False: " ✗"}

NOTES = {
    "paper": "On sRGB-encoded values, as their authors did. Never alone: *grey's cosine* is what a grey that never "
    "changes scores on the same frames, and *skill* is 1 − error / error of the better constant row (0: no better than "
    "a light that hears nothing).",
    "sync": "Sync rises with flashing: see *events*. BAS is hygiene only, models exceed humans on it. A light that "
    "never rises counts as 250 ms late. The mean lag of a light that belongs to nothing is near zero by chance, so the "
    "target is on how far it is outside the window.",
    "energy": "A mere loudness follower is not the aim: professionals reach 0.44–0.52 over 4 s.",
    "structure": "In clips of 15 s there is little form; – where a clip has no boundary, repeat or drop.",
    "colour": "Lit frames only.",
    "stability": "A constant light is perfect here. Flash violations are of the light before the limiter, which every "
    "output passes.",
}


def report(results: Results) -> str:
    """``results.md``."""
    facts = results.facts
    parts = [_head(facts), *[_group_table(results, group) for group in GROUPS]]
    parts += [_belonging(results), _diversity(results), _system(results), _targets(results), _songs(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(facts: dict[str, Any]) -> str:
    data, settings = facts["data"], facts["settings"]
    lines = [
        "# Evaluation",
        "",
        f"{data['clips']} clips of {data['takes']} takes, split `{data['split']}`, labels `{data['labels']}`, "
        f"{data['zones']} zone{'' if data['zones'] == 1 else 's'}; data set `{str(data['hash'])[:16]}`, "
        f"results `{facts['hash'][:16]}`.",
        f"Beats: {settings['beats']}. Means over the clips where a metric applies, with 95 % bootstrap intervals over "
        "takes.",
    ]
    if data.get("mean_colour_from") not in (None, "train"):
        lines.append(
            f"No training clips: the mean colour is that of the {data['mean_colour_from']} split itself."
        )
    if data["takes"] == 1:
        lines.append(ONE_TAKE)
    return "\n".join(lines)


def _group_table(results: Results, group: str) -> str:
    metrics = [metric for metric in METRICS if metric.group == group]
    heads = [f"{metric.title}{_unit(metric)}{_aim(metric)}" for metric in metrics]
    extra = group == "paper"
    if extra:
        heads.insert(1, "skill ↑")
    table = []
    for row in results.rows:
        cells = [value_cell(metric, row["values"][metric.name], row["targets"]) for metric in metrics]
        if extra:
            cells.insert(1, number_cell(row["skill"], 3))
        table.append([_name(row), *cells])
    return f"## {group.capitalize()}\n\n{NOTES[group]}\n\n{_table(['row', *heads], table)}"


def _unit(metric: Metric) -> str:
    return f" [{metric.unit}]" if metric.unit else ""


def _aim(metric: Metric) -> str:
    arrow = {"up": " ↑", "down": " ↓"}.get(metric.direction, "")
    if metric.target is None:
        return arrow
    low, high = (f"{bound:g}" for bound in metric.target)
    if metric.direction == INTO:
        return f" ({low} to {high})"
    return f"{arrow} ({'≥ ' + low if metric.direction == UP else '≤ ' + high})"


def value_cell(metric: Metric, value: dict[str, Any], targets: dict[str, list[str]]) -> str:
    """A mean with its interval, and whether the target is reached."""
    cell = number_cell(value, metric.decimals)
    if metric.name in targets["hit"] or metric.name in targets["missed"]:
        cell += _MARKS[metric.name in targets["hit"]]
    return cell


def number_cell(value: dict[str, Any], decimals: int) -> str:
    """``0.75 [0.70, 0.80]``; – for nothing."""
    if value["mean"] is None:
        return NOTHING
    text = f"{_zero(value['mean']):.{decimals}f}"
    if value["low"] is None:
        return text
    return f"{text} [{_zero(value['low']):.{decimals}f}, {_zero(value['high']):.{decimals}f}]"


def _zero(number: float) -> float:
    """Without the sign of a zero, and without digits that only rounding made."""
    return 0.0 if abs(number) < 1e-9 else number


def plain(number: float | None, decimals: int = 2) -> str:
    """One number; – for nothing."""
    return NOTHING if number is None or not math.isfinite(number) else f"{_zero(number):.{decimals}f}"


def _name(row: dict[str, Any]) -> str:
    return f"**{row['name']}**" if row["kind"] == "model" else f"*{row['name']}*"


def _belonging(results: Results) -> str:
    named = {metric.name: metric for metric in METRICS}
    gaps = list(results.rows[0]["belonging"]["gap"])
    heads = ["row", f"AUC ↑ (≥ {AUC_TARGET:g})", *[f"{named[name].title}: gap" for name in gaps]]
    table = []
    for row in results.rows:
        auc = number_cell(row["belonging"]["auc"], 2)
        mark = _MARKS["auc" in row["targets"]["hit"]] if auc != NOTHING else ""
        table.append(
            [_name(row), auc + mark, *[number_cell(row["belonging"]["gap"][name], 2) for name in gaps]]
        )
    note = (
        "The song stays; its own show is compared with two shows that the same row has for other takes. AUC: how often "
        "the own show wins in sync and energy together (0.5 is chance). Gap: the metric minus its mean on the others."
    )
    return f"## Belonging\n\n{note}\n\n{_table(heads, table)}"


_DIVERSITY = ("hues_across_songs", "intensity_across_songs", "hues_across_seeds", "intensity_across_seeds")


def _diversity(results: Results) -> str:
    heads = ["row", *[name.replace("_", " ") for name in _DIVERSITY]]
    table = [
        [_name(row), *[plain(row["diversity"].get(name), 3) for name in _DIVERSITY]] for row in results.rows
    ]
    note = (
        "Mean over pairs: Jensen–Shannon divergence of hue histograms (bits), and DTW distance of intensity."
    )
    return f"## Diversity\n\n{note}\n\n{_table(heads, table)}"


def _system(results: Results) -> str:
    heads = [
        "row",
        "parameters",
        "× real time",
        "with features",
        "ms a frame",
        "p50 of clips",
        "p99",
        "latency [frames]",
    ]
    table = []
    for row in results.rows:
        cost = results.facts["system"].get(row["name"])
        if cost is None:
            continue
        count = cost["parameters"]
        table.append(
            [
                _name(row),
                NOTHING if count is None else f"{count:,}",
                plain(cost["times_real_time"], 0),
                plain(cost["times_real_time_with_features"], 0),
                *[plain(cost[f"ms_per_frame{part}"], 4) for part in ("", "_p50", "_p99")],
                plain(cost["latency_frames"], 0),
            ]
        )
    note = "Sound and features to light, whole clips at once, on this machine; not part of the hash."
    return f"## System\n\n{note}\n\n{_table(heads, table)}"


def _targets(results: Results) -> str:
    lines = ["## Targets and the combined score", ""]
    lines.append(
        "Combined: geometric mean of the ratios to the label's row, each clipped at 1, of the metrics that apply."
    )
    lines.append("")
    for row in results.rows:
        score = row["combined"]
        hit, missed = row["targets"]["hit"], row["targets"]["missed"]
        lines.append(
            f"* {_name(row)}: combined {plain(score['score'])}; hit {', '.join(hit) or 'none'}; "
            f"missed {', '.join(missed) or 'none'}{_lost(score['ratios'])}"
        )
    names = results.rows[0]["combined"]["ratios"]
    lines += ["", f"In the combined score here: {', '.join(names) or 'nothing'}."]
    return "\n".join(lines)


def _lost(ratios: dict[str, float]) -> str:
    """Which metric makes the product zero."""
    names = [name for name, ratio in ratios.items() if ratio == 0.0]
    return f"; nothing of {', '.join(names)}" if names else ""


def _songs(results: Results) -> str:
    songs = results.facts["songs"]
    if not songs:
        return ""
    shown = [metric for metric in METRICS if any(_known(song, metric) for song in songs)]
    heads = ["song", "row", *[f"{metric.title}{_unit(metric)}{_aim(metric)}" for metric in shown]]
    table = []
    for song in songs:
        for row in song["rows"]:
            cells = [plain(row["values"][metric.name], metric.decimals) for metric in shown]
            table.append([song["title"], _name(row), *cells])
    note = "Whole songs without labels. Beats, where there are any, are the classical tracker's own guess."
    return f"## Songs\n\n{note}\n\n{_table(heads, table)}"


def _known(song: dict[str, Any], metric: Metric) -> bool:
    return any(row["values"][metric.name] is not None for row in song["rows"])


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [_line(heads), _line(["---"] * len(heads)), *[_line(row) for row in rows]]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
