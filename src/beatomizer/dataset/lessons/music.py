"""Lessons from songs that anyone has: a model that can listen already says what it hears, and copies learn it.

A song's first version is the song as it is; others are damaged on their way to the listener and keep its labels, so
that a learner finds out what its teacher would have heard in a better room.
"""

import hashlib
import time
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.audio import Audio
from beatomizer.audio.load import load_audio
from beatomizer.composer.annotations import Annotations
from beatomizer.dataset.file_kinds import kind_of
from beatomizer.dataset.folder_walk import FoundFile, gate, head_of, walk
from beatomizer.dataset.lessons.believed import Belief, believed, scores_of
from beatomizer.dataset.lessons.damage import Damage, damaged, drawn_damage
from beatomizer.dataset.lessons.lesson import SUFFIX, Lesson, facts_of, read_lesson, write_lesson
from beatomizer.dataset.lessons.make import Made, check_run, made_so, refuse_strangers
from beatomizer.dataset.lessons.teach import at_speed
from beatomizer.dataset.piecework import Tell, make_folder, results, sweep
from beatomizer.dataset.sources import SONGS
from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError, one_line
from beatomizer.features.bank import SETTINGS, extract_features
from beatomizer.inference.engine import Engine
from beatomizer.inference.engines import load_engine
from beatomizer.inference.models import SHIPPED_MODELS
from beatomizer.progress import Progress, silent
from beatomizer.timebase import SAMPLE_RATE

REVISION = 1
"""Raised when the same song, teacher and seed would give other lessons."""

MOST_VERSIONS = 100
LONGEST_S = 1_200.0
"""Longer songs become no lessons: they are sets of many."""

STAGE = "learning from songs"


@dataclass(frozen=True)
class MusicSettings:
    """What decides the bytes of lessons from songs, besides song and version; ``music_settings`` makes it.

    Attributes:
        model: the teacher, as ``load_engine`` takes it.
        teacher: what the teacher calls itself.
        sha256: of the teacher's file; empty for an engine without one.
        seed: 0 or more.
    """

    model: str
    teacher: str
    sha256: str
    seed: int = 0

    def facts(self, song: "Song", version: int) -> dict[str, Any]:
        """What is written into a lesson about its making, but for the damage."""
        return {
            "song": song.content,
            "version": version,
            "teacher": self.teacher,
            "teacher_sha256": self.sha256,
            "seed": self.seed,
            "features": SETTINGS,
            "revision": REVISION,
        }


@dataclass(frozen=True)
class Song:
    """A song before anything is decoded.

    Attributes:
        path: where it is.
        name: its path inside the folder that was named.
        content: first 16 hex digits of the SHA-256 of the file.
    """

    path: Path
    name: str
    content: str


@dataclass(frozen=True)
class _Done:
    made: int
    sound_s: float
    complaint: str = ""


def music_settings(model: str, seed: int = 0) -> MusicSettings:
    """The settings of lessons by that teacher.

    Raises:
        BeatomizerError: there is no such model, it cannot be loaded, or it gives colour instead of scores.
    """
    engine = load_engine(model)
    moment = extract_features(Audio(np.zeros(SAMPLE_RATE, dtype=np.float32)))
    scores_of(engine, engine.listen(moment))
    if model in SHIPPED_MODELS:
        return MusicSettings(model, engine.name, SHIPPED_MODELS[model].sha256, seed)
    file = Path(model)
    digest = _digest(file) if file.suffix.lower() == ".onnx" else ""
    return MusicSettings(model, engine.name, digest, seed)


def music_lessons(
    root: Path,
    folder: Path,
    settings: MusicSettings,
    *,
    versions: int = 1,
    workers: int = 1,
    progress: Progress = silent,
) -> Made:
    """Lessons from all songs in ``root``, into ``folder``; those that are whole already stay as they are.

    Args:
        root: a folder of songs, looked through to any depth, or a single song.
        folder: made if it is not there.
        settings: teacher and seed.
        versions: of each song; the first one is clean.
        workers: processes; 1 works in this one.
        progress: told about the stage "learning from songs".

    Raises:
        UsageError: a setting makes no sense, or the folder holds lessons made with other settings.
        UnreadableInputError: there is no song in ``root``.
        ResourceLimitError: the disk is full, or a worker was killed; run it again and it goes on.
    """
    check_run(settings.seed, workers)
    if not 1 <= versions <= MOST_VERSIONS:
        raise UsageError(f"cannot make {versions} versions of a song", f"choose 1 to {MOST_VERSIONS}")
    began = time.monotonic()
    songs, complaints = find_songs(root)
    make_folder(folder)
    wanted = settings.facts(Song(root, "", ""), 0)
    refuse_strangers(folder, wanted, ("song", "version"))
    sweep(folder, (".npz",))
    gone = {song.content: len(missing(settings, song, versions, folder)) for song in songs}
    todo = [song for song in songs if gone[song.content]]
    found, ready = versions * len(songs) - sum(gone.values()), len(songs) - len(todo)
    made, sound_s = 0, 0.0
    progress(STAGE, ready / len(songs))

    def tell(done: float) -> None:
        progress(STAGE, min(1.0, (ready + done) / len(songs)))

    work = partial(_song_lessons, settings, versions, folder)
    for song, done in results(work, todo, workers, tell, kept="lessons"):
        made, sound_s = made + done.made, sound_s + done.sound_s
        complaints += [(song.name, done.complaint)] if done.complaint else []
    progress(STAGE, 1.0)
    return Made(made, found, sound_s, time.monotonic() - began, tuple(sorted(complaints)))


