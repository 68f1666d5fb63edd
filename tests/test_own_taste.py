"""Learning from somebody's own shows: one designer's takes, weights of a model file, clips, the training."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from beatomizer.arrays import F64
from beatomizer.cli.program import run as beatomizer
from beatomizer.color import (
    linear_to_oklab,
    linear_to_srgb,
    oklab_to_oklch,
    oklch_to_linear,
    parse_hex,
    rgb8_to_linear,
)
from beatomizer.composer.annotations import Annotations
from beatomizer.composer.compose import written
from beatomizer.composer.truth import annotated
from beatomizer.cues.cuelist import Section
from beatomizer.cues.mood import Mood
from beatomizer.cues.opinions import Opinions, opinions
from beatomizer.cues.phrases import Phrase
from beatomizer.cues.schemes import hue_bin, palette_for
from beatomizer.dataset.clip import CLIP_FRAMES, CUT, MISSING, REPEAT, Clip
from beatomizer.dataset.compose.designer import Design, design
from beatomizer.dataset.compose.person import person
from beatomizer.dataset.compose.take import TakeSettings
from beatomizer.dataset.compose.takes import compose_takes
from beatomizer.dataset.lessons.lesson import SUFFIX
from beatomizer.dataset.shards import write_facts, write_split
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.features.bank import SETTINGS
from beatomizer.features.features import Features
from beatomizer.inference import models
from beatomizer.inference.engine import SCORE_WIDTHS, Scores
from beatomizer.inference.onnx_engine import OnnxEngine
from beatomizer.inference.onnx_guard import check_model, read_model
from beatomizer.models.listening.full import Full, FullConfig
from beatomizer.training.checkpoint import Checkpoint, save_checkpoint
from beatomizer.training.listening.clips import ShownBatch, cut, hue_chances, read_stretches, stretch_of
from beatomizer.training.listening.export import rounded, scores_in_torch
from beatomizer.training.listening.recipe import to_toml
from beatomizer.training.listening.recipe_file import find_listen_recipe
from beatomizer.training.listening.shipped import full_of_file, shipped_file
from beatomizer.training.listening.taste import kept, lean, paced, taste_terms
from beatomizer.training.listening.tune import RECIPE_NAME, TasteOutcome, learn_taste, sorted_folders
from beatomizer.training.listening.workshop import load_listener
from beatomizer.training.run import (
    BEST,
    CHECKPOINTS,
    FACTS,
    FORMAT,
    RECIPE,
    VERSION,
    DataFacts,
    RunFacts,
    run_facts,
    write_json,
    write_text,
)
from tests.made_clips import made_clip, made_set

TINY = FullConfig(fast=8, middle=8, slow=12, layers=1, heads=3, dropout=0.0)
LIKED_DEG = 300.0
SHORT = [
    "train.threads=1",
    "train.epochs=2",
    "data.steps_per_epoch=6",
    "data.excerpt_s=[8]",
    "data.batch_s=16",
    "optimiser.learning_rate=0.02",
    "trunk=1.0",
    "model.dropout=0.1",
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny() -> Full:
    torch.manual_seed(4)
    model = Full(TINY)
    for parameter in model.parameters():  # so that no path is silent
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ``full`` as training leaves it, with the weights of ``tiny``, through the command line to a file."""
    folder = tmp_path_factory.mktemp("model")
    run, path = folder / "run", folder / "tiny.onnx"
    run.mkdir()
    recipe = find_listen_recipe(
        None, "full", [f"model.{key}={json.dumps(value)}" for key, value in asdict(TINY).items()]
    )
    write_text(run / RECIPE, to_toml(recipe))
    facts = RunFacts("full", 1, SETTINGS, (DataFacts("made", "0123abcd", "lessons", 2, 1),), 1)
    write_json(run / FACTS, {"format": FORMAT, "version": VERSION, **asdict(facts)})
    best = save_checkpoint(run / CHECKPOINTS, Checkpoint(1, tiny().state_dict(), {}, {}), "")
    write_json(run / BEST, {"checkpoint": best.name})
    assert beatomizer(["export", str(run), "-o", str(path), "--name", "tiny", "--quiet"]) == 0
    return path


def violet(level: Any) -> F64:
    """Linear light ``[T, 1, 3]`` of one hue."""
    colour = np.clip(oklch_to_linear(np.array([0.6, 0.2, np.deg2rad(LIKED_DEG)])), 0, 1)
    return np.asarray(level[:, None, None] * colour)


