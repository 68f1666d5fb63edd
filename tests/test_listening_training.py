"""Training of listeners: what is cut out of lessons, what is right, going on after a stop, and the way to a file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from beatomizer.cli.program import run as main
from beatomizer.dataset.lessons.lesson import KINDS, Lesson, write_lesson
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.features.features import Features
from beatomizer.inference.engine import TEMPI_BPM, Scores
from beatomizer.inference.onnx_engine import OnnxEngine
from beatomizer.models.listening.full import Full
from beatomizer.training.listening.excerpts import batch_of, stacked, varied, whole
from beatomizer.training.listening.losses import loss_terms, material, spectra, tolerant
from beatomizer.training.listening.recipe import AugmentPart, ListenRecipe, listen_recipe_from, to_toml
from beatomizer.training.listening.recipe_file import find_listen_recipe
from beatomizer.training.listening.songs import Song, load_song, load_songs
from beatomizer.training.listening.train import learn_to_listen
from beatomizer.training.listening.workshop import load_listener
from beatomizer.training.run import run_facts

SIZES = {
    "full": {"fast": 8, "middle": 8, "slow": 8, "layers": 1, "heads": 2, "dropout": 0.0},
    "live": {"channels": 8, "blocks": 3, "memory": 8, "dropout": 0.0},
}


def lesson(seed: int, seconds: float = 12.0, bpm: float = 120.0, known: tuple[str, ...] = KINDS) -> Lesson:
    """Clicks on the beat in the feature bank's flux: no composer, no sound."""
    rng = np.random.default_rng(seed)
    count = int(seconds * 60)
    beats = np.arange(0.5 + 0.01 * seed, seconds - 0.5, 60 / bpm)
    frames = rng.normal(0, 0.1, (count, 104))
    frames[:, 64:88] = np.abs(frames[:, 64:88])
    frames[np.round(beats * 60).astype(int), 64:88] += 2.0
    half = seconds / 2
    sections = [
        {"start_s": 0.0, "end_s": half, "label": "verse", "repeat": "A", "energy": 0.3},
        {"start_s": half, "end_s": seconds, "label": "chorus", "repeat": "B", "energy": 0.9},
    ]
    truth = {
        **dict.fromkeys(("title", "style", "form", "bank", "key"), "x"),
        "seed": seed, "meter": "4/4", "tempo_bpm": bpm, "duration_s": seconds,
        "beats": [[float(t), 1 + n % 4] for n, t in enumerate(beats)],
        "onsets": {"kick": beats.tolist()},
        "sections": sections,
        "energy": [[0.0, 0.3], [half, 0.9]],
        "drops_s": [],
    }  # fmt: skip
    design = {
        "palette": ["#ff0000", "#0000ff"], "worn": {"A": [0, 1, 0], "B": [1, 0, 1]},
        "looks": [[0.0, "pulse"], [half, "chase"]],
    }  # fmt: skip
    light = np.full(count, 0.2)
    light[np.round(beats * 60).astype(int)] = 0.9
    facts = {"truth": truth, "design": design, "known": list(known), "made": {}}
    rgb = np.tile(light[:, None], (1, 3))
    return Lesson(frames.astype(np.float16), light.astype(np.float16), rgb.astype(np.float16), facts)


def folder_of(path: Path, count: int = 6) -> Path:
    path.mkdir()
    for n in range(count):
        write_lesson(lesson(n), path / f"lesson-{n:06d}.lesson.npz")
    return path


def song(tmp_path: Path, **kinds: object) -> Song:
    path = tmp_path / "one.lesson.npz"
    write_lesson(lesson(3, **kinds), path)  # type: ignore[arg-type]
    return load_song(path)


def recipe(model: str, **more: object) -> ListenRecipe:
    return listen_recipe_from(
        {
            "model": {"name": model, **SIZES[model]},
            "data": {"excerpt_s": [4, 8], "batch_s": 8, "validation_every": 3, "steps_per_epoch": 4},
            "train": {"epochs": 2, "precision": "32", "threads": 1, "patience": 0},
            "optimiser": {"learning_rate": 0.01, "warmup_steps": 2},
            **more,
        }
    )


