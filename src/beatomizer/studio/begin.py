"""Songs of the command line become projects before the server starts."""

import asyncio
import shutil
from hashlib import file_digest
from pathlib import Path

from beatomizer.studio.project import Project, song_file_name, title_from
from beatomizer.studio.projects import Projects


def brought(projects: Projects, songs: list[Path]) -> str:
    """Make a project of each song that is not one yet; the id of the first, empty without songs."""
    ids = [asyncio.run(_brought(projects, song)) for song in songs]
    return ids[0] if ids else ""


async def _brought(projects: Projects, song: Path) -> str:
    with song.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    for known in projects.all():
        if known.digest == digest and known.state != "failed":
            return known.id
    id, home = projects.new_home()
    try:
        name = song_file_name(song.name)
        shutil.copyfile(song, home / name)
        await projects.add(Project(id=id, name=title_from(song.name), song=name, digest=digest), home)
    finally:
        if home.exists():
            shutil.rmtree(home, ignore_errors=True)
    return id
