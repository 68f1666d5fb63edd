"""Losses: each one's law, its gradient, and what masked, black and equal frames do."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from beatomizer import color
from beatomizer.errors import UsageError
from beatomizer.training.losses import LOSSES, cosine_similarity
from beatomizer.training.objective import Objective, scores
from beatomizer.training.oklab import srgb_to_oklab

torch.set_num_threads(1)
ALL = LOSSES.names()
DISTANCES = [name for name in ALL if name != "moving_average"]
SEEDS = st.integers(0, 2**16)


def light(seed: int, frames: int = 40, low: float = 0.05, high: float = 0.95) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(2, frames, 2, 3, generator=generator, dtype=torch.float64)


def weights(seed: int, frames: int = 40) -> Tensor:
    """Some frames masked, some of half weight."""
    generator = torch.Generator().manual_seed(seed + 1)
    return torch.randint(0, 3, (2, frames), generator=generator).double() / 2


def gradient(name: str, prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    prediction = prediction.clone().requires_grad_()
    LOSSES.load(name)(prediction, target, weight).backward()
    assert prediction.grad is not None
    return prediction.grad


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_a_small_step_down_the_gradient_lowers_it(name: str, seed: int) -> None:
    prediction, target, weight = light(seed), light(seed + 7), weights(seed)
    down = gradient(name, prediction, target, weight)
    before = LOSSES.load(name)(prediction, target, weight)
    after = LOSSES.load(name)(prediction - 1e-4 * down / down.norm(), target, weight)
    assert after < before


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_the_gradient_is_the_slope(name: str, seed: int) -> None:
    prediction, target, weight = light(seed), light(seed + 7), weights(seed)
    slope = gradient(name, prediction, target, weight)
    along = light(seed + 3) - 0.5
    step, loss = 1e-6, LOSSES.load(name)
    numeric = (
        loss(prediction + step * along, target, weight) - loss(prediction - step * along, target, weight)
    ) / (2 * step)
    assert float((slope * along).sum()) == pytest.approx(float(numeric), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("name", DISTANCES)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_zero_at_the_target_and_nowhere_below(name: str, seed: int) -> None:
    target, weight = light(seed), weights(seed)
    loss = LOSSES.load(name)
    assert float(loss(target, target, weight)) == pytest.approx(0.0, abs=1e-9)
    assert float(loss(light(seed + 1), target, weight)) > 1e-4


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_masked_frames_have_no_influence_and_get_no_gradient(name: str, seed: int) -> None:
    prediction, target, weight = light(seed), light(seed + 7), weights(seed)
    masked = weight == 0
    assert masked.any()
    assert not gradient(name, prediction, target, weight)[masked].any()
    elsewhere = prediction.clone()
    elsewhere[masked] = light(seed + 9)[masked]
    loss = LOSSES.load(name)
    torch.testing.assert_close(loss(elsewhere, target, weight), loss(prediction, target, weight))


@pytest.mark.parametrize("name", ALL)
def test_values_and_gradients_are_finite_everywhere(name: str) -> None:
    for level in (0.0, 1e-8, 0.5, 1.0, -0.3, 1.7):  # an unbounded output may leave 0..1 while it learns
        for goal in (0.0, 0.5, 1.0):
            prediction, target = torch.full((1, 20, 1, 3), level), torch.full((1, 20, 1, 3), goal)
            weight = torch.ones(1, 20)
            assert torch.isfinite(LOSSES.load(name)(prediction, target, weight))
            assert torch.isfinite(gradient(name, prediction, target, weight)).all(), (level, goal)


@pytest.mark.parametrize("name", ALL)
def test_nothing_to_see_costs_nothing(name: str) -> None:
    prediction, target, nothing = light(1), light(2), torch.zeros(2, 40, dtype=torch.float64)
    assert float(LOSSES.load(name)(prediction, target, nothing)) == 0.0
    assert not gradient(name, prediction, target, nothing).any()


@pytest.mark.parametrize("name", ALL)
def test_the_weights_scale_does_not_matter(name: str) -> None:
    loss, weight = LOSSES.load(name), weights(3)
    torch.testing.assert_close(loss(light(1), light(2), weight), loss(light(1), light(2), weight * 0.25))


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, factor=st.floats(0.3, 3.0))
def test_cosine_sees_direction_only(seed: int, factor: float) -> None:
    prediction, target, weight = light(seed), light(seed + 7), weights(seed)
    cosine = LOSSES.load("cosine")
    torch.testing.assert_close(
        cosine(factor * prediction, target, weight), cosine(prediction, target, weight)
    )
    across = gradient("cosine", prediction, target, weight)
    assert float((across * prediction).sum(dim=-1).abs().max()) < 1e-12


def test_cosine_of_grey_is_high_and_black_leads_out() -> None:
    red = torch.tensor([1.0, 0.0, 0.0]).expand(1, 5, 1, 3)
    white = torch.ones(1, 5, 1, 3)
    assert float(cosine_similarity(white, red).mean()) == pytest.approx(3**-0.5)
    black = torch.zeros(1, 5, 1, 3)
    out = -gradient("cosine", black, red, torch.ones(1, 5))
    assert (out[..., 0] > 0).all()
    assert not out[..., 1:].any()


def test_cosine_leaves_black_targets_out() -> None:
    target = torch.ones(1, 4, 1, 3)
    target[:, 2:] = 0
    prediction = torch.tensor([1.0, 0.0, 0.0]).expand(1, 4, 1, 3)
    loss = float(LOSSES.load("cosine")(prediction, target, torch.ones(1, 4)))
    assert loss == pytest.approx(1 - 3**-0.5)


def test_moving_average_wants_still_light() -> None:
    moving_average = LOSSES.load("moving_average")
    weight = torch.ones(2, 40, dtype=torch.float64)
    still = light(1)[:, :1].expand(2, 40, 2, 3)
    assert float(moving_average(still, light(2), weight)) == pytest.approx(0.0, abs=1e-12)
    once, twice = (float(moving_average(factor * light(1), light(2), weight)) for factor in (1.0, 2.0))
    assert twice == pytest.approx(2 * once)
    with pytest.raises(UsageError, match="prediction or target"):
        Objective({"moving_average": {"weight": 1.0, "of": "something"}})


def test_moving_average_is_the_obvious_one() -> None:
    prediction, weight = light(4, frames=12), weights(4, frames=12)
    seen = weight > 0
    total = weigh = 0.0
    for clip in range(2):
        for frame in range(12):
            near = [t for t in range(max(0, frame - 2), min(12, frame + 3)) if seen[clip, t]]
            if seen[clip, frame]:
                mean = prediction[clip, near].mean(dim=0)
                total += float(weight[clip, frame] * (prediction[clip, frame] - mean).abs().mean())
                weigh += float(weight[clip, frame])
    loss = LOSSES.load("moving_average")(prediction, prediction, weight, frames=5)
    assert float(loss) == pytest.approx(total / weigh)


@pytest.mark.parametrize(("kind", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_oklab_is_that_of_the_ground_floor(kind: torch.dtype, tolerance: float) -> None:
    rng = np.random.default_rng(0)
    srgb = np.concatenate(
        [rng.uniform(0, 1, (5000, 3)), rng.uniform(0, 1, (5000, 3)) ** 8, np.eye(3), np.zeros((1, 3))]
    )
    srgb = srgb.astype(np.float32).astype(np.float64)
    expected = color.linear_to_oklab(color.srgb_to_linear(srgb))
    ours = srgb_to_oklab(torch.tensor(srgb, dtype=kind)).double().numpy()
    assert np.abs(ours - expected).max() < tolerance


def test_oklab_sees_grey_where_cosine_hardly_does() -> None:
    colors = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])[None, :, None]
    grey, weight = colors.mean(dim=1, keepdim=True).expand_as(colors), torch.ones(1, 3)
    assert float(LOSSES.load("cosine")(grey, colors, weight)) < 0.31
    assert float(LOSSES.load("oklab")(grey, colors, weight)) > 0.2


def test_spectral_forgives_a_small_delay_and_not_a_missing_pulse() -> None:
    time_s = torch.arange(480) / 60
    pulses = (0.2 + 0.8 * torch.exp(-8 * (time_s % 0.5)))[None, :, None, None].expand(1, 480, 1, 3)
    late, still = torch.roll(pulses, 3, dims=1), pulses.mean(dim=1, keepdim=True).expand_as(pulses)
    faster = (0.2 + 0.8 * torch.exp(-8 * (time_s % 0.4)))[None, :, None, None].expand(1, 480, 1, 3)
    weight = torch.ones(1, 480)
    spectral, mse = LOSSES.load("spectral"), LOSSES.load("mse")
    assert spectral(late, pulses, weight) < 0.5 * spectral(still, pulses, weight)
    assert spectral(late, pulses, weight) < 0.7 * spectral(faster, pulses, weight)
    assert mse(late, pulses, weight) > 0.7 * mse(still, pulses, weight)  # what a distance of frames says


def test_an_objective_is_the_weighted_sum() -> None:
    objective = Objective({"mse": {"weight": 2.0}, "l1": {"weight": 0.5}})
    total, parts = objective(light(1), light(2), weights(1))
    torch.testing.assert_close(total, 2.0 * parts["mse"] + 0.5 * parts["l1"])
    with pytest.raises(UsageError, match="moving_average"):
        Objective({"moving_average": {"weight": 1.0, "frames": "many"}})


def test_scores_know_a_light_that_stands_still() -> None:
    target, weight = light(1), weights(1)
    still = target.mean(dim=1, keepdim=True).expand_as(target)
    assert float(scores(still, target, weight)["movement"]) == pytest.approx(0.0, abs=1e-9)
    assert float(scores(target, target, weight)["movement"]) == pytest.approx(1.0)
    assert float(scores(target, target, weight)["cosine_similarity"]) == pytest.approx(1.0)
