"""Whole trainings: they learn, they are kept, and killed ones go on as if nothing had happened."""

import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from beatomizer.cli.program import run as beatomizer
from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError
from beatomizer.training.checkpoint import Checkpoint, latest_checkpoint, read_checkpoint, save_checkpoint
from beatomizer.training.history import read_history
from beatomizer.training.loop import Outcome, train
from beatomizer.training.prepare import check_enough
from beatomizer.training.recipe import with_settings
from beatomizer.training.recipe_file import find_recipe, read_recipe
from beatomizer.training.run import RunBusyError, RunFacts, alone, claim, load_run, run_facts, write_claim
from tests.made_clips import made_set
from tests.training_worker import SMALL, pair_environment, started, starved_training

EVENTFUL = [
    "train.epochs=2",
    "train.batch_size=1",
    "train.checkpoint_steps=2",
    "model.dropout=0.2",
    "augment.gain_db=6",
    "augment.shift_frames=5",
    "augment.tempo=0.05",
    "optimiser.schedule=plateau",
    "optimiser.plateau_patience=0",
]
"""Everything that is random or remembered."""


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_set(tmp_path_factory.mktemp("set") / "shards", clips=8)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def begun(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Future[None]]]:
    """The training that others are compared with, under way while the first tests run."""
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    with ThreadPoolExecutor(1) as pool:  # starting a process waits for its server, and that for torch
        yield run, pool.submit(lambda: finished(started(shards, run, EVENTFUL)))


def small(shards: Path, run: Path, *settings: str, **listeners: object) -> Outcome:
    recipe = with_settings(find_recipe(None, "cnn"), [*SMALL, *settings])
    return train("cnn", [shards], run, recipe, accelerator="cpu", **listeners)


def finished(process: object) -> None:
    process.join(60)
    assert process.exitcode == 0


def ending(run: Path) -> dict[str, object]:
    """What must not depend on interruptions: all weights, the optimiser, and every number that is not a time."""
    last = sorted((run / "checkpoints").glob("step-*"))[-1]
    state = json.loads((last / "state.json").read_text())
    for row in state["rows"]:
        for clock in ("clips_per_s", "waiting"):
            del row[clock]
    hashes = {name: hashlib.sha256((last / name).read_bytes()).hexdigest() for name in MODEL_FILES}
    best = (run / "best.json").read_text()
    return {"name": last.name, "state": state, "best": best, **hashes}


MODEL_FILES = ("model.safetensors", "optimiser.safetensors")


@pytest.fixture(scope="module")
def learned(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome, list[int]]:
    """Intensity that follows clicks is learned in a few epochs."""
    run, clips = tmp_path_factory.mktemp("learned") / "run", []
    settings = ("model.inputs=bank104", "model.channels=[4]", "model.kernels=[4]", "model.dense=[16]")
    settings += (
        "train.epochs=8",
        "train.batch_size=1",
        "optimiser.learning_rate=0.02",
        "data.crop_frames=300",
    )
    only_mse = ("loss.oklab=0", "loss.cosine=0", "loss.spectral=0", "loss.mse=1")
    outcome = small(shards, run, *settings, *only_mse, on_step=lambda facts: clips.append(facts.clips))
    return run, outcome, clips


def test_it_learns_and_tells(learned: tuple[Path, Outcome, list[int]]) -> None:
    run, outcome, clips = learned
    losses = [row["train.loss"] for row in outcome.rows]
    assert min(losses) < 0.8 * losses[0]
    assert clips[:4] == [1, 2, 3, 4]
    assert outcome.clips_per_s > 0
    assert 0 <= outcome.waiting <= 1
    rows = read_history(run / "history.csv")
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["train.loss"] == pytest.approx(losses[-1], rel=1e-5)
    assert {"gradient.encoder.layers.0", "gradient.last", "validation.movement"} <= set(rows[0])
    assert rows[outcome.best_epoch - 1]["validation.loss"] == pytest.approx(outcome.best_score, rel=1e-5)
    assert outcome.references["constant"]["movement"] < 1e-3
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((run / "tensorboard").glob("events.*"))


def test_the_best_weights_come_back(learned: tuple[Path, Outcome, list[int]]) -> None:
    run, outcome, _ = learned
    model, recipe = load_run(run)
    assert not model.training
    assert recipe == read_recipe(run / "recipe.toml")
    assert run_facts(run).features.startswith("bank104")
    best = json.loads((run / "best.json").read_text())
    held = read_checkpoint(run / "checkpoints" / best["checkpoint"]).model
    for name, weights in model.state_dict().items():
        torch.testing.assert_close(weights, held[name])
    assert best["epoch"] == outcome.best_epoch
    kept = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert len(kept) <= 3
    assert best["checkpoint"] in kept


