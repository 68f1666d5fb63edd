"""Projects on disk: each a folder that is whole at every moment, whoever ends the server and whenever.

``project.json`` names the files that belong to the project. A change writes new files first, under new names, then
``project.json`` anew in one step, and only then removes what is named no more. New projects are made aside and
renamed; deleted ones are renamed away first. What a killed server left half-done is swept when the next one begins.
"""

import asyncio
import contextlib
import errno
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from beatomizer.cues.checking import parse_object
from beatomizer.errors import BeatomizerError, ResourceLimitError, UnreadableInputError
from beatomizer.studio.project import ID, Project

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_NEW, _GONE, _LEFT = ".new-", ".gone-", ".beatomizer-"
FACTS = "project.json"
MOST_FACTS_BYTES = 4 << 20

Read = TypeVar("Read")


class UnknownProjectError(BeatomizerError):
    """No project has that id."""

    def __init__(self) -> None:
        super().__init__("there is no such project", "it may have been deleted")


class StaleError(BeatomizerError):
    """Somebody else changed it in the meantime."""

    def __init__(self, rev: int) -> None:
        super().__init__("it was changed elsewhere in the meantime", "fetch it again")
        self.rev = rev


class Projects:
    """All projects in ``folder``. Facts are in memory, everything on disk before a method returns.

    Use from one event loop; files are written in threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Project] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._changing: set[asyncio.Task[Project]] = set()
        self.damaged: list[str] = []
        """Folders that could not be read; they are left alone."""

    def open(self) -> None:
        """Read what is there, and sweep what a killed server left."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for home in sorted(self._folder.iterdir()):
            if home.name.startswith((_NEW, _GONE)):
                shutil.rmtree(home, ignore_errors=True)
            elif ID.fullmatch(home.name) and home.is_dir() and not home.is_symlink():
                self._read(home)

    def _read(self, home: Path) -> None:
        try:
            with (home / FACTS).open("rb") as file:
                text = file.read(MOST_FACTS_BYTES + 1).decode("utf-8")
            project = Project.read(parse_object(text, FACTS))
            if project.id != home.name:
                raise UnreadableInputError("project: its folder has another name")
        except (OSError, BeatomizerError, TypeError, ValueError, KeyError):
            self.damaged.append(home.name)
            return
        for path in home.iterdir():
            if path.name not in {*project.files, FACTS}:
                with contextlib.suppress(OSError):
                    path.unlink()
        lost = {name for name in project.files if not (home / name).is_file()}
        self._known[project.id] = _without(project, lost)

    def all(self) -> list[Project]:
        """Every project, the one that was changed last first."""
        return sorted(self._known.values(), key=lambda project: -project.changed)

    def get(self, id: str) -> Project:
        """The project.

        Raises:
            UnknownProjectError: there is none.
        """
        project = self._known.get(id)
        if project is None:
            raise UnknownProjectError
        return project

    def home(self, id: str) -> Path:
        """The folder of a project that exists."""
        return self._folder / self.get(id).id

    def new_home(self) -> tuple[str, Path]:
        """An id that nothing has, and a folder for it that is not a project yet."""
        id = "".join(secrets.choice(_LETTERS) for _ in range(12))
        home = self._folder / f"{_NEW}{id}"
        home.mkdir(mode=0o700)
        return id, home

    async def add(self, project: Project, home: Path) -> Project:
        """Make the folder of ``new_home`` a project."""

        def write() -> None:
            _write(home, project)
            home.rename(self._folder / project.id)
            _sync(self._folder)

        await asyncio.to_thread(write)
        self._known[project.id] = project
        return project

    async def change(
        self,
        id: str,
        changed: Callable[[Project], Project],
        *,
        texts: dict[str, str] | None = None,
        touched: bool = True,
    ) -> Project:
        """Change a project; it is on disk when this returns.

        Args:
            id: which.
            changed: from the project as it is now to the one that shall be; may raise to refuse. Called under the
                project's lock, so that no change is lost.
            texts: files to write before, by their new names; ``changed`` should name them.
            touched: whether this counts as a change in the list of projects.

        Whoever waits for it may be cancelled: what has begun is finished, under the lock. Else a thread that still
        writes could put an old state over a newer one.
        """
        task = asyncio.create_task(self._change(id, changed, texts or {}, touched))
        self._changing.add(task)
        task.add_done_callback(self._changing.discard)
        return await asyncio.shield(task)

    async def _change(
        self, id: str, changed: Callable[[Project], Project], texts: dict[str, str], touched: bool
    ) -> Project:
        async with self._lock(id):
            old = self.get(id)
            new = changed(old)
            if new is old:
                return old
            if touched:
                new = replace(new, changed=time.time())
            await asyncio.to_thread(self._exchange, old, new, texts)
            if id in self._known:
                self._known[id] = new
            return new

    def _lock(self, id: str) -> asyncio.Lock:
        """The lock of a project that exists; made-up ids get none."""
        self.get(id)
        return self._locks.setdefault(id, asyncio.Lock())

    def _exchange(self, old: Project, new: Project, texts: dict[str, str]) -> None:
        home = self._folder / new.id
        for name, text in texts.items():
            _write_text(home / name, text)
        _write(home, new)
        for name in old.files - new.files:
            with contextlib.suppress(OSError):  # somebody still reads it (Windows); swept later
                (home / name).unlink()

    async def delete(self, id: str) -> None:
        """Delete a project and its song."""
        async with self._lock(id):
            home = self.home(id)
            gone = self._folder / f"{_GONE}{id}"
            await asyncio.to_thread(home.rename, gone)
            del self._known[id]
            await asyncio.to_thread(shutil.rmtree, gone, ignore_errors=True)
        self._locks.pop(id, None)

    async def reading(self, id: str, read: Callable[[Project, Path], Read]) -> tuple[Project, Read]:
        """``read(project, home)`` in a thread, and the project whose files it found: begun again if they are exchanged
        in this very moment.

        Raises:
            UnknownProjectError: there is none.
            UnreadableInputError: a file is lost.
        """
        while True:
            project = self.get(id)
            try:
                return project, await asyncio.to_thread(read, project, self._folder / project.id)
            except FileNotFoundError:
                async with self._lock(id):  # whoever exchanges them has finished now
                    if self.get(id) is project:
                        raise UnreadableInputError(
                            "a file of this project is lost", "start the studio again: it is made anew"
                        ) from None


