"""The straight line: song → audio → features → inference → cues → show → safety.

Everything a door (command line, studio, Python) needs is here; the doors add words and pictures, no logic.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from beatomizer.audio.audio import Audio
from beatomizer.audio.load import load_audio
from beatomizer.cues.cuelist import CueList
from beatomizer.cues.decide import decide
from beatomizer.cues.format import read_cues
from beatomizer.cues.palettes import resolve_palette
from beatomizer.cues.recolor import recolor
from beatomizer.cues.redesign import redesign
from beatomizer.cues.style import Style
from beatomizer.errors import UnreadableInputError
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.inference.engine import Engine, Heard, RawLight, Scores
from beatomizer.inference.engines import DEFAULT_ENGINE, load_engine
from beatomizer.live.file import live_show
from beatomizer.live.follower import LiveEngine
from beatomizer.progress import Progress, silent
from beatomizer.safety.limit import limit
from beatomizer.safety.profiles import profile_named
from beatomizer.safety.safe_show import SafeShow
from beatomizer.show.draw import draw_show, raw_show
from beatomizer.show.show import Show


@dataclass
class Stopwatch:
    """Wall-clock seconds spent in each stage, in the order of the stages."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, progress: Progress) -> Iterator[None]:
        """Time the body as ``name`` and report its beginning and end."""
        progress(name, 0.0)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        progress(name, 1.0)


OTHER_SONG_S = 2.0
"""Two files of one song differ by tenths of a second (silence that encoders add); other songs by more."""


@dataclass(frozen=True)
class SongFacts:
    """What is known of a song besides its sound, of which three hours would be a gigabyte; as in ``Audio``."""

    source: Path | None
    title: str
    artist: str
    duration_s: float
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, audio: Audio) -> "SongFacts":
        """Everything but the samples."""
        return cls(audio.source, audio.title, audio.artist, audio.duration_s, audio.warnings)


@dataclass(frozen=True)
class Rendering:
    """A finished show with everything that was learned on the way.

    Attributes:
        show: what outputs accept.
        engine: the name of the engine that listened; empty for an edited cue list.
        audio: what is known of the song; ``None`` for a cue list without a song.
        stopwatch: seconds a stage.
    """

    show: SafeShow
    engine: str
    audio: SongFacts | None
    stopwatch: Stopwatch

    @property
    def cues(self) -> CueList | None:
        """The decisions behind the show; ``None`` if the engine gave raw colour."""
        return self.show.cues


def render(
    song: str | Path,
    *,
    model: str | None = None,
    zones: int = 8,
    palette: str | None = None,
    seed: int = 0,
    energy: float = 0.5,
    safety: str = "broadcast",
    progress: Progress = silent,
) -> SafeShow:
    """Make the show of a song.

    Args:
        song: any file with sound in it.
        model: an engine's name, or the path of an ``.onnx`` file; the shipped default if ``None``.
        zones: independently coloured parts of the stage.
        palette: a palette's name or ``"#rrggbb,#rrggbb"``; chosen for the song if ``None``.
        seed: another number, another idea; the same number, the same show.
        energy: 0 calm … 1 club.
        safety: the flash-safety profile: ``broadcast``, ``strict``, ``calm`` (or ``venue``, never for files).
        progress: told how far each stage is.

    Returns:
        The show; ``show.save("x.mp4")`` writes it.

    Raises:
        BeatomizerError: the song cannot be read or an argument makes no sense.
    """
    style = Style(palette=palette, energy=energy, seed=seed, zones=zones, safety=safety)
    return render_song(song, model=model, style=style, progress=progress).show


def render_song(
    song: str | Path, *, model: str | None = None, style: Style | None = None, progress: Progress = silent
) -> Rendering:
    """``render`` with everything that was learned on the way; arguments as there."""
    style = style or Style()
    profile_named(style.safety)  # a mistyped name should fail before a long decode, not after
    if style.palette is not None:
        resolve_palette(style.palette)
    engine: Engine = load_engine(model or DEFAULT_ENGINE)
    stopwatch = Stopwatch()
    wanted, facts = _wanted(song, engine, style, stopwatch, progress)
    return Rendering(_limited(wanted, style.safety, stopwatch, progress), engine.name, facts, stopwatch)


def _wanted(
    song: str | Path, engine: Engine, style: Style, stopwatch: Stopwatch, progress: Progress
) -> tuple[Show, SongFacts]:
    """The show before safety. The song's sound and features are let go when this returns, for safety needs room."""
    with stopwatch.stage("audio", progress):
        audio = load_audio(song, progress=progress)
    if engine.look == "follower":
        with stopwatch.stage("show", progress):
            return followed(audio, engine, style, progress), SongFacts.of(audio)
    heard = listen(audio, engine, stopwatch=stopwatch, progress=progress)
    if isinstance(heard.heard, RawLight):
        with stopwatch.stage("show", progress):
            return raw_show(heard.heard, style.zones, source=audio.source), heard.facts
    with stopwatch.stage("cues", progress):
        cues = designed(heard, style)
    with stopwatch.stage("show", progress):
        return draw_show(cues, source=audio.source), heard.facts


