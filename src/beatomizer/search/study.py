"""A study: trials remembered in a file or a database, drawn by several processes or machines, resumable.

The folder holds ``journal.log`` (unless a storage URL was given), ``runs/`` with a run for each trial, and, renewed
after every search: ``best.toml`` (a recipe for ``train --recipe``), ``trials.csv``, ``study.json``, ``history.png``,
``importance.png``.
"""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.progress import Progress, silent
from beatomizer.search.trial import WORKER, Task, is_gone, skill_of
from beatomizer.training.recipe_file import to_toml

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
"""What counts towards ``--trials``: a trial that failed is tried as another one."""

FACTS = "study.json"


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        folder: the study's folder.
        trials: so many finished ones in all, over all searches into this study.
        storage: an SQLAlchemy URL that machines share, such as ``sqlite:///study.db``; None: a journal in the folder.
        workers: processes here.
        seed: of the sampler; with one worker a search repeats exactly.
    """

    folder: Path
    trials: int
    storage: str | None = None
    workers: int = 1
    seed: int = 0


def search(task: Task, plan: Search, progress: Progress = silent) -> optuna.Study:
    """Draw and train until ``plan.trials`` are finished; go on where an earlier search stopped.

    Raises:
        UsageError: the space, the recipe or the data do not fit, or the study was of another search.
        BeatomizerError: every trial failed; the message is the last one's.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    task.check()
    study = opened(task, plan)
    _take_over_orphans(study)
    progress("search", _done(study) / plan.trials)
    if plan.workers == 1:
        _work(task, plan, 0, lambda: progress("search", min(1.0, _done(study) / plan.trials)))
    else:
        # spawned, not forked: torch and the storage have threads of their own
        with ProcessPoolExecutor(plan.workers, mp_context=get_context("spawn")) as pool:
            for worker in [pool.submit(_work, task, plan, index) for index in range(plan.workers)]:
                worker.result()
                progress("search", min(1.0, _done(study) / plan.trials))
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        raise BeatomizerError("no trial came to an end", _last_reason(study))
    return study


def opened(task: Task, plan: Search) -> optuna.Study:
    """The study, made if it is not there.

    Raises:
        UsageError: it is there and was made for another model, other data or another base recipe; or the storage
            cannot be opened.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    try:
        study = optuna.create_study(
            study_name=plan.folder.name,
            storage=_storage(plan),
            sampler=_sampler(plan.seed),
            direction="maximize",
            load_if_exists=True,
        )
    except Exception as error:  # SQLAlchemy's and each driver's own
        raise UsageError(f"cannot open the study's storage ({error})", "check --storage") from error
    identity = _identity(task)
    there = study.user_attrs.get("identity")
    if there is None:
        study.set_user_attr("identity", identity)
    elif there != identity:
        changed = ", ".join(sorted(key for key in identity if identity[key] != there.get(key)))
        raise UsageError(
            f"'{plan.folder}' holds another search (another {changed})", "choose another folder with -o"
        )
    return study


def _sampler(seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=8)


def _identity(task: Task) -> dict[str, str]:
    from beatomizer.dataset.shards import set_facts

    data = "+".join(str(set_facts(shards)["hash"]) for shards in task.shards)
    recipe = hashlib.sha256(to_toml(task.recipe).encode()).hexdigest()
    return {"model": task.model, "data": data, "recipe": recipe}


def _storage(plan: Search) -> str | BaseStorage:
    if plan.storage is not None:
        return plan.storage
    return JournalStorage(JournalFileBackend(str(plan.folder / "journal.log")))


def _done(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=FINISHED))


def _take_over_orphans(study: optuna.Study) -> None:
    """Trials whose process was killed are drawn again with the same settings; their runs go on."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if is_gone(str(trial.user_attrs.get(WORKER, ""))):
            study.tell(trial.number, state=TrialState.FAIL)
            if trial.params:
                study.enqueue_trial(trial.params)


def _work(task: Task, plan: Search, index: int, told: Callable[[], None] = lambda: None) -> None:
    """One worker: trials until enough are finished, or as many failed."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(
        study_name=plan.folder.name,
        storage=_storage(plan),
        sampler=_sampler(plan.seed + index),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    )
    tried = 0
    while _done(study) < plan.trials and tried < 2 * plan.trials + 3:
        study.optimize(lambda trial: skill_of(task, trial), n_trials=1, catch=(BeatomizerError,))
        tried += 1
        told()


def _last_reason(study: optuna.Study) -> str:
    reasons = [trial.user_attrs.get("reason") for trial in study.get_trials(deepcopy=False)]
    told = [str(reason) for reason in reasons if reason]
    return told[-1] if told else "see the runs in its folder"


def facts_of(study: optuna.Study, task: Task) -> dict[str, object]:
    """The study in plain values, for ``study.json`` and ``--json``."""
    best = study.best_trial
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    return {
        "model": task.model,
        "trials": {state.name.lower(): states.count(state) for state in TrialState if states.count(state)},
        "best": {
            "trial": best.number,
            "skill": best.value,
            "run": best.user_attrs.get("run"),
            "settings": best.params,
        },
        "identity": study.user_attrs.get("identity"),
    }


def write_facts(path: Path, facts: dict[str, object]) -> None:
    """``study.json``."""
    from beatomizer.training.run import write_text

    write_text(path, json.dumps(facts, indent=2, sort_keys=True) + "\n")
