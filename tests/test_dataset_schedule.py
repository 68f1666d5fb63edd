"""Takes side by side: crashes, hangs and hunger cost one take; a cluster gives the same bytes, whoever dies."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from beatomizer.dataset.build import Crew, build
from beatomizer.dataset.flac import encode_flac
from beatomizer.dataset.schedule import run_local, run_on_cluster
from beatomizer.dataset.sources import TakeSource, find_takes
from beatomizer.dataset.stages import TakeSettings, Work, known
from beatomizer.dataset.take_process import run_task
from beatomizer.dataset.take_server import Limits, Outcome, TakeTask
from beatomizer.errors import DeviceError
from beatomizer.timebase import SAMPLE_RATE
from tests.made_takes import composed, film, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("takes")
    film(folder / "film.mp4")
    for number in range(3):
        composed(folder, number, seconds=16.0)
    return folder


def sources(takes: Path) -> list[TakeSource]:
    return find_takes([takes])[0]


def task(source: TakeSource, work: Path, limits: Limits | None = None) -> TakeTask:
    for name in ("observed", "clips", "takes"):
        (work / name).mkdir(parents=True, exist_ok=True)
    return TakeTask(source, TakeSettings(), work, 1, limits or Limits())


def children(of: int) -> list[int]:
    listed = [path.read_text() for path in Path(f"/proc/{of}/task").glob("*/children")]
    return [int(number) for text in listed for number in text.split()]


def grandchildren(of: int, others: Collection[int] = ()) -> list[int]:
    """The processes that work on takes: children of the servers; ``others`` are not our servers."""
    with suppress(OSError):
        return [number for server in children(of) if server not in others for number in children(server)]
    return []


def sent(number: int, one: TakeTask) -> Outcome:
    """What comes of a take whose process gets a signal."""
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(run_task(one)))
    others = children(os.getpid())  # of tests before, in the same process
    thread.start()
    while not (found := grandchildren(os.getpid(), others)):
        assert thread.is_alive(), outcomes
        time.sleep(0.001)
    os.kill(found[0], number)
    thread.join()
    return outcomes[0]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGSEGV, "crashed its decoder (SIGSEGV)"),
        (signal.SIGXCPU, "took more than 7 s of processor time"),
        (signal.SIGKILL, "was ended by the system"),
        (signal.SIGSTOP, "showed no progress for 2 s"),
    ],
)
def test_a_process_that_dies_or_hangs_says_so_in_one_line(
    number: int, said: str, takes: Path, tmp_path: Path
) -> None:
    source = sources(takes)[0]
    outcome = sent(number, task(source, tmp_path, Limits(cpu_s=7, cpu_s_per_mb=0, stall_s=2)))
    assert outcome.take == source.id
    assert outcome.problem.startswith(said)
    assert not outcome.disk_full
    assert not list(tmp_path.glob("takes/*.json")), "it is tried again the next time"


def test_hunger_for_memory_costs_one_take(takes: Path, tmp_path: Path) -> None:
    first, *others = sources(takes)
    hungry = task(first, tmp_path, Limits(memory_bytes=100 << 20))
    outcomes = list(run_local([hungry, *(task(source, tmp_path) for source in others)], 2))
    problems = {outcome.take: outcome.problem for outcome in outcomes}
    assert problems.pop(first.id) == "needs more than 0.1 GB of memory"
    assert set(problems.values()) == {""}
    for source in others:
        assert known(Work.of(tmp_path, source.id, TakeSettings())) is not None


def test_processor_time_is_limited(tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    composed(folder, 1, seconds=20.0).write_bytes(encode_flac(np.zeros(20 * 60 * SAMPLE_RATE, np.int16)))
    (source,) = sources(folder)
    outcome = run_task(task(source, tmp_path / "work", Limits(cpu_s=1, cpu_s_per_mb=0)))
    assert outcome.problem == "took more than 1 s of processor time"


def test_whoever_stops_listening_ends_all_processes(takes: Path, tmp_path: Path) -> None:
    others = set(children(os.getpid()))  # of tests before, in the same process
    running = run_local([task(source, tmp_path) for source in sources(takes)], 2)
    next(running)
    assert set(children(os.getpid())) - others
    running.close()
    end_s = time.monotonic() + 20  # on a busy machine the system takes its time to clear them away
    while set(children(os.getpid())) - others:
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_a_process_ends_with_its_parent(takes: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "beatomizer", "dataset", "build", str(takes), "-o", str(tmp_path / "set")]
    child = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    while not (offspring := [*children(child.pid), *grandchildren(child.pid)][1:]):
        time.sleep(0.001)
    child.kill()
    child.wait()
    end_s = time.monotonic() + 20
    while any(is_alive(number) for number in offspring):
        assert time.monotonic() < end_s
        time.sleep(0.02)


def is_alive(number: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False


# A cluster

DASK = {"DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0", "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}


@contextmanager
def dask(workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler on loopback and worker processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    processes = [subprocess.Popen([*words, "--no-dashboard"], **quiet)]  # type: ignore[call-overload]
    words = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
    try:
        for _ in range(workers):
            processes.append(subprocess.Popen([*words, "--no-dashboard", "--death-timeout", "60"], **quiet))  # type: ignore[call-overload]
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_cluster_builds_the_same_set_also_when_a_worker_dies(takes: Path, tmp_path: Path) -> None:
    build([takes], tmp_path / "here")
    killed = threading.Event()
    with dask(2) as (address, workers):

        def kill_one() -> None:
            while not list((tmp_path / "there").glob("work/clips/*.tar")):
                time.sleep(0.005)
            workers[0].kill()
            killed.set()

        killer = threading.Thread(target=kill_one, daemon=True)
        killer.start()
        report = build([takes], tmp_path / "there", crew=Crew(scheduler=address))
        killer.join()
    assert report.worked_on == 4
    assert workers[0].returncode == -signal.SIGKILL
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_a_scheduler_that_is_not_there_is_said(
    takes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beatomizer.dataset.schedule._ANSWER_S", 1)
    with pytest.raises(DeviceError, match="no Dask scheduler answers"):
        list(run_on_cluster([task(sources(takes)[0], tmp_path)], "tcp://127.0.0.1:9"))
