"""Projects on disk, whoever is ended when; and tasks in processes of their own, whatever becomes of them."""

import asyncio
import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.audio.blocks import LONGEST_S
from beatomizer.audio.load import load_audio
from beatomizer.cues.checking import Place
from beatomizer.cues.cuelist import MOST_ZONES as MOST_OF_ALL
from beatomizer.cues.style import Style
from beatomizer.errors import BeatomizerError, ResourceLimitError, UnreadableInputError
from beatomizer.inference.engines import load_engine
from beatomizer.line import designed, listen
from beatomizer.outputs.files.formats import FORMATS
from beatomizer.safety.profiles import PROFILES
from beatomizer.safety.show_file import MOST_COLORS
from beatomizer.studio import about, settings
from beatomizer.studio.children import Children, StoppedError, TaskError
from beatomizer.studio.export_routes import TYPES
from beatomizer.studio.heard import read_heard, save_heard
from beatomizer.studio.limits import Limits
from beatomizer.studio.project import LIGHT, MODELS, Project, Wishes
from beatomizer.studio.projects import FACTS, Projects, StaleError, UnknownProjectError, cues_text
from beatomizer.studio.wave import wave_of
from tests.songs import beat_song, write_wav
from tests.studio_server import descendants, gone

ID = "abcdefghijk0"


@pytest.fixture(autouse=True)
def others() -> set[int]:
    """Processes that other tests of this process have left on purpose, as a browser's."""
    _OTHERS.clear()
    _OTHERS.update(descendants(os.getpid()))
    return _OTHERS


_OTHERS: set[int] = set()


def ours() -> list[int]:
    """The processes that this test has started."""
    return [pid for pid in descendants(os.getpid()) if pid not in _OTHERS]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def opened(folder: Path) -> Projects:
    projects = Projects(folder)
    projects.open()
    return projects


async def made(projects: Projects, name: str = "one") -> Project:
    id, home = projects.new_home()
    (home / "song.wav").write_bytes(b"RIFF")
    return await projects.add(Project(id=id, name=name, song="song.wav"), home)


def edited(number: int) -> tuple[Callable[[Project], Project], dict[str, str]]:
    """A change of the cue list to one that says ``number``."""
    file = f"edit-{number}-cues.json"
    return lambda known: replace(known, rev=number, cues=file), {file: json.dumps(number)}


def test_what_was_said_is_there_after_a_restart(tmp_path: Path) -> None:
    async def work() -> Project:
        projects = opened(tmp_path)
        project = await made(projects)
        wishes = Wishes("#ff0000,#00ff00", 0.75, 7, 12, "calm", "classic")
        news = {
            "wishes": wishes,
            "kept": ((1.5, 2.0),),
            "lamps": ((0.5, 1.0),),
            "name": "zwei",
            "edited": True,
        }
        return await projects.change(project.id, lambda known: replace(known, **news))

    project = run(work())
    again = opened(tmp_path)
    assert again.all() == [project]
    assert again.damaged == []
    assert (again.home(project.id) / FACTS).stat().st_mode & 0o077 == 0
    assert again.home(project.id).stat().st_mode & 0o077 == 0


def test_no_change_is_lost_among_many_at_once(tmp_path: Path) -> None:
    async def work() -> int:
        projects = opened(tmp_path)
        project = await made(projects)
        changes = [
            projects.change(project.id, lambda known: replace(known, rev=known.rev + 1)) for _ in range(40)
        ]
        await asyncio.gather(*changes)
        return projects.get(project.id).rev

    assert run(work()) == 41
    assert opened(tmp_path).all()[0].rev == 41


