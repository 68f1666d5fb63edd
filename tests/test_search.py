"""A search draws, trains, remembers, goes on, and leaves a recipe that trains."""

import csv
import json
import os
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState

from beatomizer.cli import main
from beatomizer.errors import BeatomizerError, ResourceLimitError, UsageError
from beatomizer.search.crew import _check, _stop
from beatomizer.search.processes import _began, is_gone, this_worker
from beatomizer.search.report import importances, write_report
from beatomizer.search.sampler import NumberedSampler
from beatomizer.search.space import SPACES, as_settings, find_space, space_from
from beatomizer.search.storage import Search, opened
from beatomizer.search.study import search
from beatomizer.search.trial import Task, skill_of
from beatomizer.search.worker import MOST_TAKEN_UP, take_up
from beatomizer.training.recipe import Recipe, with_settings
from beatomizer.training.recipe_file import find_recipe
from beatomizer.training.run import alone
from tests.made_clips import made_set

SMALL = [
    "model.channels=[2, 2]",
    "model.kernels=[8, 4]",
    "model.dense=[8]",
    "train.epochs=1",
    "train.threads=1",
    "train.batch_size=8",
    "data.workers=1",
]
RATE = '[space]\n"optimiser.learning_rate" = { low = 1e-4, high = 1e-1, log = true }\n'
SPACE = RATE + '"model.norm" = ["batch", "none"]\n'


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_set(tmp_path_factory.mktemp("set"), clips=6)


def small_words(shards: Path, study: Path, space: Path, *more: str) -> list[str]:
    fixed = [word for setting in SMALL for word in ("--set", setting)]
    return ["search", "cnn", "--data", str(shards), "-o", str(study), "--space", str(space), *fixed, *more]


def task_for(shards: Path, folder: Path, space: str = SPACE) -> Task:
    recipe = with_settings(find_recipe(None, "cnn"), SMALL)
    return Task("cnn", (shards,), folder / "runs", recipe, space_from(tomllib.loads(space)))


