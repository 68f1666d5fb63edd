"""What a search leaves for people: the best recipe, a table of trials, pictures of history and importance."""

import csv
from itertools import accumulate
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from beatomizer.atomic import written_aside
from beatomizer.search.storage import IDENTITY
from beatomizer.search.trial import REASON, RUN, Task
from beatomizer.training.recipe_file import to_toml
from beatomizer.training.run import write_json, write_text

FEWEST_FOR_IMPORTANCE = 6
"""Below so many complete trials an importance would be noise with a ruler."""


def write_report(study: optuna.Study, task: Task, folder: Path) -> dict[str, Any]:
    """Write everything anew; the facts of ``study.json``."""
    facts = facts_of(study, task)
    importance = importances(study)
    facts["importance"] = importance
    best = task.recipe_of(study.best_trial.params)
    header = f"# The best of a search: skill {study.best_value:.4f} over a constant colour on the validation clips.\n"
    write_text(folder / "best.toml", header + to_toml(best))
    _write_trials(folder / "trials.csv", study, task)
    write_json(folder / "study.json", facts)
    _draw_history(folder / "history.png", study)
    if importance:
        _draw_importance(folder / "importance.png", importance)
    else:
        (folder / "importance.png").unlink(missing_ok=True)
    return facts


def facts_of(study: optuna.Study, task: Task) -> dict[str, Any]:
    """The study in plain values, for ``study.json`` and ``--json``."""
    best = study.best_trial
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    return {
        "model": task.model,
        "trials": {state.name.lower(): states.count(state) for state in TrialState if states.count(state)},
        "best": {
            "trial": best.number,
            "skill": best.value,
            "run": best.user_attrs.get(RUN),
            "settings": best.params,
        },
        "identity": study.user_attrs.get(IDENTITY),
    }


def importances(study: optuna.Study) -> dict[str, float]:
    """Share of each key in how trials differ, adding up to 1, largest first; empty with too few trials.

    PED-ANOVA (Watanabe, Bansal, Hutter 2023): how a key's values among the better trials differ from those of all.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < FEWEST_FOR_IMPORTANCE or len({trial.value for trial in complete}) < 2:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _write_trials(path: Path, study: optuna.Study, task: Task) -> None:
    keys = list(task.space.ranges)
    with written_aside(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["trial", "state", "skill", "epochs", "run", *keys, "reason"])
        for trial in study.get_trials(deepcopy=False):
            table.writerow(
                [*_row(trial), *(trial.params.get(key, "") for key in keys), trial.user_attrs.get(REASON, "")]
            )


def _row(trial: FrozenTrial) -> list[Any]:
    skill = "" if trial.value is None else f"{trial.value:.6f}"
    return [
        trial.number,
        trial.state.name.lower(),
        skill,
        len(trial.intermediate_values),
        trial.user_attrs.get(RUN, ""),
    ]


def _draw_history(path: Path, study: optuna.Study) -> None:
    """Every trial's skill, the best so far, and the curves of the trials epoch by epoch."""
    from matplotlib.ticker import MaxNLocator

    figure, (left, right) = _sheet(2)
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    pruned = study.get_trials(deepcopy=False, states=(TrialState.PRUNED,))
    pruned = [trial for trial in pruned if trial.intermediate_values]
    numbers, values = [trial.number for trial in complete], [float(trial.value or 0.0) for trial in complete]
    best = list(accumulate(values, max))
    left.plot(numbers, values, "o", color="#3b6fb6", label="trial")
    left.plot(
        [trial.number for trial in pruned],
        [_last(trial) for trial in pruned],
        "x",
        color="#999999",
        label="stopped early",
    )
    left.step(numbers, best, where="post", color="#d1495b", label="best so far")
    left.axhline(0.0, color="#555555", linewidth=0.8, linestyle=":", label="constant colour")
    left.set(xlabel="trial", ylabel="skill on the validation clips", title="History")
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower left", ncols=4, fontsize=8, frameon=False
    )
    for trial in [*complete, *pruned]:
        steps = sorted(trial.intermediate_values.items())
        chosen = trial.number == study.best_trial.number
        right.plot(
            [epoch for epoch, _ in steps],
            [skill for _, skill in steps],
            color="#d1495b" if chosen else "#b8c4d6",
            linewidth=2.0 if chosen else 0.8,
            zorder=3 if chosen else 1,
        )
    right.axhline(0.0, color="#555555", linewidth=0.8, linestyle=":")
    right.set(xlabel="epoch", ylabel="skill", title="Each trial; the best one in red")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _save(figure, path)


def _last(trial: FrozenTrial) -> float:
    return float(trial.intermediate_values[max(trial.intermediate_values)])


def _draw_importance(path: Path, importance: dict[str, float]) -> None:
    """Bars, the most important key on top."""
    figure, (axes,) = _sheet(1)
    names = list(importance)[::-1]
    axes.barh(names, [importance[name] for name in names], color="#3b6fb6")
    axes.set(xlabel="share of the difference between trials (PED-ANOVA)", title="What mattered")
    _save(figure, path)


def _sheet(columns: int) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5 * columns + 1.0, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _save(figure: Any, path: Path) -> None:
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=120, metadata={"Software": None})
