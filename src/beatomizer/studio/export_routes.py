"""Files to take away: made by jobs, downloaded under a name of ours, deleted after an hour."""

import asyncio
import contextlib
import re
import secrets
import shutil
import unicodedata
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from beatomizer.cues.checking import Place
from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.outputs.files.formats import FORMATS
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.save import check_profile
from beatomizer.studio.answers import answer, id_of, problem, read_object
from beatomizer.studio.jobs import Job
from beatomizer.studio.limits import Limits
from beatomizer.studio.project import ID, Project
from beatomizer.studio.projects import cues_text
from beatomizer.studio.settings import EXPORT_KEPT_S
from beatomizer.studio.studio import Studio

TYPES = {
    ".mp4": "video/mp4",
    ".html": "application/octet-stream",
    ".png": "image/png",
    ".fseq": "application/octet-stream",
    ".json": "application/json",
    ".csv": "text/csv",
    ".npz": "application/octet-stream",
}
"""The page is told to be bytes: it brings its own script, which must not run at the studio's address."""

_LIMITS = Limits(cpu_s=8 * 3600.0, stall_s=600.0)
_AT_ONCE = 2


class Exports:
    """``POST /api/projects/ID/exports`` and the downloads."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._folder = studio.settings.folder / "exports"
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._ready: dict[str, dict[str, Path]] = {}
        self._ends: set[asyncio.TimerHandle] = set()

    @property
    def routes(self) -> list[Route]:
        """Start, download."""
        return [
            Route("/api/projects/{id}/exports", self.begin, methods=["POST"]),
            Route("/api/exports/{job}/{suffix}", self.download, methods=["GET"]),
        ]

    async def start(self) -> None:
        """Begin with an empty folder: what lies there is of a server that was killed."""
        await asyncio.to_thread(self._empty)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def stop(self) -> None:
        """Delete everything."""
        for end in self._ends:
            end.cancel()
        await asyncio.to_thread(self._empty)

    def _empty(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    async def begin(self, request: Request) -> Response:
        """Begin to write files of a show."""
        project = self._studio.projects.get(id_of(request))
        body = await read_object(request)
        suffixes, options = _wanted(body), _options(body)
        if not project.cues:
            raise UsageError("there is no show yet", "wait until the song was heard")
        check_profile(project.wishes.safety)
        told = await self._prepared(project)

        async def work(job: Job) -> None:
            home = self._folder / job.id
            try:
                async with job.turn(self._slots):
                    home.mkdir(mode=0o700)
                    await self._write(
                        job, told | {"folder": str(home), "suffixes": suffixes, "options": options}
                    )
            except BaseException:
                await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
                raise
            finally:
                _remove(told["cues"])
            self._keep(job.id, {suffix: home / f"{told['name']}{suffix}" for suffix in suffixes})

        try:
            job = self._studio.jobs.start("export", project.id, work)
        except BeatomizerError:
            _remove(told["cues"])
            raise
        job.extra = {"suffixes": suffixes, "name": told["name"], "ready": []}
        return answer({"job": job.id}, 202)

    async def _prepared(self, project: Project) -> dict[str, Any]:
        """The cue list of this moment, so that later edits do not disturb."""
        project, text = await self._studio.projects.reading(project.id, cues_text)
        copy = self._folder / f"{project.id}-{secrets.token_hex(6)}.json"
        await asyncio.to_thread(copy.write_text, text, encoding="utf-8")
        song = self._studio.projects.home(project.id) / project.song
        return {"cues": str(copy), "song": str(song), "name": file_name(project.name)}

    async def _write(self, job: Job, told: dict[str, Any]) -> None:
        done: list[str] = []
        run = self._studio.children.run("export", told, _LIMITS, stop=job.stop)
        async with aclosing(run) as said:
            async for news in said:
                if "written" in news:
                    done.append(str(news["written"]))
                elif "stage" in news:
                    job.progress(
                        str(news["stage"]), (len(done) + float(news["share"])) / len(told["suffixes"])
                    )
        job.extra["ready"] = done

    def _keep(self, job: str, files: dict[str, Path]) -> None:
        self._ready[job] = files

        def end() -> None:
            self._ends.discard(handle)
            self._ready.pop(job, None)
            task = asyncio.get_running_loop().run_in_executor(
                None, lambda: shutil.rmtree(self._folder / job, ignore_errors=True)
            )
            task.add_done_callback(lambda _: None)

        handle = asyncio.get_running_loop().call_later(EXPORT_KEPT_S, end)
        self._ends.add(handle)

    async def download(self, request: Request) -> Response:
        """One file, to be saved."""
        job, suffix = (
            str(request.path_params["job"]),
            "." + str(request.path_params["suffix"]).removeprefix("."),
        )
        path = self._ready.get(job, {}).get(suffix) if ID.fullmatch(job) else None
        if path is None or not path.is_file():
            return problem(404, "there is no such file", "files are kept for an hour: export again")
        return FileResponse(path, media_type=TYPES[suffix], filename=path.name)


def part(studio: Studio) -> Exports:
    """For ``app.PARTS``."""
    return Exports(studio)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        Path(path).unlink()


def file_name(name: str) -> str:
    """A name of ours for a file that a person will find in a folder: plain letters, never empty or reserved."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:60].strip("-")
    return f"{words or 'show'}-lights"


def _wanted(body: Place) -> list[str]:
    suffixes = body.items("suffixes", 20)
    for suffix in suffixes:
        if suffix not in FORMATS.names():
            raise body.wrong("suffixes", "is not a file format", f"choose from {', '.join(FORMATS.names())}")
    if not suffixes:
        raise body.wrong("suffixes", "none is chosen", f"choose from {', '.join(FORMATS.names())}")
    return list(dict.fromkeys(suffixes))


def _options(body: Place) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if body.content.get("size") is not None:
        size = body.items("size", 2)
        if len(size) != 2:
            raise body.wrong("size", "is not width and height", "write [1280, 720]")
        sides = Place(body.file, "size", {"width": size[0], "height": size[1]})
        given["size"] = (sides.integer("width", 1, 10_000), sides.integer("height", 1, 10_000))
    if body.content.get("fseq_step_ms") is not None:
        given["fseq_step_ms"] = body.integer("fseq_step_ms", 1, 1000)
    zstd = body.content.get("fseq_zstd", False)
    if not isinstance(zstd, bool):
        raise body.wrong("fseq_zstd", "is neither true nor false")
    return asdict(FileOptions(**given, fseq_zstd=zstd))