@pytest.mark.parametrize("path", sorted(SPACES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_value_of_the_packaged_spaces_makes_a_model(path: Path) -> None:
    model = path.stem
    task = Task(model, (), Path("nowhere"), find_recipe(None, model), find_space(None, model))
    task.check()
    parts = {key.partition(".")[0] for key in task.space.ranges}
    assert parts >= {"model", "loss", "optimiser"}, "from top to bottom"
    assert "model.inputs" in task.space.ranges, "features too"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ({"space": {"train.epochs": {"low": 3, "high": 1}}}, "cannot be"),
        ({"space": {"epochs": [1, 2]}}, "not a key"),
        ({"space": {}}, "not a search space"),
        ({"room": {"a.b": [1]}}, "not a search space"),
        ({"space": {"a.b": 3}}, "write a list"),
        ({"space": {"a.b": {"low": 0, "high": 1, "middle": 2}}}, "write a list"),
        ({"space": {"a.b": {"low": 0.0, "high": 1.0, "log": True}}}, "cannot be"),
    ],
)
def test_a_space_that_cannot_be_is_refused(text: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        space_from(text)


@settings(max_examples=25)
@given(
    st.dictionaries(st.sampled_from(["train.seed", "train.epochs"]), st.integers(1, 10**6), min_size=1),
    st.floats(1e-6, 1.0),
)
def test_drawn_values_arrive_in_the_recipe_unchanged(whole: dict[str, int], rate: float) -> None:
    recipe = with_settings(
        Recipe(), as_settings({**whole, "optimiser.learning_rate": rate, "optimiser.name": "sgd"})
    )
    assert recipe.optimiser.learning_rate == rate
    assert recipe.optimiser.name == "sgd"
    for key, value in whole.items():
        assert getattr(recipe.train, key.partition(".")[2]) == value


def test_an_unknown_key_stops_before_any_training(shards: Path, tmp_path: Path) -> None:
    task = task_for(shards, tmp_path, '[space]\n"model.depht" = [1, 2]\n')
    with pytest.raises(UsageError, match="depht"):
        search(task, Search(tmp_path, 1))
    assert not (tmp_path / "runs").exists()


def test_a_search_from_the_command_line_leaves_everything_and_goes_on(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, space = tmp_path / "study", tmp_path / "space.toml"
    space.write_text(SPACE)
    assert main(small_words(shards, study, space, "--trials", "2", "--json")) == 0
    first = json.loads(capsys.readouterr().out)
    assert sum(first["trials"].values()) == 2
    assert first["best"]["skill"] < 1.0
    for name in ("best.toml", "trials.csv", "study.json", "history.png", "journal.log"):
        assert (study / name).stat().st_size > 0
    assert not (study / "importance.png").exists(), "two trials tell nothing of importance"
    assert main(small_words(shards, study, space, "--trials", "3")) == 0
    told = capsys.readouterr().out
    assert "best" in told
    assert "importance.png" not in told
    with (study / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3, "one more, not three more"
    skills = [float(row["skill"]) for row in rows]
    assert json.loads((study / "study.json").read_text())["best"]["skill"] == pytest.approx(
        max(skills), abs=1e-5
    )
    best = find_recipe(str(study / "best.toml"), "cnn")
    chosen = rows[skills.index(max(skills))]
    assert best.optimiser.learning_rate == pytest.approx(float(chosen["optimiser.learning_rate"]))
    assert (study / "runs" / chosen["run"] / "best.json").is_file()


def test_a_search_does_not_mix_into_a_run_or_a_set(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds other things \('clips-"):
        opened(task_for(shards, tmp_path), Search(shards, 1))
    study = tmp_path / "study"
    (study / "runs").mkdir(parents=True)
    (study / "shared.db").touch()
    opened(task_for(shards, study), Search(study, 1, f"sqlite:///{study}/shared.db"))
    with pytest.raises(UsageError, match="holds other things"):
        opened(task_for(shards, study), Search(study, 1))


def test_another_search_does_not_mix_into_a_study(shards: Path, tmp_path: Path) -> None:
    opened(task_for(shards, tmp_path), Search(tmp_path, 1))
    other = made_set(tmp_path / "other", clips=6, seed=9)
    with pytest.raises(UsageError, match="another data"):
        opened(task_for(other, tmp_path), Search(tmp_path, 1))
    with pytest.raises(UsageError, match="another space"):
        opened(task_for(shards, tmp_path, SPACE.replace('"none"', '"layer"')), Search(tmp_path, 1))


def test_a_search_that_goes_on_draws_what_one_in_one_go_draws(shards: Path, tmp_path: Path) -> None:
    halves = task_for(shards, tmp_path / "halves", RATE)
    for trials in (1, 2):
        study = search(halves, Search(tmp_path / "halves", trials))
    whole = search(task_for(shards, tmp_path / "whole", RATE), Search(tmp_path / "whole", 2))
    assert [trial.params for trial in study.trials] == [trial.params for trial in whole.trials]
    assert study.trials[0].params != study.trials[1].params
    assert [trial.value for trial in study.trials] == [trial.value for trial in whole.trials]


def test_draws_follow_from_seed_and_number() -> None:
    def drawn(seed: int, number: int) -> float:
        study = optuna.create_study(sampler=NumberedSampler(seed))
        for _ in range(number):
            study.tell(study.ask(), 0.0)
        return float(study.ask().suggest_float("x", 0.0, 1.0))

    assert len({drawn(seed, number) for seed in (0, 1) for number in (0, 1)}) == 4
    assert drawn(1, 1) == drawn(1, 1)


def test_two_workers_share_a_database(shards: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    told: list[float] = []
    plan = Search(tmp_path, 2, storage=url, workers=2)
    study = search(task_for(shards, tmp_path), plan, lambda stage, share: told.append(share))
    assert len(study.trials) == 2
    assert len({trial.user_attrs["worker"] for trial in study.trials}) == 2
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)
    again = search(task_for(shards, tmp_path), plan)  # the number of workers does not make it another search
    assert len(again.trials) == 2


def _asked(study: optuna.Study, task: Task, worker: str) -> optuna.Trial:
    trial = study.ask(dict(task.space.ranges))
    trial.set_user_attr("worker", worker)
    return trial


def _dead() -> str:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return f"{this_worker().rsplit(':', 2)[0]}:{gone.pid}:1"


def test_only_the_dead_of_this_machine_are_taken_up() -> None:
    host, number, _ = this_worker().rsplit(":", 2)
    assert not is_gone(this_worker())
    assert not is_gone("elsewhere:1:1")
    assert not is_gone("")
    assert is_gone(_dead())
    assert is_gone(f"{host}:{number}:1"), "another process has the number now"
    with subprocess.Popen(["sleep", "60"]) as process:
        worker = f"{host}:{process.pid}:{_began(process.pid)}"
        assert not is_gone(worker)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(worker), "nobody has asked how it ended: a zombie"


def test_a_trial_is_taken_up_with_its_settings_but_not_for_ever(shards: Path, tmp_path: Path) -> None:
    task = task_for(shards, tmp_path)
    study, dead = opened(task, Search(tmp_path, 1)), _dead()
    params = [_asked(study, task, dead).params]
    while len(params) < 10:
        take_up(study)
        if not study.get_trials(states=(TrialState.WAITING,)):
            break
        params.append(_asked(study, task, dead).params)
    assert len(params) == 1 + MOST_TAKEN_UP
    assert params == [params[0]] * len(params)
    assert {trial.state for trial in study.trials} == {TrialState.FAIL}


class _StopAfter(optuna.pruners.BasePruner):
    """Ctrl-C after so many epochs."""

    def __init__(self, epochs: int) -> None:
        self.most, self.epochs = epochs, []

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        self.epochs.append(trial.last_step)
        if trial.last_step >= self.most:
            raise KeyboardInterrupt
        return False


def test_a_trial_that_is_taken_up_goes_on_in_its_run(shards: Path, tmp_path: Path) -> None:
    task = task_for(shards, tmp_path)
    task = replace(task, recipe=with_settings(task.recipe, ["train.epochs=3", "train.patience=0"]))
    study = opened(task, Search(tmp_path, 1))
    study.pruner = stop = _StopAfter(2)
    first = study.ask()
    with pytest.raises(KeyboardInterrupt):  # a real kill in the middle is in test_training_run
        skill_of(task, first)
    first.set_user_attr("worker", _dead())
    take_up(study)
    study.pruner = go_on = _StopAfter(99)
    second = study.ask()
    skill = skill_of(task, second)
    assert second.params == first.params
    assert (stop.epochs, go_on.epochs) == ([1, 2], []), "the last epoch is left, after which nobody is asked"
    known = study.trials[second.number].intermediate_values
    assert sorted(known) == [1, 2, 3]
    assert skill == pytest.approx(max(known.values()), abs=1e-4)
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_worker_that_is_killed_is_told_and_the_others_are_stopped() -> None:
    context = get_context("spawn")
    crew = [context.Process(target=time.sleep, args=(60,)) for _ in range(2)]
    for process in crew:
        process.start()
    here, there = context.Pipe(duplex=False)
    there.close()
    crew[0].kill()
    crew[0].join()
    with pytest.raises(BeatomizerError, match="by signal 9"):
        _check(crew[0], here)
    _check(crew[1], here)
    _stop(crew)
    assert not crew[1].is_alive()


def test_ctrl_c_queues_the_trial(shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    task, plan = task_for(shards, tmp_path), Search(tmp_path, 1)
    with monkeypatch.context() as patched:
        patched.setattr("beatomizer.search.trial.train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            search(task, plan)
    study = search(task, plan)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert study.trials[1].params == study.trials[0].params


def test_a_trial_that_fails_does_not_end_the_search_and_says_why(shards: Path, tmp_path: Path) -> None:
    task = task_for(shards, tmp_path)
    drawn = {"optimiser.learning_rate": 1e-2, "model.norm": "batch"}
    blocked = task.run_folder(task.recipe_of(drawn))
    blocked.mkdir(parents=True)
    (blocked / "somebody's").touch()
    opened(task, Search(tmp_path, 1)).enqueue_trial(drawn)
    study = search(task, Search(tmp_path, 1))
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert write_report(study, task, tmp_path)["trials"] == {"fail": 1, "complete": 1}
    with (tmp_path / "trials.csv").open(newline="") as file:
        failed, complete = csv.DictReader(file)
    assert "holds other things" in failed["reason"]
    assert complete["reason"] == ""


def test_a_search_whose_trials_all_fail_ends_with_the_reason(shards: Path, tmp_path: Path) -> None:
    task = task_for(shards, tmp_path, '[space]\n"data.clips" = [1, 2]\n')
    task = replace(task, recipe=with_settings(task.recipe, ["data.weights=[1.0, 1.0]"]))
    with pytest.raises(BeatomizerError, match=r"no trial came to an end.*data\.weights"):
        search(task, Search(tmp_path, 1))


def test_a_full_disk_stops_the_search_and_its_trial_goes_on_later(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ResourceLimitError("the disk is full")

    task = task_for(shards, tmp_path)
    monkeypatch.setattr("beatomizer.search.trial.train", full)
    with pytest.raises(ResourceLimitError, match="full"):
        search(task, Search(tmp_path, 3))
    states = [trial.state for trial in opened(task, Search(tmp_path, 3)).trials]
    assert states == [TrialState.FAIL, TrialState.WAITING], "it did not try again and again"


def test_the_same_settings_are_not_trained_twice_at_once(shards: Path, tmp_path: Path) -> None:
    task = task_for(shards, tmp_path, '[space]\n"model.norm" = ["batch"]\n')
    study = opened(task, Search(tmp_path, 1))
    run = task.run_folder(task.recipe_of({"model.norm": "batch"}))
    run.mkdir(parents=True)
    with alone(run), pytest.raises(optuna.TrialPruned):
        skill_of(task, study.ask())
    assert skill_of(task, study.ask()) < 1.0


def test_a_trial_that_is_behind_is_stopped_but_not_after_its_last_epoch(shards: Path, tmp_path: Path) -> None:
    task = task_for(shards, tmp_path, '[space]\n"model.norm" = ["batch"]\n')
    task = replace(task, recipe=with_settings(task.recipe, ["train.epochs=3", "train.patience=0"]))
    pruner = optuna.pruners.ThresholdPruner(lower=1.0)  # behind whatever it reaches

    def objective(trial: optuna.Trial) -> float:
        return skill_of(task, trial)

    study = optuna.create_study(direction="maximize", pruner=pruner)
    study.optimize(objective, n_trials=1)
    assert study.trials[0].state == TrialState.PRUNED
    assert list(study.trials[0].intermediate_values) == [1]
    assert study.trials[0].user_attrs["reason"] == "behind after epoch 1"
    last = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.ThresholdPruner(lower=1.0, n_warmup_steps=3)
    )
    last.optimize(objective, n_trials=1)
    assert last.trials[0].state == TrialState.COMPLETE
    assert list(last.trials[0].intermediate_values) == [1, 2, 3], (
        "the first one was trained by the trial before"
    )


def test_a_journal_that_was_cut_off_is_read_to_its_last_whole_line(shards: Path, tmp_path: Path) -> None:
    task, plan = task_for(shards, tmp_path), Search(tmp_path, 1)
    opened(task, plan).ask(dict(task.space.ranges))
    journal = tmp_path / "journal.log"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code":4,"worker_')
    study = opened(task, plan)
    assert journal.read_bytes().startswith(whole + b'{"op_code":0'), "what comes next has a line of its own"
    study.ask(dict(task.space.ranges))
    assert len(opened(task, plan).trials) == 2


def test_the_journal_does_not_depend_on_where_one_stands(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    task = task_for(shards, Path("study"))
    study = opened(task, Search(Path("study"), 1))
    lock = tmp_path / "study" / "journal.log.lock"
    seen: list[bool] = []
    fsync = os.fsync

    def looked(handle: int) -> None:
        if lock.is_symlink():
            seen.append(lock.exists())
        fsync(handle)

    monkeypatch.setattr("os.fsync", looked)
    study.ask()
    assert seen
    assert all(seen), "a lock that points nowhere is never released after its holder was killed"
    assert study.study_name == opened(task, Search(tmp_path / "study", 1)).study_name


def test_keys_that_change_the_judge_and_an_empty_space_are_refused(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be varied"):
        task_for(shards, tmp_path, '[space]\n"data.repeat_weight" = [0.0, 1.0]\n').check()
    task = task_for(shards, tmp_path)
    space = task.space.without(["model.norm", "optimiser.learning_rate.more"])
    with pytest.raises(UsageError, match="nothing is left"):
        replace(task, space=space).check()


@pytest.mark.parametrize("numbers", [{"trials": 0}, {"trials": 1, "workers": 0}, {"trials": 1, "seed": -1}])
def test_numbers_that_cannot_be_are_refused(tmp_path: Path, numbers: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Search(tmp_path, **numbers)


def test_a_storage_that_cannot_be_opened_is_said_in_one_line(shards: Path, tmp_path: Path) -> None:
    for url in ("study.db", f"sqlite:///{tmp_path}/nowhere/study.db"):
        with pytest.raises(UsageError, match="cannot open the study's storage") as caught:
            opened(task_for(shards, tmp_path), Search(tmp_path, 1, storage=url))
        assert "\n" not in str(caught.value)


def test_importance_finds_the_key_that_matters() -> None:
    study = optuna.create_study(direction="maximize", sampler=NumberedSampler(0))
    study.optimize(
        lambda trial: trial.suggest_float("a", 0, 1) + 0 * trial.suggest_float("b", 0, 1), n_trials=5
    )
    assert importances(study) == {}, "too few"
    study.optimize(
        lambda trial: trial.suggest_float("a", 0, 1) + 0 * trial.suggest_float("b", 0, 1), n_trials=8
    )
    found = importances(study)
    assert list(found) == ["a", "b"]
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["a"] > 2 * found["b"]