def find_songs(root: Path) -> tuple[list[Song], list[tuple[str, str]]]:
    """The songs in a folder, each content once, in the order of their names; and what is no song but looks like one.

    Raises:
        UsageError: ``root`` does not exist.
        UnreadableInputError: there is none.
    """
    if not root.exists():
        raise UsageError(f"there is no folder '{root}'", "name a folder of songs")
    songs: dict[str, Song] = {}
    complaints = []
    for file in (one for one in walk(root) if isinstance(one, FoundFile) and _looks_like_song(one)):
        why, digest = gate(file.path).replace("not a video", "not a song"), ""
        if not why:
            digest = _digest(file.path)
            why = "" if digest else "cannot be read to its end"
        if why:
            complaints.append((file.name, why))
            continue
        song = Song(file.path, file.name, digest[:16])
        owner = songs.setdefault(song.content, song)
        if owner is not song:
            complaints.append((song.name, f"same as {owner.name}"))
    if not songs:
        raise UnreadableInputError(f"there is no song in '{root}'", "name a folder of sound files")
    return list(songs.values()), complaints


def music_path(folder: Path, song: Song, version: int) -> Path:
    """Where that version of a song lies; the same song is found again under any name."""
    return folder / f"music-{song.content}-{version:02d}{SUFFIX}"


def missing(settings: MusicSettings, song: Song, versions: int, folder: Path) -> list[int]:
    """Which versions are not there, whole and made with these settings."""
    gone = []
    for version in range(versions):
        facts = facts_of(music_path(folder, song, version))
        if facts is None or not made_so(facts["made"], settings.facts(song, version)):
            gone.append(version)
    return gone


def _song_lessons(
    settings: MusicSettings, versions: int, folder: Path, song: Song, tell: Tell
) -> tuple[Song, _Done]:
    """Make what is missing of one song."""
    todo = missing(settings, song, versions, folder)
    try:
        audio = load_audio(song.path, max_duration_s=LONGEST_S)
        belief = _belief(settings, song, audio, folder, lambda share: tell(0.5 * share))
    except BeatomizerError as error:
        return song, _Done(0, 0.0, str(error))
    if "beats" not in belief.known:
        return song, _Done(0, 0.0, f"'{settings.teacher}' is not sure of the beats")
    sound_s = 0.0
    for place, version in enumerate(todo):
        lesson = _version(settings, song, version, audio.samples, belief)
        write_lesson(lesson, music_path(folder, song, version))
        sound_s += float(lesson.facts["truth"]["duration_s"])
        tell(0.5 + 0.5 * (place + 1) / len(todo))
    return song, _Done(len(todo), sound_s)


def _belief(settings: MusicSettings, song: Song, audio: Audio, folder: Path, tell: Tell) -> Belief:
    """What the teacher says of the song, or said when the clean version was made."""
    clean = music_path(folder, song, 0)
    if 0 not in missing(settings, song, 1, folder):
        lesson = read_lesson(clean)
        truth = Annotations.from_json(lesson.facts["truth"])
        frames, light = (np.asarray(values, dtype=np.float32) for values in (lesson.frames, lesson.light))
        return Belief(truth, tuple(lesson.facts["known"]), light, frames)
    title = one_line(audio.title or song.path.stem, 80)
    return _rounded(believed(audio.samples, _teacher(settings.model), title, tell))


def _rounded(belief: Belief) -> Belief:
    """As it is when it is read again, so that versions made later get the same bytes."""
    light = belief.light.astype(np.float16).astype(np.float32)
    return replace(belief, truth=Annotations.from_json(belief.truth.to_json()), light=light)


@lru_cache(maxsize=1)
def _teacher(model: str) -> Engine:
    return load_engine(model)


def _version(settings: MusicSettings, song: Song, version: int, samples: F32, belief: Belief) -> Lesson:
    """One version of a song: as it is, or damaged by chance."""
    made = settings.facts(song, version) | {"name": song.name}
    damage = Damage()
    frames, duration_s = belief.frames, len(samples) / SAMPLE_RATE
    if version:
        damage = drawn_damage(np.random.default_rng([settings.seed, int(song.content, 16), version]))
        heard = damaged(samples, SAMPLE_RATE, damage)
        frames, duration_s = extract_features(Audio(heard)).frames, len(heard) / SAMPLE_RATE
    truth = at_speed(belief.truth, damage.speed, duration_s)
    light = _at_speed(belief.light, damage.speed, len(frames))
    grey = np.repeat(light[:, None] ** 2, 3, axis=1)  # nobody knows the colour
    facts = {"truth": truth.to_json(), "known": list(belief.known), "made": made | {"damage": damage.facts()}}
    return Lesson(frames.astype(np.float16), light.astype(np.float16), grey.astype(np.float16), facts)


def _at_speed(values: F32, speed: float, count: int) -> F32:
    """``[T]`` of a song, ``count`` frames of it played ``speed`` times as fast."""
    return np.asarray(np.interp(np.arange(count) * speed, np.arange(len(values)), values), dtype=np.float32)


def _looks_like_song(file: FoundFile) -> bool:
    return file.path.suffix.lower() in SONGS or kind_of(head_of(file.path)) in ("sound", "video")


def _digest(path: Path) -> str:
    """SHA-256 in hexadecimal; empty if the file cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
