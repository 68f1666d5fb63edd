"""A trained model and its file are the same model; a wrong file is never written; the line needs no torch for it."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from beatomizer.cli import main
from beatomizer.color import srgb_to_linear
from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError
from beatomizer.features.bank import SETTINGS
from beatomizer.inference.onnx_engine import OnnxEngine
from beatomizer.models.colour_model import INPUT_WIDTHS, ColourModel
from beatomizer.models.pieces import light_of
from beatomizer.models.table import build
from beatomizer.training import export as exporting
from beatomizer.training.checkpoint import Checkpoint, save_checkpoint
from beatomizer.training.export import LARGEST_DIFFERENCE, ModelFacts, export_model, parity, revision_of
from beatomizer.training.recipe import with_settings
from beatomizer.training.recipe_file import find_recipe
from beatomizer.training.run import BEST, CHECKPOINTS, DataFacts, RunFacts, write_claim, write_json
from tests.songs import beat_song, write_wav

TINY = {
    "cnn": {"channels": [4, 6], "kernels": [8, 3], "dense": [8]},
    "attention": {
        "inputs": "bank104",
        "feedback": True,
        "width": 8,
        "encoder": 6,
        "decoder": 10,
        "attention": 5,
    },
}
ZONES = {"cnn": 1, "attention": 3}


def tiny(name: str) -> ColourModel:
    """Freshly made, its statistics moved away from where they begin, as training does."""
    torch.manual_seed(3)
    model = build(name, TINY[name], ZONES[name])
    model.train()(torch.randn(2, 30, INPUT_WIDTHS[model.inputs]))
    return model.eval()


def facts_of(model: ColourModel) -> ModelFacts:
    features = "slices400" if model.inputs == "slices400" else SETTINGS
    return ModelFacts(f"tiny {model.name}", features, "0123abcd", licence="CC0-1.0")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=TINY)
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ColourModel, Path]:
    model = tiny(request.param)
    path = tmp_path_factory.mktemp("exported") / f"{request.param}.onnx"
    written = export_model(model, facts_of(model), path)
    assert written.size_bytes == path.stat().st_size
    assert 0.0 <= written.difference <= LARGEST_DIFFERENCE
    return model, path


def test_a_song_of_several_pieces_is_the_same_without_torch(exported: tuple[ColourModel, Path]) -> None:
    model, path = exported
    frames = np.random.default_rng(1).normal(0, 0.3, (1500, INPUT_WIDTHS[model.inputs])).astype(np.float32)
    theirs = OnnxEngine.from_file(path).outputs(frames)["rgb"]
    ours = srgb_to_linear(light_of(model, frames).astype(np.float64))
    assert theirs.shape == (1500, model.zones, 3)
    assert np.abs(theirs - ours).max() <= LARGEST_DIFFERENCE
    assert theirs.std(axis=0).max() > 1e-4


def test_the_card_tells_what_it_was_told(exported: tuple[ColourModel, Path]) -> None:
    model, path = exported
    card = OnnxEngine.from_file(path).card
    facts = facts_of(model)
    assert (card.name, card.licence, card.dataset) == (facts.name, "CC0-1.0", "0123abcd")
    assert (card.kind, card.features, card.state, card.zones) == ("rgb", facts.features, "none", model.zones)
    assert (card.context_frames, card.lookahead_frames) == (model.context_frames, model.lookahead_frames)
    assert card.chunk_frames == model.chunk_frames
    assert card.revision == revision_of(model)


def test_the_file_is_alone_and_tells_nothing_of_the_machine(exported: tuple[ColourModel, Path]) -> None:
    _, path = exported
    data = path.read_bytes()
    assert [other.name for other in path.parent.iterdir()] == [path.name]
    for trace in (b".py", b"site-packages", str(Path.cwd()).encode(), b"stack_trace"):
        assert trace not in data


def test_the_same_weights_give_the_same_bytes(exported: tuple[ColourModel, Path], tmp_path: Path) -> None:
    _, path = exported
    if path.stem != "attention":  # the graph with loops in it is the one whose names might change
        return
    again = tiny("attention")
    export_model(again, facts_of(again), tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == path.read_bytes()


def test_other_weights_do_not_pass_for_these(exported: tuple[ColourModel, Path]) -> None:
    model, path = exported
    other = tiny(model.name)
    with torch.no_grad():
        for values in other.last.parameters():
            values += 0.01
    assert parity(model, path.read_bytes()) <= LARGEST_DIFFERENCE
    assert parity(other, path.read_bytes()) > LARGEST_DIFFERENCE
    assert revision_of(other) != revision_of(model)


def test_a_file_that_differs_is_not_written(
    exported: tuple[ColourModel, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exporter is made to give the file of another model: what is there stays as it was."""
    model, path = exported
    other = tiny(model.name)
    with torch.no_grad():
        for values in other.last.parameters():
            values += 0.01
    monkeypatch.setattr(exporting, "_onnx_bytes", lambda still, facts: path.read_bytes())
    out = tmp_path / "model.onnx"
    out.write_bytes(b"before")
    with pytest.raises(BeatomizerError, match="differs"):
        export_model(other, facts_of(other), out)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("model.onnx", b"before")]


def test_a_model_of_another_feature_bank_is_refused(tmp_path: Path) -> None:
    model = tiny("attention")
    with pytest.raises(UnreadableInputError, match="bank104-v0"):
        export_model(
            model, dataclasses.replace(facts_of(model), features="bank104-v0-1"), tmp_path / "x.onnx"
        )
    assert not list(tmp_path.iterdir())


def test_the_suffix_is_looked_at_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.onnx"):
        export_model(tiny("cnn"), facts_of(tiny("cnn")), tmp_path / "model.pt")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder as ``train`` leaves it, with the weights of a tiny cnn in it."""
    folder = tmp_path_factory.mktemp("run") / "run"
    folder.mkdir()
    recipe = with_settings(
        find_recipe(None, "cnn"), [f"model.{key}={value}" for key, value in TINY["cnn"].items()]
    )
    data = (DataFacts("made", "0123abcd", "mean", 8, 2),)
    write_claim(folder, RunFacts("cnn", 1, "slices400", data, 1), recipe)
    best = save_checkpoint(folder / CHECKPOINTS, Checkpoint(1, tiny("cnn").state_dict(), {}, {}), "")
    write_json(folder / BEST, {"checkpoint": best.name})
    return folder


def test_a_run_is_exported_and_rendered_without_torch(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, song = tmp_path / "mine.onnx", write_wav(tmp_path / "song.wav", beat_song(3.0))
    assert main(["export", str(run), "-o", str(model), "--name", "mine", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == str(model)
    assert told["difference"] <= LARGEST_DIFFERENCE
    blocker = tmp_path / "blocker"
    blocker.mkdir()
    for name in ("torch", "onnx", "safetensors", "lightning_fabric"):
        (blocker / f"{name}.py").write_text(f"raise ImportError('{name} is blocked by this test')\n")
    words = ["render", str(song), "--model", str(model), "-o", str(tmp_path / "x.npz"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "beatomizer", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(blocker)},
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
        assert arrays["rgb"].shape[0] == 180
        assert arrays["rgb"].std() > 0


def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path), "-o", str(tmp_path / "x.onnx")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())