def test_a_change_is_finished_in_its_turn_when_nobody_waits_for_it_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> Project:
        projects = opened(tmp_path)
        project = await made(projects)
        begun, go_on, exchange = threading.Event(), threading.Event(), projects._exchange

        def slowly(old: Project, new: Project, texts: dict[str, str]) -> None:
            if not begun.is_set():
                begun.set()
                assert go_on.wait(20.0)
            exchange(old, new, texts)

        monkeypatch.setattr(projects, "_exchange", slowly)
        first = asyncio.create_task(projects.change(project.id, lambda known: replace(known, name="slow")))
        assert await asyncio.to_thread(begun.wait, 20.0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(projects.change(project.id, lambda known: replace(known, rev=5)))
        for _ in range(10):
            await asyncio.sleep(0.0)
        go_on.set()
        await second
        return projects.get(project.id)

    known = run(work())
    assert (known.name, known.rev) == ("slow", 5)
    assert opened(tmp_path).all() == [known]


def test_files_that_are_exchanged_while_they_are_read_are_read_again(tmp_path: Path) -> None:
    async def work() -> None:
        projects, loop = opened(tmp_path), asyncio.get_running_loop()
        project = await made(projects)
        news, texts = edited(1)
        await projects.change(project.id, news, texts=texts)
        tries: list[int] = []

        def read(found: Project, home: Path) -> str:
            tries.append(found.rev)
            if len(tries) == 1:
                news, texts = edited(2)
                change = projects.change(project.id, news, texts=texts)
                asyncio.run_coroutine_threadsafe(change, loop).result(20.0)
            return cues_text(found, home)

        found, text = await projects.reading(project.id, read)
        assert (tries, found.rev, text) == ([1, 2], 2, "2")
        (projects.home(project.id) / found.cues).unlink()
        async with asyncio.timeout(20.0):  # a file that is lost is no reason to look for it for ever
            with pytest.raises(UnreadableInputError, match="lost"):
                await projects.reading(project.id, cues_text)

    run(work())


def test_a_refused_change_changes_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        projects = opened(tmp_path)
        project = await made(projects)

        def refuse(known: Project) -> Project:
            raise StaleError(known.rev)

        with pytest.raises(StaleError):
            await projects.change(project.id, refuse, texts={"x.json": "1"})
        assert projects.get(project.id) is project
        assert {path.name for path in projects.home(project.id).iterdir()} == {"song.wav", FACTS}
        with pytest.raises(UnknownProjectError):
            await projects.change(ID, lambda known: known)
        await projects.delete(project.id)
        with pytest.raises(UnknownProjectError):
            await projects.change(project.id, lambda known: known)
        assert projects._locks == {}

    run(work())
    assert list(tmp_path.iterdir()) == []


class PulledPlugError(BaseException):
    """The machine is switched off here."""


@pytest.mark.parametrize("name", ["replace", "fsync", "unlink", "open"])
def test_a_change_that_is_cut_off_anywhere_is_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    owner: Any = Path if name in ("replace", "unlink") else os
    real = getattr(owner, name)
    seen: set[int] = set()
    for step in range(12):
        folder = tmp_path / str(step)
        projects = opened(folder)
        project = run(made(projects))
        run(_changed(projects, project.id, 2))
        left = [step]

        def pulled(*words: Any, left: list[int] = left, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise PulledPlugError
            return real(*words, **more)

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, pulled)
            with suppress(PulledPlugError):
                projects._exchange(projects.get(project.id), *_next(projects, project.id))
        again = opened(folder)
        known = again.get(project.id)
        seen.add(known.rev)
        assert json.loads(cues_text(known, again.home(known.id))) == known.rev
        assert {path.name for path in again.home(project.id).iterdir()} == {FACTS, *known.files}
    assert seen == ({3} if name == "unlink" else {2, 3})  # old files are removed last


async def _changed(projects: Projects, id: str, number: int) -> Project:
    change, texts = edited(number)
    return await projects.change(id, change, texts=texts)


def _next(projects: Projects, id: str) -> tuple[Project, dict[str, str]]:
    change, texts = edited(3)
    return change(projects.get(id)), texts


EDITOR = """
import asyncio, json, sys
from dataclasses import replace
from pathlib import Path
from beatomizer.studio.projects import Projects

async def work():
    projects = Projects(Path(sys.argv[1]))
    projects.open()
    id = projects.all()[0].id
    number = projects.get(id).rev
    while True:
        number += 1
        file = f"edit-{number}-cues.json"
        await projects.change(
            id, lambda known: replace(known, rev=number, cues=file), texts={file: json.dumps(number)}
        )
        print(number, flush=True)

asyncio.run(work())
"""


def test_kill_9_while_editing_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    run(made(opened(tmp_path)))
    chance = random.Random(3)
    for _ in range(5):
        editor = subprocess.Popen(
            [sys.executable, "-c", EDITOR, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert editor.stdout is not None
        said = [int(editor.stdout.readline())]
        time.sleep(chance.uniform(0.0, 0.05))
        editor.kill()
        said += [int(line) for line in editor.stdout.read().split()]
        editor.wait()
        editor.stdout.close()
        again = opened(tmp_path)
        (project,) = again.all()
        assert project.rev in (said[-1], said[-1] + 1)
        assert json.loads(cues_text(project, again.home(project.id))) == project.rev
        assert {path.name for path in again.home(project.id).iterdir()} == {FACTS, *project.files}


def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    projects = opened(tmp_path)
    project = run(made(projects))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceLimitError, match="disk is full"):
        run(_changed(projects, project.id, 2))
    monkeypatch.undo()
    assert projects.get(project.id) == project
    assert opened(tmp_path).all() == [project]
    assert {path.name for path in projects.home(project.id).iterdir()} == {"song.wav", FACTS}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"id": 3}',
        f'{{"id": "{ID}", "state": "odd"}}',
        f'{{"id": "{ID}", "song": "../../secret"}}',
        f'{{"id": "{ID}", "cues": "/etc/passwd"}}',
        f'{{"id": "{ID}", "wishes": {{"zones": 0}}}}',
        f'{{"id": "{ID}", "kept": [[3, 1]]}}',
        f'{{"id": "{ID}", "light": {{}}}}',
        '{"id": "otherotherot"}',
        "\x00\xff",
    ],
)
def test_what_is_no_project_is_left_alone_and_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ID).mkdir()
    (tmp_path / ID / FACTS).write_text(text, encoding="latin-1")
    (tmp_path / ID / "song.wav").write_bytes(b"somebody's")
    projects = opened(tmp_path)
    assert projects.all() == []
    assert projects.damaged == [ID]
    assert (tmp_path / ID / "song.wav").read_bytes() == b"somebody's"


