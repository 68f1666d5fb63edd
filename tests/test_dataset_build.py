"""The build: everything that can be wrong with a list, kills at any moment, a full disk, verdicts."""

import atexit
import csv
import functools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from beatomizer.cli import main
from beatomizer.dataset.build import BuildSettings, build
from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES, REPEAT, Clip
from beatomizer.dataset.info import describe
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.shards import read_clips, read_shard, set_facts
from beatomizer.dataset.sidecar import Excerpt, write_sidecar
from beatomizer.dataset.sources import find_takes
from beatomizer.dataset.stages import TakeSettings, Work, known, run_stages
from beatomizer.dataset.take_facts import TakeFacts
from beatomizer.dataset.verdicts import Judgement, Verdict, record
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.timebase import SAMPLE_RATE
from tests.made_takes import composed, film, mixed_takes, song, tree
from tests.songs import write_wav

COMPLAINTS = {
    "blind.mp4": "holds no moving picture",
    "dead.mp4": "is not a sound or video file that can be read",
    "junk.txt": "is text",
    "mute.mp4": "has no sound in it",
    "noise.mp4": "is not a video",
    "short.mp4": "is 3.0 s long; a clip has 15 s",
    "still.mp4": "static",
    "twin.mp4": "same as film-0.mp4",
}