def test_an_excerpt_at_its_own_speed_is_the_song(tmp_path: Path) -> None:
    one = song(tmp_path)
    part = whole(one, 600, start=60.0)
    np.testing.assert_array_equal(part["frames"], one.frames[60:660].astype(np.float32))
    beats = np.flatnonzero(part["beat"]) + 60
    np.testing.assert_allclose(beats, one.beats[(one.beats >= 60) & (one.beats < 660)].round(), atol=0.5)
    assert part["inside"].all()
    assert part["onsets"][:, 0].sum() == part["beat"].sum()


@pytest.mark.parametrize("speed", [0.8, 1.25])
def test_speed_moves_everything_together(tmp_path: Path, speed: float) -> None:
    one = song(tmp_path)
    part = whole(one, 480, start=30.0, speed=speed)
    beats = np.flatnonzero(part["beat"])
    np.testing.assert_allclose(np.diff(beats), 30 / speed, atol=1.0)
    clicks = part["frames"][:, 64:88].mean(axis=1)
    for beat in beats:  # the click is heard where the beat is
        assert abs(int(clicks[max(0, beat - 3) : beat + 4].argmax()) - min(beat, 3)) <= 1
        assert part["phase"][beat, 0] > 0.9
    said = TEMPI_BPM[part["tempo"][20, :-1].argmax()]
    assert abs(said / (120 * speed) - 1) < 0.03


def test_outside_the_song_nothing_is_known_and_nothing_sounds(tmp_path: Path) -> None:
    one = song(tmp_path)
    part = whole(one, 160, start=len(one) - 80.0)
    assert part["inside"][:80].all()
    assert not part["inside"][80:].any()
    assert (part["frames"][90:, :64] == -3).all()
    assert (part["part"][11:] == -1).all()
    assert part["beat"][85:].sum() == 0
    assert part["tempo"][-1, -1] == 1.0


def test_the_same_seed_is_the_same_batch_and_another_is_not(tmp_path: Path) -> None:
    songs = load_songs(sorted(folder_of(tmp_path / "l", 3).iterdir()))
    one, two, three = (batch_of(songs, 240, 2, AugmentPart(), (1, step, 0)) for step in (5, 5, 6))
    assert torch.equal(one.frames, two.frames)
    assert torch.equal(one.beat, two.beat)
    assert not torch.equal(one.frames, three.frames)


def test_variations_keep_the_shape_and_change_the_sound(tmp_path: Path) -> None:
    frames = song(tmp_path).frames.astype(np.float32)
    most = AugmentPart(key=1, bands=1, noise=1, hush=1, deaf=1)
    changed = varied(frames, most, np.random.default_rng(0))
    assert changed.shape == frames.shape
    assert np.isfinite(changed).all()
    assert not np.array_equal(changed, frames)
    assert (changed[:, 88:100] == 0).all()
    np.testing.assert_array_equal(
        varied(frames, AugmentPart(key=0, bands=0, noise=0, hush=0, deaf=0), np.random.default_rng(0)), frames
    )


def test_an_answer_two_frames_beside_the_beat_is_right_and_ten_is_not() -> None:
    truth, weight = torch.zeros(1, 100), torch.ones(1, 100)
    truth[0, 50] = 1

    def at(frame: int) -> float:
        logits = torch.full((1, 100), -8.0)
        logits[0, frame] = 8.0
        return float(tolerant(logits, truth, weight, "beat"))

    assert at(50) == pytest.approx(at(52))
    assert at(50) < 0.01
    assert at(60) > 10 * at(52)
    assert float(tolerant(torch.full((1, 100), -8.0), truth, weight, "beat")) > 10 * at(52)