def test_leftovers_are_swept_and_links_are_not_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "projects", tmp_path / "elsewhere"
    project = run(made(opened(folder)))
    elsewhere.mkdir()
    (elsewhere / FACTS).write_text(json.dumps(replace(project, id=ID).as_json()))
    (folder / ID).symlink_to(elsewhere)
    for name in (".new-aaaaaaaaaaaa", ".gone-aaaaaaaaaaaa", "somebody's folder"):
        (folder / name).mkdir()
        (folder / name / "x").write_text("x")
    (folder / project.id / ".beatomizer-1").write_text("half")
    projects = opened(folder)
    assert [known.id for known in projects.all()] == [project.id]
    assert {path.name for path in folder.iterdir()} == {project.id, ID, "somebody's folder"}
    assert {path.name for path in (folder / project.id).iterdir()} == {FACTS, "song.wav"}
    assert (elsewhere / FACTS).exists()


def test_what_was_lost_is_made_again_but_for_the_song(tmp_path: Path) -> None:
    projects = opened(tmp_path)
    project = run(made(projects))
    facts = {
        "sound": "sound.m4a",
        "wave": "w.bin",
        "light": dict.fromkeys(LIGHT, 1) | {"file": "l.bin"},
    }
    run(projects.change(project.id, lambda known: replace(known, state="ready", **facts)))
    again = opened(tmp_path).get(project.id)
    assert (again.sound, again.wave, again.light, again.state) == ("", "", None, "ready")
    (tmp_path / project.id / "song.wav").unlink()
    assert opened(tmp_path).get(project.id).state == "failed"


@given(
    st.builds(
        Wishes,
        st.sampled_from([None, "neon", "#ff0000,#0000ff"]),
        st.floats(0, 1),
        st.integers(0, 2**53),
        st.integers(1, settings.MOST_ZONES),
        st.sampled_from(list(PROFILES)),
        st.sampled_from(MODELS),
    )
)
def test_wishes_survive_the_disk(wishes: Wishes) -> None:
    told = json.loads(json.dumps(Project(id=ID, wishes=wishes).as_json()))
    assert Project.read(told).wishes == wishes
    assert Wishes.read(Place("x", "", {})) == Wishes()


def test_the_tables_of_the_studio_match_the_program() -> None:
    """What the server repeats, so as not to import the heavy half, is what that half says."""
    assert settings.LONGEST_S == LONGEST_S
    assert settings.MOST_COLORS == MOST_COLORS
    assert settings.MOST_ZONES <= MOST_OF_ALL
    assert set(about.FORMAT_TEXTS) == set(TYPES) == set(FORMATS.names())
    assert set(about.PROFILE_TEXTS) == set(PROFILES)
    assert set(about.MODEL_TEXTS) == set(MODELS)
    assert not settings.too_many_lights(240, 64)
    assert settings.too_many_lights(240, 65)
    assert settings.too_many_lights(settings.LONGEST_S, 64)


def test_the_waveform_counts_every_sample() -> None:
    samples = np.concatenate([np.zeros(240), np.full(240, 0.5), np.full(10, -1.0)]).astype(np.float32)
    assert list(wave_of(samples)) == [0, 0, 128, 128, 255, round(255 * (10 / 240) ** 0.5)]
    assert wave_of(np.zeros(0, dtype=np.float32)) == b""
    many = np.random.default_rng(0).uniform(-1, 1, 240 * 9000 + 7).astype(np.float32)
    assert len(wave_of(many)) == 2 * 9001


def test_what_was_heard_designs_the_same_again(tmp_path: Path) -> None:
    audio = load_audio(write_wav(tmp_path / "a.wav", beat_song(6.0)))
    song = listen(audio, load_engine("classic"))
    path = tmp_path / "heard.npz"
    assert save_heard(song, path)
    again = read_heard(path, "classic")
    assert again is not None
    assert designed(again, Style(seed=3)) == designed(song, Style(seed=3))
    assert read_heard(path, "full") is None
    path.write_bytes(path.read_bytes()[:-100])
    assert read_heard(path, "classic") is None
    assert read_heard(tmp_path / "none.npz", "classic") is None