@functools.cache
def whole_set() -> Path:
    """What a build that nobody disturbs makes of ``mixed_takes``. Do not change it."""
    folder = Path(tempfile.mkdtemp(prefix="beatomizer-set-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    assert main(["dataset", "build", str(mixed_takes()), "-o", str(folder / "set"), "--quiet"]) == 0
    return folder / "set"


def table(shards: Path) -> dict[str, dict[str, str]]:
    with (shards / "takes.csv").open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def test_each_bad_input_gets_one_line_and_the_rest_is_built() -> None:
    rows = table(whole_set())
    for name, reason in COMPLAINTS.items():
        assert rows[name]["reason"].startswith(reason), rows[name]
        assert rows[name]["clips"] in ("", "0")
    good = {name: row for name, row in rows.items() if name not in COMPLAINTS}
    assert sorted(good) == [*(f"film-{n}.mp4" for n in range(2)), "take-00000003.flac", "take-00000004.flac"]
    assert all(row["split"] in SPLITS and not row["reason"] for row in good.values())
    clips = {split: list(read_clips(whole_set(), split)) for split in SPLITS}
    assert sum(map(len, clips.values())) == 2 + 2 * 2
    assert all(clips.values()), "with so many takes each split has some"
    for split, own in clips.items():
        for clip in own:
            assert {row["split"] for row in good.values() if row["id"] == clip.facts["take"]} == {split}


def test_a_clip_holds_the_sound_and_light_of_its_time() -> None:
    row = table(whole_set())["take-00000003.flac"]
    clips = [clip for clip in read_clips(whole_set(), row["split"]) if clip.facts["take"] == row["id"]]
    assert [clip.facts["start_s"] for clip in clips] == [0.0, 15.0]
    sound = np.round(song(31.0, 3) * 32767)
    for number, clip in enumerate(clips):
        own = sound[number * CLIP_SAMPLES : (number + 1) * CLIP_SAMPLES]
        assert np.abs(own - clip.audio).max() <= 2
        score = clip.facts["score"]
        beats_s = [time_s for time_s, _ in score["beats"]]
        assert 0 <= min(beats_s) <= max(beats_s) < 15
        frames = [round(time_s * 60) for time_s in beats_s if 0.1 < time_s < 14.9]
        rise = np.diff(clip.label.sum(axis=(1, 2)))
        assert all(rise[frame - 2 : frame + 1].max() > 0.3 for frame in frames), "light flashes on the beats"
    assert [part["begins"] for part in clips[1].facts["score"]["sections"]] == [False, True]
    assert clips[1].facts["score"]["sections"][1]["start_s"] == 5.0
    assert clips[1].facts["score"]["drops_s"] == [5.0]


def test_slow_films_are_marked() -> None:
    row = table(whole_set())["film-0.mp4"]
    (clip,) = (clip for clip in read_clips(whole_set(), row["split"]) if clip.facts["take"] == row["id"])
    assert clip.facts["source_fps"] == "12"
    repeats = (clip.flags & REPEAT) != 0
    assert abs(repeats.mean() - 0.8) < 0.02  # 12 pictures a second are each shown five times
    assert np.array_equal(clip.rgb[1:][repeats[1:]], clip.rgb[:-1][repeats[1:]])


def test_facts_say_what_is_there() -> None:
    facts = set_facts(whole_set())
    assert facts["labels"] == "mean"
    assert facts["zones"] == 1
    assert facts["takes"] == {
        "used": 4, "left_out": 5, "refused": 2, "kinds": {"composed": 2, "video": 2},
        "splits": {split: sum(row["split"] == split for row in table(whole_set()).values()) for split in SPLITS},
    }  # fmt: skip
    text = (whole_set() / "dataset.json").read_text() + (whole_set() / "takes.csv").read_text()
    assert str(mixed_takes()) not in text
    assert "/tmp" not in text


# Interruptions


def started(*words: str, limit_bytes: int | None = None) -> subprocess.Popen[bytes]:
    def limited() -> None:
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    program = [sys.executable, "-m", "beatomizer", "dataset", "build", str(mixed_takes()), *words]
    return subprocess.Popen(program, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, preexec_fn=limited)


def test_killed_at_any_moment_and_resumed_it_is_the_same(tmp_path: Path) -> None:
    shards = tmp_path / "set"
    done: set[int] = set()
    for files in (1, 5, 11):  # killed once so many results lie in the work folder, or the page is there
        child = started("-o", str(shards), "--workers", "2")
        wait_for(functools.partial(come_far, shards, files))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert child.returncode == -signal.SIGKILL
        assert not (shards / "dataset.json").exists()
        done.add(len(list(shards.glob("work/takes/*.json"))))
    assert len(done) > 1, "each time it went on where it was"
    resumed = started("-o", str(shards))
    assert resumed.communicate()[1] == b""
    assert resumed.returncode == 0
    assert tree(shards) == tree(whole_set())


def come_far(shards: Path, files: int) -> bool:
    return len(list(shards.glob("work/*/*[a-z]"))) >= files or (shards / "card.html").exists()


def wait_for(ready: Callable[[], bool], limit_s: float = 60.0) -> None:
    end_s = time.monotonic() + limit_s
    while not ready():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_a_full_disk_stops_it_cleanly_and_it_goes_on_later(tmp_path: Path) -> None:
    shards = tmp_path / "set"
    for limit_bytes in (50_000, 300_000):  # too little for the clips of a take, then for a shard
        child = started("-o", str(shards), limit_bytes=limit_bytes)
        complaint = child.communicate()[1].decode()
        assert child.returncode == 5
        assert "disk is full" in complaint
        assert complaint.count("\n") == 1
        assert not list(shards.rglob(".beatomizer-*"))
        assert not (shards / "dataset.json").exists()
    resumed = started("-o", str(shards))
    assert resumed.communicate()[1] == b""
    assert resumed.returncode == 0
    assert tree(shards) == tree(whole_set())


def test_two_builds_do_not_work_in_one_folder(tmp_path: Path) -> None:
    child = started("-o", str(tmp_path / "set"))
    wait_for(lambda: bool(list((tmp_path / "set").glob("work/takes/*.json"))))
    os.kill(child.pid, signal.SIGSTOP)
    try:
        with pytest.raises(UsageError, match="another build is at work"):
            build([mixed_takes()], tmp_path / "set")
    finally:
        child.kill()
        child.communicate()


def test_a_damaged_result_is_made_again(tmp_path: Path) -> None:
    shutil.copytree(whole_set(), tmp_path / "set")
    clips, *_ = sorted((tmp_path / "set" / "work" / "clips").iterdir())
    clips.write_bytes(clips.read_bytes()[:-5000])
    pictures, *_ = sorted((tmp_path / "set" / "work" / "observed").iterdir())
    pictures.write_bytes(b"")
    report = build([mixed_takes()], tmp_path / "set")
    assert report.worked_on == 1
    differing = {name for name, data in tree(whole_set()).items() if tree(tmp_path / "set").get(name) != data}
    assert differing <= {f"work/observed/{pictures.name}"}


# Decisions


def test_verdicts_are_honoured(tmp_path: Path) -> None:
    shards = tmp_path / "set"
    shutil.copytree(whole_set(), shards)
    rows = table(shards)
    rejected, accepted, part = (
        rows[name]["id"] for name in ("film-1.mp4", "still.mp4", "take-00000003.flac")
    )
    (shards / "verdicts.csv").write_text(
        f"id,verdict,note\n{rejected},reject,\n{accepted},accept,I like it\n{part}-0001,reject,\n"
    )
    report = build([mixed_takes()], shards)
    assert report.worked_on == 0
    keys = {clip.key for split in SPLITS for clip in read_clips(shards, split)}
    assert not any(key.startswith(rejected) for key in keys)
    assert f"{accepted}-0000" in keys
    assert f"{part}-0000" in keys
    assert f"{part}-0001" not in keys
    after = table(shards)
    assert (after["film-1.mp4"]["reason"], after["film-1.mp4"]["verdict"]) == ("rejected", "reject")
    assert after["take-00000003.flac"]["reason"] == "1 clip left out: rejected"
    assert set_facts(shards)["hash"] != set_facts(whole_set())["hash"]


def staged(takes: Path, work: Path, settings: TakeSettings) -> tuple[TakeFacts, list[Clip]]:
    """What the stages make of the only take in a folder."""
    (source,) = find_takes([takes])[0]
    results = Work.of(work, source.id, settings)
    for path in (results.observed, results.clips, results.facts):
        path.parent.mkdir(parents=True)
    facts = run_stages(source, settings, results)
    assert run_stages(source, settings, results) == facts
    assert known(results) == facts
    return facts, list(read_shard(results.clips))


def test_zones_and_interpolation(tmp_path: Path) -> None:
    (tmp_path / "takes").mkdir()
    composed(tmp_path / "takes", 3, seconds=16.0)
    _, (clip,) = staged(tmp_path / "takes", tmp_path / "work", TakeSettings("zones", (2, 1), "interpolate"))
    assert clip.rgb.shape == (CLIP_FRAMES, 2, 3)
    left, right = clip.label.mean(axis=0).max(axis=1)
    assert left < right  # made so


def test_silence_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "takes").mkdir()
    half = song(31.0, 1)
    half[15 * SAMPLE_RATE :] = 0
    film(tmp_path / "takes" / "half.mp4", 31.0, seed=1, sound=half)
    facts, clips = staged(tmp_path / "takes", tmp_path / "work", TakeSettings())
    assert [clip.problem for clip in facts.clips] == ["", "mostly silent"]
    assert len(clips) == 2, "somebody may want it all the same"


def test_an_excerpt_is_a_take_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "takes").mkdir()
    film(tmp_path / "takes" / "film.mp4", 37.0, fps=15)
    write_sidecar(tmp_path / "takes" / "film.take.json", [Excerpt(start_s=20.0, end_s=36.0)])
    facts, (clip,) = staged(tmp_path / "takes", tmp_path / "work", TakeSettings())
    assert facts.duration_s == 16.0
    whole = song(37.0)[20 * SAMPLE_RATE :][:CLIP_SAMPLES]
    assert np.corrcoef(whole, clip.sound)[0, 1] > 0.97
    light = clip.label.max(axis=(1, 2))
    beats = np.arange(30, CLIP_FRAMES - 30, 30)  # 120 a minute, and the excerpt begins on one
    assert (light[beats + 2] > 1.5 * light[beats - 3]).all()