def cues_text(project: Project, home: Path) -> str:
    """The cue list as JSON text; empty if there is none. For ``reading``."""
    return (home / project.cues).read_text(encoding="utf-8") if project.cues else ""


def _without(project: Project, lost: set[str]) -> Project:
    """The project without files that are not there: they are made again, but for song and cue list."""
    kept: dict[str, Any] = {
        name: "" for name in ("wave", "sound", "heard", "cues") if getattr(project, name) in lost
    }
    light = None if project.light and project.light["file"] in lost else project.light
    project = replace(project, light=light, **kept)
    if project.song in lost and project.song:
        return replace(project, state="failed", error="its song is not there any more")
    return project


def _write(home: Path, project: Project) -> None:
    text = json.dumps(project.as_json(), ensure_ascii=False, indent=1, allow_nan=False)
    _write_text(home / FACTS, text)
    _sync(home)


def _write_text(path: Path, text: str) -> None:
    """Write a file aside and rename it; only its owner may read it: songs and their names are nobody else's."""
    aside = path.with_name(f"{_LEFT}{secrets.token_hex(6)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise told_of_disk(error) from error


def told_of_disk(error: OSError) -> Exception:
    """What to tell a person of an error of the disk: the error itself, unless it is full."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ResourceLimitError("the disk is full", "free some space and try again")
    return error


def _sync(folder: Path) -> None:
    """A new name in a folder is safe when the folder is written."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
