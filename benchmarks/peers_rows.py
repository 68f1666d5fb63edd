"""Rows of ``peers.py``: everybody who lights a song, ours, reference rows and peers, behind one door."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.audio.load import load_audio
from beatomizer.color import linear_to_rgb8, rgb8_to_linear
from beatomizer.cues.decide import decide
from beatomizer.cues.style import Style
from beatomizer.errors import UsageError
from beatomizer.evaluation.lighting import EngineLighter, Lighter, lighter_of
from beatomizer.evaluation.references import GREY, LOUDNESS, RandomWalk
from beatomizer.evaluation.sound import tracked_beats
from beatomizer.inference.engine import Engine, RawLight
from beatomizer.inference.engines import load_engine
from beatomizer.show.draw import draw_show, raw_show
from beatomizer.show.show import Show
from beatomizer.timebase import FPS
from peers_songs import BenchSong

MODEL, REFERENCE, PEER = "model", "reference", "peer"
CHILD_TIMEOUT_S = 900
_FLASH_FRAMES = 6.0
"""The flash of ``evaluation.references.BeatFlasher``: up at once, down within a tenth of a second."""


@dataclass(frozen=True)
class Played:
    """What a row made of a song.

    Attributes:
        row: its name.
        kind: ``MODEL``, ``REFERENCE`` or ``PEER``.
        show: before any limiter; as many frames as the song.
        beats_s: where it heard beats; ``None`` if it does not say.
    """

    row: str
    kind: str
    show: Show
    beats_s: F64 | None = None


class Player(Protocol):
    """Somebody who lights songs, in one row or several."""

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Its rows for this song."""

    def facts(self) -> dict[str, str]:
        """Versions and hashes, for the record."""


def fitted(linear: F32 | F64, frames: int) -> F32:
    """As many frames as asked for: cut, or from the beginning again."""
    return np.asarray(linear[np.arange(frames) % len(linear)], dtype=np.float32)


def _shown(linear: F32 | F64) -> Show:
    return Show(linear_to_rgb8(np.asarray(linear, dtype=np.float64)))


def held(show: Show, frames: int) -> Show:
    """Cut to the song's frames, or the last one held."""
    return Show(show.rgb8[np.minimum(np.arange(frames), show.frames - 1)], show.cues, show.source)


def flashes(beats_s: F64, frames: int, zones: int) -> Show:
    """The same white flash on every beat, without a thought for safety."""
    numbers = np.arange(frames)
    beats = np.unique(np.round(beats_s * FPS).astype(np.int64))
    last = np.searchsorted(beats, numbers, side="right") - 1
    since = numbers - np.concatenate([beats, [0]])[last]
    level = np.where(last >= 0, np.exp(-since / _FLASH_FRAMES), 0.0)
    return _shown(np.broadcast_to(level[:, None, None], (frames, zones, 3)))


@dataclass
class OurModel:
    """An engine of this package as ``render`` uses it, up to but without the limiter."""

    named: str
    engine: Engine = field(init=False)
    lighter: Lighter = field(init=False)

    def __post_init__(self) -> None:
        """Load it, and learn its hash."""
        self.engine = load_engine(self.named)
        self.lighter = lighter_of(self.named)

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Listen, decide, draw."""
        heard = self.engine.listen(song.features)
        if isinstance(heard, RawLight):
            yield Played(self.row, MODEL, held(raw_show(heard, zones), song.frames))
            return
        cues = decide(heard, song.features, Style(zones=zones), look=self.engine.look)
        beats_s = np.array([beat.time_s for beat in cues.beats])
        yield Played(self.row, MODEL, held(draw_show(cues), song.frames), beats_s)

    @property
    def row(self) -> str:
        """Its name in tables."""
        return f"Beatomizer {self.lighter.name}"

    def facts(self) -> dict[str, str]:
        """Version or hash."""
        known = self.lighter.facts
        told = str(known["sha256"])[:16] if "sha256" in known else str(known.get("version", ""))
        return {self.row: told}


@dataclass
class OurLive:
    """A streaming model as ``LiveFollower`` uses it: every frame decided from its past, and limited at once.

    What it makes is safe already, so its light as made and after the limiter are the same.
    """

    named: str

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Follow the song."""
        from beatomizer.live.file import live_show

        engine: Any = load_engine(self.named)
        if not hasattr(engine, "stream"):
            raise UsageError(f"'{self.named}' cannot follow live sound", "give a streaming model to --live")
        show = live_show(load_audio(song.wav), engine, Style(zones=zones))
        assert show.cues is not None
        beats_s = np.array([beat.time_s for beat in show.cues.beats])
        yield Played(self.row, MODEL, held(show, song.frames), beats_s)

    @property
    def row(self) -> str:
        """Its name in tables."""
        return f"Beatomizer {lighter_of(self.named).name}, streamed"

    def facts(self) -> dict[str, str]:
        """As of the model file."""
        known = lighter_of(self.named).facts
        return {self.row: str(known.get("sha256", known.get("version", "")))[:16]}


