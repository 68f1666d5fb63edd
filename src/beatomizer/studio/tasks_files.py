"""What tasks do for files: the sound for the page, a demo song, and everything that can be taken away."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.ceilings import raise_memory
from beatomizer.line import render_cues
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.page.sound import sound_bytes
from beatomizer.outputs.files.save import save
from beatomizer.studio.doing import Teller
from beatomizer.studio.settings import LONGEST_S
from beatomizer.timebase import FPS


def sound_task(told: dict[str, Any], tell: Teller) -> dict[str, Any]:
    """Song → Opus in MP4, in the file ``told["to"]``. It ends where the song ends: no show is needed for that."""
    with written_aside(Path(told["to"])) as aside:
        aside.write_bytes(sound_bytes(Path(told["song"]), LONGEST_S * FPS, lambda stage, share: None))
    return {"bytes": Path(told["to"]).stat().st_size}


def compose_task(told: dict[str, Any], tell: Teller) -> dict[str, Any]:
    """A number → a song, in the file ``told["to"]``."""
    from beatomizer.composer.compose import compose
    from beatomizer.composer.song_file import write_song

    raise_memory()
    tell("composing", 0.0)
    song = compose(int(told["seed"]), style="house", form="build-drop", bank="909")
    write_song(song, Path(told["to"]))
    return {"title": song.title}


def export_task(told: dict[str, Any], tell: Teller) -> dict[str, Any]:
    """Cue list and song → files.

    Args:
        told: ``cues``, ``song`` (paths), ``name`` of the files without a suffix, ``folder``, ``suffixes``, ``options``
            as ``FileOptions``.
        tell: told the suffix that is written as the stage, and ``written`` after each file.
    """
    raise_memory()  # pictures of 4K and their encoder take more than songs
    options = FileOptions(**{**told["options"], "size": tuple(told["options"]["size"])})
    show = render_cues(Path(told["cues"])).show
    show = replace(show, source=Path(told["song"]) if told["song"] else None)
    folder = Path(told["folder"])
    sizes: dict[str, int] = {}
    for suffix in told["suffixes"]:
        target = folder / f"{told['name']}{suffix}"
        tell(suffix, 0.0)
        save(show, target, options=options, progress=partial(_as_suffix, tell, suffix))
        sizes[suffix] = target.stat().st_size
        tell.tell({"written": suffix, "bytes": sizes[suffix]})
    return {"bytes": sizes}


def _as_suffix(tell: Teller, suffix: str, stage: str, share: float) -> None:
    """Progress of a file under its suffix, whatever the stages of writing it are called."""
    tell(suffix, share)