@pytest.mark.parametrize("other", [TakeSettings("implied"), TakeSettings(rate="interpolate")])
def test_other_settings_have_other_results(other: TakeSettings, tmp_path: Path) -> None:
    assert other.key() != TakeSettings().key()
    assert Work.of(tmp_path, "x", other).observed == Work.of(tmp_path, "x", TakeSettings()).observed
    assert TakeSettings(grid=(4, 1)).key() == TakeSettings().key(), "there is no grid without zones"
    assert TakeSettings("zones", (4, 1)).key() != TakeSettings("zones").key()


def test_nothing_usable_is_an_error_with_a_report(tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    write_wav(takes / "song.wav", song(2.0))
    (takes / "x.mp4").write_bytes(b"nothing at all" * 100)
    with pytest.raises(UnreadableInputError, match=r"no clip.*takes\.csv"):
        build([takes], tmp_path / "set")
    assert set(table(tmp_path / "set")) == {"song.wav", "x.mp4"}
    assert not (tmp_path / "set" / "dataset.json").exists()


def test_a_folder_of_junk_is_told_like_a_mixed_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "takes").mkdir()
    (tmp_path / "takes" / "notes.txt").write_text("hello")
    (tmp_path / "takes" / "x.mp4").write_bytes(b"nothing at all" * 100)
    monkeypatch.chdir(tmp_path)
    assert main(["dataset", "build", "takes", "-o", "set"]) == 3
    told = capsys.readouterr()
    assert [line.partition(":")[0] for line in told.out.splitlines()] == ["notes.txt", "x.mp4"]
    assert told.err.count("\n") == 1
    assert "'set/takes.csv'" in told.err
    shutil.rmtree(tmp_path / "set")
    shutil.copytree(whole_set(), tmp_path / "set")
    assert main(["dataset", "build", "takes", "-o", "set", "--quiet"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "stays as it is" in told.err
    assert tree(tmp_path / "set") == tree(whole_set())


def test_a_set_made_otherwise_is_not_replaced_in_silence(tmp_path: Path) -> None:
    shards = tmp_path / "set"
    shutil.copytree(whole_set(), shards)
    others = (
        (BuildSettings(TakeSettings("zones", (4, 2))), r"settings \(labels mean, now zones\)"),
        (BuildSettings(TakeSettings(rate="interpolate")), "rate duplicate, now interpolate"),
        (BuildSettings(leave_out=()), "leave out .*static, now none"),
        (BuildSettings(split_seed=3), "split seed 0, now 3"),
    )
    for settings, said in others:
        with pytest.raises(UsageError, match=rf"{said}.*--replace"):
            build([mixed_takes()], shards, settings)
    assert tree(shards) == tree(whole_set())
    report = build([mixed_takes()], shards, BuildSettings(split_seed=3), replacing=True)
    assert report.facts["settings"]["split_seed"] == 3
    (shards / "dataset.json").write_text("{")
    build([mixed_takes()], shards)
    assert tree(shards) == tree(whole_set()), "a damaged set may be built again"


def test_what_is_missing_is_said_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    assert main(["dataset", "build", str(mixed_takes()), "-o", str(tmp_path / "set")]) == 2
    told = capsys.readouterr().err
    assert "beatomizer[train]" in told
    assert told.count("\n") == 1
    assert not (tmp_path / "set").exists()


def test_verdicts_on_clips_are_noticed_until_they_are_applied(tmp_path: Path) -> None:
    shards = tmp_path / "set"
    shutil.copytree(whole_set(), shards)
    clip = f"{table(shards)['take-00000003.flac']['id']}-0001"

    def late() -> int:
        return int(describe(shards)["verdicts"]["not_applied"])

    assert late() == 0
    record(shards, {clip: Judgement(Verdict.REJECT)})
    assert late() == 1
    build([mixed_takes()], shards)
    assert late() == 0
    record(shards, {clip: Judgement(Verdict.UNDECIDED)})
    assert late() == 1, "a word taken back is news too"
    build([mixed_takes()], shards)
    assert tree(shards).keys() == {*tree(whole_set()), "verdicts.csv"}
    assert late() == 0


def test_an_unknown_flag_names_its_neighbour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "build", str(tmp_path), "-o", "x", "--leave-out", "slient"]) == 2
    assert "did you mean silent" in capsys.readouterr().err