# Tasks.

WISHES = {"palette": None, "energy": 0.5, "seed": 0, "zones": 4, "safety": "broadcast", "model": "classic"}


def order(song: Path, home: Path) -> dict[str, Any]:
    return {"song": str(song), "home": str(home), "prefix": "x", "name": "a", "wishes": WISHES}


async def said(children: Children, *words: Any, **more: Any) -> list[dict[str, Any]]:
    async with aclosing(children.run(*words, **more)) as news:
        return [one async for one in news]


async def _rest(running: AsyncGenerator[Any, None]) -> None:
    async with aclosing(running) as news:
        async for _ in news:
            pass


@pytest.fixture(scope="module")
def long_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(
        tmp_path_factory.mktemp("song") / "long.wav", np.tile(beat_song(8.0, rate=8000), 60), 8000
    )


@pytest.mark.parametrize("forks", [True, False])
def test_a_task_says_how_far_it_is_and_what_came_of_it(tmp_path: Path, forks: bool) -> None:
    song = write_wav(tmp_path / "a.wav", beat_song(3.0))

    async def work() -> list[dict[str, Any]]:
        children = Children(forks=forks)
        try:
            await children.start()
            with pytest.raises(UnreadableInputError, match="does not exist"):
                await said(children, "listen", order(tmp_path / "none.wav", tmp_path))
            return await said(children, "listen", order(song, tmp_path))
        finally:
            await children.close()
            assert gone(ours())

    news = run(work())
    assert news[-1]["done"]["light"]["frames"] == 180
    assert [one for one in news if "wave" in one]
    assert {one["stage"] for one in news if "stage" in one} >= {"audio", "listening", "drawing"}


def test_whatever_becomes_of_a_task_is_one_line_and_the_next_one_works(
    tmp_path: Path, long_song: Path
) -> None:
    async def fails(children: Children, limits: Limits | None = None, kill: int = 0) -> BeatomizerError:
        running = children.run("listen", order(long_song, tmp_path), limits)
        if kill:
            await anext(running)
            (nursery,) = [pid for pid in ours() if descendants(pid)]
            os.kill(descendants(nursery)[0], kill)
        with pytest.raises(BeatomizerError) as failed:
            await _rest(running)
        return failed.value

    async def work() -> None:
        children = Children()
        try:
            assert "memory" in str(await fails(children, Limits(decode_bytes=1 << 20, memory_bytes=1 << 20)))
            assert "processor time" in str(await fails(children, Limits(cpu_s=1.0)))
            assert "no progress" in str(await fails(children, Limits(stall_s=0.001)))
            assert "memory" in str(await fails(children, kill=signal.SIGKILL))
            crash = await fails(children, kill=signal.SIGSEGV)
            assert isinstance(crash, UnreadableInputError)
            assert "SIGSEGV" in str(crash)
            song = write_wav(tmp_path / "a.wav", beat_song(2.0))
            assert (await said(children, "listen", order(song, tmp_path)))[-1]["done"]
        finally:
            await children.close()

    run(work())


@pytest.mark.parametrize(("system", "forks"), [("linux", True), ("darwin", False), ("win32", False)])
def test_nothing_is_forked_where_libraries_do_not_bear_it(
    system: str, forks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", system)
        assert Children()._forks is forks


def test_a_nursery_that_dies_is_replaced(tmp_path: Path, long_song: Path) -> None:
    async def work() -> None:
        children = Children()
        try:
            running = children.run("listen", order(long_song, tmp_path))
            await anext(running)
            (nursery,) = [pid for pid in ours() if descendants(pid)]
            below = descendants(nursery)
            os.kill(nursery, signal.SIGKILL)
            with pytest.raises(TaskError, match="process ended"):
                await _rest(running)
            assert gone(below)
            song = write_wav(tmp_path / "a.wav", beat_song(2.0))
            assert (await said(children, "listen", order(song, tmp_path)))[-1]["done"]
        finally:
            await children.close()

    run(work())


def test_a_task_can_be_stopped_and_leaves_nobody(tmp_path: Path, long_song: Path) -> None:
    async def work() -> None:
        children = Children()
        try:
            await children.start()
            stop = asyncio.Event()
            running = children.run("listen", order(long_song, tmp_path), stop=stop)
            await anext(running)
            stop.set()
            with pytest.raises(StoppedError):
                await _rest(running)
            assert [len(descendants(pid)) for pid in ours()] == [0]
        finally:
            await children.close()
        with pytest.raises(TaskError):
            await said(children, "redraw", {})

    run(work())
