"""``play`` and ``calibrate`` as a person uses them: songs in turn, keys of a terminal, a card that is pulled."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from beatomizer.cli import main
from tests.lamps import ROOT, Lamp, cue_list, end, start

pytestmark = pytest.mark.realtime

posix = pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")


@pytest.fixture
def lamp():
    with Lamp() as lamp:
        yield lamp


def test_cue_lists_play_in_turn_with_their_time_and_beats(tmp_path, capfd) -> None:
    record = tmp_path / "sent.npz"
    first, second = cue_list(tmp_path / "a.json", 2.0), cue_list(tmp_path / "b.json", 1.5)
    words = ["play", str(first), str(second), "--no-audio", "--zones", "3", "--to", f"record://{record}"]
    started = time.monotonic()
    assert main([*words, "--offset", "1=-100"]) == 0
    assert time.monotonic() - started > 3.5
    assert f"wrote {record}\n" in capfd.readouterr().out
    sent = np.load(record)
    assert sent["rgb"].shape[1] == 3
    turns = np.flatnonzero(np.diff(sent["song_s"]) < -1.0)
    assert len(turns) >= 1  # the second song began anew
    assert sent["beat"].max() == 4
    playing = (sent["song_s"] > 0.5) & (sent["song_s"] < 1.4)
    assert (sent["rgb"][playing].max(axis=(1, 2)) > 100).all()
    assert not sent["rgb"][-3:].any()


def test_the_screen_is_a_light_of_the_output_process_too(tmp_path) -> None:
    process = start("play", cue_list(tmp_path / "a.json", 0.5), "--no-audio", "--to", "screen://")
    said, drawn = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "\x1b[48;2;" in drawn
    assert "Traceback" not in drawn
    assert "\x1b" not in said


def test_a_song_that_cannot_be_read_is_left_out_of_an_evening(tmp_path, capfd) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    good = cue_list(tmp_path / "a.json", 1.0)
    record = tmp_path / "sent.npz"
    assert main(["play", str(good), str(bad), "--no-audio", "--to", f"record://{record}"]) == 0
    assert "bad.json" in capfd.readouterr().err
    before = record.read_bytes()
    capfd.readouterr()
    assert main(["play", str(bad), "--no-audio", "--to", f"record://{record}"]) == 3
    assert record.read_bytes() == before
    assert "wrote" not in capfd.readouterr().out


def test_a_recording_that_cannot_be_written_is_told_and_other_lights_end(tmp_path, lamp, capfd) -> None:
    gone = tmp_path / "folder"
    gone.mkdir()
    song, record = cue_list(tmp_path / "a.json", 1.5), f"record://{gone / 'sent.npz'}"

    def remove():
        lamp.wait_lit()
        gone.rmdir()

    remover = threading.Thread(target=remove)
    remover.start()
    assert main(["play", str(song), "--no-audio", "--to", record, "--to", lamp.url]) == 6
    remover.join()
    told = [line for line in capfd.readouterr().err.splitlines() if "off line" not in line]
    assert len(told) == 1
    assert "cannot write into" in told[0]
    assert lamp.is_dark


def test_a_rig_says_which_lights(tmp_path, lamp, capfd) -> None:
    rig, record = tmp_path / "rig.toml", tmp_path / "sent.npz"
    rig.write_text(f'[outputs]\na = "{lamp.url}"\nb = "record://{record}"\n[[fixture]]\nname = "Par"\n')
    words = ["--rig", str(rig), "--no-audio"]
    assert main(["play", str(cue_list(tmp_path / "a.json", 1.0)), *words]) == 0
    assert any(colour.any() for colour in lamp.colours)
    assert np.load(record)["rgb"].any()
    rig.write_text("")
    assert main(["play", str(tmp_path / "a.json"), *words]) == 2
    assert "--to" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "nonsense"], "not a light"),
        (["--to", "warp://x"], "no light protocol"),
        (["--to", "ddp://a", "--to", "ddp://a"], "twice"),
        (["--to", "ddp://127.0.0.1", "--master", "2"], "--master"),
        (["--to", "ddp://127.0.0.1", "--offset", "2=5"], "no output"),
        (["--to", "ddp://127.0.0.1", "--lights-first", "9999"], "--lights-first"),
        (["--to", "ddp://127.0.0.1", "--start", "-1"], "--start"),
        (["--to", "ddp://127.0.0.1", "--start", "61"], "after the end"),
        (["--to", "ddp://127.0.0.1", "--safety", "none"], "profile"),
        ([], "--to"),
    ],
)
def test_a_mistake_is_one_line_and_code_2(tmp_path, capfd, words, said) -> None:
    assert main(["play", str(cue_list(tmp_path / "a.json")), "--no-audio", *words]) == 2
    errors = capfd.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--to"),
        (["--to", "ddp://127.0.0.1", "--delay-audio", "-5"], "--delay-audio"),
        (["--to", "ddp://127.0.0.1", "--offset", "1=-400"], "--delay-audio"),
        (["--to", "ddp://127.0.0.1", "--sync", "sundial"], "sundial"),
        (["--to", "ddp://127.0.0.1", "--for", "nan"], "--for"),
        (["--to", "ddp://127.0.0.1", "--for", "-3"], "--for"),
        (["--to", "ddp://127.0.0.1", "--model", "full"], "whole songs"),
    ],
)
def test_a_mistake_of_live_is_one_line(capfd, words, said) -> None:
    assert main(["live", *words]) in (2, 3)
    errors = capfd.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1


@posix
def test_a_child_never_hears_ctrl_c_even_while_it_loads():
    """Its own code could say so only after its imports; the interrupt is sent before."""
    from beatomizer.player.child import start_module

    child = start_module("beatomizer.player.prepare", ["nowhere"], stderr=subprocess.PIPE)
    for _ in range(20):
        child.send_signal(signal.SIGINT)
        time.sleep(0.01)
    assert child.communicate(timeout=30) == (b"", b"")
    assert child.returncode == 0
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@posix
def test_ctrl_c_pressed_twice_darkens_and_leaves_nothing_behind(tmp_path, lamp) -> None:
    song = cue_list(tmp_path / "a.json")
    process = start("play", song, "--no-audio", "--to", lamp.url, environment={"TMPDIR": str(tmp_path)})
    try:
        lamp.wait_lit()
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors.count("\n")) == (130, 1)
        lamp.wait(lambda lamp: lamp.is_dark)
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    finally:
        end(process)


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, *words):
        import pty

        self.mine, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "beatomizer", *map(str, words)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        self.theirs = theirs

    def press(self, keys):
        os.write(self.mine, keys)

    def settings(self):
        import termios

        return termios.tcgetattr(self.theirs)

    def said(self):
        import select

        data = b""
        while select.select([self.mine], [], [], 0.1)[0]:
            data += os.read(self.mine, 65536)
        return data.decode(errors="replace")

    def close(self):
        end(self.process)
        os.close(self.mine)
        os.close(self.theirs)


@posix
def test_keys_darken_pause_seek_and_end(tmp_path, lamp) -> None:
    terminal = Terminal("play", cue_list(tmp_path / "a.json"), "--no-audio", "--to", lamp.url)
    try:
        before = terminal.settings()
        lamp.wait_lit()
        bright = int(lamp.colours[-1].max())
        assert terminal.settings() != before
        terminal.press(b"b")
        lamp.wait(lambda lamp: lamp.is_dark)
        terminal.press(b"b")
        lamp.wait(lambda lamp: int(lamp.colours[-1].max()) >= 0.95 * bright)
        terminal.press(b"\x1b[B" * 10)
        lamp.wait(lambda lamp: int(lamp.colours[-1].max()) < 0.75 * bright)
        terminal.press(b" ")
        terminal.press(b"\x1b[C")  # five seconds on
        time.sleep(0.5)
        said = terminal.said()
        assert "master 50%" in said
        places = [int(seconds) for seconds in re.findall(r"paused 0:(\d\d)/1:00", said + terminal.said())]
        assert places
        assert places[-1] >= 5
        terminal.press(b"q")
        assert terminal.process.wait(20) == 0
        assert terminal.settings() == before
        assert lamp.is_dark
    finally:
        terminal.close()


@posix
def test_arrow_keys_calibrate_and_are_saved(tmp_path, lamp, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    terminal = Terminal("calibrate", "--no-audio", "--zones", 1, "--to", lamp.url)
    try:
        lamp.wait(lambda lamp: len(lamp.times) > 30)
        terminal.press(b"\x1b[D" * 7)
        terminal.press(b"\x1b[C")
        time.sleep(0.5)
        terminal.press(b"q")
        assert terminal.process.wait(20) == 0
        assert "-30 ms" in terminal.said()
    finally:
        terminal.close()
    assert "offset_ms = -30" in (tmp_path / "beatomizer" / "offsets.toml").read_text()


@posix
def test_busy_processors_make_light_skip_and_not_be_late(tmp_path, lamp) -> None:
    process = start("play", cue_list(tmp_path / "a.json"), "--no-audio", "--to", lamp.url)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        lamp.wait_lit()
        start_s, first = time.monotonic(), len(lamp.times)
        time.sleep(2.0)
        seconds = time.monotonic() - start_s
        assert len(lamp.times) - first < 63 * seconds + 10  # nothing queued, nothing doubled
        for one in busy:
            one.kill()
        sent = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        time.sleep(0.2)
        assert lamp.dark_since() - sent < 2.5
    finally:
        for one in busy:
            one.kill()
            one.wait()
        end(process)


def test_facts_of_the_cue_list_used_here_are_valid(tmp_path) -> None:
    from beatomizer.cues.format import read_cues

    assert read_cues(cue_list(tmp_path / "a.json", 4.0)).duration_s == 4.0
    assert json.loads((tmp_path / "a.json").read_text())["zones"] == 2
