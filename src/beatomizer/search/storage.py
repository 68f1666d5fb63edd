"""What a study is remembered in: a journal in its folder, or a database that machines share."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.distributions import distribution_to_json
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.trial import TrialState

from beatomizer.errors import UsageError
from beatomizer.search.sampler import NumberedSampler
from beatomizer.search.trial import Task
from beatomizer.training.recipe_file import fingerprint

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
"""What counts towards ``--trials``: a trial that failed is tried as another one."""

IDENTITY = "identity"
_PATIENT_S = 60
"""How long a process waits for others that write into an SQLite file."""


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        folder: the study's folder; its name is the study's name, also in a shared database.
        trials: so many finished ones in all, over all searches into this study.
        storage: an SQLAlchemy URL that machines share, such as ``sqlite:///study.db``; None: a journal in the folder.
        workers: processes here.
        seed: of the sampler; with one worker a search repeats exactly, stopped in between or not.
    """

    folder: Path
    trials: int
    storage: str | None = None
    workers: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.trials < 1 or self.workers < 1:
            raise UsageError("--trials and --workers are 1 or more", "leave them out for 20 and 1")
        if not 0 <= self.seed < 2**32:
            raise UsageError(f"a seed cannot be {self.seed}", "choose 0 or more")

    @property
    def name(self) -> str:
        """Of the study."""
        return self.folder.resolve().name or "study"


def opened(task: Task, plan: Search) -> optuna.Study:
    """The study, made if it is not there.

    Raises:
        UsageError: it is there and was made for another model, data, base recipe or space; or the storage cannot be
            opened.
    """
    _refuse_foreign(plan)
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder '{plan.folder}' ({error.strerror})", "choose another with -o"
        ) from error
    identity = _identity(task)
    try:
        study = optuna.create_study(
            study_name=plan.name,
            storage=storage_of(plan),
            sampler=NumberedSampler(plan.seed),
            direction="maximize",
            load_if_exists=True,
        )
    except Exception as error:  # SQLAlchemy's and each driver's own
        where = "its folder" if plan.storage is None else "--storage"
        raise UsageError(f"cannot open the study's storage ({error})", f"check {where}") from error
    there = study.user_attrs.get(IDENTITY)
    if there is None:
        study.set_user_attr(IDENTITY, identity)
    elif there != identity:
        changed = ", ".join(sorted(key for key in identity if identity[key] != there.get(key)))
        raise UsageError(
            f"the study '{plan.name}' is another search (another {changed})", "choose another folder with -o"
        )
    return study


def _refuse_foreign(plan: Search) -> None:
    """A study's folder may hold what a search leaves, and the database that it was given; no run, no data set."""
    folder = plan.folder
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"'{folder}' is a file", "name a folder with -o")
    if not folder.is_dir() or any((folder / name).is_file() for name in ("journal.log", "study.json")):
        return
    database = (plan.storage or "").rpartition("/")[2]
    ours = ("journal.log", ".beatomizer-", *([database] if database else []))
    strangers = sorted(
        path.name for path in folder.iterdir() if path.name != "runs" and not path.name.startswith(ours)
    )
    if strangers:
        raise UsageError(
            f"'{folder}' holds other things ('{strangers[0]}')", "choose an empty or new folder with -o"
        )


def _identity(task: Task) -> dict[str, str]:
    from beatomizer.dataset.shards import set_facts

    data = "+".join(str(set_facts(shards)["hash"]) for shards in task.shards)
    ranges = [f"{key} {distribution_to_json(span)}" for key, span in sorted(task.space.ranges.items())]
    space = hashlib.sha256("\n".join(ranges).encode()).hexdigest()
    return {"model": task.model, "data": data, "recipe": fingerprint(task.recipe), "space": space}


def storage_of(plan: Search) -> BaseStorage:
    """The storage, opened."""
    if plan.storage is None:
        return JournalStorage(_journal(plan.folder))
    patient = {"connect_args": {"timeout": _PATIENT_S}} if plan.storage.startswith("sqlite") else {}
    return RDBStorage(plan.storage, engine_kwargs=patient)


def _journal(folder: Path) -> JournalFileBackend:
    """The journal's file, without what a process that was killed, or a full disk, left unfinished at its end.

    Its path is absolute: with a relative one Optuna's lock would never find out that its holder is gone.
    """
    path = folder.resolve() / "journal.log"
    backend = JournalFileBackend(str(path))
    if not _ends_whole(path):
        _mend(path)
    return backend


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        end = file.seek(0, 2)
        if end == 0:
            return True
        file.seek(end - 1)
        return file.read() == b"\n"


def _mend(path: Path) -> None:
    """Cut the unfinished last line off, under the journal's own lock: nobody else is then writing it."""
    lock = JournalFileSymlinkLock(str(path))
    lock.acquire()
    try:
        if not _ends_whole(path):
            whole = path.read_bytes().rpartition(b"\n")
            with path.open("r+b") as file:
                file.truncate(len(whole[0]) + len(whole[1]))
    finally:
        lock.release()


def done(study: optuna.Study) -> int:
    """Trials that count towards ``--trials``."""
    return len(study.get_trials(deepcopy=False, states=FINISHED))
