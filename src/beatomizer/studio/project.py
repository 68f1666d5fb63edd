"""What is known of a project: plain values, read back with suspicion."""

import re
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePath
from typing import Any

from beatomizer.audio.gate import SUFFIXES
from beatomizer.cues.checking import Place
from beatomizer.cues.palettes import resolve_palette
from beatomizer.cues.style import Style
from beatomizer.errors import UnreadableInputError, UsageError, one_line
from beatomizer.safety.profiles import profile_named
from beatomizer.studio.settings import LONGEST_S, MOST_ZONES

ID = re.compile(r"[a-z0-9]{12}")
"""Made by the server, never by a page."""

NAME_LENGTH = 120
MODELS = ("full", "classic")
"""Engines that hear a whole song and give cues."""

LIGHT = {"file", "show", "rev", "report", "frames", "zones", "light_bytes", "calm_bytes"}
"""What is known of a light."""

STATES = ("listening", "ready", "failed")
_MOST_KEPT = 2_000
_MOST_LAMPS = MOST_ZONES


@dataclass(frozen=True)
class Wishes:
    """What a person wishes for; as ``Style``, and which model listens."""

    palette: str | None = None
    energy: float = 0.5
    seed: int = 0
    zones: int = 8
    safety: str = "broadcast"
    model: str = "full"

    @classmethod
    def read(cls, place: Place) -> "Wishes":
        """Wishes from checked JSON; what is absent is the default.

        Raises:
            BeatomizerError: a value that cannot be, with its place.
        """
        palette = place.string("palette", 1000) or None
        if palette is not None:
            resolve_palette(palette)
        energy = place.number("energy", 0.0, 1.0, 0.5)
        seed, zones = (
            place.integer("seed", 0, 2**53, default=0),
            place.integer("zones", 1, MOST_ZONES, default=8),
        )
        safety = place.string("safety", 50, "broadcast")
        profile_named(safety)
        Style(palette, energy, seed, zones, safety)
        return cls(palette, energy, seed, zones, safety, place.choice("model", MODELS, "a model", "full"))