@dataclass(frozen=True)
class Listened:
    """A song that an engine has heard: design it once, and again when the wishes change.

    Attributes:
        facts: of the song.
        engine: which listened.
        heard: what it heard.
        features: what it heard it from.
    """

    facts: SongFacts
    engine: Engine
    heard: Heard
    features: Features


def listen(
    audio: Audio,
    engine: Engine,
    *,
    features: Features | None = None,
    stopwatch: Stopwatch | None = None,
    progress: Progress = silent,
) -> Listened:
    """Hear a song.

    Args:
        audio: the song.
        engine: of those that hear whole songs.
        features: of this audio, if they are known; another engine may have heard them.
        stopwatch: times "features" and "inference".
        progress: told how far it is.
    """
    watch = stopwatch or Stopwatch()
    if features is None:
        with watch.stage("features", progress):
            features = extract_features(audio, progress)
    with watch.stage("inference", progress):
        heard = engine.listen(features)
    return Listened(SongFacts.of(audio), engine, heard, features)


def designed(song: Listened, style: Style) -> CueList:
    """The cue list of a song.

    Raises:
        UnreadableInputError: the engine gives colour, not scores.
    """
    facts, engine = song.facts, song.engine
    names = {"title": facts.title, "artist": facts.artist, "model": engine.name, "look": engine.look}
    return decide(_scores(song), song.features, style, **names)


def redesigned(
    song: Listened, edited: CueList, style: Style, kept: Sequence[tuple[float, float]] = ()
) -> CueList:
    """An edited song by other wishes; its beats and sections stay, and so do the cues of the ``kept`` stretches.

    Raises:
        UnreadableInputError: the engine gives colour, not scores.
    """
    return redesign(edited, _scores(song), song.features, style, kept)


def _scores(song: Listened) -> Scores:
    if isinstance(song.heard, RawLight):
        raise UnreadableInputError(
            f"'{song.engine.name}' gives colour itself and has no cues", "use another model, such as full"
        )
    return song.heard


def followed(audio: Audio, engine: Engine, style: Style, progress: Progress = silent) -> Show:
    """The show that a streaming engine would have given live: every frame from the past alone, already limited.

    Raises:
        UnreadableInputError: the engine hears whole songs only.
    """
    if not isinstance(engine, LiveEngine):
        raise UnreadableInputError(f"'{engine.name}' hears whole songs only", "use a streaming model: live")
    return live_show(audio, engine, style, progress=progress)


def render_cues(
    cues: CueList | str | Path,
    *,
    song: str | Path | None = None,
    palette: str | None = None,
    zones: int | None = None,
    seed: int | None = None,
    safety: str | None = None,
    progress: Progress = silent,
) -> Rendering:
    """Draw an edited cue list again; whatever is not ``None`` overrides what the list says."""
    stopwatch = Stopwatch()
    with stopwatch.stage("cues", progress):
        edited = cues if isinstance(cues, CueList) else read_cues(Path(cues))
        if palette is not None:
            edited = recolor(edited, resolve_palette(palette))
        edited = replace(
            edited,
            zones=edited.zones if zones is None else zones,
            seed=edited.seed if seed is None else seed,
            safety=edited.safety if safety is None else safety,
        )
    facts = None
    if song is not None:
        with stopwatch.stage("audio", progress):
            facts = _fitting(SongFacts.of(load_audio(song, progress=progress)), edited.duration_s)
    with stopwatch.stage("show", progress):
        wanted = draw_show(edited, source=facts.source if facts else None)
    return Rendering(_limited(wanted, edited.safety, stopwatch, progress), "", facts, stopwatch)


def _fitting(song: SongFacts, duration_s: float) -> SongFacts:
    """The facts, with a warning if this is hardly the song that the cue list was made for."""
    apart_s = song.duration_s - duration_s
    if abs(apart_s) <= OTHER_SONG_S:
        return song
    which = "longer" if apart_s > 0 else "shorter"
    told = f"the song is {abs(apart_s):.1f} s {which} than the cue list ({duration_s:.1f} s): is it the right one?"
    return replace(song, warnings=(*song.warnings, told))


def _limited(wanted: Show, profile: str, stopwatch: Stopwatch, progress: Progress) -> SafeShow:
    with stopwatch.stage("safety", progress):
        return limit(wanted, profile, progress=progress)
