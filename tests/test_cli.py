"""The contract of the command line: spellings, exit codes, one line of complaint, files that can be read back."""

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from beatomizer.cli import main
from tests.songs import beat_song, write_wav


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("song") / "song.wav", beat_song())


def shell(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "beatomizer", *words],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
    )


def heeding_interrupts() -> None:
    """In a child: what a test run in the background was told to ignore is not ignored there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_render_writes_what_the_contract_says(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [tmp_path / f"x{suffix}" for suffix in (".npz", ".csv", ".json", ".fseq")]
    words = [word for path in outputs for word in ("-o", str(path))]
    assert main(["render", str(song), *words, "--zones", "3", "--json", "--seed", "7"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["files"] == [str(path) for path in outputs]
    assert facts["zones"] == 3
    assert facts["times_real_time"]["total"] > 1
    assert 115 < facts["tempo_bpm"] < 125
    with np.load(outputs[0], allow_pickle=False) as arrays:
        rgb = arrays["rgb"]
        assert rgb.dtype == np.uint8
        assert rgb.shape == (480, 3, 3)
        assert int(arrays["fps"]) == 60
        cues = json.loads(str(arrays["cues"]))
    with outputs[1].open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["time_s", "zone", "r", "g", "b"]
    assert len(rows) == 1 + 480 * 3
    assert [int(value) for value in rows[-1][1:]] == [2, *rgb[-1, 2].tolist()]
    written = json.loads(outputs[2].read_text(encoding="utf-8"))
    assert written == cues
    keys = {
        "version",
        "title",
        "duration_s",
        "tempo_bpm",
        "beats",
        "sections",
        "palette",
        "cues",
        "model",
        "seed",
        "safety",
    }
    assert keys <= written.keys()
    assert {"time_s", "position", "confidence"} <= written["beats"][0].keys()
    assert {"start_s", "end_s", "label"} <= written["sections"][0].keys()
    assert {"time_s", "look", "colors", "intensity"} <= written["cues"][0].keys()
    assert written["seed"] == 7
    assert written["safety"] == "broadcast"


def test_the_same_seed_gives_the_same_show(song: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"{name}.npz" for name in "abc"]
    for path, seed in zip(names, ("1", "1", "2"), strict=True):
        assert main(["render", str(song), "-o", str(path), "--seed", seed, "--quiet"]) == 0
    first, same, other = (path.read_bytes() for path in names)
    assert first == same
    assert first != other


def test_an_edited_cue_list_is_drawn_again(song: Path, tmp_path: Path) -> None:
    cues = tmp_path / "cues.json"
    assert main(["render", str(song), "-o", str(cues), "--quiet"]) == 0
    edited = json.loads(cues.read_text(encoding="utf-8"))
    edited["palette"] = ["#00ff00"]
    edited["cues"] = [{"time_s": 0, "look": "hold", "colors": ["#00ff00"], "intensity": 1.0}]
    cues.write_text(json.dumps(edited), encoding="utf-8")
    out = tmp_path / "again.npz"
    assert main(["render", str(cues), "--audio", str(song), "-o", str(out), "--quiet"]) == 0
    with np.load(out) as arrays:
        late = arrays["rgb"][240:].reshape(-1, 3)
    assert (late[:, 1] > 40).all()
    assert (late[:, 0] < late[:, 1] // 3).all()


def test_wishes_about_a_cue_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cue = {"time_s": 0, "look": "hold", "colors": [1]}
    Path("cues.json").write_text(
        json.dumps({"duration_s": 1, "palette": ["#00ff00", "#ff0000"], "cues": [cue]})
    )
    draw = ["render", "cues.json", "--quiet", "-o"]
    assert main([*draw, "x.npz", "--palette", "#0000ff,#ffff00", "--zones", "3"]) == 0
    with np.load("x.npz") as arrays:
        assert arrays["rgb"].shape == (60, 3, 3)
        assert (arrays["rgb"][30] == [255, 255, 0]).all()
    assert main([*draw, "x.html"]) == 0
    assert capfd.readouterr() == ("", "")
    assert main(["render", "cues.json", "-o", "x.html"]) == 0
    assert "without sound" in capfd.readouterr().err
    for wish in (
        ["--zones", "0"],
        ["--zones", "513"],
        ["--seed", "-1"],
        ["--energy", "0.5"],
        ["--palette", "mud"],
    ):
        assert main([*draw, "y.npz", *wish]) == 2
        assert capfd.readouterr().err.count("\n") == 1
    assert not Path("y.npz").exists()


def test_what_can_never_work_fails_before_the_song_is_read(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("beatomizer.line.render_song", lambda *_, **__: pytest.fail("the song was read"))
    for wish in (["--safety", "venue"], ["--safety", "off"], ["--energy", "much"], ["--size", "3x3"]):
        assert main(["render", "song.mp3", "-o", "x.npz", *wish]) == 2
    assert "'much' is not between 0 (calm) and 1 (club)" in capfd.readouterr().err


def test_default_outputs_are_the_stem_in_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(tmp_path / "tune.wav", beat_song(1.0))
    monkeypatch.chdir(tmp_path)
    assert main(["render", "tune.wav", "--size", "160x90", "--quiet"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"tune.wav", "tune.mp4", "tune.png"}


def test_a_video_is_never_overwritten_by_its_own_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beatomizer.cli.render import default_outputs

    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").touch()
    assert [path.name for path in default_outputs(Path("clip.mp4"))] == ["clip-show.mp4", "clip-show.png"]


def test_quiet_says_nothing(song: Path, tmp_path: Path) -> None:
    done = shell("render", str(song), "-o", str(tmp_path / "x.npz"), "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "--help"),
        (["fly"], 2, "fly"),
        (["render"], 2, "SONG"),
        (["render", "SONG", "-o", "x.xyz"], 2, ".mp4"),
        (["render", "SONG", "-o", "nowhere/x.npz"], 2, "nowhere"),
        (["render", "SONG", "-o", "x.npz", "--zones", "0"], 2, "zones"),
        (["render", "SONG", "-o", "x.npz", "--zones", "many"], 2, "zones"),
        (["render", "SONG", "-o", "x.npz", "--palette", "mud"], 2, "ocean"),
        (["render", "SONG", "-o", "x.npz", "--model", "mind"], 2, "classic"),
        (["render", "SONG", "-o", "x.npz", "--safety", "off"], 2, "broadcast"),
        (["render", "SONG", "-o", "x.npz", "--safety", "venue"], 2, "venue"),
        (["render", "SONG", "-o", "x.npz", "--energy", "2"], 2, "energy"),
        (["render", "SONG", "-o", "x.mp4", "--size", "big"], 2, "1280x720"),
        (["render", "SONG", "-o", "x.mp4", "--size", "33x33"], 2, "33"),
        (["render", "SONG", "-o", "x.npz", "--audio", "SONG"], 2, "cue list"),
        (["render", "missing.mp3", "-o", "x.npz"], 3, "missing.mp3"),
        (["render", "text.mp3", "-o", "x.npz"], 3, "text.mp3"),
        (["render", "short.wav", "-o", "x.npz"], 4, "0.5"),
        (["render", "text.json", "-o", "x.npz"], 3, "text.json"),
        (["demo", "-o", "text.mp3"], 2, "text.mp3"),
        (["demo", "-o", "new", "--seed", "-1"], 2, "seed"),
        (["demo", "-o", "new", "--palette", "mud"], 2, "ocean"),
        (["render", "."], 3, "."),
        (["render", "tiny.mp3", "-o", "x.npz"], 3, "tiny.mp3"),
        (["render", "https://example.invalid/a.mp3", "-o", "x.npz"], 3, "address"),
        (["render", "huge.json", "-o", "x.npz"], 5, "--zones"),
        (["check", "missing.npz"], 3, "missing.npz"),
        (["check", "text.mp3"], 2, ".npz"),
        (["check", "text.npz"], 3, "text.npz"),
    ],
)
def test_a_mistake_is_one_line_and_a_documented_exit_code(
    words: list[str],
    code: int,
    says: str,
    song: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.mp3").write_text("these are words\n" * 50)
    for name in ("text.json", "text.npz"):
        Path(name).write_text("these are words")
    Path("tiny.mp3").write_bytes(b"ID3\x04\x00\x00\x00\x00")
    cue = {"time_s": 0, "look": "hold", "colors": ["#f00"]}
    Path("huge.json").write_text(json.dumps({"duration_s": 21600, "zones": 512, "cues": [cue]}))
    write_wav(Path("short.wav"), beat_song(0.2))
    before = sorted(path.name for path in Path().iterdir())
    assert main([str(song) if word == "SONG" else word for word in words]) == code
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert says in said.err
    assert "Traceback" not in said.err
    assert sorted(path.name for path in Path().iterdir()) == before


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = shell("render", "missing.mp3", "--debug", cwd=tmp_path)
    assert "Traceback" in done.stderr


def test_check_tells_safe_from_unsafe(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    safe, unsafe = tmp_path / "safe.npz", tmp_path / "unsafe.npz"
    assert main(["render", str(song), "-o", str(safe), "--quiet"]) == 0
    strobe = np.zeros((600, 1, 3), dtype=np.uint8)
    strobe[(np.arange(600) // 4) % 2 == 1] = 255
    np.savez(unsafe, rgb=strobe, fps=60, cues="")
    assert main(["check", str(safe)]) == 0
    assert "broadcast" in capsys.readouterr().out
    assert main(["check", str(unsafe), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_doctor_finds_the_core(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "libx264" in said
    assert "MISSING" not in said


def test_help_is_quick() -> None:
    """Under 0.2 s of processor time, which a busy machine does not stretch as it does the clock."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "render" in shell("--help").stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.2