@dataclass(frozen=True)
class Project:
    """One song and its show. Names of files are in the project's own folder.

    Attributes:
        id: twelve letters and digits.
        name: a person's; from the file's name at first.
        title, artist, duration_s: of the song, once it was read.
        created, changed: seconds since 1970.
        state: ``listening`` until there is a show, ``ready``, or ``failed``.
        error: why it failed, one line.
        rev: counts what happened to the cue list and the wishes.
        wishes: what the show is designed to.
        kept: stretches in seconds that a redesign leaves alone.
        coarse: whether a better listening is still to come.
        edited: whether a person changed the cue list since it was designed.
        due: whether the wishes changed and the show was not designed by them yet.
        song: the song's file; empty until a demo is composed.
        digest: SHA-256 of the song's bytes.
        seed: of a demo's composition.
        cues: the cue list's file; empty if there is none yet.
        cues_rev: the rev at which the cue list was last changed.
        light: the newest light: ``file``, ``frames`` … as ``tasks.drawn`` says, ``show``, ``rev``, ``report``.
        shows: how many lights there were.
        wave, sound, heard: files of the waveform, the sound for the page, and what was heard.
        heard_model: which model that was.
        lamps: where the lamps hang on the page's stage, x and y from 0 to 1; ``None`` for the usual places.
    """

    id: str
    name: str = ""
    title: str = ""
    artist: str = ""
    duration_s: float = 0.0
    created: float = field(default_factory=time.time)
    changed: float = field(default_factory=time.time)
    state: str = "listening"
    error: str = ""
    rev: int = 1
    wishes: Wishes = field(default_factory=Wishes)
    kept: tuple[tuple[float, float], ...] = ()
    coarse: bool = True
    edited: bool = False
    due: bool = False
    song: str = ""
    digest: str = ""
    seed: int | None = None
    cues: str = ""
    cues_rev: int = 0
    light: dict[str, Any] | None = None
    shows: int = 0
    wave: str = ""
    sound: str = ""
    heard: str = ""
    lamps: tuple[tuple[float, float], ...] | None = None
    palette: tuple[str, ...] = ()

    @property
    def files(self) -> set[str]:
        """Names of the files in the folder that belong to it."""
        named = {self.song, self.cues, self.wave, self.sound, self.heard}
        named.add(str(self.light["file"]) if self.light else "")
        return named - {""}

    def summary(self) -> dict[str, Any]:
        """A line of the list of projects."""
        names = ("id", "name", "title", "artist", "duration_s", "created", "changed", "state", "error", "rev")
        return {name: getattr(self, name) for name in names} | {"palette": list(self.palette)}

    def told(self, cues: object) -> dict[str, Any]:
        """All of it for a page, with its cue list."""
        return self.summary() | {
            "wishes": asdict(self.wishes),
            "kept": [list(stretch) for stretch in self.kept],
            "cues": cues,
            "coarse": self.coarse,
            "show": self.light["show"] if self.light else 0,
            "report": self.light["report"] if self.light else None,
            "has_sound": bool(self.sound),
            "has_wave": bool(self.wave),
            "stage": {"lamps": None if self.lamps is None else [list(lamp) for lamp in self.lamps]},
        }

    def as_json(self) -> dict[str, Any]:
        """For ``read``."""
        return asdict(self)

    @classmethod
    def read(cls, told: dict[str, Any]) -> "Project":
        """A project as it was written.

        Raises:
            UnreadableInputError, TypeError, ValueError, KeyError: it is not one.
        """
        place = Place("project", "", told)
        known = {name: value for name, value in told.items() if name in cls.__dataclass_fields__}
        wishes = Wishes.read(place.inner("wishes") or Place("project", "wishes", {}))
        project = cls(
            **{**known, "wishes": wishes, "kept": read_kept(place), "lamps": read_lamps(place, "lamps")}
        )
        if not ID.fullmatch(project.id) or project.state not in STATES:
            raise UnreadableInputError("project: its id or state cannot be")
        if project.light is not None and not project.light.keys() >= LIGHT:
            raise UnreadableInputError("project: its light is not whole")
        if any(PurePath(name).name != name for name in project.files):
            raise UnreadableInputError("project: a file's name is no name")
        return replace(project, palette=tuple(map(str, project.palette)))


def read_kept(place: Place) -> tuple[tuple[float, float], ...]:
    """Stretches in seconds under ``kept``, in order."""
    found = []
    for number, pair in enumerate(place.items("kept", _MOST_KEPT, ())):
        found.append(_pair(place, f"kept[{number}]", pair, LONGEST_S + 1.0))
        if found[-1][1] < found[-1][0]:
            raise place.wrong(f"kept[{number}]", "ends before it begins")
    return tuple(sorted(found))


def read_lamps(place: Place, key: str) -> tuple[tuple[float, float], ...] | None:
    """Places of lamps under ``key``; ``None`` if there is nothing."""
    if place.content.get(key) is None:
        return None
    return tuple(
        _pair(place, f"{key}[{number}]", pair, 1.0)
        for number, pair in enumerate(place.items(key, _MOST_LAMPS))
    )


def _pair(place: Place, where: str, found: object, most: float) -> tuple[float, float]:
    if not isinstance(found, list | tuple) or len(found) != 2:
        raise place.wrong(where, "is not a pair of numbers", "write [1.5, 2.5]")
    pair = Place(place.file, where, {"0": found[0], "1": found[1]})
    return pair.number("0", 0.0, most), pair.number("1", 0.0, most)


def name_of(text: str) -> str:
    """A name from a stranger as one line without surprises.

    Raises:
        UsageError: nothing is left of it.
    """
    name = one_line(text.encode("utf-8", "replace").decode("utf-8"), NAME_LENGTH)
    if not name:
        raise UsageError("a name is empty", "write something")
    return name


def song_file_name(name: str) -> str:
    """What the server calls a song that was called ``name``: its ending is a hint for the decoder, if it is known."""
    suffix = PurePath(name).suffix.lower()
    return f"song{suffix}" if suffix in SUFFIXES else "song"


def title_from(name: str) -> str:
    """A project's first name, from the file's: without folders and ending."""
    stem = PurePath(name.replace("\\", "/")).stem
    return one_line(stem.replace("_", " "), NAME_LENGTH) or "A song"
