"""Folders become takes: each file is used once or has its line, and the same content is never taken twice."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.color import rgb8_to_linear
from beatomizer.dataset.observe_light import are_dimmers, columns, observe_fseq, observe_score
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.sidecar import Excerpt, read_sidecar, write_sidecar
from beatomizer.dataset.sources import TakeSource, find_takes
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.outputs.files.fseq import encode

FILM = b"\0\0\0\x18ftypisom" + bytes(range(256))
SONG = b"RIFF\x24\0\0\0WAVEfmt " + bytes(64)


def put(folder: Path, name: str, data: bytes = FILM) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def found(folder: Path) -> tuple[list[TakeSource], dict[str, str]]:
    takes, refusals = find_takes([folder])
    assert len({refusal.name for refusal in refusals}) == len(refusals)
    assert all("\n" not in refusal.reason and not refusal.reason.endswith(".") for refusal in refusals)
    return takes, {refusal.name: refusal.reason for refusal in refusals}


def test_any_container_is_a_take_whatever_it_is_called(tmp_path: Path) -> None:
    heads = {
        "a.mp4": FILM,
        "b.mkv": b"\x1aE\xdf\xa3" + bytes(80),
        "c.avi": b"RIFF\0\0\0\0AVI LIST" + bytes(9),
        "d.flv": b"FLV\x01\x05\0\0\0\x09",
        "e.ts": (b"G" + bytes(187)) * 5,
        "f.mts": (bytes(4) + b"G" + bytes(187)) * 5,
        "g.wmv": bytes.fromhex("3026b2758e66cf11") + bytes(20),
        "h": FILM + b"no ending",
        "deep/er/i.webm": b"\x1aE\xdf\xa3" + bytes(81),
    }
    for name, head in heads.items():
        put(tmp_path, name, head)
    takes, refusals = found(tmp_path)
    assert {take.name for take in takes} == set(heads)
    assert not refusals
    assert {take.kind for take in takes} == {"video"}
    assert [take.id for take in takes] == sorted(take.id for take in takes)


def test_junk_has_one_line_each_and_hidden_files_none(tmp_path: Path) -> None:
    put(tmp_path, "good.mp4")
    put(tmp_path, ".hidden.mp4", FILM + b"1")
    put(tmp_path, ".git/config.mp4", FILM + b"2")
    put(tmp_path, "fetch.csv", b"url\n")
    junk = {
        "empty.mp4": (b"", "is empty"),
        "notes.txt": (b"hello", "text"),
        "list.m3u8": (b"#EXTM3U\nhttp://example.com/x.ts\n", "playlists are not followed"),
        "renamed.mp4": (b"#EXTM3U\nfile:///etc/passwd\n", "playlists are not followed"),
        "cover.jpg": (b"\xff\xd8\xff\xe0" + bytes(9), "a picture"),
        "all.zip": (b"PK\x03\x04" + bytes(9), "an archive"),
        "noise.mp4": (bytes(7 * i % 251 for i in range(999)), "not a video"),
        "half.mp4.part": (FILM, "unfinished"),
        "alone.wav": (SONG, "without light"),
        "lost.take.json": (b"{}", "not beside it"),
        "lost.score.json": (b"{}", "not beside it"),
    }
    for name, (data, _) in junk.items():
        put(tmp_path, name, data)
    os.mkfifo(tmp_path / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # the path of a socket may have 108 letters
        listening.bind("plug.mp4")
        os.chdir(here)
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "gone.mp4").symlink_to("nowhere.mp4")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    takes, refusals = found(tmp_path)
    assert [take.name for take in takes] == ["good.mp4"]
    for name, (_, reason) in junk.items():
        assert reason in refusals[name], name
    links = {"pipe.mp4": "pipe", "plug.mp4": "socket", "loop.mp4": "leads back", "gone.mp4": "not exist"}
    for name, reason in {**links, "again": "already looked at"}.items():
        assert reason in refusals[name], name
    assert len(refusals) == len(junk) + 5


def test_a_missing_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        find_takes([tmp_path / "nowhere"])


def test_two_names_for_one_video_are_one_take(tmp_path: Path) -> None:
    put(tmp_path, "b.mp4")
    put(tmp_path, "a.mp4")
    put(tmp_path, "sub/c.mp4")
    takes, refusals = found(tmp_path)
    assert [take.name for take in takes] == ["a.mp4"]
    assert refusals == {"b.mp4": "same as a.mp4", "sub/c.mp4": "same as a.mp4"}


def test_the_same_take_has_the_same_identity_anywhere(tmp_path: Path) -> None:
    put(tmp_path / "one", "a.mp4")
    put(tmp_path / "two", "other name.mkv")
    (first,), _ = find_takes([tmp_path / "one"])
    (second,), _ = find_takes([tmp_path / "two"])
    assert first.id == second.id
    assert len(first.id) == 16
    both, refusals = find_takes([tmp_path / "one", tmp_path / "two"])
    assert (len(both), len(refusals)) == (1, 1)


def test_excerpts_of_one_video_are_takes_of_one_content(tmp_path: Path) -> None:
    put(tmp_path, "x.mp4")
    parts = (
        Excerpt("https://example.org/v", 0.0, 20.0, "One", "CC0", "n"),
        Excerpt("https://example.org/v", 30.0, None, "Two", "CC0"),
    )
    write_sidecar(tmp_path / "x.take.json", parts)
    assert read_sidecar(tmp_path / "x.take.json") == parts
    put(tmp_path, "copy of x.mp4")
    takes, refusals = found(tmp_path)
    assert {(take.title, take.start_s, take.end_s) for take in takes} == {
        ("One", 0.0, 20.0),
        ("Two", 30.0, None),
    }
    assert len({take.id for take in takes}) == 2
    assert len({take.content for take in takes}) == 1
    assert takes[0].licence == "CC0"
    assert refusals == {
        "copy of x.mp4": "same as x.mp4"
    }  # the described one wins, whatever the order of names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": "x"}',
        '{"start_s": "now"}',
        '{"start_s": 5, "end_s": 4}',
        '{"start_s": NaN}',
        '{"end_s": 1' + 400 * "0" + "}",
        "[" * 9000,
    ],
)
def test_a_damaged_description_is_said_and_the_video_stays(tmp_path: Path, text: str) -> None:
    put(tmp_path, "x.mp4")
    put(tmp_path, "x.take.json", text.encode())
    takes, refusals = found(tmp_path)
    assert [take.name for take in takes] == ["x.mp4"]
    assert "the video is taken whole" in refusals["x.take.json"]


def test_a_description_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, "x.mp4")
    os.mkfifo(tmp_path / "x.take.json")
    script = "from pathlib import Path; from beatomizer.dataset.sources import find_takes; "
    script += "print([one.reason for one in find_takes([Path('.')])[1]])"
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True)
    assert "the video is taken whole" in done.stdout


def test_a_name_that_is_all_ending_is_a_file_like_others(tmp_path: Path) -> None:
    for name in (".take.json", ".score.json"):
        takes, refusals = find_takes([put(tmp_path, name, b"{}")])
        assert not takes
        assert [refusal.name for refusal in refusals] == [name]


def test_a_folder_that_is_named_twice_is_looked_at_once(tmp_path: Path) -> None:
    put(tmp_path, "x.mp4")
    put(tmp_path / "in", "y.fseq", b"PSEQ" + bytes(40))
    put(tmp_path / "in", "y.wav", SONG)
    takes, refusals = find_takes([tmp_path, tmp_path / "in", tmp_path])
    assert sorted(take.name for take in takes) == ["in/y.wav", "x.mp4"]
    assert not refusals


def test_a_flat_description_is_understood(tmp_path: Path) -> None:
    put(tmp_path, "x.mp4")
    entry = {
        "url": "https://example.org",
        "start_s": 1,
        "end_s": 20.5,
        "title": "T\n\x1b[31m",
        "licence": "CC0",
    }
    put(tmp_path, "x.take.json", json.dumps(entry).encode())
    (take,), _ = find_takes([tmp_path])
    assert (take.start_s, take.end_s, take.title, take.licence) == (1.0, 20.5, "T [31m", "CC0")


def test_a_sequence_needs_its_song_and_takes_only_one(tmp_path: Path) -> None:
    sequence = encode(np.zeros((9, 6), np.uint8), 25)
    put(tmp_path, "show.fseq", sequence)
    put(tmp_path, "show.WAV", SONG)
    put(tmp_path, "show.mp3", b"ID3\x03" + bytes(40))
    put(tmp_path, "mute.fseq", sequence)
    takes, refusals = found(tmp_path)
    assert [(take.kind, take.name) for take in takes] == [("fseq", "show.WAV")]
    assert takes[0].light == tmp_path / "show.fseq"
    assert refusals["show.mp3"] == "is not needed: show.WAV is used"
    assert "no song beside it" in refusals["mute.fseq"]


def test_a_score_goes_with_its_film_or_its_song(tmp_path: Path) -> None:
    put(tmp_path, "take-1.mp4")
    put(tmp_path, "take-1.score.json", b'{"format": "beatomizer-score"}')
    put(tmp_path, "take-2.flac", b"fLaC" + bytes(40))
    put(tmp_path, "take-2.score.json", b'{"format": "beatomizer-score", "n": 2}')
    takes, refusals = found(tmp_path)
    assert {(take.kind, take.name) for take in takes} == {
        ("composed", "take-1.mp4"),
        ("composed", "take-2.flac"),
    }
    assert all(take.score is not None and take.score.is_file() for take in takes)
    assert {take.licence for take in takes} == {"generated"}
    assert not refusals


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 2)), max_size=8))
def test_law_every_file_is_a_take_or_has_a_line(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("law")
    names = {put(folder, f"{stem}{number}.mp4", FILM + bytes([number])).name for stem, number in files}
    takes, refusals = found(folder)
    assert {take.name for take in takes} | set(refusals) == names
    assert len(takes) == len({number for _, number in files})
    shutil.rmtree(folder)


# Light that nobody filmed


def wave(steps: int, pixels: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A hue that wanders over a string of pixels, as an xLights effect does: ``[N, P, 3]``."""
    place = np.arange(pixels) / max(pixels, 8) + np.arange(steps)[:, None] / 60 + seed
    hue = place[..., None] + np.array([0, 1 / 3, 2 / 3])
    return np.round(127.5 + 127.5 * np.cos(2 * np.pi * hue)).astype(np.uint8)


