"""Trims: what a person cuts away is masked in the set, and nothing else changes."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.cli import main
from beatomizer.dataset.build import build
from beatomizer.dataset.clip import CLIP_FRAMES, MISSING
from beatomizer.dataset.contact_sheet import write_sheet
from beatomizer.dataset.info import describe
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.shards import read_clips, set_facts
from beatomizer.dataset.takes_table import read_table
from beatomizer.dataset.trims import LEAST_S, Trim, good_frames
from beatomizer.dataset.verdicts import (
    VERDICTS_FILE,
    Judgement,
    Verdict,
    read_judgement_file,
    read_judgements,
    record,
)
from beatomizer.dataset.whereabouts import FILE, MediaGate, read_whereabouts
from beatomizer.errors import UnreadableInputError
from tests.made_takes import composed, film, tree

A = "0" * 16


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("takes")
    composed(folder, 3)
    film(folder / "film.mp4")
    return folder


@pytest.fixture(scope="module")
def whole(takes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set without any verdict. Do not change it."""
    shards = tmp_path_factory.mktemp("whole") / "set"
    build([takes], shards)
    return shards


@pytest.fixture
def shards(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "set"))


def clips(shards: Path) -> dict[str, np.ndarray]:
    return {clip.key: clip.flags for split in SPLITS for clip in read_clips(shards, split)}


def ids(shards: Path) -> tuple[str, str]:
    """The composed take (two clips), and the film (one)."""
    rows = {row["kind"]: row["id"] for row in read_table(shards / "takes.csv")}
    return rows["composed"], rows["video"]


def accept(start_s: float, end_s: float) -> Judgement:
    return Judgement(Verdict.ACCEPT, "", Trim(start_s, end_s))


def test_a_clip_is_masked_outside_its_trim_and_the_rest_stays(takes: Path, whole: Path, shards: Path) -> None:
    clip = f"{ids(whole)[0]}-0001"
    record(shards, {clip: accept(2.0, 9.5)})
    assert describe(shards)["verdicts"]["not_applied"] == 1
    report = build([takes], shards)
    assert report.worked_on == 0, "nothing is decoded again"
    assert describe(shards)["verdicts"]["not_applied"] == 0
    was, now = clips(whole), clips(shards)
    assert now.keys() == was.keys()
    outside = np.ones(CLIP_FRAMES, bool)
    outside[120:570] = False
    assert (((now[clip] & MISSING) != 0) == outside).all()
    assert (now[clip][~outside] == was[clip][~outside]).all()
    assert all((now[key] == was[key]).all() for key in was if key != clip)
    (trimmed,) = (one for split in SPLITS for one in read_clips(shards, split) if one.key == clip)
    (before,) = (one for split in SPLITS for one in read_clips(whole, split) if one.key == clip)
    assert trimmed.facts == {**before.facts, "trim": [2.0, 9.5]}
    assert (trimmed.audio == before.audio).all()
    assert (trimmed.rgb == before.rgb).all()
    assert set_facts(shards)["trims"] == {clip: "2-9.5"}
    write_sheet(shards, shards.parent / "review.html")
    assert "accepted in part, 2-9.5 s" in (shards.parent / "review.html").read_text()
    again = tree(shards)
    build([takes], shards)
    assert tree(shards) == again, "a build of the same is the same"


def test_a_take_is_trimmed_over_the_bounds_of_its_clips(takes: Path, shards: Path) -> None:
    take, _ = ids(shards)
    record(shards, {take: accept(3.0, 16.0)})
    build([takes], shards)
    now = clips(shards)
    assert f"{take}-0001" not in now, "one second of it is too little"
    assert np.flatnonzero((now[f"{take}-0000"] & MISSING) == 0).tolist() == list(range(180, 900))
    (row,) = (row for row in read_table(shards / "takes.csv") if row["id"] == take)
    assert row["reason"] == "1 clip left out: trimmed"
    record(shards, {f"{take}-0001": Judgement(Verdict.ACCEPT)})
    build([takes], shards)
    assert ((clips(shards)[f"{take}-0001"] & MISSING) == 0).sum() == 60, "unless a person wants it"


def test_without_a_trim_the_set_is_what_it_was(takes: Path, whole: Path, shards: Path) -> None:
    take, other = ids(shards)
    record(shards, {take: accept(3.0, 16.0), f"{other}-0000": accept(1, 14)})
    build([takes], shards)
    assert tree(shards) != tree(whole)
    record(shards, {take: Judgement(Verdict.UNDECIDED), f"{other}-0000": Judgement(Verdict.UNDECIDED)})
    build([takes], shards)
    assert (shards / VERDICTS_FILE).read_text() == "id,verdict,note\n"
    (shards / VERDICTS_FILE).unlink()
    assert tree(shards) == tree(whole)


