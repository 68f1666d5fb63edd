"""Shards → cache → batches, and augmentation: nothing lost, nothing doubled, sound and light together."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.dataset.clip import CLIP_FRAMES, CUT, MISSING, REPEAT
from beatomizer.dataset.shards import read_clips
from beatomizer.errors import UnreadableInputError
from beatomizer.timebase import HOP
from beatomizer.training.augment import (
    Example,
    at_tempo,
    augment,
    hue_rotated,
    noisy,
    overdriven,
    shifted,
    toned,
)
from beatomizer.training.cache import CachedSplit, hear, open_split
from beatomizer.training.data import (
    Batch,
    Clips,
    Prefetched,
    batches_of,
    epoch_order,
    frame_weights,
    prefetched,
)
from beatomizer.training.recipe import AugmentPart, DataPart
from tests.made_clips import made_set


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_set(tmp_path_factory.mktemp("set") / "shards", clips=8, zones=2)


@pytest.fixture(scope="module")
def split(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> CachedSplit:
    return open_split(shards, "train", tmp_path_factory.mktemp("spare"))


def test_the_cache_holds_every_clip_exactly(shards: Path, split: CachedSplit) -> None:
    clips = list(read_clips(shards, "train"))
    assert split.keys == tuple(clip.key for clip in clips)
    for index, clip in enumerate(clips):
        np.testing.assert_array_equal(split.audio[index], clip.audio)
        np.testing.assert_array_equal(split.rgb[index], clip.rgb)
        np.testing.assert_array_equal(split.flags[index], clip.flags)
    assert split.folder.is_relative_to(shards / "work")


def test_features_are_the_lines(split: CachedSplit) -> None:
    told: list[str] = []
    features = split.features(lambda stage, share: told.append(stage))
    np.testing.assert_array_equal(features[1], hear(split.audio[1].astype(np.float32) / 32768))
    assert set(told) == {"features"}
    told.clear()
    np.testing.assert_array_equal(split.features(lambda stage, share: told.append(stage)), features)
    assert told == []  # mapped, not heard again


def test_a_damaged_cache_says_so(shards: Path, split: CachedSplit, tmp_path: Path) -> None:
    copy = tmp_path / "shards"
    shutil.copytree(shards, copy)
    held = open_split(copy, "train", tmp_path / "spare").folder
    with (held / "audio.i16").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(UnreadableInputError, match="delete"):
        open_split(copy, "train", tmp_path / "spare")


def test_a_set_built_anew_is_unpacked_anew(tmp_path: Path) -> None:
    shards = made_set(tmp_path / "set", clips=2)
    first = open_split(shards, "train", tmp_path / "spare")
    made_set(shards, clips=2, seed=1)
    second = open_split(shards, "train", tmp_path / "spare")
    assert first.folder != second.folder
    assert not first.folder.exists()
    assert (first.audio[0] != second.audio[0]).any()  # what was open stays readable


def test_a_set_nobody_may_write_to_is_cached_in_the_run(tmp_path: Path) -> None:
    shards = made_set(tmp_path / "set", clips=2)
    (shards / "work").write_text("in the way")
    assert open_split(shards, "train", tmp_path / "run" / "cache").folder.is_relative_to(tmp_path / "run")


def clips_of(
    split: CachedSplit, inputs: str = "slices400", amounts: AugmentPart | None = None, **part: object
) -> Clips:
    return Clips([split], inputs, DataPart(**part), 5, amounts)  # type: ignore[arg-type]


def test_batches_are_the_clips(split: CachedSplit) -> None:
    raw = clips_of(split).batch(np.array([1, 0]), epoch=0)
    assert raw.frames.shape == (2, CLIP_FRAMES, HOP)
    assert raw.target.shape == (2, CLIP_FRAMES, 2, 3)
    np.testing.assert_array_equal(raw.frames[0].numpy().reshape(-1), split.audio[1] / np.float32(32768))
    np.testing.assert_allclose(raw.target[0].numpy(), split.rgb[1] / 65535, atol=1e-7)
    bank = clips_of(split, "bank104").batch(np.array([0]), epoch=0)
    np.testing.assert_array_equal(bank.frames[0].numpy(), split.features()[0])


def test_excerpts_are_cut_alike_from_sound_and_light(split: CachedSplit) -> None:
    clips = clips_of(split, amounts=AugmentPart(), crop_frames=100)
    batch = clips.batch(np.arange(3), epoch=2)
    assert batch.frames.shape[1] == batch.target.shape[1] == batch.weight.shape[1] == 100
    slices = split.audio[0].reshape(-1, HOP) / np.float32(32768)
    start = int(np.flatnonzero((slices == batch.frames[0, 0].numpy()).all(axis=1))[0])
    np.testing.assert_allclose(batch.target[0].numpy(), split.rgb[0][start : start + 100] / 65535, atol=1e-7)
    again = clips.batch(np.arange(3), epoch=2)
    np.testing.assert_array_equal(again.frames, batch.frames)
    assert (clips.batch(np.arange(3), epoch=3).frames != batch.frames).any()


def test_frames_weigh_as_their_flags_say() -> None:
    flags = np.array([0, REPEAT, CUT, MISSING, REPEAT | CUT], dtype=np.uint8)
    np.testing.assert_allclose(frame_weights(flags, 0.25), [1, 0.25, 0, 0, 0])


@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=3),
    weight=st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]),
    seed=st.integers(0, 99),
)
def test_an_epoch_sees_each_clip_as_often_as_it_weighs(sizes: list[int], weight: float, seed: int) -> None:
    order = epoch_order(sizes, [weight] * len(sizes), seed, epoch=1)
    assert len(order) == sum(round(size * weight) for size in sizes)
    counts = np.bincount(order, minlength=sum(sizes))
    for part in np.split(counts, np.cumsum(sizes)[:-1]):
        assert len(part) == 0 or part.max() - part.min() <= 1
    np.testing.assert_array_equal(order, epoch_order(sizes, [weight] * len(sizes), seed, epoch=1))


@given(clips=st.integers(0, 40), batch=st.integers(1, 5), world=st.integers(1, 4))
def test_processes_share_the_batches_of_one(clips: int, batch: int, world: int) -> None:
    order = np.random.default_rng(clips).permutation(clips)
    one = batches_of(order, batch * world, 1, 0)
    shares = [batches_of(order, batch, world, rank) for rank in range(world)]
    assert len({len(share) for share in shares}) == 1
    assert all(len(part) > 0 for share in shares for part in share)
    for whole, parts in zip(one, zip(*shares)):
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert clips - sum(len(part) for share in shares for part in share) < world


def test_batches_made_ahead_come_in_order_and_errors_come_through(split: CachedSplit) -> None:
    clips = clips_of(split, amounts=AugmentPart(gain_db=6.0))
    order = [np.array([index % len(clips)]) for index in range(9)]
    ahead = list(prefetched(clips, order, 1, DataPart(workers=3, prefetch=2), pin=False))
    for batch, indices in zip(ahead, order, strict=True):
        np.testing.assert_array_equal(batch.frames, clips.batch(indices, 1).frames)

    def broken() -> Batch:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(Prefetched([broken], 1, 1))


# --- augmentation -------------------------------------------------------------------------------------------------


FLASHES = np.array([20, 55, 105, 128, 170, 215])


def example(seed: int = 0, frames: int = 240, zones: int = 2) -> Example:
    """A click and a flash on the same frames, at uneven times, over quiet noise."""
    rng = np.random.default_rng(seed)
    audio = 0.01 * rng.standard_normal(frames * HOP).astype(np.float32)
    rgb = rng.uniform(0, 0.2, (frames, zones, 3)).astype(np.float32)
    for frame in FLASHES:
        audio[frame * HOP : (frame + 1) * HOP] += 0.5 * np.sin(0.3 * np.arange(HOP))
        rgb[frame] = 0.9
    return Example(audio.astype(np.float32), rgb, np.ones(frames, dtype=np.float32))


EVERYTHING = AugmentPart(6.0, 0.5, 6.0, 0.5, 0.5, 0.5, 0.5, 10, 0.1, 0.5, 0.5)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999))
def test_whatever_happens_it_stays_a_clip(seed: int) -> None:
    before = example()
    after = augment(before, EVERYTHING, (seed, 0, 0))
    assert after.audio.shape == before.audio.shape
    assert after.rgb.shape == before.rgb.shape
    assert after.audio.dtype == after.rgb.dtype == after.weight.dtype == np.float32
    assert np.isfinite(after.audio).all()
    assert np.abs(after.audio).max() <= 1
    assert after.rgb.min() >= 0
    assert after.rgb.max() <= 1 + 1e-6
    assert 0.5 < after.weight.mean() <= 1
    again = augment(before, EVERYTHING, (seed, 0, 0))
    np.testing.assert_array_equal(again.audio, after.audio)
    np.testing.assert_array_equal(again.rgb, after.rgb)


def test_nothing_asked_nothing_done() -> None:
    before = example()
    after = augment(before, AugmentPart(), (1, 2, 3))
    np.testing.assert_array_equal(after.audio, before.audio)
    np.testing.assert_array_equal(after.rgb, before.rgb)


def test_effects_do_not_disturb_each_other() -> None:
    with_gain = augment(example(), AugmentPart(hue_rotation=1.0, gain_db=6.0), (1, 2, 3))
    without = augment(example(), AugmentPart(hue_rotation=1.0), (1, 2, 3))
    np.testing.assert_array_equal(with_gain.rgb, without.rgb)


def flash_and_click_lag(clip: Example) -> int:
    """Frames by which the light is late, by cross-correlation."""
    loud = np.abs(clip.audio).reshape(-1, HOP).mean(axis=1) * (clip.weight > 0)
    bright = clip.rgb.mean(axis=(1, 2)) * (clip.weight > 0)
    cross = np.correlate(bright - bright.mean(), loud - loud.mean(), mode="full")
    return int(cross.argmax()) - (len(loud) - 1)


@pytest.mark.parametrize("factor", [0.85, 0.95, 1.0, 1.07, 1.2])
def test_tempo_keeps_sound_and_light_together(factor: float) -> None:
    after = at_tempo(example(), factor)
    assert abs(flash_and_click_lag(after)) <= 1
    flashes = np.flatnonzero(np.diff((after.rgb[:, 0, 0] > 0.5).astype(int)) == 1) + 1
    expected = FLASHES / factor
    np.testing.assert_allclose(flashes, expected[expected < 239][: len(flashes)], atol=1)
    assert after.weight.sum() == pytest.approx(min(240, 240 / factor), abs=1)


@pytest.mark.parametrize("frames", [-7, 0, 12])
def test_a_shift_keeps_sound_and_light_together(frames: int) -> None:
    before, after = example(), shifted(example(), frames)
    assert flash_and_click_lag(after) == 0
    assert after.weight.sum() == 240 - abs(frames)
    middle = slice(20 * HOP, -20 * HOP)
    np.testing.assert_array_equal(shifted(after, -frames).audio[middle], before.audio[middle])


@given(turns=st.floats(0, 1))
def test_hues_turn_and_nothing_else(turns: float) -> None:
    rgb = example(3).rgb
    turned = hue_rotated(rgb, turns)
    np.testing.assert_allclose(turned.max(axis=-1), rgb.max(axis=-1), atol=1e-5)
    np.testing.assert_allclose(turned.min(axis=-1), rgb.min(axis=-1), atol=1e-5)
    np.testing.assert_allclose(hue_rotated(turned, 1 - turns), rgb, atol=1e-4)


def test_a_third_of_a_turn_permutes_the_channels() -> None:
    rgb = example(4).rgb
    np.testing.assert_allclose(hue_rotated(rgb, 1 / 3), rgb[..., [2, 0, 1]], atol=1e-5)
    np.testing.assert_allclose(hue_rotated(rgb, 0.0), rgb, atol=1e-6)


def test_tilt_and_band_change_what_they_say() -> None:
    white = np.random.default_rng(0).standard_normal(24_000).astype(np.float32)

    def level_db(audio: np.ndarray, low: int, high: int) -> float:
        return float(10 * np.log10(np.mean(np.abs(np.fft.rfft(audio)[low:high]) ** 2)))

    def tilt_db(audio: np.ndarray) -> float:
        return level_db(audio, 7000, 9000) - level_db(audio, 90, 110)

    np.testing.assert_allclose(toned(white, 0.0, 0.0, np.inf), white, atol=1e-5)
    assert tilt_db(toned(white, 6.0, 0.0, np.inf)) - tilt_db(white) == pytest.approx(6.0, abs=0.5)
    narrow = toned(white, 0.0, 200.0, 3000.0)
    assert level_db(narrow, 5900, 6100) - level_db(white, 5900, 6100) == pytest.approx(-12.3, abs=1)
    assert level_db(narrow, 90, 110) - level_db(white, 90, 110) == pytest.approx(-12.3, abs=1)


def test_noise_and_clipping_have_their_level() -> None:
    audio = example().audio
    for seed in range(5):
        ratio_db = 10 * np.log10(
            np.mean(audio**2) / np.mean((noisy(audio, np.random.default_rng(seed)) - audio) ** 2)
        )
        assert 4.9 < ratio_db < 40.1
    clipped = overdriven(audio, 6.0206)
    assert np.abs(clipped).max() == pytest.approx(np.abs(audio).max() / 2, rel=1e-4)
    silence = np.zeros(4000, dtype=np.float32)
    assert not noisy(silence, np.random.default_rng(0)).any()
    assert not overdriven(silence, 6.0).any()


def test_mirrored_zones_are_the_other_way_round() -> None:
    before = example()
    np.testing.assert_array_equal(augment(before, AugmentPart(mirror=1.0), (0,)).rgb, before.rgb[:, ::-1])
