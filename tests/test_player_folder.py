"""Folders that killed evenings left are swept; those of living ones, of others, and what only looks alike stay."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from beatomizer.player import folder
from tests.lamps import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(folder, "_YOUNG_S", -1.0)
    return tmp_path


def test_what_a_killed_process_left_is_swept_and_not_before(place) -> None:
    code = (
        "import time; from beatomizer.player.folder import make_folder as make; print(make()[0], flush=True)"
    )
    code += "; time.sleep(60)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(place)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        assert left.parent == place
        (left / "song-0").mkdir()
        assert folder.sweep() == []
        process.send_signal(signal.SIGKILL)
    assert folder.sweep() == [left]
    assert not left.exists()


def test_a_helper_that_still_works_there_keeps_it(place) -> None:
    made, leader = folder.make_folder()
    helper = folder.hold(made)
    folder.let_go(leader)
    assert folder.sweep() == []
    folder.let_go(helper)
    assert folder.sweep() == [made]


def test_what_only_looks_alike_stays(place, monkeypatch) -> None:
    (place / "beatomizer-notes").mkdir()  # somebody's own: nobody ever held it
    (place / "beatomizer-file").write_text("x")
    elsewhere, hold = folder.make_folder()
    folder.let_go(hold)
    elsewhere = elsewhere.rename(place / "kept")
    (place / "beatomizer-link").symlink_to(elsewhere)
    assert folder.sweep() == []
    foreign, hold = folder.make_folder()
    folder.let_go(hold)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert folder.sweep() == []
    monkeypatch.undo()
    assert foreign.exists()


def test_a_folder_that_is_just_being_made_stays(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made, hold = folder.make_folder()
    folder.let_go(hold)
    assert folder.sweep() == []
    os.utime(made, (time.time() - 120,) * 2)
    assert folder.sweep() == [made]
