"""Shards: exact bytes out and in, readable by others, deaf to tricks."""

import gc
import io
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.dataset.clip import CLIP_SAMPLES, Clip
from beatomizer.dataset.flac import decode_flac, encode_flac
from beatomizer.dataset.packed import SPLITS, PackedClip, pack
from beatomizer.dataset.shards import (
    CLIPS_PER_SHARD,
    read_clips,
    read_packed,
    read_shard,
    set_facts,
    set_hash,
    shard_paths,
    write_shard,
    write_split,
)
from beatomizer.errors import UnreadableInputError
from tests.made_clips import made_clip, made_set


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_set(tmp_path_factory.mktemp("made") / "set", clips=6, zones=3)


def same(one: Clip, other: Clip) -> bool:
    arrays = all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("audio", "rgb", "flags")
    )
    return arrays and (one.key, one.split, one.facts) == (other.key, other.split, other.facts)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 20_000), seed=st.integers(0, 99), loud=st.sampled_from([0, 1, 300, 32767]))
def test_flac_gives_back_every_bit(count: int, seed: int, loud: int) -> None:
    sound = np.random.default_rng(seed).integers(-loud - 1, loud, count, np.int16, endpoint=True)
    coded = encode_flac(sound)
    assert np.array_equal(decode_flac(coded, count), sound)
    assert coded == encode_flac(sound)


def test_flac_of_another_length_or_kind_is_refused() -> None:
    coded = encode_flac(np.zeros(1000, np.int16))
    for wrong in (999, 1001):
        with pytest.raises(UnreadableInputError):
            decode_flac(coded, wrong)
    for damaged in (b"", b"RIFF" + coded[4:], coded[:20], bytes(500)):
        with pytest.raises(UnreadableInputError):
            decode_flac(damaged, 1000)


def test_clips_come_back_as_they_were(made: Path) -> None:
    back = [clip for split in SPLITS for clip in read_clips(made, split)]
    assert len(back) == 6
    for clip in back:
        take, _, part = clip.key.partition("-")
        assert same(clip, made_clip(int(take, 16) * 2 + int(part), zones=3))


def test_the_same_clips_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    again = made_set(tmp_path / "again", clips=6, zones=3)
    for path in made.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()
    other = made_set(tmp_path / "other", clips=8, zones=3, seed=1)
    assert set_facts(other)["hash"] != set_facts(made)["hash"]


def test_copying_packed_clips_changes_no_byte(made: Path, tmp_path: Path) -> None:
    (path, *_) = shard_paths(made, "train")
    copied = write_shard(tmp_path / path.name, read_packed(path))
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    listed = set_facts(made)["splits"]["train"]["shards"][0]
    assert copied.to_json() == listed


def test_facts_can_be_changed_without_touching_sound_and_light() -> None:
    packed = pack(made_clip(0))
    moved = packed.with_facts(split="test", licence="CC0-1.0").unpack()
    assert (moved.split, moved.facts["licence"]) == ("test", "CC0-1.0")
    assert np.array_equal(moved.audio, made_clip(0).audio)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves its files open
def test_webdataset_reads_them(made: Path) -> None:
    (path, *_) = shard_paths(made, "train")
    found: list[dict[str, Any]] = list(webdataset.WebDataset(str(path), shardshuffle=False).decode())
    ours = list(read_shard(path))
    assert [one["__key__"] for one in found] == [clip.key for clip in ours]
    for one, clip in zip(found, ours, strict=True):
        assert np.array_equal(one["rgb.npy"], clip.rgb)
        assert np.array_equal(one["flags.npy"], clip.flags)
        assert one["json"]["take"] == clip.facts["take"]
        assert np.array_equal(decode_flac(one["flac"], CLIP_SAMPLES), clip.audio)
    gc.collect()


def test_tar_reads_them_and_knows_nothing_of_this_machine(made: Path) -> None:
    with tarfile.open(shard_paths(made, "test")[0]) as archive:
        for member in archive:
            assert member.isreg()
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")


def test_a_split_goes_on_in_the_next_shard(tmp_path: Path) -> None:
    parts = pack(made_clip(0)).parts
    keys = [f"{number:016x}-0000" for number in range(CLIPS_PER_SHARD + 1)]
    texts = [json.dumps({"key": key, "split": "train"}).encode() for key in keys]
    clips = [PackedClip(key, {**parts, "json": text}) for key, text in zip(keys, texts, strict=True)]
    shards = write_split(tmp_path, "train", clips)
    assert [shard.clips for shard in shards] == [CLIPS_PER_SHARD, 1]
    assert shards[1].name == "clips-train-000001.tar"
    assert [clip.key for shard in shards for clip in read_packed(tmp_path / shard.name)] == keys
    assert len(set_hash(shards)) == 64


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("audio", lambda clip: replace(clip, audio=clip.audio[:-1])),
        ("rgb", lambda clip: replace(clip, rgb=clip.rgb.astype(np.float32))),
        ("flags", lambda clip: replace(clip, flags=clip.flags[:5])),
        ("key", lambda clip: replace(clip, key="../x")),
        ("dotted key", lambda clip: replace(clip, key="a.b")),
        ("split", lambda clip: replace(clip, split="dev")),
        ("facts", lambda clip: replace(clip, facts={"x": float("nan")})),
    ],
)
def test_nothing_else_is_written(name: str, change: Any, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError)):
        write_shard(tmp_path / "x.tar", [change(made_clip(0))])
    assert list(tmp_path.iterdir()) == []


