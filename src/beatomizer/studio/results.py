"""What a task is told, and what becomes of what it says: plain functions from projects to projects."""

import contextlib
import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from beatomizer.cues.format import read_cues
from beatomizer.errors import BeatomizerError
from beatomizer.studio.children import TaskError
from beatomizer.studio.project import Project
from beatomizer.studio.projects import Projects

SHARES = {
    "composing": 0.0,
    "audio": 0.02,
    "features": 0.2,
    "coarse": 0.3,
    "listening": 0.35,
    "designing": 0.6,
}
"""Where each stage of listening begins, of all of it; drawing and safety are the rest."""


def order_of(project: Project, home: Path, prefix: str) -> dict[str, Any]:
    """What a task is told of its project."""
    return {"home": str(home), "prefix": prefix, "name": project.name, "wishes": asdict(project.wishes)}


def share_of(news: dict[str, Any]) -> float:
    """The share of all the work that is done, by the stage."""
    begin = SHARES.get(news["stage"], 0.75)
    return begin + (0.15 * float(news["share"]) if news["stage"] in ("audio", "safety") else 0.0)


def named(result: dict[str, Any], prefix: str) -> dict[str, Any]:
    """A result whose files are called as they were told to be: a decoder that was taken over may say anything.

    Raises:
        TaskError: they are not.
    """
    light = result.get("light") or {}
    for name in (result.get("wave"), result.get("cues"), result.get("heard"), light.get("file")):
        if name and not (re.fullmatch(r"[A-Za-z0-9.-]+", str(name)) and str(name).startswith(f"{prefix}-")):
            raise TaskError("its process gave something odd", "try another copy of the song")
    return result


def with_show(project: Project, drawn: dict[str, Any]) -> Project:
    """The project with another cue list and its light."""
    rev = project.rev + 1
    return lit(replace(project, rev=rev, cues_rev=rev, cues=str(drawn["cues"])), drawn)


def lit(project: Project, drawn: dict[str, Any]) -> Project:
    """The project with other light."""
    shows = project.shows + 1
    light = dict(drawn["light"]) | {"show": shows, "rev": project.cues_rev, "report": drawn["report"]}
    return replace(project, shows=shows, light=light)


def facts_of(cues: Path) -> dict[str, Any]:
    """What a project's line in the list shows of a cue list that was just designed."""
    read = read_cues(cues)
    return {
        "title": read.title,
        "artist": read.artist,
        "duration_s": read.duration_s,
        "palette": read.palette,
        "edited": False,
    }


def sweep(home: Path, prefix: str, projects: Projects, id: str) -> None:
    """Remove what a job has written and nobody names."""
    with contextlib.suppress(OSError, BeatomizerError):
        named = projects.get(id).files
        for path in home.glob(f"{prefix}-*"):
            if path.name not in named:
                path.unlink()


def cues_told(text: str) -> Any:
    """A cue list's text for an answer; ``None`` if there is none."""
    return json.loads(text) if text else None