class References:
    """The rows to beat, without the wrong song, which ``peers_table`` makes out of the first model's shows."""

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Grey, loudness, our classic beats as white flashes, a deaf walk; the designer where there is a score."""
        if song.designed is not None:
            yield Played(DESIGNER, REFERENCE, held(_shown(song.designed), song.frames))
        lighters: list[Lighter] = [
            EngineLighter(GREY, load_engine("constant"), {}),
            EngineLighter(LOUDNESS, load_engine("loudness"), {}),
            RandomWalk(),
        ]
        for lighter in lighters:
            yield Played(lighter.name, REFERENCE, _shown(lighter.light(song.features, zones, 0)))
        beats_s = tracked_beats(song.features)[0]
        yield Played("flasher on our classic beats", REFERENCE, flashes(beats_s, song.frames, zones), beats_s)

    def facts(self) -> dict[str, str]:
        """What measures and what is measured."""
        return {name: version(name) for name in ("beatomizer", "numpy", "mir_eval")}


DESIGNER = "composed designer (knows the score)"


class Librosa:
    """librosa's beat tracker with its defaults, as white flashes. Offline: it hears the whole song first."""

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Flashes on its beats."""
        librosa: Any = import_module("librosa")  # a peer, untyped here
        samples, rate = librosa.load(song.wav)
        _, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
        beats_s = np.asarray(beats, dtype=np.float64)
        yield Played("flasher on librosa's beats", PEER, flashes(beats_s, song.frames, zones), beats_s)

    def facts(self) -> dict[str, str]:
        """Its version."""
        return {"librosa": version("librosa")}


@dataclass
class Child:
    """A peer that runs as a program of its own, with a Python of its own."""

    python: Path
    script: Path
    versions: dict[str, str] = field(default_factory=dict)

    def heard(self, song: BenchSong, *wishes: str) -> dict[str, Any]:
        """What it wrote about the song.

        Raises:
            RuntimeError: it failed; with what it said last.
        """
        out = song.wav.with_suffix(f".{self.script.stem}.npz")
        command = [str(self.python), str(self.script), str(song.wav), str(out), *wishes]
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHILD_TIMEOUT_S)
        if done.returncode or not out.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise RuntimeError(f"{self.script.name} failed on {song.name}: {last}")
        with np.load(out) as file:
            found = {name: file[name] for name in file.files}
        out.unlink()
        facts = json.loads(str(found.pop("facts")))
        self.versions |= {name: str(told) for name, told in facts["versions"].items()}
        return found


class Aubio:
    """aubio's causal tempo tracker with its own defaults, as white flashes."""

    def __init__(self, python: Path) -> None:
        self.child = Child(python, Path(__file__).with_name("peers_aubio.py"))

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Flashes on its beats."""
        beats_s = self.child.heard(song)["beats_s"]
        yield Played("flasher on aubio's beats", PEER, flashes(beats_s, song.frames, zones), beats_s)

    def facts(self) -> dict[str, str]:
        """Its version."""
        return self.child.versions


class LedFx:
    """LedFx's tempo tracker as white flashes, and its own effects."""

    def __init__(self, python: Path, effects: Sequence[str]) -> None:
        self.child = Child(python, Path(__file__).with_name("peers_ledfx.py"))
        self.effects = effects

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """One row for its beats, one for each effect."""
        found = self.child.heard(song, "--effects", ",".join(self.effects), "--zones", str(zones))
        beats_s = found["beats_s"]
        yield Played("flasher on LedFx's beats", PEER, flashes(beats_s, song.frames, zones), beats_s)
        for name in self.effects:
            yield Played(f"LedFx {name}", PEER, held(_shown(found[f"light_{name}"]), song.frames))

    def facts(self) -> dict[str, str]:
        """Versions of LedFx and of its aubio."""
        return self.child.versions


def light_of(show: Show) -> F32:
    """Linear light ``[T, Z, 3]``."""
    return rgb8_to_linear(show.rgb8).astype(np.float32)