parts = st.tuples(st.integers(0, 5400), st.integers(30, 5400)).map(
    lambda pair: Trim(round(pair[0] / 60, 3), round(sum(pair) / 60, 3))
)


@given(parts, parts)
def test_law_a_trim_is_the_same_when_read_again_and_parts_meet(take: Trim, clip: Trim) -> None:
    assert Trim.parse(str(take)) == take
    begin, end = take.frames
    left = [good_frames(f"{A}-{number:04d}", {A: take}) for number in range(13)]
    assert sum(last - first for first, last in left) == end - begin
    first, last = good_frames(f"{A}-0000", {A: take, f"{A}-0000": clip})
    both = set(range(*take.frames)) & set(range(*clip.frames)) & set(range(CLIP_FRAMES))
    assert set(range(first, last)) == both


@pytest.mark.parametrize(
    "text", ["", "3", "5-3", "3-3.1", "-1-4", "nan-4", "1e3-2e3", "0-99999999", "0-90000"]
)
def test_what_is_no_part_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="not a part"):
        Trim.parse(text)
    if text:
        (tmp_path / VERDICTS_FILE).write_text(f"id,verdict,note,trim\n{A},accept,,{text}\n")
        with pytest.raises(UnreadableInputError, match=r"row 2: .* is not a part"):
            read_judgements(tmp_path)


def test_a_trim_stays_with_its_verdict(tmp_path: Path) -> None:
    record(tmp_path, {A: accept(0, LEAST_S)})
    assert (tmp_path / VERDICTS_FILE).read_text() == f"id,verdict,note,trim\n{A},accept,,0-0.5\n"
    record(tmp_path, {A: Judgement(Verdict.ACCEPT, "why")})  # as the contact sheet says it
    assert read_judgements(tmp_path)[A] == Judgement(Verdict.ACCEPT, "why", Trim(0, LEAST_S))
    record(tmp_path, {A: Judgement(Verdict.REJECT)})
    assert read_judgements(tmp_path)[A] == Judgement(Verdict.REJECT)
    (tmp_path / "x.csv").write_text(f"id,verdict,note,why\n{A},accept,,3-x\n")
    assert read_judgement_file(tmp_path / "x.csv")[A] == Judgement(Verdict.ACCEPT), (
        "a column of somebody's own"
    )


def test_many_hands_lose_no_word(tmp_path: Path) -> None:
    def say(number: int) -> None:
        for place in range(8):
            record(tmp_path, {f"{number:016x}-{place:04d}": Judgement(Verdict.REJECT)})

    threads = [threading.Thread(target=say, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_judgements(tmp_path)) == 48


# Where the media is


def test_only_the_file_that_the_take_was_made_from_is_opened(
    takes: Path, shards: Path, tmp_path: Path
) -> None:
    composed_take, take = ids(shards)
    work = shards / "work"
    assert set(read_whereabouts(work)) == {composed_take, take}
    media = tmp_path / "elsewhere" / "film.mp4"
    media.parent.mkdir()
    shutil.copy(takes / "film.mp4", media)
    (work / FILE).write_text((work / FILE).read_text().replace(str(takes / "film.mp4"), str(media)))
    gate = MediaGate(read_whereabouts(work))
    opened = gate.open(take)
    with opened.file:
        assert opened.type == "video/mp4"
        assert opened.file.read() == media.read_bytes()
    with pytest.raises(UnreadableInputError, match="not known"):
        gate.open(A)

    whole = media.read_bytes()
    media.write_bytes(whole[:-1] + b"x")
    with pytest.raises(UnreadableInputError, match="not the file"):
        gate.open(take)
    media.unlink()
    with pytest.raises(UnreadableInputError, match="not there"):
        gate.open(take)
    media.symlink_to(takes / "film.mp4")
    with pytest.raises(UnreadableInputError, match="link"):
        gate.open(take)
    media.unlink()
    media.mkdir()
    with pytest.raises(UnreadableInputError):
        gate.open(take)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        json.dumps({A: 5}),
        json.dumps({A: {"media": "x", "content": A, "start_s": 0, "pictures": True}}),
    ],
)
def test_damaged_whereabouts_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_whereabouts(tmp_path) == {}


def test_the_command_trims(whole: Path, shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take, _ = ids(whole)
    assert (
        main(["dataset", "review", str(shards), "--trim", f"{take[:6]}=3-16.5", "--trim", f"{take}-1=0-7"])
        == 0
    )
    assert "recorded 2" in capsys.readouterr().out
    assert read_judgements(shards) == {take: accept(3, 16.5), f"{take}-0001": accept(0, 7)}
    for words in (["--trim", take], ["--trim", f"{take}=9-3"], ["--trim", f"{take}=3-9", "--reject", take]):
        assert main(["dataset", "review", str(shards), *words]) == 2
        assert capsys.readouterr().err.count("\n") == 1
