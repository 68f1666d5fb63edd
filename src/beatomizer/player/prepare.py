"""A song, made ready to be played: its light, its cue list and its sound in one folder.

The first song is prepared by the player itself, with progress to look at; the next ones in a process of their own,
so that what plays is not disturbed. A folder appears whole or not at all.
"""

import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from beatomizer.audio.stereo import stereo_blocks
from beatomizer.cues.format import to_json
from beatomizer.cues.style import Style
from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.line import Rendering, render_cues, render_song
from beatomizer.progress import Progress, silent

_FULL_SCALE = 32767.0


@dataclass(frozen=True)
class Request:
    """What to prepare.

    Attributes:
        song: a song, or a cue list (.json).
        audio: the song of a cue list; empty for light without sound.
        model: an engine's name or file; empty for the default.
        style: the wishes, for songs.
        given: those of the style that a person gave, which override what a cue list says.
        sample_rate: of the sound; 0 for none.
    """

    song: str
    audio: str = ""
    model: str = ""
    style: Style = field(default_factory=Style)
    given: tuple[str, ...] = ()
    sample_rate: int = 0

    @property
    def is_cue_list(self) -> bool:
        """Whether an edited cue list is played."""
        return Path(self.song).suffix.lower() == ".json"


@dataclass(frozen=True)
class Prepared:
    """A song that is ready.

    Attributes:
        home: its folder.
        title, artist: untrusted text.
        duration_s: of light and sound.
        tempo_bpm: 0 if there is none.
        safety: one line of the limiter's report.
        sample_rate: of ``sound``; 0 if there is none.
    """

    home: Path
    title: str
    artist: str
    duration_s: float
    tempo_bpm: float
    safety: str
    sample_rate: int

    def sound(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]] | None":
        """The sound, int16 ``[N, 2]``, mapped from its file."""
        if not self.sample_rate:
            return None
        return np.memmap(self.home / "sound.s16", dtype="<i2", mode="r").reshape(-1, 2)

    @classmethod
    def read(cls, home: Path) -> "Prepared":
        """What lies in a folder."""
        facts = json.loads((home / "facts.json").read_text(encoding="utf-8"))
        return cls(home, **facts)


def prepare(request: Request, home: Path, progress: Progress = silent) -> Prepared:
    """Render a song's light and decode its sound into ``home``.

    Raises:
        BeatomizerError: what rendering raises.
    """
    rendering = _rendered(request, progress)
    show, cues = rendering.show, rendering.cues
    aside = home.with_suffix(".new")
    shutil.rmtree(aside, ignore_errors=True)  # of an attempt that failed
    aside.mkdir()
    np.save(aside / "show.npy", show.rgb8)
    if cues is not None:
        (aside / "cues.json").write_text(to_json(cues), encoding="utf-8")
    sounding = request.sample_rate > 0 and show.source is not None
    if sounding:
        _decode(str(show.source), request.sample_rate, aside / "sound.s16")
    audio = rendering.audio
    facts = {
        "title": (cues.title if cues else audio.title if audio else "") or Path(request.song).stem,
        "artist": cues.artist if cues else (audio.artist if audio else ""),
        "duration_s": show.duration_s,
        "tempo_bpm": cues.tempo_bpm if cues else 0.0,
        "safety": show.report.line(),
        "sample_rate": request.sample_rate if sounding else 0,
    }
    (aside / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    aside.rename(home)
    return Prepared.read(home)


def _rendered(request: Request, progress: Progress) -> Rendering:
    style = request.style
    if not request.is_cue_list:
        if request.audio:
            raise UsageError("--audio goes with a cue list (.json)", "leave it out to play a song")
        return render_song(request.song, model=request.model or None, style=style, progress=progress)
    if request.model or "energy" in request.given:
        raise UsageError("--model and --energy decide cues", "they do not go with a cue list")
    wishes = {
        name: getattr(style, name) for name in ("palette", "zones", "seed", "safety") if name in request.given
    }
    return render_cues(request.song, song=request.audio or None, progress=progress, **wishes)


def _decode(song: str, sample_rate: int, path: Path) -> None:
    with path.open("wb") as file:
        for block in stereo_blocks(song, sample_rate):
            file.write(np.round(np.clip(block, -1.0, 1.0) * _FULL_SCALE).astype("<i2").tobytes())


def with_stage(request: Request, zones: int, safety: str) -> Request:
    """The same wishes on a given stage: all songs of an evening share one."""
    style = replace(request.style, zones=zones, safety=safety)
    return replace(request, style=style, given=tuple({*request.given, "zones", "safety"}))


def main(words: list[str]) -> int:
    """``python -m beatomizer.player.prepare HOME``; the request comes as JSON on standard input."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":
        os.nice(10)  # what plays now comes first
    text = sys.stdin.read()
    if not text:  # whoever asked is gone
        return 0
    told = json.loads(text)
    request = Request(**{**told, "style": Style(**told["style"]), "given": tuple(told["given"])})
    try:
        prepare(request, Path(words[0]))
    except BeatomizerError as error:
        print(str(error), flush=True)
        return error.exit_code
    return 0


def told(request: Request) -> str:
    """The request for ``main``."""
    return json.dumps(asdict(request))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
