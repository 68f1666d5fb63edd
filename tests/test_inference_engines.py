"""The reference engines, the registry and the pinned models: what the line may rely on."""

import hashlib
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from beatomizer.arrays import F32
from beatomizer.audio.audio import Audio
from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.features.outline import STEP_SAMPLES, outline
from beatomizer.inference import models
from beatomizer.inference.engine import RawLight, Scores
from beatomizer.inference.engines import DEFAULT_ENGINE, ENGINES, load_engine
from beatomizer.inference.loudness import smoothed
from beatomizer.inference.onsets import LATENCY_FRAMES, beat_activation, drum_onsets
from beatomizer.inference.smoothing import bell, moving_max, moving_mean, spread_0_1
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

BEAT_S = 0.5


def features_of(samples: np.ndarray) -> Features:
    return extract_features(Audio(samples.astype(np.float32)))


def click_track(seconds: float, every_s: float = BEAT_S, start_s: float = 1.0) -> tuple[F32, np.ndarray]:
    """Short noise bursts; the samples at which they begin."""
    rng = np.random.default_rng(0)
    samples = 0.0005 * rng.standard_normal(int(seconds * SAMPLE_RATE))
    starts = np.round(np.arange(start_s, seconds - 1, every_s) * SAMPLE_RATE).astype(int)
    for start in starts:
        samples[start : start + 240] += 0.5 * rng.standard_normal(240) * np.exp(-np.arange(240) / 60)
    return samples.astype(np.float32), starts


def drums(seconds: float) -> tuple[F32, dict[str, np.ndarray]]:
    """Kick on 1 and 3, snare on 2 and 4, hats on the eighths between, at 120 BPM."""
    rng = np.random.default_rng(1)
    samples = 0.0003 * rng.standard_normal(int(seconds * SAMPLE_RATE))
    length = int(0.25 * SAMPLE_RATE)
    time_s = np.arange(length) / SAMPLE_RATE
    noise = rng.standard_normal(length)
    kick = 0.8 * np.sin(2 * np.pi * (50 * time_s + 3 * (1 - np.exp(-time_s / 0.02)))) * np.exp(-time_s / 0.09)
    snare = (0.3 * noise + 0.4 * np.sin(2 * np.pi * 200 * time_s)) * np.exp(-time_s / 0.05)
    hat = 0.25 * np.diff(noise, 2, prepend=[0, 0]) * np.exp(-time_s / 0.015)
    beats = np.arange(1.0, seconds - 1, BEAT_S)
    times = {"kick": beats[::2], "snare": beats[1::2], "hat": beats + BEAT_S / 2}
    for name, sound in (("kick", kick), ("snare", snare), ("hat", hat)):
        for start in np.round(times[name] * SAMPLE_RATE).astype(int):
            samples[start : start + length] += sound[: len(samples) - start]
    return (0.6 * samples).astype(np.float32), times


SONG = features_of(drums(14.0)[0])


@pytest.mark.parametrize("name", ["classic", "flasher", "loudness", "constant"])
@pytest.mark.parametrize("frames", [0, 1, 2, 29, 30, 31, 100, 840])
def test_every_engine_answers_for_any_length(name: str, frames: int) -> None:
    features = features_of(drums(14.0)[0][: frames * HOP])
    heard = load_engine(name).listen(features)
    arrays = [value for value in vars(heard).values() if value is not None]
    assert arrays
    for array in arrays:
        assert len(array) == frames
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
        assert array.min(initial=0.0) >= 0.0
        assert array.max(initial=0.0) <= 1.0


@pytest.mark.parametrize("name", ["classic", "flasher", "loudness"])
@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_asks_for_nothing(name: str, level: float) -> None:
    samples = level * np.random.default_rng(0).standard_normal(20 * SAMPLE_RATE)
    heard = load_engine(name).listen(features_of(samples))
    values = [heard.linear] if isinstance(heard, RawLight) else [heard.beat, heard.energy, heard.onsets]
    for value in values:
        assert value is None or value.max() < 1e-3


@pytest.mark.parametrize("name", ["classic", "flasher", "loudness", "constant"])
def test_the_same_song_gives_the_same_answer(name: str) -> None:
    first, second = (load_engine(name).listen(SONG) for _ in range(2))
    for one, other in zip(vars(first).values(), vars(second).values()):
        assert np.array_equal(one, other)