@pytest.mark.parametrize(
    ("pixels", "step_ms", "zstd"), [(1, 17, False), (2, 25, True), (50, 50, True), (300, 20, False)]
)
def test_a_sequence_is_seen_as_it_shines(tmp_path: Path, pixels: int, step_ms: int, zstd: bool) -> None:
    lights = wave(120, pixels)
    path = put(tmp_path, "x.fseq", encode(lights.reshape(120, -1), step_ms, zstd=zstd))
    observed = observe_fseq(path)
    assert observed.size == (pixels, 1)
    np.testing.assert_allclose(observed.pts_s, np.arange(120) * step_ms / 1000, atol=1e-12)
    np.testing.assert_allclose(observed.mean_rgb, lights.mean(axis=1) / 255, atol=1e-6)
    assert observed.end_s == pytest.approx(120 * step_ms / 1000)
    assert (observed.grid == observed.grid[:, :1]).all()
    seen = rgb8_to_linear(observed.grid[:, 0]).mean(axis=1)
    np.testing.assert_allclose(seen, rgb8_to_linear(lights).mean(axis=1), atol=0.004)
    observed.save(tmp_path / "o.npz")
    assert (Observed.load(tmp_path / "o.npz").grid == observed.grid).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 90), st.integers(0, 9))
def test_law_columns_are_the_slow_obvious_average(pixels: int, seed: int) -> None:
    lights = np.random.default_rng(seed).integers(0, 256, (2, pixels, 3), dtype=np.uint8)
    fine = np.repeat(rgb8_to_linear(lights), 32, axis=1).reshape(2, 32, pixels, 3).mean(axis=2)
    np.testing.assert_allclose(rgb8_to_linear(columns(lights)), fine, atol=0.005)