def test_a_finished_run_has_nothing_left_to_do(
    shards: Path, learned: tuple[Path, Outcome, list[int]]
) -> None:
    run, outcome, _ = learned
    recipe = read_recipe(run / "recipe.toml")
    again = train("cnn", [shards], run, recipe, accelerator="cpu")
    assert again.clips_per_s == 0
    assert again.rows == outcome.rows


def test_patience_ends_a_training(shards: Path, tmp_path: Path) -> None:
    outcome = small(
        shards, tmp_path / "run", "optimiser.name=sgd", "optimiser.learning_rate=1e-9", "train.patience=2"
    )
    assert outcome.stopped_early
    assert len(outcome.rows) - outcome.best_epoch == 2


def test_another_training_is_refused(shards: Path, tmp_path: Path) -> None:
    small(shards, tmp_path / "run", "train.epochs=1")
    with pytest.raises(UsageError, match=r"learning_rate 0\.002 there, 0\.5 here"):
        small(shards, tmp_path / "run", "train.epochs=1", "optimiser.learning_rate=0.5")
    other = made_set(tmp_path / "other", clips=6, seed=3)
    with pytest.raises(UsageError, match="other data"):
        small(other, tmp_path / "run", "train.epochs=1")
    with pytest.raises(UsageError, match="holds other things"):
        small(shards, shards)
    with pytest.raises(UsageError, match="zones"):
        train(
            "cnn",
            [shards, made_set(tmp_path / "two", clips=2, zones=2)],
            tmp_path / "r",
            find_recipe(None, "cnn"),
        )