def test_clicks_peak_in_their_own_frame() -> None:
    samples, starts = click_track(20.0, every_s=0.4771)
    beat = beat_activation(features_of(samples).frames)
    true_frames = starts // HOP + LATENCY_FRAMES
    peaks = np.array([frame - 3 + int(beat[frame - 3 : frame + 4].argmax()) for frame in true_frames])
    assert np.abs(peaks - true_frames).max() <= 1
    assert np.mean(peaks - true_frames) < 0.35
    assert beat[peaks].min() > 0.4
    quiet = np.arange(len(beat)) > 10  # the noise floor itself begins in frame 0
    quiet[(true_frames[:, None] + np.arange(-2, 4)).ravel()] = False
    assert beat[quiet].max() < 0.2


def test_drums_are_told_apart() -> None:
    samples, times = drums(20.0)
    onsets = drum_onsets(features_of(samples).frames)
    for column, name in enumerate(("kick", "snare", "hat")):
        own = np.round(times[name] * FPS).astype(int)
        others = np.round(np.concatenate([times[other] for other in times if other != name]) * FPS).astype(
            int
        )
        here = np.array([onsets[frame - 1 : frame + 3, column].max() for frame in own])
        there = np.array([onsets[frame - 1 : frame + 3, column].max() for frame in others])
        assert np.median(here) > 0.4, name
        assert np.median(there) < 0.45 * np.median(here), name


def test_downbeats_are_where_bass_and_harmony_change() -> None:
    samples, _ = drums(34.0)
    time_s = np.arange(len(samples)) / SAMPLE_RATE
    bar = np.floor((time_s - 1.0) / (4 * BEAT_S)).astype(int)
    root = np.array([110.0, 146.8, 130.8, 98.0])[bar % 4]
    samples = (
        samples + 0.12 * np.sin(2 * np.pi * root * time_s) + 0.08 * np.sin(2 * np.pi * 3 * root * time_s)
    )
    heard = load_engine("classic").listen(features_of(samples))
    beats = np.round(np.arange(3.0, 32.0, BEAT_S) * FPS).astype(int)
    strength = np.array([heard.downbeat[frame - 2 : frame + 3].max() for frame in beats])
    by_position = [strength[position::4].mean() for position in range(4)]
    assert int(np.argmax(by_position)) == 0
    assert by_position[0] > 1.3 * max(by_position[1:])


def test_boundaries_are_where_the_song_changes() -> None:
    beat, _ = drums(90.0)
    time_s = np.arange(len(beat)) / SAMPLE_RATE
    pad = 0.15 * (np.sin(2 * np.pi * 220 * time_s) + np.sin(2 * np.pi * 277 * time_s))
    lead = 0.2 * np.sign(np.sin(2 * np.pi * 660 * time_s)) * (time_s % 0.5 < 0.25)
    part = np.digitize(time_s, [31.0, 61.0])
    samples = np.select([part == 0, part == 1], [pad + 0.3 * beat, beat + lead], pad * 0.7)
    heard = load_engine("classic").listen(features_of(samples))
    strongest = np.argsort(heard.boundary)[::-1]
    found = [strongest[0]]
    for frame in strongest:
        if len(found) < 2 and abs(int(frame) - int(found[0])) > 300:
            found.append(frame)
    assert np.abs(np.sort(found) / FPS - [31.0, 61.0]).max() < 1.0
    energy = [heard.energy[int(a * FPS) : int(b * FPS)].mean() for a, b in ((5, 28), (34, 58), (65, 85))]
    assert energy[1] > max(energy[0], energy[2]) + 0.1


def test_loudness_light_follows_up_fast_and_down_slowly() -> None:
    light = smoothed(np.repeat([0.0, 1.0, 0.0], [10, 60, 60]))
    assert light[10 + 5] > 0.9
    assert 0.2 < light[70 + 14] < 0.5
    assert light[-1] < 0.02


def test_loudness_light_follows_the_song() -> None:
    swell = np.linspace(0.02, 0.5, 20 * SAMPLE_RATE) * np.sin(np.arange(20 * SAMPLE_RATE) * 0.1)
    both = np.concatenate([swell, swell[::-1] * 0.02])
    light = load_engine("loudness").listen(features_of(both)).linear[:, 0]
    assert light[18 * FPS : 20 * FPS].mean() > 3 * light[25 * FPS : 40 * FPS].mean()
    assert light[19 * FPS, 0] > light[19 * FPS, 2]  # warm