def test_the_line_runs_where_torch_cannot_be_imported(song: Path, tmp_path: Path) -> None:
    blocker = tmp_path / "blocker"
    blocker.mkdir()
    for name in ("torch", "librosa", "scipy", "matplotlib"):
        (blocker / f"{name}.py").write_text(f"raise ImportError('{name} is blocked by this test')\n")
    environment = {**os.environ, "PYTHONPATH": str(blocker)}
    outputs = [
        word for suffix in (".npz", ".png", ".html", ".mp4") for word in ("-o", str(tmp_path / f"x{suffix}"))
    ]
    done = subprocess.run(
        [sys.executable, "-m", "beatomizer", "render", str(song), *outputs, "--size", "160x90", "--quiet"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert all(
        (tmp_path / f"x{suffix}").stat().st_size > 1000 for suffix in (".npz", ".png", ".html", ".mp4")
    )


def test_interrupting_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGINT in the middle of a video: exit code 130, one line, no file, no temporary file."""
    long_song = write_wav(tmp_path / "long.wav", np.tile(beat_song(10.0), 4))
    process = subprocess.Popen(
        [sys.executable, "-m", "beatomizer", "render", str(long_song), "-o", str(tmp_path / "x.mp4")],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeding_interrupts,
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".beatomizer-*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["long.wav"]


def test_an_interrupt_that_a_callback_swallows_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    from beatomizer.cli.interrupts import interrupts_kept

    class Callback:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    def swallow() -> None:
        callback = Callback()
        del callback
        time.sleep(30.0)

    begun = time.monotonic()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it
    try:
        with interrupts_kept(), pytest.raises(KeyboardInterrupt):
            swallow()
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begun < 25.0
    assert capsys.readouterr().err == ""


def test_raw_light_says_nothing_of_tempo_and_how_much_was_limited() -> None:
    from beatomizer.cli.summary import spoken

    facts = {
        "artist": "",
        "title": "x",
        "duration_s": 10.0,
        "tempo_bpm": None,
        "model": "mine",
        "seed": None,
        "sections": [],
        "palette": [],
        "safety": {"line": "2 passages limited", "frames_limited": 588},
        "times_real_time": {},
        "warnings": [],
        "files": [],
    }
    told = spoken(facts)
    assert "tempo" not in told
    assert "2 passages limited; 98% of the frames limited" in told
    quiet = {**facts, "seed": 0, "safety": {"line": "1 passage limited", "frames_limited": 300}}
    assert "no steady beat" in spoken(quiet)
    assert "of the frames" not in spoken(quiet)


def test_ctrl_c_while_the_program_loads_is_one_line():
    """The interrupt comes in the middle of the first import that the command line does."""
    code = (
        "import sys\n"
        "from beatomizer.cli import main\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'beatomizer.cli.program':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.exit(main(['doctor']))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "beatomizer: interrupted\n")