def test_another_model_is_said_first(tmp_path: Path) -> None:
    there = RunFacts("cnn", 1, "slices400", (), 1)
    run = tmp_path / "run"
    run.mkdir()
    write_claim(run, there, find_recipe(None, "cnn"))
    with pytest.raises(UsageError, match=r"another training \(model: cnn there, attention here; ") as told:
        claim(run, replace(there, model="attention"), find_recipe(None, "attention"))
    assert "model.name" not in str(told.value)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_one_line(
    device: str, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if (torch.cuda if device == "cuda" else torch.backends.mps).is_available():
        pytest.skip("it is there")
    words = ["train", "cnn", "--data", str(shards), "-o", str(tmp_path / "run"), "--device", device]
    assert beatomizer(words) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"no '{device}' device" in told
    assert not (tmp_path / "run").exists()


def test_ctrl_c_is_one_line(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("beatomizer.training.loop.train", interrupted)
    assert beatomizer(["train", "cnn", "--data", str(shards), "-o", str(tmp_path / "run")]) == 130
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "the same command goes on" in told


def test_two_trainings_do_not_share_a_folder(shards: Path, tmp_path: Path) -> None:
    small(shards, tmp_path, "train.epochs=1")
    with alone(tmp_path), pytest.raises(RunBusyError, match="another training is at work"):
        small(shards, tmp_path, "train.epochs=1")
    small(shards, tmp_path, "train.epochs=1")


def test_fewer_clips_than_processes_are_refused() -> None:
    check_enough({"training": 4, "validation": 2}, 2)
    with pytest.raises(UsageError, match="1 validation clips are too few"):
        check_enough({"training": 4, "validation": 1}, 2)


def test_sets_are_joined(shards: Path, tmp_path: Path) -> None:
    other = made_set(tmp_path / "other", clips=4, seed=3)  # has no validation clips
    settings = [*SMALL, "train.epochs=1", "data.weights=[1, 0.5]"]
    seen: list[int] = []
    recipe = with_settings(find_recipe(None, "cnn"), settings)
    train(
        "cnn",
        [shards, other],
        tmp_path / "run",
        recipe,
        on_step=lambda facts: seen.append(facts.clips_of_epoch),
    )
    train_clips = [item.train for item in run_facts(tmp_path / "run").data]
    assert seen[0] == train_clips[0] + round(train_clips[1] * 0.5)
    with pytest.raises(UsageError, match="2 numbers for 1"):
        train("cnn", [shards], tmp_path / "one", recipe)


def test_a_training_that_blows_up_says_so(shards: Path, tmp_path: Path) -> None:
    settings = ("model.output=linear", "optimiser.name=sgd", "optimiser.learning_rate=10", "loss.mse=1e6")
    with pytest.raises(BeatomizerError, match="blew up"):
        small(
            shards,
            tmp_path / "run",
            *settings,
            "optimiser.gradient_clip=0",
            "train.patience=0",
            "train.epochs=40",
        )


def test_runs_that_are_none_say_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="is not a run"):
        load_run(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(UnreadableInputError, match="damaged"):
        load_run(tmp_path)


def test_checkpoints_survive_anything_on_disk(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save_checkpoint(
            tmp_path, Checkpoint(step, {"w": torch.full((3,), step)}, {}, {"x": 0.1}), best="step-00000001"
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"step-{n:08d}" for n in (1, 2, 3)]
    save_checkpoint(tmp_path, Checkpoint(4, {"w": torch.zeros(3)}, {}, {"x": 0.1}), best="step-00000001")
    assert not (tmp_path / "step-00000002").exists()
    (tmp_path / "step-00000004" / "manifest.json").unlink()
    (tmp_path / "step-00000003" / "state.json").write_text("{}")
    left = latest_checkpoint(tmp_path)
    assert left is not None
    assert left.step == 1
    np.testing.assert_array_equal(left.model["w"], np.ones(3))
    assert latest_checkpoint(tmp_path / "nowhere") is None


def test_the_command_line(shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "train",
        "cnn",
        "--data",
        str(shards),
        "-o",
        str(tmp_path / "run"),
        "--epochs",
        "1",
        "--device",
        "cpu",
    ]
    for setting in SMALL:
        words += ["--set", setting]
    assert beatomizer(words) == 0
    assert "clips/s" in capsys.readouterr().out
    assert beatomizer([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["epochs"] == 1
    assert {"clips_per_s", "waiting_for_data", "references", "best"} <= set(facts)
    assert beatomizer([*words, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert beatomizer([*words, "--set", "train.epoch=2"]) == 2
    assert "epochs" in capsys.readouterr().err
    assert beatomizer(["train", "cnn", "--data", str(tmp_path), "-o", str(tmp_path / "r")]) == 3


# --- in processes of their own -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def undisturbed(begun: tuple[Path, Future[None]]) -> Path:
    run, end = begun
    end.result()
    return run


def test_kill_nine_and_go_on_ends_identically(shards: Path, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for step in (2, 6):
        process = started(shards, run, EVENTFUL)
        deadline = time.monotonic() + 60
        while not (run / "checkpoints" / f"step-{step:08d}").exists():
            assert time.monotonic() < deadline
            assert process.exitcode is None
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL
    finished(started(shards, run, EVENTFUL))
    assert ending(run) == ending(undisturbed)
    assert not list((run / "checkpoints").glob(".writing-*"))


def test_a_damaged_checkpoint_is_passed_over(shards: Path, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    expected = ending(run)
    newest = sorted((run / "checkpoints").glob("step-*"))[-1]
    weights = bytearray((newest / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (newest / "model.safetensors").write_bytes(weights)
    small(shards, run, *EVENTFUL)
    assert ending(run) == expected


def test_two_processes_are_one_with_the_double_batch(shards: Path, tmp_path: Path) -> None:
    settings = ["train.epochs=2", "data.repeat_weight=0.5"]  # clips that weigh differently
    pair = [
        started(shards, tmp_path / "pair", [*settings, "train.batch_size=1"], environment)
        for environment in pair_environment()
    ]
    small(shards, tmp_path / "one", *settings)
    for process in pair:
        finished(process)
    one, two = (read_history(tmp_path / name / "history.csv") for name in ("one", "pair"))
    for before, after in zip(one, two, strict=True):
        for name in ("train.loss", "validation.loss", "train.cosine_similarity", "gradient"):
            assert after[name] == pytest.approx(before[name], rel=2e-4), name
    mine, theirs = (latest_checkpoint(tmp_path / name / "checkpoints") for name in ("one", "pair"))
    assert mine is not None
    assert theirs is not None
    for name, weights in mine.model.items():
        torch.testing.assert_close(theirs.model[name], weights, rtol=1e-3, atol=1e-4)


def test_a_full_disk_stops_cleanly_and_goes_on(shards: Path, undisturbed: Path, tmp_path: Path) -> None:
    run, report = tmp_path / "run", tmp_path / "report"
    finished(started(shards, run, EVENTFUL, 2_000, report, work=starved_training))
    assert "ResourceLimitError: " in report.read_text()
    assert not list((run / "checkpoints").glob("*/*"))
    finished(started(shards, run, EVENTFUL))
    assert ending(run) == ending(undisturbed)
