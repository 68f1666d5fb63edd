"""Laws of the listeners: shapes, causality, frame by frame as all at once, sizes."""

import numpy as np
import pytest
import torch

from beatomizer.errors import UsageError
from beatomizer.inference.engine import SCORE_WIDTHS
from beatomizer.models.listening.heads import SLOW, SLOW_FRAMES, scores_of
from beatomizer.models.listening.live import Live, LiveConfig, LiveStep
from beatomizer.models.listening.table import LISTENERS, build_listener

SMALL = {
    "full": {"fast": 8, "middle": 12, "slow": 16, "layers": 1, "heads": 2},
    "live": {"channels": 12, "blocks": 4, "memory": 8},
}


def small(name: str) -> torch.nn.Module:
    torch.manual_seed(5)
    model = build_listener(name, SMALL[name])
    for parameter in model.parameters():  # so that no path is silent
        torch.nn.init.normal_(parameter, std=0.15)
    return model.eval()


@pytest.mark.parametrize("name", LISTENERS)
@pytest.mark.parametrize("frames", [1, 7, 8, 61])
def test_scores_of_any_length_have_the_shapes_of_the_line(name: str, frames: int) -> None:
    with torch.no_grad():
        scores = scores_of(small(name)(torch.randn(2, frames, 104)), frames)
    assert list(scores) == list(SCORE_WIDTHS)
    for key, width in SCORE_WIDTHS.items():
        assert scores[key].shape == ((2, frames, width) if width else (2, frames))
        assert float(scores[key].min()) >= 0.0
        assert float(scores[key].max()) <= 1.0
    for key in ("tempo", "part", "look", "hue"):
        assert torch.allclose(scores[key].sum(dim=-1), torch.ones(2, frames), atol=1e-5)
    assert torch.allclose((2 * scores["material"] - 1).square().sum(dim=-1), torch.ones(2, frames), atol=1e-4)


@pytest.mark.parametrize("name", LISTENERS)
def test_every_weight_learns(name: str) -> None:
    model = small(name).train()
    said = model(torch.randn(1, 80, 104))
    torch.stack([value.square().mean() for value in said.values()]).sum().backward()
    idle = [key for key, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not idle


def test_live_hears_no_future() -> None:
    model, frames = small("live"), torch.randn(1, 96, 104)
    changed = frames.clone()
    changed[:, 50:] = torch.randn(1, 46, 104)
    with torch.no_grad():
        before, after = (scores_of(model(x), 96) for x in (frames, changed))
    for key in SCORE_WIDTHS:
        # Slow scores are said on the first of eight frames and held, so frame 50 still has what 48 said.
        assert torch.equal(before[key][:, :50], after[key][:, :50])
    assert not torch.equal(before["beat"][:, 50:], after["beat"][:, 50:])


def test_full_hears_the_future() -> None:
    model, frames = small("full"), torch.randn(1, 400, 104)
    changed = frames.clone()
    changed[:, 390:] += 1.0
    with torch.no_grad():
        before, after = (scores_of(model(x), 400)["part"][:, 0] for x in (frames, changed))
    assert not torch.equal(before, after)


def test_a_step_at_a_time_is_all_at_once() -> None:
    torch.manual_seed(1)
    model = small("live")
    assert isinstance(model, Live)
    step = LiveStep(model).eval()
    frames = torch.randn(1, 77, 104)
    state = {name: torch.zeros(shape) for name, shape in step.state_shapes().items()}
    parts = []
    with torch.no_grad():
        whole = model(frames)
        for t in range(77):
            said, state = step(frames[:, t : t + 1], state)
            parts.append(said)
    for name, value in whole.items():
        stepped = torch.cat([part[name] for part in parts], dim=1)
        stepped = stepped[:, ::SLOW_FRAMES] if name in SLOW else stepped
        np.testing.assert_allclose(stepped.numpy(), value.numpy(), atol=1e-5)


def test_sizes_are_within_their_budgets() -> None:
    budgets = {"full": 4_500_000, "live": 1_000_000}
    for name, most in budgets.items():
        model = build_listener(name, {})
        assert sum(p.numel() for p in model.parameters()) <= most


def test_live_remembers_half_a_minute() -> None:
    reach = sum(block.reach for block in Live(LiveConfig()).residuals())
    assert reach / 60 > 30


def test_mistakes_are_named() -> None:
    with pytest.raises(UsageError, match="no listener"):
        build_listener("fulll", {})
    with pytest.raises(UsageError, match="heads"):
        build_listener("full", {"slow": 10, "heads": 3})
    with pytest.raises(UsageError, match="blocks"):
        build_listener("live", {"blocks": 40})