def test_unknown_truth_teaches_nothing(tmp_path: Path) -> None:
    one = song(tmp_path, known=("beats",))
    batch = stacked([whole(one, 160)])
    torch.manual_seed(0)
    said = {
        name: torch.randn(1, 160 if fast else 20, width, requires_grad=True)
        for name, width, fast in (
            ("beat", 1, True), ("downbeat", 1, True), ("onsets", 4, True), ("boundary", 1, True),
            ("phase", 2, True), ("light", 1, True), ("energy", 1, False), ("tempo", 49, False),
            ("part", 7, False), ("material", 16, False), ("look", 8, False), ("hue", 24, False),
        )
    }  # fmt: skip
    terms = loss_terms(said, batch)
    torch.stack(list(terms.values())).sum().backward()
    taught = {name for name, value in said.items() if value.grad is not None and value.grad.abs().sum() > 0}
    assert taught == {"beat", "phase", "tempo"}


def test_material_wants_letters_apart() -> None:
    letters = torch.tensor([[0] * 20 + [1] * 20 + [0] * 20])
    apart = torch.zeros(1, 60, 16)
    apart[0, :, 0] = 1.0
    apart[0, 20:40] = torch.eye(16)[1]
    same = torch.ones(1, 60, 16)
    known = torch.ones(1)
    assert float(material(apart, letters, known)) < 0.1 < float(material(same, letters, known))


def test_a_late_pulse_costs_less_than_none() -> None:
    time = torch.arange(600)
    pulse = ((time % 30) < 4).float()[None]
    late, flat = torch.roll(pulse, 3, 1), torch.full((1, 600), float(pulse.mean()))
    ones = torch.ones(1, 600)
    assert float(spectra(late, pulse, ones)) < 0.5 * float(spectra(flat, pulse, ones))
    assert float(spectra(pulse, pulse, ones)) == 0.0


@pytest.mark.parametrize("model", ["full", "live"])
def test_it_learns_where_clicks_are(tmp_path: Path, model: str) -> None:
    data = folder_of(tmp_path / "lessons")
    longer = recipe(model, train={"epochs": 3, "precision": "32", "threads": 1, "patience": 0})
    longer = listen_recipe_from(
        {"model": longer.model, "data": {"excerpt_s": [8], "batch_s": 16, "validation_every": 3, "steps_per_epoch": 25},
         "train": {"epochs": 2, "precision": "32", "threads": 1}, "optimiser": {"learning_rate": 0.02}}
    )  # fmt: skip
    outcome = learn_to_listen(model, [data], tmp_path / "run", longer, accelerator="cpu")
    first, last = outcome.rows[0], outcome.rows[-1]
    assert last["validation.beat"] < 0.6 * first["train.beat"]
    assert outcome.lessons == (4, 2)
    assert outcome.best_epoch


@pytest.mark.parametrize("model", ["full", "live"])
def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path, model: str) -> None:
    data = folder_of(tmp_path / "lessons")
    wanted = recipe(model)
    whole_run = learn_to_listen(model, [data], tmp_path / "one", wanted, accelerator="cpu")

    class StopError(Exception):
        pass

    def stop(row: dict[str, float]) -> None:
        raise StopError

    with pytest.raises(StopError):
        learn_to_listen(model, [data], tmp_path / "two", wanted, on_epoch=stop, accelerator="cpu")
    again = learn_to_listen(model, [data], tmp_path / "two", wanted, accelerator="cpu")
    assert [row["validation.loss"] for row in again.rows] == [
        row["validation.loss"] for row in whole_run.rows
    ]
    assert (tmp_path / "one/history.csv").is_file()


def test_a_student_learns_from_its_teacher_and_starts_from_weights(tmp_path: Path) -> None:
    data = folder_of(tmp_path / "lessons")
    learn_to_listen("full", [data], tmp_path / "full", recipe("full"), accelerator="cpu")
    taught = recipe("live", teacher=1.0)
    outcome = learn_to_listen(
        "live", [data], tmp_path / "live", taught, teacher=tmp_path / "full", accelerator="cpu"
    )
    assert outcome.rows[-1]["train.teacher"] < outcome.rows[0]["train.teacher"]
    still = recipe("full", optimiser={"learning_rate": 1e-9})
    begun = learn_to_listen(
        "full", [data], tmp_path / "again", still, start=tmp_path / "full", accelerator="cpu"
    )
    best = json.loads((tmp_path / "full/best.json").read_text())["score"]
    assert begun.rows[-1]["validation.loss"] == pytest.approx(best, abs=1e-4)