def lit_clip(number: int) -> Clip:
    """A clip whose light is always the same hue, and on for two seconds of every four."""
    level = 0.2 + 0.8 * (np.arange(CLIP_FRAMES) % 240 < 120)
    return replace(
        made_clip(number),
        rgb=np.round(linear_to_srgb(violet(level)) * 65535).astype(np.uint16),
        split="train",
    )


@pytest.fixture(scope="module")
def shows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two takes of two clips in ``train``, none for validation."""
    folder = tmp_path_factory.mktemp("shows")
    shards = {"train": write_split(folder, "train", [lit_clip(number) for number in range(4)])}
    write_facts(folder, shards, labels="implied", zones=1, more={})
    return folder


# One designer's takes


def songs(count: int) -> list[Annotations]:
    found = []
    for seed in range(count):
        score, _ = written(seed)
        found.append(annotated(score, seed, score.end_s + 1.6, ()))
    return found


def lit_by(number: int | None, song: Annotations) -> Design:
    who = None if number is None else person(number)
    return design(song, np.random.default_rng(song.seed), person=who)


def leads_deg(made: Design) -> float:
    rgb8 = np.array(parse_hex(made.wardrobe.palette[0]), dtype=np.uint8)
    return float(np.degrees(oklab_to_oklch(linear_to_oklab(rgb8_to_linear(rgb8)))[2]))


def apart_deg(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)


def test_one_designer_lights_every_song_with_the_same_habits_and_favourite_colours() -> None:
    for number in (1, 2):
        who = person(number)
        assert who == person(number)
        for song in songs(3):
            made = lit_by(number, song)
            assert made.manner == who.manner
            assert made.zones == who.zones
            assert len(made.wardrobe.palette) == who.taste.colors
            assert apart_deg(leads_deg(made), who.taste.lead_deg) < 4 * who.taste.spread_deg + 15
    assert person(1) != person(2)


def test_without_a_designer_every_take_has_its_own() -> None:
    first, second = (lit_by(None, song) for song in songs(2))
    assert first.manner != second.manner
    assert "designer" not in TakeSettings(3).of_take(0)
    assert TakeSettings(3, designer=0).of_take(0)["designer"] == 0


def test_takes_of_two_designers_do_not_mix(tmp_path: Path) -> None:
    made = {
        "made": TakeSettings(4, designer=1).of_take(0),
        "media": {"name": "take-00000000.flac", "bytes": 1},
    }
    lines = ",\n".join(f'"{key}":{json.dumps(value)}' for key, value in made.items())
    (tmp_path / "take-00000000.score.json").write_text("{\n" + lines + ",\n}\n")
    with pytest.raises(UsageError, match="designer 1, now many designers"):
        compose_takes(tmp_path, 1, TakeSettings(4))
    with pytest.raises(UsageError, match="cannot be -1"):
        compose_takes(tmp_path, 1, TakeSettings(4, designer=-1))


# Weights out of a model file


def test_a_model_file_gives_back_every_weight(file: Path) -> None:
    ours, theirs = rounded(tiny()), full_of_file(read_model(file))
    assert theirs.config == replace(TINY, dropout=FullConfig.dropout)
    assert not theirs.training
    for name, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[name]), name
    frames = np.random.default_rng(0).standard_normal((50, 104)).astype(np.float32)
    for name, score in scores_in_torch(ours, frames).items():
        assert np.array_equal(score, scores_in_torch(theirs, frames)[name]), name


def test_the_line_hears_through_the_file(file: Path) -> None:
    engine = OnnxEngine.from_file(file)
    assert (engine.card.name, engine.card.dataset, engine.card.streams) == ("tiny", "0123abcd", False)
    frames = np.random.default_rng(0).standard_normal((100, 104)).astype(np.float32)
    heard = engine.listen(Features(frames, np.zeros(40_000, dtype=np.float32), engine.card.features))
    assert isinstance(heard, Scores)
    for name, score in scores_in_torch(rounded(tiny()), frames).items():
        np.testing.assert_allclose(getattr(heard, name), score, atol=1e-4)


def test_a_file_whose_network_is_another_is_refused(file: Path) -> None:
    proto = onnx.load(str(file))
    norm = next(node for node in proto.graph.node if node.op_type == "LayerNormalization")
    next(entry for entry in norm.attribute if entry.name == "epsilon").f = 0.5
    with pytest.raises(UnreadableInputError, match="do not say what it says"):
        full_of_file(check_model(proto.SerializeToString()))


def test_a_file_of_another_kind_is_refused(file: Path) -> None:
    proto = onnx.load(str(file))
    for one in proto.graph.initializer:
        one.name = one.name.replace("model.pool", "another.pool")
    with pytest.raises(UnreadableInputError, match="holds no listener like 'full'"):
        full_of_file(check_model(proto.SerializeToString()))


def test_the_shipped_file_is_found_by_name_and_hash(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = read_model(file)
    shipped = {"full": models.ShippedModel(str(file), model.sha256)}
    monkeypatch.setattr("beatomizer.training.listening.shipped.SHIPPED_MODELS", shipped)
    assert shipped_file().data == model.data
    shipped["full"] = models.ShippedModel(str(file), "0" * 64)
    with pytest.raises(UnreadableInputError, match="not the model that was released"):
        shipped_file()
    shipped.clear()
    with pytest.raises(UsageError, match="no model 'full' ships") as caught:
        shipped_file()
    assert "--start" in caught.value.hint


# Clips


def test_neighbours_are_joined_and_gaps_are_not(tmp_path: Path) -> None:
    clips = [replace(lit_clip(0), key=f"{1:016x}-{number:04d}") for number in (0, 1, 3)]
    clips.append(replace(lit_clip(1), key=f"{2:016x}-0000"))
    shards = {"train": write_split(tmp_path, "train", clips)}
    write_facts(tmp_path, shards, labels="implied", zones=1, more={})
    found = read_stretches([tmp_path], "train")
    assert [(one.name[-6:], len(one)) for one in found] == [
        ("1-0000", 2 * CLIP_FRAMES),
        ("1-0003", CLIP_FRAMES),
        ("2-0000", CLIP_FRAMES),
    ]
    alone = stretch_of(clips[:1])
    assert np.array_equal(found[0].frames[:CLIP_FRAMES], alone.frames)
    assert read_stretches([tmp_path], "test") == []


def test_cuts_gaps_and_still_pictures_are_not_believed() -> None:
    flags = np.zeros(CLIP_FRAMES, dtype=np.uint8)
    flags[10:17], flags[30:40] = CUT, MISSING
    flags[51:100:2] = REPEAT  # thirty pictures a second
    flags[200:300] = REPEAT  # a picture that stood still
    seen = stretch_of([replace(lit_clip(0), flags=flags)])
    wrong = np.flatnonzero(seen.seen == 0)
    assert set(wrong) == {*range(10, 17), *range(30, 40), *range(200, 300)}
    assert set(np.flatnonzero(seen.fresh == 0)) == {*wrong, *range(51, 100, 2)}


def test_hue_is_read_where_there_is_coloured_light() -> None:
    frames = 80
    level = np.where(np.arange(frames) < 40, 1.0, 1e-4)
    linear = violet(level)
    linear[24:32] = 0.5  # white
    seen = np.ones(frames, dtype=np.bool_)
    seen[:4] = False
    chances = hue_chances(linear, np.sqrt(linear.mean(axis=(1, 2))), seen)
    assert chances.shape == (10, 24)
    assert np.allclose(chances.sum(axis=1), [0.5, 1, 1, 0, 1, 0, 0, 0, 0, 0], atol=1e-5)
    assert np.all(chances[[0, 1, 2, 4]].argmax(axis=1) == LIKED_DEG // 15)


def test_an_excerpt_beyond_the_end_is_silence() -> None:
    part = cut(stretch_of([lit_clip(0)]), 800, 240)
    assert part["inside"].sum() == 100
    assert part["seen"][100:].sum() == 0
    assert np.all(part["frames"][100:] == part["frames"][239])
    assert part["hue"].shape == (30, 24)


# What is compared


def logits(frames: int = 960) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    slow = ("energy", "tempo", "part", "material", "look", "hue")
    steps = {name: frames // 8 if name in slow else frames for name in SCORE_WIDTHS}
    return {name: torch.randn(1, steps[name], max(1, width)) for name, width in SCORE_WIDTHS.items()}


def shown(light: F64) -> ShownBatch:
    frames = len(light)
    one, hue = torch.ones(1, frames), torch.zeros(1, frames // 8, 24)
    hue[..., 3] = 1.0
    return ShownBatch(torch.zeros(1, frames, 104), torch.tensor(light)[None].float(), one, one, hue, one)


def test_a_light_some_frames_late_is_nearly_right_and_a_steady_one_is_not() -> None:
    time_s = np.arange(960) / 60
    beat = 0.2 + 0.6 * np.exp(-6 * (time_s % 0.5)) * (1 - 0.5 * (time_s > 8))
    batch, start = shown(beat), logits()

    def judged(light: F64) -> dict[str, float]:
        said = start | {"light": torch.logit(torch.tensor(light).float())[None, :, None]}
        return {name: float(term) for name, term in taste_terms(said, start, batch).items()}

    exact, late = judged(beat), judged(np.roll(beat, 6))
    steady, dim = judged(np.full(960, beat.mean())), judged(0.5 * beat)
    assert exact["light"] < 1e-4
    assert exact["spectral"] < 1e-4
    assert late["light"] < 0.2 * steady["light"]
    assert late["light"] < 0.2 * dim["light"]
    assert late["spectral"] < 0.5 * steady["spectral"]
    assert exact["kept"] == pytest.approx(0.0, abs=1e-6)


def test_only_light_and_hue_may_move_freely() -> None:
    start, inside = logits(), torch.ones(1, 960)
    for name in SCORE_WIDTHS:
        moved = start | {name: start[name] + torch.randn_like(start[name])}
        far = float(kept(moved, start, inside))
        assert (abs(far) < 1e-5) == (name in ("light", "hue")), (name, far)


def test_hues_are_as_frequent_as_they_were_seen_to_be_before_the_first_step() -> None:
    model = tiny()
    frames = np.random.default_rng(2).standard_normal((4000, 104)).astype(np.float32)
    seen = torch.softmax(torch.linspace(-2, 2, 24), 0)
    said = torch.from_numpy(scores_in_torch(model, frames)["hue"].mean(axis=0))
    lean(model, torch.stack([seen, said]))
    after = torch.from_numpy(scores_in_torch(model, frames)["hue"].mean(axis=0))
    assert (after - seen).abs().sum() < 0.5 * (said - seen).abs().sum()


@pytest.mark.parametrize("trunk", [0.0, 0.25])
def test_what_shows_do_not_teach_moves_slower_or_not_at_all(trunk: float) -> None:
    model = tiny().requires_grad_(True)
    optimiser = paced(torch.optim.AdamW(model.parameters(), lr=0.1), model, trunk)
    shares = {id(one): group["share"] for group in optimiser.param_groups for one in group["params"]}
    for name, parameter in model.named_parameters():
        head = name.startswith(("heads.fast.light", "heads.slow.hue"))
        assert shares.get(id(parameter), 0.0) == (1.0 if head else trunk), name
        assert parameter.requires_grad == (head or trunk > 0)


# What it comes to in a show


def heard_with(hue: Any) -> Scores:
    """Scores of a minute of one letter: nothing but hue chances ``[24]``."""
    rows = np.repeat(np.asarray(hue, dtype=np.float32)[None], 3600, axis=0)
    return Scores(beat=np.zeros(3600, dtype=np.float32), hue=rows)


def test_a_model_that_knows_a_taste_chooses_every_colour_by_it() -> None:
    def said(width: float) -> Opinions:
        away = np.abs((np.arange(24) - 20 + 12) % 24 - 12)
        hue = np.exp(-0.5 * (away / width) ** 2)
        parts = (Section(0.0, 60.0, "A"),)
        return opinions(heard_with(hue / hue.sum()), parts, [Phrase(0.0, 60.0, 0, 0, (0.0,), 0.0)])

    assert said(100.0).taste == 0.0
    assert said(2.0).taste == 1.0
    mood, hue = Mood(0.5, 0.5, 0.5, 0.0), said(2.0).hue

    def misses(taste: float) -> float:
        away = []
        for seed in range(12):
            palette = palette_for(hue, {"A": 60.0}, mood, np.random.default_rng(seed), taste)
            away += [abs((hue_bin(color) - 20 + 12) % 24 - 12) > 5 for color in palette]
        return float(np.mean(away))

    assert misses(1.0) < 0.1
    assert misses(0.0) > 0.2


# The training


def taught(shows: Path, run: Path, file: Path, *settings: str) -> TasteOutcome:
    recipe = find_listen_recipe(RECIPE_NAME, "full", [*SHORT, *settings])
    return learn_taste("full", [shows], run, recipe, start=file, accelerator="cpu")


def test_a_taste_is_learned_and_the_rest_is_kept(shows: Path, file: Path, tmp_path: Path) -> None:
    outcome = taught(shows, tmp_path / "run", file)
    best = outcome.rows[outcome.best_epoch - 1]
    assert outcome.lessons == (1, 1)
    assert outcome.before["kept"] == pytest.approx(0.0, abs=1e-5)
    assert best["validation.hue"] < outcome.before["hue"] - 0.5
    model, recipe = load_listener(tmp_path / "run")
    assert recipe.model["dropout"] == 0.1
    assert recipe.model["slow"] == TINY.slow
    [stretch] = read_stretches([shows], "train")[1:]
    hue, before = (
        scores_in_torch(one, stretch.frames.astype(np.float32))["hue"].mean(axis=0) for one in (model, tiny())
    )
    liked = int(LIKED_DEG // 15)
    assert hue[liked] > 2 * before[liked]
    assert hue.argmax() in (liked - 1, liked, liked + 1)
    loose = taught(shows, tmp_path / "loose", file, "teacher=0.0")
    assert best["validation.kept"] < 0.7 * loose.rows[-1]["validation.kept"]
    data = run_facts(tmp_path / "run").data
    assert [item.labels for item in data] == ["implied", "weights"]
    assert data[1].name == "tiny.onnx"


def test_a_stopped_training_goes_on_as_if_nothing_had_happened(
    shows: Path, file: Path, tmp_path: Path
) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    recipe = find_listen_recipe(RECIPE_NAME, "full", SHORT)
    with pytest.raises(KeyboardInterrupt):
        learn_taste("full", [shows], tmp_path / "one", recipe, start=file, accelerator="cpu", on_epoch=stop)
    for name in ("one", "two"):
        taught(shows, tmp_path / name, file)
    one, two = (load_listener(tmp_path / name)[0].state_dict() for name in ("one", "two"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    with pytest.raises(UsageError, match="another recipe"):
        taught(shows, tmp_path / "two", file, "loss.hue=9")
    with pytest.raises(UsageError, match="other data"):
        learn_taste("full", [shows], tmp_path / "two", recipe, start=tmp_path / "one", accelerator="cpu")


def test_patience_ends_a_training_that_no_longer_helps(shows: Path, file: Path, tmp_path: Path) -> None:
    harmful = ["train.epochs=9", "train.patience=1", "optimiser.learning_rate=3", "data.steps_per_epoch=2"]
    assert len(taught(shows, tmp_path / "run", file, *harmful).rows) < 9


def test_the_command_tells_before_and_after(
    shows: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    settings = [word for setting in [*SHORT, "train.epochs=1"] for word in ("--set", setting)]
    command = ["train", "full", "--data", str(shows), "-o", str(run), "--start", str(file), "--device", "cpu"]
    assert beatomizer([*command, *settings]) == 0
    said = capsys.readouterr().out
    assert "beginning with tiny.onnx" in said
    assert "beatomizer export" in said
    assert "hue " in said
    assert beatomizer([*command, *settings, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["before"]["hue"] > told["best"]["hue"]
    assert told["stretches"] == {"train": 1, "validation": 1}
    assert beatomizer([*command, *settings, "--teacher", str(run)]) == 2
    assert "--teacher" in capsys.readouterr().err


def test_what_cannot_be_learned_from_is_told(shows: Path, file: Path, tmp_path: Path) -> None:
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / f"lesson-000000{SUFFIX}").write_bytes(b"")
    assert sorted_folders([shows, tmp_path / "lessons"]) == ([shows], [tmp_path / "lessons"])
    assert sorted_folders([tmp_path / "lessons"]) == ([], [tmp_path / "lessons"])
    with pytest.raises(UsageError, match="neither clips nor lessons"):
        sorted_folders([shows, tmp_path])
    with pytest.raises(UsageError, match="no folder"):
        sorted_folders([tmp_path / "nothing"])
    recipe = find_listen_recipe(None, "live", [])
    with pytest.raises(UsageError, match="can only begin with a run"):
        learn_taste("live", [shows], tmp_path / "run", recipe, start=file)
    bigger = find_listen_recipe(RECIPE_NAME, "full", ["model.slow=24"])
    with pytest.raises(UsageError, match="other sizes"):
        learn_taste("full", [shows], tmp_path / "run", bigger, start=file, accelerator="cpu")
    few = made_set(tmp_path / "few", clips=1)
    with pytest.raises(UsageError, match="too few clips"):
        taught(few, tmp_path / "run", file)
