"""Every bad and odd file of ``scripts/make_bad_files.py`` through the real command line, and mutants of good ones.

The files go through one process, so that the test is quick; a crash or a hang takes that process down, is blamed on
the file, and the next file gets a new one.
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.make_bad_files import BadFile, bad_files, write_all

ROOT = Path(__file__).parents[1]
LONGEST_S = 10.0
"""Of processor time, which a busy machine does not stretch; the clock may run on to the second number."""
HANGS_S = 60.0
MOST_MB = 1_500
WORKER = [sys.executable, "-m", "tests.bad_file_worker"]

FILES = list(bad_files())


@dataclass
class Worker:
    """The process that renders; started again when a file has killed it."""

    _process: subprocess.Popen[bytes] | None = field(default=None)

    def answer(self, words: list[str]) -> dict[str, Any]:
        process = self._running()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(words).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], HANGS_S)[0]:
            self.stop()
            pytest.fail(f"no answer in {HANGS_S} s")
        line = process.stdout.readline()
        if not line:
            code = process.wait()
            self.stop()
            pytest.fail(f"the process died with {code}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [*WORKER, "render"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
            )
        return self._process


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    assert len(write_all(folder, FILES)) >= 90
    return folder


def held(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 90
    assert len({bad.name for bad in FILES}) == len(FILES)


@pytest.mark.parametrize("bad", FILES, ids=[ascii(bad.name)[1:40] for bad in FILES])
def test_it_is_refused_in_one_line_or_becomes_a_show(
    bad: BadFile, worker: Worker, folder: Path, tmp_path: Path
) -> None:
    before = held(folder)
    out = tmp_path / "show.npz"
    answer = worker.answer(["render", str(folder / bad.name), "-o", str(out), "--quiet"])
    assert answer["code"] in bad.codes, (bad.reason, answer)
    assert "Traceback" not in answer["err"]
    assert answer["out"] == ""
    assert answer["seconds"] < LONGEST_S
    assert answer["peak_mb"] < MOST_MB
    assert held(folder) == before
    if answer["code"]:
        lines = answer["err"].splitlines()
        assert len(lines) == 1, lines
        assert lines[0].isprintable()
        assert held(tmp_path) == set()
    else:
        assert answer["err"] == ""
        assert held(tmp_path) == {"show.npz"}
        with np.load(out, allow_pickle=False) as show:
            assert show["rgb"].dtype == np.uint8
            assert len(show["rgb"]) >= 30
            json.loads(str(show["cues"]))


REALLY = {
    "hls.mp3": 3,
    "fifo.mp3": 3,
    "zero.wav": 3,
    "right_left.caf": 0,
    "concat:whole_song.mp3|whole_song.mp3": 0,
    "-rf.mp3": 0,
}


@pytest.mark.parametrize("name", REALLY)
def test_as_a_person_runs_it(name: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "show.npz"
    command = [sys.executable, "-m", "beatomizer", "render", "-o", str(out), "--quiet", "--", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == REALLY[name], done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == (1 if done.returncode else 0)
    assert out.exists() == (done.returncode == 0)


def test_mutants_neither_crash_nor_hang() -> None:
    command = [*WORKER, "mutants", "20250", os.environ.get("BEATOMIZER_MUTANTS", "15")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr[-2_000:])
    assert done.stderr == ""
    assert float(done.stdout.split()[-2]) < MOST_MB
