"""Projects over HTTP: made from songs, listed, edited, deleted; their light, sound and waveform."""

import asyncio
import json
import secrets
import shutil
import struct
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from beatomizer.cues.cuelist import CueList
from beatomizer.cues.format import from_json, to_json
from beatomizer.errors import ResourceLimitError, UsageError
from beatomizer.safety.profiles import profile_named
from beatomizer.studio.answers import answer, as_text, chunks, id_of, problem, read_object
from beatomizer.studio.project import (
    Project,
    Wishes,
    name_of,
    read_kept,
    read_lamps,
    song_file_name,
    title_from,
)
from beatomizer.studio.projects import StaleError, cues_text, told_of_disk
from beatomizer.studio.results import cues_told
from beatomizer.studio.settings import CUES_BYTES, MOST_PROJECTS, UPLOAD_BYTES, too_many_lights
from beatomizer.studio.studio import Studio

UPLOADS_AT_ONCE = 4


class ProjectRoutes:
    """The part of the studio that pages see projects through."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._projects, self._workshop = studio.projects, studio.workshop
        self._uploads = 0

    @property
    def routes(self) -> list[Route]:
        """All of it."""
        one = "/api/projects/{id}"
        return [
            Route("/api/projects", self.list, methods=["GET"]),
            Route("/api/projects", self.upload, methods=["POST"]),
            Route("/api/projects/demo", self.demo, methods=["POST"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.patch, methods=["PATCH"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/cues", self.put_cues, methods=["PUT"]),
            Route(f"{one}/wishes", self.put_wishes, methods=["PUT"]),
            Route(f"{one}/listen", self.listen, methods=["POST"]),
            Route(f"{one}/light", self.light, methods=["GET"]),
            Route(f"{one}/sound", self.sound, methods=["GET"]),
            Route(f"{one}/wave", self.wave, methods=["GET"]),
        ]

    async def start(self) -> None:
        """Go on with songs that a server was ended over."""
        for project in self._projects.all():
            if project.state == "listening":
                self._workshop.wake(project.id)

    async def stop(self) -> None:
        """End what is being worked on."""
        await self._workshop.close()

    async def list(self, request: Request) -> Response:
        """Every project in a line."""
        return answer([project.summary() for project in self._projects.all()])

    async def upload(self, request: Request) -> Response:
        """A song: a project, and work on it begins."""
        self._refuse_more()
        name = _sent_name(request)
        if self._uploads >= UPLOADS_AT_ONCE:
            raise ResourceLimitError("several songs are being sent already", "send this one after them")
        id, home = self._projects.new_home()
        self._uploads += 1
        try:
            file_name = song_file_name(name)
            digest = await _received(request, home / file_name)
            project = Project(id=id, name=title_from(name), song=file_name, digest=digest)
            return answer(await self._begun(project, home), 201)
        finally:
            self._uploads -= 1
            if home.exists():  # it has become no project
                await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)

    async def demo(self, request: Request) -> Response:
        """A song that is composed."""
        self._refuse_more()
        body = await read_object(request) if request.headers.get("content-length", "0") != "0" else None
        seed = body.integer("seed", 0, 2**31, default=0) if body else 0
        id, home = self._projects.new_home()
        return answer(await self._begun(Project(id=id, name="Demo", seed=seed), home), 201)

    async def _begun(self, project: Project, home: Path) -> dict[str, Any]:
        added = await self._projects.add(project, home)
        self._workshop.tell_project(added, "created")
        self._workshop.wake(added.id)
        return added.told(None)

    def _refuse_more(self) -> None:
        if len(self._projects.all()) >= MOST_PROJECTS:
            raise ResourceLimitError(f"there are {MOST_PROJECTS} projects", "delete some first")

    async def get(self, request: Request) -> Response:
        """Everything of one; what it still needs is begun."""
        id = id_of(request)
        self._workshop.wake(id)
        project, text = await self._projects.reading(id, cues_text)
        return await asyncio.to_thread(lambda: answer(project.told(cues_told(text))))

    async def patch(self, request: Request) -> Response:
        """Another name, or lamps elsewhere."""
        id, body = id_of(request), await read_object(request)
        news: dict[str, Any] = {}
        if "name" in body.content:
            news["name"] = name_of(body.string("name", 1000))
        stage = body.inner("stage")
        if stage is not None:
            news["lamps"] = read_lamps(stage, "lamps")
        if not news:
            raise UsageError("nothing to change", "send a name or a stage")
        project = await self._projects.change(id, lambda known: replace(known, **news))
        self._workshop.tell_project(project, "renamed" if "name" in news else "changed")
        return answer(project.summary())

    async def delete(self, request: Request) -> Response:
        """Delete it with its song."""
        id = id_of(request)
        project = self._projects.get(id)
        await self._workshop.forget(id)
        await self._projects.delete(id)
        self._workshop.tell_project(project, "deleted")
        return answer({"deleted": id})

    async def put_cues(self, request: Request) -> Response:
        """An edited cue list, and the wishes that it was made by if a step of undo brought it: saved, then drawn."""
        id = id_of(request)
        known = self._projects.get(id)
        body = await read_object(request, CUES_BYTES)
        rev, kept = body.integer("rev", 0, 2**53), read_kept(body)
        place = body.inner("wishes")
        text, cues = await asyncio.to_thread(_checked, body.value("cues"), known)
        file = f"edit-{secrets.token_hex(6)}-cues.json"

        def changed(known: Project) -> Project:
            if rev != known.rev:
                raise StaleError(known.rev)
            seed = cues.seed if cues.seed <= 2**53 else known.wishes.seed
            wished = known.wishes
            if place is not None:
                place.content = asdict(wished) | place.content
                wished = Wishes.read(place)
            wishes = replace(wished, zones=cues.zones, safety=cues.safety, seed=seed)
            return replace(
                known,
                rev=rev + 1,
                cues_rev=rev + 1,
                cues=file,
                kept=kept,
                wishes=wishes,
                edited=True,
                palette=cues.palette,
                title=cues.title,
                artist=cues.artist,
            )

        if rev != known.rev:
            raise StaleError(known.rev)
        project = await self._projects.change(id, changed, texts={file: text})
        self._workshop.redraw(id)
        self._workshop.tell_project(project, "changed")
        return answer({"rev": project.rev})

    async def put_wishes(self, request: Request) -> Response:
        """Other wishes: saved, then designed by."""
        id, body = id_of(request), await read_object(request)
        rev, keep = body.integer("rev", 0, 2**53), body.content.get("keep", True)
        place = body.inner("wishes")
        if place is None or not isinstance(keep, bool):
            raise UsageError("wishes or keep are missing", "send rev, wishes and keep")

        def changed(known: Project) -> Project:
            if rev != known.rev:
                raise StaleError(known.rev)
            place.content = asdict(known.wishes) | place.content
            wishes = Wishes.read(place)
            if too_many_lights(known.duration_s, wishes.zones):
                raise UsageError(f"{wishes.zones} zones are too many for so long a song", "choose fewer")
            form: dict[str, Any] = {} if keep else {"kept": (), "edited": False}
            return replace(known, rev=rev + 1, wishes=wishes, due=True, **form)

        project = await self._projects.change(id, changed)
        self._workshop.redesign(id)
        self._workshop.tell_project(project, "changed")
        return answer({"rev": project.rev})

    async def listen(self, request: Request) -> Response:
        """Try a song again that has failed."""
        id = id_of(request)
        await self._workshop.listen_again(id)
        return answer(self._projects.get(id).summary(), 202)

    async def light(self, request: Request) -> Response:
        """The newest light, packed."""
        project, data = await self._projects.reading(id_of(request), _light_bytes)
        if project.light is None:
            return problem(404, "there is no light yet", "wait for the event show")
        facts = {name: value for name, value in project.light.items() if name != "file"}
        header = json.dumps(facts).encode()
        body = struct.pack("<I", len(header)) + header + data
        return Response(body, media_type="application/octet-stream")

    async def sound(self, request: Request) -> Response:
        """The song for a browser, in pieces if it asks for them."""
        project = self._projects.get(id_of(request))
        if not project.sound:
            return problem(404, "there is no sound yet", "wait for the event sound")
        return FileResponse(self._projects.home(project.id) / project.sound, media_type="audio/mp4")

    async def wave(self, request: Request) -> Response:
        """The waveform."""
        project, data = await self._projects.reading(id_of(request), _wave_bytes)
        if not project.wave:
            return problem(404, "there is no waveform yet", "wait for the event cues")
        return Response(data, media_type="application/octet-stream")


def part(studio: Studio) -> ProjectRoutes:
    """For ``app.PARTS``."""
    return ProjectRoutes(studio)


def _light_bytes(project: Project, home: Path) -> bytes:
    return (home / project.light["file"]).read_bytes() if project.light else b""


def _wave_bytes(project: Project, home: Path) -> bytes:
    return (home / project.wave).read_bytes() if project.wave else b""


def _sent_name(request: Request) -> str:
    """The file's name from the header X-Name, percent-encoded UTF-8; text from a stranger."""
    text = request.headers.get("x-name", "")
    if len(text) > 4000:
        raise UsageError("the file's name is too long", "rename it")
    return unquote(text, errors="replace") or "song"


async def _received(request: Request, path: Path) -> str:
    """Write the body to ``path`` as it comes; the SHA-256 of it."""
    digest = sha256()
    try:
        with path.open("xb") as file:
            async for chunk in chunks(request, UPLOAD_BYTES, "the song"):
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
    except OSError as error:
        raise told_of_disk(error) from error
    if path.stat().st_size == 0:
        raise UsageError("the song is empty", "was the download finished?")
    return digest.hexdigest()


def _checked(found: object, project: Project) -> tuple[str, CueList]:
    """A cue list from a page, as text to be saved."""
    cues = from_json(as_text(found), "cues")
    profile_named(cues.safety)
    if project.duration_s and cues.duration_s > project.duration_s + 1.0:
        raise UsageError(f"cues: duration_s: {cues.duration_s:g} is after the end of the song")
    if too_many_lights(cues.duration_s, cues.zones):
        raise UsageError(f"cues: zones: {cues.zones} are too many", "choose fewer")
    return to_json(cues), cues
