"""The feature bank: stream = batch, only the past, gain, silence, and what each group of columns means."""

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.arrays import F32
from beatomizer.audio.audio import Audio
from beatomizer.features.bank import (
    BANK,
    COLUMNS,
    SETTINGS,
    WIDTH,
    FeatureStream,
    extract_features,
    loudness_lufs,
)
from beatomizer.features.settings import BankSettings
from beatomizer.timebase import HOP, SAMPLE_RATE, frame_count


def song(seconds: float, seed: int = 0, level: float = 0.2) -> F32:
    """Kicks at 120 BPM, a wandering chord and a little noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = time_s % 0.5
    kick = np.sin(2 * np.pi * 55 * phase) * np.exp(-phase / 0.08)
    root = 220 * 2 ** (np.floor(time_s / 2) % 4 / 12)
    chord = np.sin(2 * np.pi * root * time_s) + np.sin(2 * np.pi * root * 1.5 * time_s)
    noise = rng.standard_normal(len(time_s)) * 0.05
    return (level * (kick + 0.3 * chord + noise)).astype(np.float32)


def cut(samples: F32, sizes: list[int]) -> F32:
    """Features of a stream whose pieces take turns in these sizes."""
    stream, parts, start, turn = FeatureStream(), [], 0, 0
    while start < len(samples):
        size = sizes[turn % len(sizes)]
        parts.append(stream.push(samples[start : start + size]))
        start, turn = start + size, turn + 1
    parts.append(stream.finish())
    return np.concatenate(parts)


SONG = song(12.3)
BATCH = extract_features(Audio(SONG)).frames


@pytest.mark.parametrize(
    "sizes",
    [
        [7],
        [399],
        [400],
        [401],
        [4096],
        [1009, 13, 1],
        [9600],
        [24 * 400, 1],
        [100_000],
        [1] * 50 + [2048, 0, 3],
    ],
    ids=str,
)
def test_a_stream_gives_what_the_batch_gives(sizes: list[int]) -> None:
    streamed = cut(SONG, sizes)
    assert streamed.shape == BATCH.shape
    assert np.abs(streamed - BATCH).max() <= 1e-5


def test_single_samples_give_what_the_batch_gives() -> None:
    short = SONG[: SAMPLE_RATE // 2 + 77]
    batch = extract_features(Audio(short)).frames
    assert np.abs(cut(short, [1]) - batch).max() <= 1e-5


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(0, 5000), min_size=1, max_size=12).filter(any), seed=st.integers(0, 99))
def test_random_cuts_give_what_the_batch_gives(sizes: list[int], seed: int) -> None:
    samples = song(1.7, seed)
    assert np.abs(cut(samples, sizes) - extract_features(Audio(samples)).frames).max() <= 1e-5


@pytest.mark.parametrize("count", [0, 1, 399, 400, 401, 24 * 400 - 1, 24 * 400, 24 * 400 + 1])
def test_as_many_frames_as_cover_the_song(count: int) -> None:
    features = extract_features(Audio(np.full(count, 0.1, dtype=np.float32)))
    assert features.frames.shape == (frame_count(count), WIDTH)
    assert features.frames.dtype == np.float32
    assert features.settings == SETTINGS


def test_nothing_after_the_end_of_a_frame_is_heard() -> None:
    for frame in (0, 17, 100, 101, 300):
        changed = SONG.copy()
        changed[(frame + 1) * HOP :] = 0.9
        assert np.array_equal(extract_features(Audio(changed)).frames[: frame + 1], BATCH[: frame + 1])
        changed = SONG.copy()
        changed[(frame + 1) * HOP - 60 :] += 0.5
        assert not np.array_equal(extract_features(Audio(changed)).frames[frame], BATCH[frame])


def test_columns_cover_the_frame() -> None:
    covered = np.concatenate([np.arange(WIDTH)[columns] for columns in COLUMNS.values()])
    assert np.array_equal(covered, np.arange(WIDTH))
    assert [columns.stop - columns.start for columns in COLUMNS.values()] == [64, 24, 12, 3, 1]


@pytest.mark.parametrize("gain_db", [-30.0, -15.0, 6.0])
def test_gain_is_forgotten(gain_db: float) -> None:
    long = song(20.0, level=0.25)
    quiet = extract_features(Audio((long * 10 ** (gain_db / 20)).astype(np.float32))).frames
    loud = extract_features(Audio(long)).frames
    normalised = np.r_[COLUMNS["mel"], COLUMNS["flux"], COLUMNS["chroma"], COLUMNS["relative"]]
    difference = np.abs(quiet - loud)[60:, normalised]
    assert difference.mean() < 0.01
    assert np.percentile(difference, 99) < 0.1
    lufs = loudness_lufs(quiet) - loudness_lufs(loud)
    assert np.abs(lufs[60:] - gain_db).max() < 0.1


@pytest.mark.parametrize("hiss", [0.0, 1e-5, 3e-5])
def test_silence_is_flat(hiss: float) -> None:
    rng = np.random.default_rng(3)
    samples = np.concatenate([song(6.0), np.zeros(8 * SAMPLE_RATE, np.float32), song(2.0)])
    samples = (samples + hiss * rng.standard_normal(len(samples))).astype(np.float32)
    frames = extract_features(Audio(samples)).frames
    rest = frames[8 * 60 : 14 * 60]
    assert np.isfinite(frames).all()
    for name in ("mel", "flux", "chroma", "relative"):
        assert rest[:, COLUMNS[name]].std(axis=0).max() == 0.0
    assert np.all(rest[:, COLUMNS["mel"]] == -BANK.clip)
    before, after = frames[4 * 60 : 6 * 60, COLUMNS["mel"]], frames[14 * 60 + 1 : 16 * 60, COLUMNS["mel"]]
    assert np.abs(before.mean() - after.mean()) < 0.35  # the silence was not learned from


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(5000),
        np.full(20_000, 0.5),
        np.full(20_000, 1e-30),
        np.full(9_000, 1e-42),
        np.tile([1.0, -1.0], 10_000),
        np.eye(1, 30_000, 12_345)[0],
        np.array([np.nan, np.inf, -np.inf, 1e38, -1e38] * 3000),
        np.random.default_rng(0).standard_normal(30_000) * 1e4,
    ],
    ids=["zeros", "offset", "tiny", "denormal", "nyquist", "click", "not finite", "enormous"],
)
def test_always_finite_and_in_range(samples: np.ndarray) -> None:
    frames = extract_features(Audio(samples.astype(np.float32))).frames
    assert np.isfinite(frames).all()
    assert np.abs(frames[:, COLUMNS["mel"]]).max(initial=0.0) <= BANK.clip
    assert frames[:, COLUMNS["flux"]].min(initial=0.0) >= 0.0
    assert np.linalg.norm(frames[:, COLUMNS["chroma"]], axis=1).max(initial=0.0) <= 1.0 + 1e-5


@pytest.mark.parametrize("lufs", [-3.01, -23.0, -50.0])
def test_loudness_reads_like_the_standard(lufs: float) -> None:
    # ITU-R BS.1770-5: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LKFS.
    amplitude = 10 ** ((lufs + 3.01) / 20)
    sine = amplitude * np.sin(2 * np.pi * 997 * np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE)
    measured = loudness_lufs(extract_features(Audio(sine.astype(np.float32))).frames)
    assert np.abs(measured[-60:] - lufs).max() < 0.15


def test_a_kick_shows_within_15_ms() -> None:
    """Onsets at every place in a frame: half of the low bands' rise is there one frame after the onset at most."""
    time_s = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    kick = np.sin(2 * np.pi * 60 * time_s) * np.exp(-time_s / 0.15)
    delays = []
    for offset in range(0, HOP, 40):
        onset = 3 * SAMPLE_RATE + offset
        samples = (0.001 * np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE)).astype(np.float32)
        samples[onset : onset + len(kick)] += (0.5 * kick).astype(np.float32)[: len(samples) - onset]
        mel = extract_features(Audio(samples)).frames[:, COLUMNS["mel"]][:, :3].mean(axis=1)
        before, after = mel[170:179].mean(), mel[180:190].max()
        first = int(np.flatnonzero(mel[180:] > (before + after) / 2)[0]) + 180
        delays.append((first + 1) * HOP - onset)  # a frame is known when its last sample is
    assert np.mean(delays) / SAMPLE_RATE <= 0.0225  # 15 ms, and half a frame for the grid
    assert max(delays) <= 1.75 * HOP


