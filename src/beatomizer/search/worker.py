"""One worker: trials until enough are finished. Those of a worker that was killed are taken up by another."""

import time
from collections.abc import Callable

import optuna
from optuna.trial import FrozenTrial, TrialState

from beatomizer.errors import BeatomizerError, ResourceLimitError
from beatomizer.search.processes import is_gone, lives
from beatomizer.search.sampler import NumberedSampler
from beatomizer.search.storage import Search, done, storage_of
from beatomizer.search.trial import WORKER, Task, skill_of

TAKEN_UP = "taken up"
"""How often a trial was taken up after a kill."""

MOST_TAKEN_UP = 3
"""A trial that was killed so often is left: its settings may need more memory than there is."""

_PAUSE_S = 0.5


def work(task: Task, plan: Search, told: Callable[[], None] = lambda: None) -> None:
    """Trials until ``plan.trials`` are finished, or twice as many were tried here.

    Raises:
        KeyboardInterrupt, ResourceLimitError: stopped from outside or by a full disk; the trial is queued to go on.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(
        study_name=plan.name,
        storage=storage_of(plan),
        sampler=NumberedSampler(plan.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    )
    tried = 0
    while done(study) < plan.trials and tried < 2 * plan.trials + 3:
        take_up(study)
        if done(study) + _under_way(study) >= plan.trials:
            time.sleep(_PAUSE_S)  # another worker is at the last one; should it fail, one more is needed
            continue
        _one(study, task)
        tried += 1
        told()


def _one(study: optuna.Study, task: Task) -> None:
    def objective(trial: optuna.Trial) -> float:
        try:
            return skill_of(task, trial)
        except (KeyboardInterrupt, ResourceLimitError):
            study.enqueue_trial(trial.params)
            raise

    try:
        study.optimize(objective, n_trials=1, catch=())
    except ResourceLimitError:
        raise
    except BeatomizerError:
        pass  # the trial failed and remembers why; the search goes on


def _under_way(study: optuna.Study) -> int:
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return sum(lives(str(trial.user_attrs.get(WORKER, ""))) for trial in running)


def take_up(study: optuna.Study) -> None:
    """Trials whose process was killed are queued again with the same settings; their runs go on."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if is_gone(str(trial.user_attrs.get(WORKER, ""))):
            _take_up(study, trial)


def _take_up(study: optuna.Study, trial: FrozenTrial) -> None:
    try:
        study.tell(trial.number, state=TrialState.FAIL)
    except (ValueError, RuntimeError):  # another worker was faster
        return
    times = int(trial.user_attrs.get(TAKEN_UP, 0)) + 1
    if trial.params and times <= MOST_TAKEN_UP:
        study.enqueue_trial(trial.params, user_attrs={TAKEN_UP: times})
