"""A study: trials remembered in a file or a database, drawn by several processes or machines, resumable.

The folder holds ``journal.log`` (unless a storage URL was given), ``runs/`` with a run for each trial, and, renewed
after every search: ``best.toml`` (a recipe for ``train --recipe``), ``trials.csv``, ``study.json``, ``history.png``,
``importance.png`` (with enough trials).
"""

import optuna
from optuna.trial import TrialState

from beatomizer.errors import BeatomizerError
from beatomizer.progress import Progress, silent
from beatomizer.search.crew import work_together
from beatomizer.search.storage import Search, done, opened
from beatomizer.search.trial import REASON, Task
from beatomizer.search.worker import work


def search(task: Task, plan: Search, progress: Progress = silent) -> optuna.Study:
    """Draw and train until ``plan.trials`` are finished; go on where an earlier search stopped.

    A training that fails ends its trial, not the search.

    Raises:
        UsageError: the space, the recipe or the data do not fit, or the study was of another search.
        ResourceLimitError: the disk is full; what was under way goes on with the next search.
        BeatomizerError: every trial failed; the message is the last one's.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    task.check()
    study = opened(task, plan)

    def told() -> None:
        progress("search", min(1.0, done(study) / plan.trials))

    told()
    workers = min(plan.workers, plan.trials - done(study))
    if workers > 1:
        work_together(task, plan, workers, told)
    elif workers == 1:
        work(task, plan, told)
    told()
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        raise BeatomizerError("no trial came to an end", _last_reason(study))
    return study


def _last_reason(study: optuna.Study) -> str:
    reasons = [trial.user_attrs.get(REASON) for trial in study.get_trials(deepcopy=False)]
    told = [str(reason) for reason in reasons if reason]
    return told[-1] if told else "see the runs in its folder"
