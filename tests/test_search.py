"""A search draws, trains, remembers, goes on, and leaves a recipe that trains."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.cli import main
from beatomizer.errors import UsageError
from beatomizer.search.space import SPACES, as_settings, find_space, space_from
from beatomizer.search.study import Search, opened, search
from beatomizer.search.trial import Task, is_gone, this_worker
from beatomizer.training.recipe import Recipe, with_settings
from beatomizer.training.recipe_file import find_recipe
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
SPACE = '[space]\n"optimiser.learning_rate" = { low = 1e-4, high = 1e-1, log = true }\n"model.norm" = ["batch", "none"]\n'


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_set(tmp_path_factory.mktemp("set"), clips=6)


def small_words(shards: Path, study: Path, space: Path, *more: str) -> list[str]:
    settings = [word for setting in SMALL for word in ("--set", setting)]
    return ["search", "cnn", "--data", str(shards), "-o", str(study), "--space", str(space), *settings, *more]


def task_for(shards: Path, folder: Path, space: str = SPACE) -> Task:
    import tomllib

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
    for name in ("best.toml", "trials.csv", "study.json", "history.png", "importance.png", "journal.log"):
        assert (study / name).stat().st_size > 0
    assert main(small_words(shards, study, space, "--trials", "3")) == 0
    assert "best" in capsys.readouterr().out
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


def test_another_search_does_not_mix_into_a_study(shards: Path, tmp_path: Path) -> None:
    opened(task_for(shards, tmp_path), Search(tmp_path, 1))
    other = made_set(tmp_path / "other", clips=6, seed=9)
    with pytest.raises(UsageError, match="another data"):
        opened(task_for(other, tmp_path), Search(tmp_path, 1))


def test_two_workers_share_a_database(shards: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = search(task_for(shards, tmp_path), Search(tmp_path, 3, storage=url, workers=2))
    assert 3 <= len(study.trials) <= 4, "a worker may be finishing when the other reaches the number"
    assert len({trial.user_attrs["worker"] for trial in study.trials}) == 2


def test_a_killed_search_takes_its_trial_up_again(shards: Path, tmp_path: Path) -> None:
    study, space = tmp_path / "study", tmp_path / "space.toml"
    space.write_text(SPACE)
    words = small_words(
        shards, study, space, "--trials", "1", "--set", "train.epochs=400", "--set", "train.patience=0"
    )
    child = subprocess.Popen([sys.executable, "-m", "beatomizer", *words], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(study.glob("runs/*/best.json")):
        assert time.monotonic() < deadline, "no epoch came to an end"
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    task = task_for(shards, study)
    recipe = with_settings(task.recipe, ["train.epochs=400", "train.patience=0"])
    task = Task(task.model, task.shards, task.folder, recipe, task.space)
    from beatomizer.search.study import _take_over_orphans

    again = opened(task, Search(study, 1))
    before = again.trials[0].params
    _take_over_orphans(again)
    states = [trial.state for trial in again.trials]
    assert states == [optuna.trial.TrialState.FAIL, optuna.trial.TrialState.WAITING]
    drawn = again.ask(dict(task.space.ranges))
    assert drawn.params == before
    assert task.run_folder(task.recipe_of(before)).is_dir(), "the same run goes on"


def test_only_the_dead_of_this_machine_are_taken_over() -> None:
    assert not is_gone(this_worker())
    assert not is_gone("elsewhere:1")
    assert not is_gone("")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = this_worker().rpartition(":")[0]
    assert is_gone(f"{host}:{gone.pid}")
