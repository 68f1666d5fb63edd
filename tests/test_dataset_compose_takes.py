"""A folder of composed takes: contract, resume, the same bytes from any number of workers, mistakes in one line."""

import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from beatomizer.audio.load import load_audio
from beatomizer.cli.program import run
from beatomizer.composer.annotations import Annotations
from beatomizer.dataset.compose.take import TakeSettings, is_whole, made_with
from beatomizer.dataset.compose.takes import compose_takes
from beatomizer.errors import UsageError
from beatomizer.safety.judge import judge

SETTINGS = TakeSettings(seed=8)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def score_of(folder: Path, index: int) -> dict[str, Any]:
    score: dict[str, Any] = json.loads((folder / f"take-{index:08d}.score.json").read_text(encoding="utf-8"))
    return score


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    shares: list[float] = []
    done = compose_takes(folder, 2, SETTINGS, progress=lambda stage, share: shares.append(share))
    assert (done.made, done.found) == (2, 0)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(0 < share < 0.5 for share in shares), "also before the first take is done"
    return folder


def test_a_take_is_what_the_document_says(two: Path) -> None:
    assert sorted(digests(two)) == [f"take-{i:08d}.{end}" for i in (0, 1) for end in ("flac", "score.json")]
    for index in (0, 1):
        score = score_of(two, index)
        assert (score["format"], score["version"], score["film"]) == ("beatomizer-score", 1, None)
        song = Annotations.from_json(score["annotations"])
        assert song.to_json() == score["annotations"]
        light = score["light"]
        rgb8 = np.array([list(bytes.fromhex(frame)) for frame in light["rgb8"]], dtype=np.uint8)
        assert light["fps"] == 60
        assert rgb8.shape == (np.ceil(song.duration_s * 60 - 1e-6), light["zones"] * 3)
        assert judge(rgb8.reshape(-1, light["zones"], 3)).ok
        assert 3 <= len(score["design"]["palette"]) <= 5
        media = two / score["media"]["name"]
        assert hashlib.sha256(media.read_bytes()).hexdigest() == score["media"]["sha256"]
        heard = load_audio(media)
        assert len(heard.samples) == pytest.approx(song.duration_s * 24_000, abs=2)
    assert score_of(two, 0)["annotations"] != score_of(two, 1)["annotations"]


def test_resumed_by_other_workers_gives_the_same_bytes(two: Path, tmp_path: Path) -> None:
    folder = tmp_path / "resumed"
    shutil.copytree(two, folder)
    (folder / "take-00000000.score.json").unlink()  # killed between the sound and the score
    stale, fresh = folder / ".beatomizer-old.flac", folder / ".beatomizer-new.flac"
    for path in (stale, fresh):
        path.write_bytes(b"half")
    os.utime(stale, (time.time() - 7200,) * 2)
    done = compose_takes(folder, 2, SETTINGS, workers=2)
    assert (done.made, done.found) == (1, 1)
    assert not stale.exists()
    fresh.unlink()
    assert digests(folder) == digests(two)


def test_a_take_counts_when_it_is_whole_and_the_same(two: Path, tmp_path: Path) -> None:
    assert is_whole(SETTINGS, 0, two)
    assert not is_whole(SETTINGS, 2, two)
    assert not is_whole(TakeSettings(seed=6), 0, two)
    assert not is_whole(TakeSettings(seed=8, generators="train"), 0, two)
    folder = tmp_path / "cut"
    shutil.copytree(two, folder)
    media = folder / "take-00000000.flac"
    media.write_bytes(media.read_bytes()[:-1])
    assert not is_whole(SETTINGS, 0, folder)
    score = folder / "take-00000001.score.json"
    whole = score.read_text().split("\n")
    lines = (
        [whole[0], '"made":{"take":"x"},', *whole[2:]],
        [whole[0], whole[1], '"media":{},', *whole[3:]],
        [whole[0], whole[1], '"media":{"name":"x","bytes":Infinity},', *whole[3:]],
    )
    damaged = ["\n".join(line) for line in lines]
    for damage in ("", "{", "[]", '{\n"made":1,\n"media":2\n}', *damaged):
        score.write_text(damage)
        assert made_with(score) is None
        assert not is_whole(SETTINGS, 1, folder)


def test_takes_of_other_settings_are_not_overwritten(two: Path) -> None:
    before = digests(two)
    others = (
        (TakeSettings(seed=6), "seed 8, now 6"),
        (TakeSettings(seed=8, film=True), "without films, now with"),
        (TakeSettings(seed=8, generators="train"), "generators all, now train"),
    )
    for other, said in others:
        with pytest.raises(UsageError, match=rf"other settings \({said}\)"):
            compose_takes(two, 1, other)
    assert digests(two) == before


def test_the_command_finds_what_is_there(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dataset", "compose", "-o", str(two), "--takes", "2", "--seed", "8", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["made"], facts["found"], facts["seed"]) == (0, 2, 8)
    assert run(["dataset", "compose", "-o", str(two), "--takes", "2", "--seed", "8", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["dataset", "compose", "-o", str(two), "--takes", "1", "--seed", "8"]) == 0
    assert capsys.readouterr().out.startswith("nothing to do: 1 take was there already\n")


@pytest.mark.parametrize(
    "words",
    [
        ["--takes", "0"],
        ["--seed", "-1"],
        ["--workers", "0"],
        ["--film", "--size", "427x240"],
        ["--film", "--size", "big"],
        ["--film", "--size", 5000 * "9" + "x64"],
        ["--film", "--size", "32x32"],
        ["--generators", "some"],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_mistakes_are_one_line(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dataset", "compose", "-o", str(tmp_path / "new"), *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_the_door_knows_the_generators() -> None:
    from beatomizer.cli.dataset import compose as door
    from beatomizer.composer import generators

    assert door.GENERATORS == generators.GENERATORS


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(["dataset", "compose", "-o", str(tmp_path / "file" / "takes"), "--takes", "1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