# The command


def test_the_command_reports_and_flags_may_be_ignored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = tmp_path / "set"
    shutil.copytree(whole_set(), shards)
    words = ["dataset", "build", str(mixed_takes()), "-o", str(shards)]
    assert main([*words, "--keep-flagged", "--json", "--replace"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["hash"] == set_facts(shards)["hash"] != set_facts(whole_set())["hash"]
    assert summary["worked_on"] == 0
    assert {one["name"] for one in summary["complaints"]} == set(COMPLAINTS) - {"still.mp4"}
    assert table(shards)["still.mp4"]["clips"] == "1"
    assert main([*words, "--replace"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(COMPLAINTS) + 2
    assert lines[-2].startswith("6 clips (")
    assert " of 4 takes; 7 left out;" in lines[-2], "a text beside takes is none of them"
    assert tree(shards) == tree(whole_set()), "nothing of the other set remains"


@pytest.mark.parametrize(
    "words",
    [["--grid", "0x1"], ["--grid", "x"], ["--grid", "33x1"], ["--labels", "mode"], ["--workers", "-1"],
     ["--scheduler", "nowhere"], ["--keep-flagged", "--leave-out", "static"], ["--rate", "nearest"],
     ["--grid", "4x2"], ["--labels", "implied", "--grid", "4x2"], ["--leave-out", "silent,slient"]],
)  # fmt: skip
def test_mistakes_are_found_before_any_work(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "takes").mkdir()
    assert main(["dataset", "build", str(tmp_path / "takes"), "-o", str(tmp_path / "set"), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "set").exists()


def test_a_set_is_not_written_into_what_it_is_made_of(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lies inside"):
        build([tmp_path], tmp_path / "set")
    with pytest.raises(UsageError, match="there is no folder"):
        build([tmp_path / "missing"], tmp_path / "set")