def test_dimmers_are_white_and_pixels_are_not(tmp_path: Path) -> None:
    swell = (127.5 + 127.5 * np.sin(np.arange(200)[:, None] / 9 + np.arange(16) / 4)).astype(np.uint8)
    assert are_dimmers(swell)
    assert not are_dimmers(wave(200, 16).reshape(200, -1))
    seen = observe_fseq(put(tmp_path, "swell.fseq", encode(swell, 25)))
    assert seen.size == (16, 1)
    assert np.ptp(seen.mean_rgb, axis=1).max() == 0
    one = observe_fseq(put(tmp_path, "one.fseq", encode(swell[:, :1].copy(), 25)))
    np.testing.assert_allclose(one.mean_rgb[:, 0], swell[:, 0] / 255, atol=1e-6)


def test_a_car_show_is_seen_by_its_lamps(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    channels = np.zeros((200, 48), np.uint8)
    channels[:, :46] = rng.integers(0, 256, (200, 46))
    seen = observe_fseq(put(tmp_path, "lightshow.fseq", encode(channels, 20)))
    assert seen.size == (30, 1)
    np.testing.assert_allclose(seen.mean_rgb[:, 1], (channels[:, :30] > 127).mean(axis=1), atol=1e-6)


def score(path: Path, frames: list[str], **light: object) -> Path:
    content = {"fps": 60, "zones": 2, "rgb8": frames, **light}
    path.write_text(json.dumps({"format": "beatomizer-score", "version": 1, "light": content}))
    return path


def test_a_score_is_seen_at_sixty_frames_with_its_zones_from_the_left(tmp_path: Path) -> None:
    observed = observe_score(score(tmp_path / "x.score.json", ["ff0000" + "0000ff", "000000ffffff"]))
    np.testing.assert_allclose(observed.pts_s, [0, 1 / 60])
    np.testing.assert_allclose(observed.mean_rgb, [[0.5, 0, 0.5], [0.5, 0.5, 0.5]], atol=1e-6)
    assert observed.grid[0, 7, 0].tolist() == [255, 0, 0]
    assert observed.grid[0, 7, 31].tolist() == [0, 0, 255]
    assert (observed.fps, observed.size) == ("60", (2, 1))


@pytest.mark.parametrize(
    ("frames", "light"),
    [
        ([], {}),
        (["ff"], {}),
        (["zzzzzz000000"], {}),
        ([7], {}),
        (["ff0000000000"], {"fps": 30}),
        (["ff0000000000"], {"zones": 0}),
        (["ff0000000000"], {"zones": True}),
    ],
)
def test_a_damaged_score_is_refused(tmp_path: Path, frames: list[str], light: dict[str, object]) -> None:
    with pytest.raises(UnreadableInputError, match="score"):
        observe_score(score(tmp_path / "x.score.json", frames, **light))
