"""The light of a project as it lies on disk for the page, read back for lamps: nothing is lost in between."""

import zlib
from pathlib import Path

import numpy as np

from beatomizer.arrays import U8
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.studio.light_run import ShowLight
from beatomizer.studio.projects import Projects


def read_light(path: Path, frames: int, zones: int, light_bytes: int) -> U8:
    """uint8 ``[T, Z, 3]`` from the file that begins with what ``outputs.files.page.light.packed`` gave.

    Args:
        path: of the project.
        frames: T.
        zones: Z.
        light_bytes: length of the part.

    Raises:
        UnreadableInputError: it is not that.
    """
    size = frames * zones * 3
    try:
        with path.open("rb") as file:
            unpack = zlib.decompressobj()
            planes = unpack.decompress(file.read(light_bytes), size)
    except (OSError, zlib.error) as error:
        raise UnreadableInputError(
            f"the light of the show cannot be read ({error})", "open it again"
        ) from None
    if len(planes) != size:
        raise UnreadableInputError("the light of the show is not whole", "open it again")
    differences = np.frombuffer(planes, dtype=np.uint8).reshape(zones, 3, frames)
    return np.ascontiguousarray(np.cumsum(differences, axis=2, dtype=np.uint8).transpose(2, 0, 1))


def light_of(projects: Projects, id: str) -> ShowLight:
    """The newest light of a project, from its files; reads them.

    Raises:
        BeatomizerError: no such project, no light yet, or it is being exchanged in this moment.
    """
    project = projects.get(id)
    if project.light is None:
        raise UsageError("this project has no light yet", "wait until it was listened to")
    home, facts = projects.home(id), project.light
    rgb8 = read_light(home / facts["file"], facts["frames"], facts["zones"], facts["light_bytes"])
    cues = home / project.cues if project.cues else None
    return ShowLight(rgb8, cues, project.wishes.safety, facts["show"])
