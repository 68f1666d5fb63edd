"""What follows what in the workshop, at moments that a real song would hardly ever hit: its decoder is a script."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from beatomizer.audio.load import load_audio
from beatomizer.cues.format import to_json
from beatomizer.cues.style import Style
from beatomizer.inference.engines import load_engine
from beatomizer.line import designed, listen
from beatomizer.studio import workshop as workshop_module
from beatomizer.studio.children import Children, StoppedError
from beatomizer.studio.hub import Hub
from beatomizer.studio.jobs import Job, Jobs
from beatomizer.studio.project import LIGHT, Project, Wishes
from beatomizer.studio.projects import Projects
from beatomizer.studio.workshop import Workshop
from tests.songs import beat_song, write_wav


class Script(Children):
    """Says what a task would say; writes what it would write."""

    news: ClassVar[list[dict[str, Any]]] = []
    cues = ""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []

    async def run(
        self, kind: str, told: dict[str, Any], limits: object = None, *, stop: object = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        self.told.append(told)
        for one in self.news:
            yield one
        if kind == "redesign":
            name = f"{told['prefix']}-cues.json"
            (Path(told["home"]) / name).write_text(self.cues, encoding="utf-8")
            light = dict.fromkeys(LIGHT, 1) | {"file": f"{told['prefix']}-light.bin"}
            yield {"done": {"cues": name, "light": light, "report": {}}}


async def a_workshop(folder: Path, script: Script) -> tuple[Workshop, Project]:
    projects, hub = Projects(folder), Hub()
    projects.open()
    id, home = projects.new_home()
    (home / "song.wav").write_bytes(b"RIFF")
    project = await projects.add(Project(id=id, name="one", song="song.wav", sound="song.wav"), home)
    return Workshop(projects, script, Jobs(hub), hub), project


async def over(jobs: Jobs, project: str) -> None:
    async with asyncio.timeout(30.0):
        while jobs.of(project):
            await asyncio.sleep(0.01)


def test_a_wish_that_comes_while_a_design_is_put_in_is_designed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "song.wav", beat_song(seconds=4.0))
    heard = listen(load_audio(tmp_path / "song.wav"), load_engine("classic"))
    script = Script()
    script.cues = to_json(designed(heard, Style(zones=2)))

    async def work() -> tuple[Project, list[float]]:
        shop, project = await a_workshop(tmp_path / "projects", script)
        loop, sweep, swept = asyncio.get_running_loop(), workshop_module.sweep, []

        def wished(energy: float) -> Any:
            return lambda known: replace(
                known, state="ready", coarse=False, rev=known.rev + 1, wishes=Wishes(energy=energy), due=True
            )

        def busy(*words: Any) -> None:
            if not swept:
                swept.append(True)
                change = shop.projects.change(project.id, wished(0.9))
                asyncio.run_coroutine_threadsafe(change, loop).result(20.0)
                asked = asyncio.run_coroutine_threadsafe(asyncio.to_thread(lambda: None), loop)
                loop.call_soon_threadsafe(shop.redesign, project.id)
                asked.result(20.0)
            sweep(*words)

        monkeypatch.setattr(workshop_module, "sweep", busy)
        await shop.projects.change(project.id, wished(0.1))
        shop.redesign(project.id)
        await over(shop.jobs, project.id)
        return shop.projects.get(project.id), [told["wishes"]["energy"] for told in script.told]

    project, energies = asyncio.run(work())
    assert energies == [0.1, 0.9]
    assert not project.due


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_song_whose_listening_says_nonsense_has_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Script()
    script.news = [{"wave": "", "duration_s": "long"}]  # type: ignore[misc]

    async def work() -> Project:
        shop, project = await a_workshop(tmp_path, script)
        shop.wake(project.id)
        await over(shop.jobs, project.id)
        return shop.projects.get(project.id)

    project = asyncio.run(work())
    assert (project.state, "mistake" in project.error) == ("failed", True)
    assert "ValueError" in capsys.readouterr().err


def test_who_waits_for_a_turn_is_stopped_at_once_and_gives_none_away(tmp_path: Path) -> None:
    async def work() -> None:
        script = Script()
        shop, project = await a_workshop(tmp_path, script)
        slots, begun, loop = asyncio.Semaphore(1), asyncio.Event(), asyncio.get_running_loop()

        async def long(job: Job) -> None:
            async with job.turn(slots):
                begun.set()
                await job.stop.wait()
                raise StoppedError

        first = shop.jobs.start("export", "", long)
        await begun.wait()
        second = shop.jobs.start("export", "", long)
        await asyncio.sleep(0.0)
        before_s = loop.time()
        await shop.jobs.stop([second])
        assert second.state == "stopped"
        assert loop.time() - before_s < 4.0  # five seconds are waited for those that do not hear
        assert slots.locked()
        await shop.jobs.stop([first])
        assert not slots.locked()
        async with asyncio.timeout(5.0):
            await slots.acquire()
        assert slots.locked()

        for _ in range(workshop_module.AT_ONCE):
            await shop._slots.acquire()
        shop.wake(project.id)  # a song in the queue
        await shop.jobs.stop(shop.jobs.of(project.id))
        assert shop.projects.get(project.id).state == "failed"
        assert script.told == []

    asyncio.run(work())
