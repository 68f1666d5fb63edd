"""Recipes: TOML there and back, settings laid over, mistakes named; schedules and patience."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError
from beatomizer.models import attention, cnn
from beatomizer.models.listening.table import LISTENERS
from beatomizer.models.settings import config_from
from beatomizer.models.table import MODELS, build, config_class
from beatomizer.training.listening.recipe_file import find_listen_recipe
from beatomizer.training.objective import Objective
from beatomizer.training.recipe import (
    AugmentPart,
    OptimiserPart,
    Recipe,
    TrainPart,
    recipe_from,
    with_settings,
)
from beatomizer.training.recipe_file import (
    RECIPES,
    differences,
    find_recipe,
    fingerprint,
    read_recipe,
    recipe_names,
    to_toml,
)
from beatomizer.training.schedule import Patience, learning_rate


def test_the_packaged_recipes_are_there_and_work() -> None:
    assert {"attention", "attention-paper", "cnn", "cnn-paper"} <= set(recipe_names())
    for name in recipe_names():
        if name.startswith(LISTENERS):
            assert find_listen_recipe(name, name.partition("-")[0]).loss
            continue
        recipe = read_recipe(RECIPES / f"{name}.toml")
        model = build(recipe.model_name, recipe.model_settings, zones=2)
        assert model.zones == 2
        Objective(recipe.loss)
    for name in ("cnn", "attention"):
        assert find_recipe(None, name) == read_recipe(RECIPES / f"{name}.toml")


@pytest.mark.parametrize(("name", "paper"), [("cnn", cnn.PAPER), ("attention", attention.PAPER)])
def test_paper_recipes_hold_the_papers_model_and_losses(name: str, paper: object) -> None:
    recipe = find_recipe(f"{name}-paper", name)
    assert config_from(config_class(name), recipe.model_settings) == paper
    assert "cosine" in recipe.loss


@pytest.mark.parametrize("name", ["cnn", "attention-paper"])
def test_a_recipe_survives_its_file(name: str, tmp_path: Path) -> None:
    recipe = with_settings(
        read_recipe(RECIPES / f"{name}.toml"), ["data.weights=[1, 0.5]", "loss.moving_average.frames=9"]
    )
    (tmp_path / "r.toml").write_text(to_toml(recipe), encoding="utf-8")
    again = read_recipe(tmp_path / "r.toml")
    assert again == recipe
    assert fingerprint(again) == fingerprint(recipe)


@given(
    rate=st.floats(1e-6, 1.0),
    seed=st.integers(0, 2**32 - 1),
    word=st.text(st.characters(codec="ascii"), max_size=9),
)
def test_numbers_and_words_survive_exactly(rate: float, seed: int, word: str) -> None:
    import tomllib

    recipe = dataclasses.replace(
        Recipe(model={"name": word if word.isprintable() else ""}),
        optimiser=OptimiserPart(learning_rate=rate),
        train=TrainPart(seed=seed),
    )
    assert recipe_from(tomllib.loads(to_toml(recipe))) == recipe


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("optimiser.learnin_rate=1", "learning_rate"),
        ("optimizer.learning_rate=1", "did you mean optimiser"),
        ("train.epochs=0", "between 1"),
        ("train.epochs=1.5", "whole number"),
        ("train.epochs=true", "whole number"),
        ("train.precision=16", "32, bf16"),
        ("loss.cosin=1", "cosine"),
        ("loss.cosine.frames=1", "weight"),
        ("loss.oklab=0", "whose weight is over 0"),
        ("loss.oklab=much", "a number"),
        ("data.weights=1", "a list"),
        ("augment.noise=2", "between 0 and 1"),
        ("epochs=3", "write it like"),
        ("train.epochs", "write it like"),
        ("optimiser.learning_rate=nan", "between"),
    ],
)
def test_mistakes_are_named(setting: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_settings(Recipe(), [setting])
    assert says in str(caught.value)


def test_settings_are_laid_over_in_order() -> None:
    recipe = with_settings(
        Recipe(),
        [
            "train.epochs=3",
            "train.epochs=4",
            "loss.cosine=0.5",
            "loss.oklab=0",
            "model.pool=2",
            "train.watch=cosine",
        ],
    )
    assert recipe.train.epochs == 4
    assert recipe.loss == {"cosine": {"weight": 0.5}}
    assert recipe.model == {"pool": 2}
    assert recipe.train.watch == "cosine"
    assert with_settings(recipe, ["loss.cosine=0.25"]).loss["cosine"] == {"weight": 0.25}


def test_wrong_files_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[train\nepochs=", encoding="utf-8")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "flat.toml").write_text("train = 3", encoding="utf-8")
    for name, kind in (
        ("broken.toml", UnreadableInputError),
        ("bytes.toml", UnreadableInputError),
        ("flat.toml", UsageError),
    ):
        with pytest.raises(kind):
            find_recipe(str(tmp_path / name), "cnn")
    with pytest.raises(UsageError, match=r"cnn-paper"):
        find_recipe("no-such", "cnn")
    with pytest.raises(UsageError, match="is for 'attention'"):
        find_recipe("attention", "cnn")


def test_differences_are_named() -> None:
    one = Recipe()
    other = with_settings(one, ["train.epochs=99"])
    assert differences(one, one) == []
    assert differences(one, other) == ["train.epochs 12 there, 99 here"]


def test_only_sound_effects_change_the_sound() -> None:
    assert not AugmentPart(mirror=1.0, hue_rotation=1.0).sound
    for name in ("gain_db", "polarity", "tilt_db", "band_limit", "clipping", "noise", "dropout", "tempo"):
        assert AugmentPart(**{name: 0.1}).sound
    assert AugmentPart(shift_frames=1).sound


def test_the_rate_warms_up_and_falls() -> None:
    part = OptimiserPart(learning_rate=1.0, warmup_steps=9, schedule="cosine", final_share=0.1)
    rates = [learning_rate(part, step, 110, Patience()) for step in range(111)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == pytest.approx(1.0) == max(rates)
    assert rates[110] == pytest.approx(0.1)
    assert rates[9:] == sorted(rates[9:], reverse=True)
    constant = OptimiserPart(learning_rate=1.0, warmup_steps=0, schedule="constant")
    assert {learning_rate(constant, step, 10, Patience()) for step in range(10)} == {1.0}


def test_patience_and_plateau() -> None:
    part = OptimiserPart(
        schedule="plateau", plateau_patience=1, plateau_factor=0.5, warmup_steps=0, learning_rate=1.0
    )
    patience = Patience()
    assert patience.see(3.0, 1, part)
    assert not patience.see(3.0, 2, part)
    assert patience.factor == 1.0
    assert not patience.see(float("nan"), 3, part)
    assert learning_rate(part, 9, 10, patience) == 0.5
    assert patience.waited == 2
    assert patience.see(1.0, 4, part)
    assert (patience.best_epoch, patience.waited) == (4, 0)


def test_every_model_has_a_default_recipe() -> None:
    for name in MODELS:
        assert find_recipe(None, name).model_name == name


def test_errors_are_of_the_family() -> None:
    with pytest.raises(BeatomizerError):
        recipe_from({"train": {"epochs": "many"}})