def test_another_recipe_or_other_lessons_do_not_share_a_folder(tmp_path: Path) -> None:
    data = folder_of(tmp_path / "lessons")
    learn_to_listen("live", [data], tmp_path / "run", recipe("live"), accelerator="cpu")
    other = recipe("live", optimiser={"learning_rate": 0.5})
    with pytest.raises(UsageError, match="another recipe"):
        learn_to_listen("live", [data], tmp_path / "run", other, accelerator="cpu")
    with pytest.raises(UsageError, match="another model"):
        learn_to_listen("full", [data], tmp_path / "run", recipe("full"), accelerator="cpu")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableInputError, match="no lessons"):
        learn_to_listen("live", [tmp_path / "empty"], tmp_path / "run2", recipe("live"), accelerator="cpu")


def test_recipes_are_checked_and_written_as_they_are_read() -> None:
    for name in ("full", "live"):
        packaged = find_listen_recipe(None, name, ["train.epochs=3", "loss.hue=0", "teacher=0.25"])
        assert packaged.train.epochs == 3
        assert packaged.loss["hue"] == 0
        assert packaged.teacher == 0.25
        import tomllib

        assert listen_recipe_from(tomllib.loads(to_toml(packaged))) == packaged
    with pytest.raises(UsageError, match="beet"):
        listen_recipe_from({"loss": {"beet": 1.0}})
    with pytest.raises(UsageError, match="for 'full', not for 'live'"):
        find_listen_recipe("full", "live")
    with pytest.raises(UsageError, match=r"augment\.stretch"):
        listen_recipe_from({"augment": {"stretch": 3.0}})


def taught_from_the_command_line(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    data = folder_of(tmp_path / "lessons")
    settings = [f"model.{key}={value}" for key, value in SIZES[model].items()]
    settings += ["data.excerpt_s=[4]", "data.batch_s=8", "data.validation_every=3", "data.steps_per_epoch=2"]
    settings += ["train.precision=32", "train.threads=1"]
    words = ["train", model, "--data", str(data), "-o", str(tmp_path / "run"), "--epochs", "1", "--json"]
    assert main([*words, "--device", "cpu", *(w for s in settings for w in ("--set", s))]) == 0
    assert json.loads(capsys.readouterr().out)["lessons"] == {"train": 4, "validation": 2}
    assert run_facts(tmp_path / "run").model == model
    return tmp_path / "run"


def test_full_is_taught_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its way to a file takes ten seconds of processor time, and is gone once, in ``test_own_taste``."""
    model, _ = load_listener(taught_from_the_command_line("full", tmp_path, capsys))
    assert isinstance(model, Full)


def test_from_the_command_line_to_a_file_that_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = taught_from_the_command_line("live", tmp_path, capsys), tmp_path / "mine.onnx"
    assert main(["export", str(run), "-o", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["difference"] <= 1e-4
    engine = OnnxEngine.from_file(out)
    frames = np.random.default_rng(0).normal(0, 1, (100, 104)).astype(np.float32)
    features = Features(frames, np.zeros(40_000, dtype=np.float32), engine.card.features)
    heard = engine.listen(features)
    assert isinstance(heard, Scores)
    assert heard.tempo is not None
    assert heard.tempo.shape == (100, 49)
    assert engine.card.streams
    stream = engine.stream()
    parts = [stream.push(frames[start:stop])["phase"] for start, stop in ((0, 1), (1, 40), (40, 100))]
    assert heard.phase is not None
    np.testing.assert_allclose(np.concatenate(parts), heard.phase, atol=1e-4)