def test_a_click_shows_in_its_own_frame() -> None:
    for sample in [48_000, 48_100, 48_200, 48_300, 48_340]:
        samples = np.zeros(3 * SAMPLE_RATE, dtype=np.float32)
        samples[sample] = 0.8
        flux = extract_features(Audio(samples)).frames[:, COLUMNS["flux"]].sum(axis=1)
        assert int(flux.argmax()) == sample // HOP


def test_chroma_names_the_note() -> None:
    for midi in (57, 60, 64, 71, 76):
        hz = 440 * 2 ** ((midi - 69) / 12)
        tone = 0.3 * np.sin(2 * np.pi * hz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
        chroma = extract_features(Audio(tone.astype(np.float32))).frames[30:, COLUMNS["chroma"]]
        assert np.all(chroma.argmax(axis=1) == midi % 12)


def test_bands_are_normalised_by_their_past() -> None:
    mel = extract_features(Audio(song(40.0))).frames[20 * 60 :, COLUMNS["mel"]]
    assert abs(float(mel.mean())) < 0.25
    assert 0.3 < float(mel.std()) < 1.3


def test_every_constant_is_part_of_the_identity() -> None:
    seen = {SETTINGS}
    for field in dataclasses.fields(BankSettings):
        value = getattr(BANK, field.name)
        other = tuple(number + 1 for number in value) if isinstance(value, tuple) else value + 1
        seen.add(dataclasses.replace(BANK, **{field.name: other}).identity)
    assert len(seen) == 1 + len(dataclasses.fields(BankSettings))
    assert SETTINGS.startswith(f"bank{WIDTH}-v")


def test_a_bank_of_another_size_works() -> None:
    small = FeatureStream(dataclasses.replace(BANK, mel_bands=40, flux_bands=12))
    frames = small.push(SONG[: 50 * HOP])
    assert frames.shape == (50, 40 + 12 + 12 + 4)
    assert np.array_equal(frames[:, -4:], BATCH[:50, -4:])


def test_golden_numbers() -> None:
    """A few numbers of a fixed song; if they move, raise ``BankSettings.version`` and print them again.

    Regenerate: ``python -c "from tests.test_features_bank import print_golden; print_golden()"``.
    """
    assert golden() == pytest.approx(GOLDEN, abs=2e-3)


def golden() -> list[float]:
    time_s = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    sweep = (
        0.3
        * np.sin(2 * np.pi * (100 * time_s + 300 * time_s**2))
        * (1 + np.sign(np.sin(4 * np.pi * time_s)))
        / 2
    )
    frames = extract_features(Audio(sweep.astype(np.float32))).frames
    return [
        float(value)
        for value in frames[[20, 61, 150, 179]][:, [0, 10, 30, 64, 70, 88, 93, 100, 101, 102, 103]].ravel()
    ]


def print_golden() -> None:
    print([round(value, 4) for value in golden()])


GOLDEN = [
    -3.0,
    -3.0,
    -3.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.7987,
    0.7987,
    0.9415,
    0.1342,
    0.1939,
    0.0577,
    0.0,
    0.2475,
    0.0349,
    0.7989,
    0.8005,
    0.7709,
    0.7845,
    0.9298,
    0.4867,
    0.3734,
    1.5553,
    1.449,
    1.5855,
    0.039,
    0.0786,
    0.7854,
    0.7928,
    0.7929,
    0.9588,
    -0.6258,
    -0.7317,
    -0.6033,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.8021,
    0.7971,
    0.9455,
]


def test_a_finished_stream_takes_nothing() -> None:
    stream = FeatureStream()
    stream.push(SONG[:1000])
    assert len(stream.finish()) == 1
    with pytest.raises(ValueError, match="finished"):
        stream.push(SONG[:400])


def test_four_minutes_are_quick() -> None:
    """0.25 s on an idle core; here with much room, to catch a slow path rather than a busy machine."""
    samples = np.tile(SONG, 20)[: 240 * SAMPLE_RATE]
    start = time.process_time()
    extract_features(Audio(samples))
    assert time.process_time() - start < 2.5
