"""Work shared by processes: all of it, none of it after a stop, and nothing left running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from beatomizer.dataset.piecework import results
from beatomizer.errors import ResourceLimitError
from tests import piecework_worker as work

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_all_pieces_are_done_and_told(workers: int) -> None:
    told: list[float] = []
    assert sorted(results(work.doubled, range(7), workers, told.append)) == [2 * n for n in range(7)]
    assert told == sorted(told)
    assert told[-1] == 7
    assert workers > 1 or told[0] == 0.5
    assert list(results(work.doubled, [], workers, told.append)) == []


def test_a_worker_has_one_blas_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert list(results(work.threads, [0, 1], 2, lambda done: None)) == ["1", "1"]


def test_what_a_worker_raises_arrives() -> None:
    with pytest.raises(ResourceLimitError, match="disk is full"):
        list(results(work.full, [0, 1, 2], 2, lambda done: None))


def test_a_killed_worker_is_one_line() -> None:
    with pytest.raises(ResourceLimitError, match="finished lessons are kept"):
        list(results(work.killed, [0, 1], 2, lambda done: None, kept="lessons"))


def started(folder: Path) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A parent with two workers that go on for ever, and the workers' numbers."""
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.piecework_worker", str(folder)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a run in the background ignores it
    )
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        said = [path.read_text() for path in folder.glob("aside-*")]
        if len(said) == 2 and all(said):
            return parent, [int(number) for number in said]
        time.sleep(0.02)
    parent.kill()
    raise AssertionError("the workers did not begin")


def gone(number: int) -> bool:
    """Whether the process has ended within some seconds."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{number}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_workers_stop_at_ctrl_c_and_clear_up(tmp_path: Path) -> None:
    parent, workers = started(tmp_path)
    parent.send_signal(signal.SIGINT)
    assert parent.wait(120) != 0
    assert all(gone(number) for number in workers)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent, workers = started(tmp_path)
    parent.kill()
    parent.wait(120)
    assert all(gone(number) for number in workers)