def test_an_outline_is_as_long_as_the_song_and_knows_levels() -> None:
    for count in (0, 1, STEP_SAMPLES - 1, STEP_SAMPLES, STEP_SAMPLES + 1, 50_000):
        assert outline(np.zeros(count, dtype=np.float32)).steps == -(-count // STEP_SAMPLES)
    tone = np.sin(2 * np.pi * 440 * np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE)
    tone[: 2 * SAMPLE_RATE] *= 0.1
    look = outline(tone.astype(np.float32))
    levels = look.mel_db.max(axis=1)
    assert levels[15] - levels[5] == pytest.approx(20.0, abs=0.5)
    assert np.all(look.chroma[2:-2].argmax(axis=1) == 9)  # A


def test_smoothing_agrees_with_the_obvious_way() -> None:
    values = np.random.default_rng(5).standard_normal((57, 2))
    for reach in (0, 1, 2, 3, 5, 8, 60):
        windows = [values[max(0, i - reach) : i + reach + 1] for i in range(len(values))]
        assert moving_mean(values, reach) == pytest.approx(np.array([w.mean(axis=0) for w in windows]))
        assert np.array_equal(moving_max(values, reach), np.array([w.max(axis=0) for w in windows]))
    assert bell(np.ones(20), 3) == pytest.approx(np.ones(20))
    assert spread_0_1(np.arange(101.0), 0, 100) == pytest.approx(np.arange(101) / 100)
    assert len(spread_0_1(np.zeros(0))) == 0


def test_the_registry_names_the_four_references() -> None:
    assert list(ENGINES)[:4] == ["classic", "flasher", "loudness", "constant"]
    assert DEFAULT_ENGINE == "full"
    assert DEFAULT_ENGINE in models.SHIPPED_MODELS
    looks = {name: load_engine(name).look for name in ("classic", "flasher")}
    assert looks == {"classic": "director", "flasher": "flasher"}


def test_an_unknown_engine_is_a_usage_error_that_lists_the_known() -> None:
    with pytest.raises(UsageError, match="classic, flasher"):
        load_engine("clasic")


def test_a_missing_model_file_is_named() -> None:
    with pytest.raises(UnreadableInputError, match=r"nowhere\.onnx"):
        load_engine("/nowhere.onnx")


def test_shipped_models_are_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from make_tiny_model import scores_model

    data = scores_model().SerializeToString(deterministic=True)
    path = tmp_path / "tiny.onnx"
    path.write_bytes(data)
    shipped = models.ShippedModel(str(path), hashlib.sha256(data).hexdigest())
    monkeypatch.setitem(models.SHIPPED_MODELS, "tiny", shipped)
    engine = load_engine("tiny")
    assert engine.name == "tiny"
    assert isinstance(engine.listen(SONG), Scores)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(UnreadableInputError, match="SHA-256"):
        load_engine("tiny")
    path.unlink()
    with pytest.raises(UnreadableInputError, match="cannot read"):
        load_engine("tiny")


def test_an_unknown_shipped_model_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="choose from"):
        models.load_shipped("nothing")


def test_four_minutes_are_heard_quickly() -> None:
    """0.15 s on an idle core; here with much room, to catch a slow path rather than a busy machine."""
    frames = np.tile(SONG.frames, (18, 1))[: 240 * FPS]
    samples = np.resize(SONG.samples, 240 * SAMPLE_RATE)
    start = time.process_time()
    load_engine("classic").listen(Features(frames, samples, SONG.settings))
    assert time.process_time() - start < 2.0


def test_errors_are_of_the_family() -> None:
    assert issubclass(UnreadableInputError, BeatomizerError)


def test_a_run_folder_is_to_be_exported_first(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        load_engine(str(run))
    (run / "run.json").write_text("{}")
    with pytest.raises(UsageError, match=r"export it first: beatomizer export .*run -o run\.onnx"):
        load_engine(str(run))


def test_an_unknown_engine_is_answered_with_all_that_can_be_had() -> None:
    with pytest.raises(UsageError) as caught:
        load_engine("ful")
    assert "did you mean full" in str(caught.value)
    assert all(name in str(caught.value) for name in ("live", "classic"))