# Damage and tricks


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shard") / "one.tar"
    write_shard(path, [made_clip(0)])
    return path


def test_a_shard_cut_anywhere_is_refused(shard: Path, tmp_path: Path) -> None:
    whole = shard.read_bytes()
    for length in (0, 100, 512, 5000, len(whole) // 2, len(whole) - 1024):
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        with pytest.raises(UnreadableInputError):
            list(read_shard(tmp_path / "cut.tar"))
    with pytest.raises(UnreadableInputError):
        list(read_shard(tmp_path / "missing.tar"))


@settings(max_examples=30, deadline=None)
@given(place=st.floats(0, 0.999), value=st.integers(0, 255))
def test_a_flipped_byte_is_refused_or_harmless(
    shard: Path, tmp_path_factory: pytest.TempPathFactory, place: float, value: int
) -> None:
    data = bytearray(shard.read_bytes())
    data[int(place * len(data))] = value
    damaged = tmp_path_factory.mktemp("damaged") / "x.tar"
    damaged.write_bytes(data)
    try:
        clips = list(read_shard(damaged))
    except UnreadableInputError:
        return
    assert all(clip.audio.shape == (CLIP_SAMPLES,) for clip in clips)


def tar_with(path: Path, **changed: bytes | tarfile.TarInfo) -> Path:
    """A shard of one clip with some members replaced (underscores stand for dots), or a member put in front."""
    parts = {name: bytes(data) for name, data in pack(made_clip(0)).parts.items()}
    with tarfile.open(path, "w") as archive:
        for name, data in changed.items():
            if isinstance(data, tarfile.TarInfo):
                archive.addfile(data)
            else:
                parts[name.replace("_", ".")] = data
        for name, data in parts.items():
            info = tarfile.TarInfo(f"{made_clip(0).key}.{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def npy(array: np.ndarray[Any, Any], pickled: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=pickled)
    return buffer.getvalue()


HUGE = npy(np.zeros((1, 1, 3), np.uint16)).replace(b"(1, 1, 3), ", b"(900,9**9,3)")
TRICKS: dict[str, dict[str, bytes | tarfile.TarInfo]] = {
    "a link": {"x": link("0000000000000000-0000.json", tarfile.SYMTYPE)},
    "a hard link": {"x": link("0000000000000000-0000.json", tarfile.LNKTYPE)},
    "a folder": {"x": link("folder", tarfile.DIRTYPE)},
    "a device": {"x": link("0000000000000000-0000.json", tarfile.CHRTYPE)},
    "a way out": {"x": link("../../x.json", tarfile.REGTYPE)},
    "a pickle": {"rgb_npy": npy(np.array([{}], dtype=object), pickled=True)},
    "another kind": {"rgb_npy": npy(np.zeros((900, 1, 3), np.float32))},
    "another shape": {"rgb_npy": npy(np.zeros((899, 1, 3), np.uint16))},
    "no zone": {"rgb_npy": npy(np.zeros((900, 0, 3), np.uint16))},
    "a lying header": {"rgb_npy": HUGE},
    "flags of another shape": {"flags_npy": npy(np.zeros(901, np.uint8))},
    "not json": {"json": b"{"},
    "deep json": {"json": b"[" * 100_000},
    "another key": {"json": b'{"key": "x", "split": "train"}'},
    "another split": {"json": b'{"key": "0000000000000000-0000", "split": "dev"}'},
    "large json": {"json": b" " * (5 << 20)},
    "short sound": {"flac": encode_flac(np.zeros(1000, np.int16))},
    "no sound": {"flac": b""},
}


@pytest.mark.parametrize("name", TRICKS)
def test_tricks_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        list(read_shard(tar_with(tmp_path / "x.tar", **TRICKS[name])))
    assert "'x.tar' is damaged" in str(caught.value)


def test_the_trickless_twin_is_accepted(tmp_path: Path) -> None:
    (clip,) = read_shard(tar_with(tmp_path / "x.tar"))
    assert same(clip, made_clip(0))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "beatomizer-clips", "version": 99, "splits": {}, "zones": 1}', "[" * 100_000,
     '{"format": "beatomizer-clips", "version": 1, "splits": [], "zones": 1}',
     '{"format": "beatomizer-clips", "version": 1, "zones": 1, "splits": {"train": {"shards": [{"name": "../x"}]}}}',
     '{"format": "beatomizer-clips", "version": 1, "zones": 1, "splits": {"train": {"shards": 5}}}'],
)  # fmt: skip
def test_a_set_that_is_not_one_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(UnreadableInputError):
        list(read_clips(tmp_path, "train"))


def test_a_folder_without_a_set_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="dataset build"):
        set_facts(tmp_path)


def test_a_clip_of_another_split_is_refused(made: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(made, moved)
    shutil.copy(moved / "clips-test-000000.tar", moved / "clips-train-000000.tar")
    with pytest.raises(UnreadableInputError, match="holds a clip of 'test'"):
        list(read_clips(moved, "train"))
