"""What an engine heard of a song, kept in a file, so that the same song is not heard again for each other wish.

A matter of convenience: a file that is missing, damaged, or of another model or version is as good as none.
"""

import json
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NoReturn

import numpy as np

from beatomizer import __version__
from beatomizer.errors import UnreadableInputError
from beatomizer.features.features import Features
from beatomizer.inference.engine import Heard, RawLight, Scores
from beatomizer.line import Listened, SongFacts

LONGEST_S = 1200.0
"""Of a longer song nothing is kept: sound and features are 9 MB a minute."""


@dataclass
class PastEngine:
    """An engine that listened in another process."""

    name: str
    look: str

    def listen(self, features: Features) -> Heard:
        """It is not here any more."""
        self._gone()

    def _gone(self) -> NoReturn:
        raise UnreadableInputError(f"'{self.name}' has listened before and is not here", "load it again")


def save_heard(song: Listened, path: Path) -> bool:
    """Write down what was heard; whether it was worth it."""
    if song.facts.duration_s > LONGEST_S or isinstance(song.heard, RawLight):
        return False
    facts = {
        "version": __version__,
        "model": song.engine.name,
        "look": song.engine.look,
        "settings": song.features.settings,
        "title": song.facts.title,
        "artist": song.facts.artist,
        "duration_s": song.facts.duration_s,
    }
    scores = {name.name: getattr(song.heard, name.name) for name in fields(Scores)}
    arrays = {f"heard_{name}": value for name, value in scores.items() if value is not None}
    np.savez(
        path,
        facts=np.array(json.dumps(facts)),
        frames=song.features.frames,
        samples=song.features.samples,
        **arrays,
    )
    return True


def read_heard(path: Path, model: str) -> Listened | None:
    """What ``model`` heard, by the file; ``None`` if that is not in it."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            if facts["model"] != model or facts["version"] != __version__:
                return None
            scores = {
                name.removeprefix("heard_"): file[name] for name in file.files if name.startswith("heard_")
            }
            features = Features(file["frames"], file["samples"], facts["settings"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    known = SongFacts(None, facts["title"], facts["artist"], facts["duration_s"], ())
    return Listened(known, PastEngine(facts["model"], facts["look"]), Scores(**scores), features)
