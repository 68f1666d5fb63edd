"""The line as a whole: what it tells on the way, what it keeps, and that long songs are worked on in parts."""

import tracemalloc
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from beatomizer.cues.cuelist import CueList, Section
from beatomizer.features.bank import WIDTH
from beatomizer.features.features import Features
from beatomizer.features.outline import STEP_SAMPLES, outline
from beatomizer.inference import onsets, structure
from beatomizer.inference.classic import ClassicEngine
from beatomizer.line import render_cues, render_song
from tests.songs import beat_song, write_wav


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("line") / "song.wav", beat_song(30.0))


def test_every_stage_is_told_and_timed(song: Path) -> None:
    told: list[tuple[str, float]] = []
    rendering = render_song(song, progress=lambda stage, share: told.append((stage, share)))
    stages = ["audio", "features", "inference", "cues", "show", "safety"]
    assert list(dict.fromkeys(stage for stage, _ in told)) == stages
    assert list(rendering.stopwatch.seconds) == stages
    for stage in stages:
        shares = [share for name, share in told if name == stage]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)
    for stage in ("audio", "features"):
        assert any(0.0 < share < 1.0 for name, share in told if name == stage)


def test_a_rendering_keeps_the_facts_of_a_song_and_not_its_sound(song: Path) -> None:
    rendering = render_song(song)
    again = render_cues(rendering.cues, song=song)
    for one in (rendering.audio, again.audio):
        assert one is not None
        assert (one.title, one.duration_s, one.source) == ("song", 30.0, song)
        assert not any(isinstance(getattr(one, each.name), np.ndarray) for each in fields(one))
    assert np.array_equal(rendering.show.rgb8, again.show.rgb8)


@pytest.mark.parametrize(("by_s", "said"), [(-10.0, "10.0 s longer"), (10.0, "10.0 s shorter"), (1.5, "")])
def test_the_song_of_another_cue_list_is_told_in_one_line(song: Path, by_s: float, said: str) -> None:
    cues = CueList(30.0 + by_s, sections=(Section(0.0, 30.0 + by_s, "A"),), palette=("#ffffff",))
    rendering = render_cues(cues, song=song)
    assert rendering.audio is not None
    assert [said in line for line in rendering.audio.warnings] == ([True] if said else [])


def made_frames(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, WIDTH), dtype=np.float32)


@pytest.mark.parametrize("rows", [7, 64, 1000])
def test_how_a_song_is_cut_for_listening_changes_nothing(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = made_frames(999)
    whole = onsets.beat_activation(frames), onsets.drum_onsets(frames)
    monkeypatch.setattr(onsets, "_ROWS", rows)
    assert onsets.beat_activation(frames) == pytest.approx(whole[0], abs=1e-12)
    assert onsets.drum_onsets(frames) == pytest.approx(whole[1], abs=1e-12)


def test_how_steps_are_compared_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(1).standard_normal(200 * STEP_SAMPLES).astype(np.float32) * 0.1
    samples[: 100 * STEP_SAMPLES] = np.sin(np.arange(100 * STEP_SAMPLES) * 0.05)
    accent = np.random.default_rng(2).random(200 * 12)
    whole = structure.boundary_novelty(outline(samples), accent)
    assert whole.max() > 0
    monkeypatch.setattr(structure, "_BLOCK_STEPS", 9)
    assert np.array_equal(structure.boundary_novelty(outline(samples), accent), whole)


@pytest.mark.parametrize(
    "count", [1, STEP_SAMPLES - 1, STEP_SAMPLES, 5 * STEP_SAMPLES + 17, 40 * STEP_SAMPLES]
)
def test_an_outline_is_that_of_the_song_in_silence(count: int) -> None:
    """Silence after a song adds silent steps and leaves the others as they are (the last one hears it already)."""
    samples = np.random.default_rng(3).standard_normal(count).astype(np.float32)
    alone = outline(samples)
    padded = outline(np.concatenate([samples, np.zeros(30 * STEP_SAMPLES, dtype=np.float32)]))
    assert alone.steps == -(-count // STEP_SAMPLES)
    assert np.allclose(padded.mel_db[: alone.steps], alone.mel_db, atol=1e-3)
    assert np.allclose(padded.chroma[: alone.steps], alone.chroma, atol=1e-5)


def test_listening_takes_little_beside_what_it_listens_to() -> None:
    """A three-hour song and its features are 1.3 GB; the default engine may add a tenth of that, no second copy."""
    count = 10 * 3600
    frames = made_frames(count)
    features = Features(frames, np.zeros(count * 400, dtype=np.float32), "bank104-v1")
    tracemalloc.start()
    try:
        ClassicEngine().listen(features)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.12 * (frames.nbytes + features.samples.nbytes)
