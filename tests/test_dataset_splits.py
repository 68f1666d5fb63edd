"""Who learns from what: by song, whatever coder it went through; stable; no empty split."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.arrays import F32
from beatomizer.audio.load import load_audio
from beatomizer.dataset.fingerprint import fingerprint, same_songs
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.splits import SHARES, split_songs
from tests.made_takes import song

ids = st.lists(st.integers(0, 2**40).map(lambda n: f"{n:016x}"), unique=True, max_size=60)


def each_its_own(takes: list[str]) -> dict[str, str]:
    return {take: take for take in takes}


@given(ids, st.integers(0, 5))
def test_from_three_songs_on_no_split_is_empty(takes: list[str], seed: int) -> None:
    splits = split_songs(each_its_own(takes), seed)
    assert set(splits) == set(takes)
    if len(takes) >= 3:
        assert set(splits.values()) == set(SPLITS)


@given(ids, st.integers(0, 3))
def test_takes_of_one_song_stay_together(takes: list[str], songs: int) -> None:
    of_song = {take: f"song {number % (songs + 1)}" for number, take in enumerate(takes)}
    splits = split_songs(of_song)
    for name in set(of_song.values()):
        assert len({splits[take] for take in takes if of_song[take] == name}) == 1


def test_shares_are_kept_and_adding_takes_moves_none() -> None:
    takes = [f"{number:016x}" for number in range(4000)]
    some, all_of_them = split_songs(each_its_own(takes[:300])), split_songs(each_its_own(takes))
    assert all(all_of_them[take] == split for take, split in some.items())
    for split, share in zip(SPLITS, SHARES, strict=True):
        assert abs(list(all_of_them.values()).count(split) / len(takes) - share) < 0.02
    assert split_songs(each_its_own(takes), seed=1) != all_of_them


def through_mp3(sound: F32, path: Path) -> F32:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=24_000, layout="mono")
        stream.bit_rate = 48_000
        for start in range(0, len(sound), 1152):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound[None, start : start + 1152]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 24_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return load_audio(path).samples


def melody(seed: int) -> F32:
    """Forty seconds of tones that somebody could tell from another melody."""
    rng = np.random.default_rng(seed)
    pitches = 220 * 2 ** (rng.integers(0, 36, (3, 160)) / 12)
    phase = np.cumsum(pitches.repeat(6000, axis=1) / 24_000, axis=1)
    tones = sum(np.sin(2 * np.pi * phase[voice]) / (voice + 2) for voice in range(3))
    return (0.4 * tones * np.tile(np.exp(-np.arange(6000) / 4000), 160)).astype(np.float32)


def test_a_song_is_known_again_and_others_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    first, second = melody(1), melody(2)
    again = through_mp3(first[24_000 * 7 + 377 :] * 0.4, tmp_path / "again.mp3")
    again = again + 0.003 * rng.standard_normal(len(again)).astype(np.float32)
    prints = {"c": fingerprint(first), "b": fingerprint(again), "a": fingerprint(second)}
    assert same_songs(prints) == {"a": "a", "b": "b", "c": "b"}


def test_beats_of_different_tempo_are_different_songs() -> None:
    prints = {str(seed): fingerprint(song(30.0, seed)) for seed in range(4)}
    assert same_songs(prints) == {take: take for take in prints}


def test_parts_of_one_file_belong_together() -> None:
    prints = {"a": fingerprint(melody(1)), "b": fingerprint(melody(2)), "c": fingerprint(melody(3)), "d": ""}
    assert same_songs(prints, {"a": "x", "b": "y", "c": "x", "d": "y"}) == {
        "a": "a",
        "b": "b",
        "c": "a",
        "d": "b",
    }


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(3000), np.zeros(24_000 * 20)])
def test_silence_resembles_nothing(sound: F32) -> None:
    prints = {"a": fingerprint(sound.astype(np.float32)), "b": fingerprint(sound.astype(np.float32))}
    assert same_songs(prints) == {"a": "a", "b": "b"}
