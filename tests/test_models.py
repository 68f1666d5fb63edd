"""Shared laws: every model of the table, in every form that its configuration offers, goes through all of them."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from beatomizer.color import srgb_to_linear
from beatomizer.errors import UsageError
from beatomizer.features.bank import WIDTH
from beatomizer.models import attention, cnn
from beatomizer.models.colour_model import INPUT_WIDTHS, ColourModel
from beatomizer.models.output import OUTPUT_NUMBERS, to_srgb
from beatomizer.models.pieces import light_of
from beatomizer.models.settings import choices, config_from
from beatomizer.models.table import MODELS, build, config_class, inputs_of

SMALL_CNN = {"channels": [4, 6], "kernels": [8, 3], "dense": [8, 8]}
SMALL_ATTENTION = {
    "width": 8,
    "bands": 12,
    "channels": [4, 6],
    "kernels": [8, 3],
    "encoder": 6,
    "decoder": 10,
}
SMALL_ATTENTION |= {"attention": 5}

FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "cnn": ("cnn", SMALL_CNN),
    "cnn bank": ("cnn", SMALL_CNN | {"inputs": "bank104"}),
    "cnn plain": (
        "cnn",
        SMALL_CNN | {"norm": "none", "compression": "none", "output": "linear", "stride": 1},
    ),
    "cnn tanh": ("cnn", SMALL_CNN | {"activation": "tanh", "output": "sigmoid", "initialisation": "glorot"}),
    "attention": ("attention", SMALL_ATTENTION),
    "attention bank": ("attention", SMALL_ATTENTION | {"inputs": "bank104", "block": 8, "skip": True}),
    "attention conv": ("attention", SMALL_ATTENTION | {"embedding": "conv", "output": "sigmoid"}),
    "attention fed": ("attention", SMALL_ATTENTION | {"feedback": True, "teacher_share": 0.5, "skip": True}),
    "attention alone": ("attention", SMALL_ATTENTION | {"attention": 0}),
    "attention plain": (
        "attention",
        {
            name: value
            for name, value in dataclasses.asdict(attention.PAPER).items()
            if name not in SMALL_ATTENTION
        }
        | SMALL_ATTENTION,
    ),
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(form: str, zones: int = 1, seed: int = 0) -> ColourModel:
    torch.manual_seed(seed)
    name, settings = FORMS[form]
    return build(name, settings, zones)


def sound(model: ColourModel, clips: int, frames: int, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return 0.3 * torch.randn(clips, frames, INPUT_WIDTHS[inputs_of(model)], generator=rng)


def light(model: ColourModel, clips: int, frames: int, seed: int = 2) -> Tensor:
    return torch.rand(clips, frames, model.zones, 3, generator=torch.Generator().manual_seed(seed))


every_form = pytest.mark.parametrize("form", FORMS)


def test_every_model_of_the_table_is_under_the_laws() -> None:
    assert {name for name, _ in FORMS.values()} == set(MODELS.names())


def test_the_bank_is_as_wide_as_the_models_think() -> None:
    assert INPUT_WIDTHS["bank104"] == WIDTH


@every_form
@pytest.mark.parametrize("zones", [1, 4])
@pytest.mark.parametrize("frames", [1, 7])
def test_one_colour_for_each_frame_and_zone(form: str, zones: int, frames: int) -> None:
    model = made(form, zones).eval()
    rgb = model(sound(model, 2, frames))
    assert rgb.shape == (2, frames, zones, 3)
    assert rgb.dtype == torch.float32


@every_form
@pytest.mark.parametrize("loudness", [0.0, 1.0, 1e4])
def test_colours_are_finite_and_in_range_whatever_is_heard(form: str, loudness: float) -> None:
    model = made(form, 2).eval()
    rgb = model(loudness * sound(model, 2, 20))
    assert torch.isfinite(rgb).all()
    assert rgb.min() >= 0.0
    assert rgb.max() <= 1.0


@every_form
def test_a_loss_reaches_every_parameter(form: str) -> None:
    model = made(form, 2).train()
    target = light(model, 3, 24)
    torch.autograd.backward((model(sound(model, 3, 24), target) - target).square().mean())
    dead = [
        name
        for name, value in model.named_parameters()
        if value.grad is None or not value.grad.abs().max() > 0
    ]
    assert not dead
    assert all(torch.isfinite(value.grad).all() for value in model.parameters() if value.grad is not None)


@every_form
def test_silence_gives_finite_gradients(form: str) -> None:
    model = made(form).train()
    rgb = model(torch.zeros(2, 12, INPUT_WIDTHS[inputs_of(model)]))
    torch.autograd.backward((rgb - 0.5).square().mean())
    assert all(torch.isfinite(value.grad).all() for value in model.parameters() if value.grad is not None)


@every_form
def test_clips_of_a_batch_do_not_hear_each_other(form: str) -> None:
    model = made(form).eval()
    frames = sound(model, 3, 20)
    together = model(frames)
    alone = torch.cat([model(frames[index : index + 1]) for index in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


@every_form
def test_the_same_twice(form: str) -> None:
    first, second = made(form, seed=4).eval(), made(form, seed=4).eval()
    frames = sound(first, 2, 20)
    assert torch.equal(first(frames), first(frames))
    assert torch.equal(first(frames), second(frames))
    assert not torch.equal(first(frames), made(form, seed=5).eval()(frames))


@every_form
def test_the_teacher_is_ignored_in_use(form: str) -> None:
    model = made(form).eval()
    frames = sound(model, 2, 20)
    assert torch.equal(model(frames, light(model, 2, 20)), model(frames))


def test_a_fed_model_listens_to_its_teacher_while_training_and_only_to_the_past() -> None:
    model = made("attention fed").train()
    model.teacher_share = 1.0
    frames, one = sound(model, 1, 24), light(model, 1, 24)
    other = one.clone()
    other[:, 12:] = 1.0 - one[:, 12:]
    first, second = model(frames, one), model(frames, other)
    assert torch.equal(first[:, :12], second[:, :12])
    assert not torch.equal(first[:, 12:], second[:, 12:])
    model.teacher_share = 0.0
    assert torch.equal(model(frames, one), model(frames, other))


FRAMEWISE = [form for form in FORMS if made(form).context_frames + made(form).lookahead_frames == 0]
"""Forms that declare that they look neither back nor ahead."""


def test_the_baseline_declares_to_see_single_frames() -> None:
    assert [form for form in FORMS if form.startswith("cnn")] == FRAMEWISE


@pytest.mark.parametrize("form", FRAMEWISE)
def test_a_model_without_context_sees_single_frames(form: str) -> None:
    model = made(form).eval()
    frames = sound(model, 1, 20)
    changed = frames.clone()
    changed[:, 10] += 1.0
    moved = (model(frames) - model(changed)).abs().flatten(2).amax(-1)[0] > 1e-6
    assert moved.nonzero().flatten().tolist() == [10]


@pytest.mark.parametrize("form", FRAMEWISE)
def test_a_cnn_shifted_in_time_is_the_same_shifted(form: str) -> None:
    model = made(form).eval()
    frames = sound(model, 1, 30)
    torch.testing.assert_close(model(frames)[:, 5:], model(frames[:, 5:]), atol=1e-6, rtol=0)


def test_attention_hears_the_whole_window() -> None:
    model = made("attention").eval()
    frames = sound(model, 1, 40).requires_grad_()
    torch.autograd.backward(model(frames)[:, 20].sum())
    assert frames.grad is not None
    assert (frames.grad.abs().sum(-1) > 0).all()


@every_form
def test_a_song_in_pieces_is_of_its_length(form: str) -> None:
    model = made(form).eval()
    frames = sound(model, 1, 1207)[0].numpy()
    rgb = light_of(model, frames)
    assert rgb.shape == (1207, 1, 3)
    around = model.context_frames + model.lookahead_frames
    alone = min(model.chunk_frames - model.lookahead_frames - around // 4, len(rgb))
    for one in (slice(0, model.chunk_frames), slice(-model.chunk_frames, None)):
        whole = model(torch.from_numpy(frames[None, one]))[0].detach().numpy()
        far = slice(0, alone) if one.start == 0 else slice(len(whole) - 207, None)
        assert abs(rgb[one][far] - whole[far]).max() < 1e-5


@every_form
def test_what_fits_into_one_chunk_is_heard_in_one_piece(form: str) -> None:
    model = made(form).eval()
    frames = sound(model, 1, min(model.chunk_frames, 900))[0].numpy()
    whole = model(torch.from_numpy(frames[None]))[0].detach().numpy()
    assert abs(light_of(model, frames) - whole).max() == 0.0


class Moody(ColourModel):
    """The worst case at seams: all of a piece in one colour, that of its mean."""

    context_frames, lookahead_frames, chunk_frames = 24, 16, 100

    def __init__(self) -> None:
        super().__init__()
        self.zones = 1
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, frames: Tensor, teacher: Tensor | None = None) -> Tensor:
        mean = (self.scale * frames).mean().clamp(0.0, 1.0)
        return mean.expand(1, frames.shape[1], 1, 3)


@pytest.mark.parametrize("count", [101, 150, 151, 349, 350])
def test_the_light_does_not_jump_where_pieces_meet(count: int) -> None:
    frames = np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None]
    linear = srgb_to_linear(light_of(Moody().eval(), frames).astype(np.float64))[:, 0, 0]
    lows = sorted({*range(0, count - 100, 50), count - 100})
    moods = srgb_to_linear(np.array([frames[low : low + 100].mean() for low in lows]))
    assert linear[[0, -1]] == pytest.approx(moods[[0, -1]], abs=1e-6)
    assert np.abs(np.diff(linear)).max() <= np.diff(moods).max() / 11 + 1e-6


def test_a_model_in_training_does_not_light_songs() -> None:
    with pytest.raises(ValueError, match="eval"):
        light_of(made("cnn").train(), sound(made("cnn"), 1, 5)[0].numpy())


@pytest.mark.parametrize(
    ("name", "config", "least", "most"),
    [("cnn", cnn.CnnConfig(), 3e4, 1e5), ("attention", attention.AttentionConfig(), 2e5, 8e5)],
)
def test_sizes_stay_small_enough_to_ship(name: str, config: Any, least: float, most: float) -> None:
    model = build(name, dataclasses.asdict(config))
    assert least < model.parameter_count() < most
    assert model.parameter_count() == sum(value.numel() for value in model.parameters())


@pytest.mark.parametrize("kind", OUTPUT_NUMBERS)
def test_outputs_reach_black_white_and_full_colours(kind: str) -> None:
    wanted = torch.tensor([[0.0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 1], [0.5, 0.0, 0.2]])
    numbers = torch.zeros(len(wanted), OUTPUT_NUMBERS[kind], requires_grad=True)
    optimiser = torch.optim.Adam([numbers], 0.3)
    for _ in range(150):
        optimiser.zero_grad()
        torch.autograd.backward((to_srgb(numbers, kind, True)[:, 0] - wanted).square().sum())
        optimiser.step()
    reached = to_srgb(numbers, kind, False)[:, 0]
    assert (reached - wanted).abs().max() < 0.02


@pytest.mark.parametrize("name", MODELS.names())
def test_paper_settings_survive_a_recipe(name: str) -> None:
    paper = {"cnn": cnn.PAPER, "attention": attention.PAPER}[name]
    as_toml = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(paper).items()
    }
    assert build(name, as_toml).config == paper
    assert isinstance(paper, config_class(name))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"chanels": [4]}, "channels"),
        ({"output": "hsv"}, "factored"),
        ({"pool": 2.5}, "int"),
        ({"pool": True}, "int"),
        ({"pool": 0}, "1 or more"),
        ({"dropout": "much"}, "float"),
        ({"dropout": float("nan")}, "float"),
        ({"channels": 4}, "list"),
        ({"channels": [4, "x"]}, "int"),
        ({"channels": [4]}, "length"),
        ({"channels": []}, "empty"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        build("cnn", settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"block": 6},
        {"attention": 0, "aligned": False},
        {"teacher_share": 2.0},
        {"attention": -1},
        {"decoder": 0},
    ],
)
def test_attention_settings_that_contradict_each_other_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        build("attention", settings)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(UsageError, match="cnn"):
        build("cnm", {})


def test_whole_numbers_become_floats_and_choices_are_told() -> None:
    assert config_from(cnn.CnnConfig, {"dropout": 0}).dropout == 0.0
    assert "factored" in choices(cnn.CnnConfig, "output")
    assert choices(cnn.CnnConfig, "pool") == ()
