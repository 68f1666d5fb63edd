"""Folders → takes: videos, FSEQ sequences beside their songs, composed takes with their scores.

Nothing is decoded here. A file is looked at from outside (its first bytes, its neighbours of the same name) and
hashed; what cannot become a take is said in one line each. The same content is never taken twice.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from beatomizer.dataset.file_kinds import kind_of
from beatomizer.dataset.folder_walk import FoundFile, Refusal, gate, head_of, printable, walk
from beatomizer.dataset.sidecar import SUFFIX as SIDECAR
from beatomizer.dataset.sidecar import Excerpt, read_sidecar
from beatomizer.errors import UnreadableInputError
from beatomizer.progress import Progress, silent

__all__ = ["Refusal", "TakeSource", "find_takes"]

GENERATED = "generated"
"""Licence of composed takes: nobody else's work is in them."""

SCORE = ".score.json"
FSEQ = ".fseq"
SONGS = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".opus", ".aac", ".aif", ".aiff")
"""Endings of songs, in the order in which they are preferred."""

_FILMS = (
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".asf", ".3gp", ".ogv", ".ts", ".m2ts", ".mts",
    ".mpg", ".mpeg", ".vob",
)  # fmt: skip
"""Endings of videos. What a file is, its first bytes say; these only tell a video that is none from other files."""

_UNFINISHED = (".part", ".ytdl", ".crdownload", ".tmp")
_OURS = ("fetch.csv",)
"""Written by ``dataset fetch`` beside the videos; nobody wants to read a line about them."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class TakeSource:
    """One take before anything is decoded.

    Attributes:
        id: first 16 hex digits of a SHA-256 over the files' content and the excerpt: the same take anywhere.
        kind: ``video``, ``fseq`` or ``composed``.
        media: the file with the sound, and for ``video`` and filmed ``composed`` takes the pictures.
        light: the ``.fseq`` file.
        score: the ``.score.json`` file of a composed take.
        start_s: beginning of the take in seconds of the media's presentation.
        end_s: end; ``None``: the media's.
        title, url, licence, note: what is known; untrusted text, on one line each.
        name: the media's path inside the folder that was named, for messages.
        content: first 16 hex digits of the SHA-256 of ``media`` alone. Takes that share it are parts of one video and
            belong in one split.
    """

    id: str
    kind: str
    media: Path
    light: Path | None = None
    score: Path | None = None
    start_s: float = 0.0
    end_s: float | None = None
    title: str = ""
    url: str = ""
    licence: str = ""
    note: str = ""
    name: str = ""
    content: str = ""


def find_takes(
    folders: Sequence[Path], progress: Progress = silent
) -> tuple[list[TakeSource], list[Refusal]]:
    """All takes in some folders (or single files), and a line for everything else in them.

    Args:
        folders: looked through to any depth. Hidden files are passed over.
        progress: told the share of the bytes that were hashed, as stage ``sources``.

    Returns:
        The takes, sorted by ``id``, and what was refused, sorted by name.

    Raises:
        UsageError: one of the folders does not exist.
    """
    refusals: list[Refusal] = []
    families: dict[Path, _Family] = defaultdict(_Family)
    seen: set[Path] = set()
    for folder in folders:
        for found in walk(Path(folder)):
            if isinstance(found, Refusal):
                refusals.append(found)
            elif found.path.absolute() not in seen:  # a folder may be named twice, or with one inside it
                seen.add(found.path.absolute())
                _sort_in(found, families, refusals)
    drafts = [draft for family in families.values() for draft in _drafts(family, refusals)]
    takes = _unique(_hashed(drafts, refusals, progress), refusals)
    return sorted(takes, key=lambda take: take.id), sorted(set(refusals))


@dataclass
class _Family:
    """Files of one folder that share the name before the ending."""

    videos: list[FoundFile] = field(default_factory=list)
    songs: list[FoundFile] = field(default_factory=list)
    fseq: FoundFile | None = None
    score: FoundFile | None = None
    sidecar: FoundFile | None = None


@dataclass(frozen=True)
class _Draft:
    """A take without an identity."""

    kind: str
    media: FoundFile
    beside: FoundFile | None
    excerpts: tuple[Excerpt, ...]
    described: bool


def _sort_in(found: FoundFile, families: dict[Path, _Family], refusals: list[Refusal]) -> None:
    """Put one file into its family, or refuse it."""
    lower = found.path.name.lower()
    for suffix in (SIDECAR, SCORE):
        if lower.endswith(suffix) and lower != suffix:
            family = families[found.path.with_name(found.path.name[: -len(suffix)])]
            if suffix == SIDECAR:
                family.sidecar = found
            elif not _refused_at_the_gate(found, refusals, text=True):
                family.score = found
            return
    if lower in _OURS:
        return
    if lower.endswith(_UNFINISHED):
        refusals.append(Refusal(found.name, "is an unfinished download"))
        return
    if _refused_at_the_gate(found, refusals):
        return
    _sort_media_in(found, families[found.path.with_suffix("")], refusals)


def _refused_at_the_gate(found: FoundFile, refusals: list[Refusal], *, text: bool = False) -> bool:
    why = gate(found.path)
    if not why or (text and why.startswith("is text")):
        return False
    refusals.append(Refusal(found.name, why, media=text or _looks_like_media(found)))
    return True


def _looks_like_media(found: FoundFile) -> bool:
    """Whether somebody who sees the name expects sound, a video, or light in the file."""
    return found.path.suffix.lower() in (*_FILMS, *SONGS, FSEQ)


def _sort_media_in(found: FoundFile, family: _Family, refusals: list[Refusal]) -> None:
    suffix = found.path.suffix.lower()
    kind = kind_of(head_of(found.path))
    if suffix == FSEQ:
        family.fseq = found
    elif suffix in SONGS or (kind == "sound"):
        family.songs.append(found)
    elif kind == "video":
        family.videos.append(found)
    elif kind == "fseq":
        refusals.append(Refusal(found.name, "is a light sequence without the ending .fseq"))
    else:
        why = f"is {kind}, not a video" if kind else "is not a video"
        refusals.append(Refusal(found.name, why, media=_looks_like_media(found)))


def _drafts(family: _Family, refusals: list[Refusal]) -> Iterator[_Draft]:
    """The takes that one family makes; each file of it is used once or has its line."""
    songs, videos = sorted(family.songs, key=_preference), list(family.videos)
    excerpts, described = _excerpts(family, refusals)
    if family.score is not None:
        films = videos or songs
        if films:
            yield _Draft("composed", films[0], family.score, excerpts, described)
            _not_needed(songs if videos else songs[1:], films[0], refusals)
            songs, videos = [], videos[1:]
        else:
            refusals.append(Refusal(family.score.name, "is a score whose song is not beside it"))
    if family.fseq is not None:
        if songs:
            yield _Draft("fseq", songs[0], family.fseq, excerpts, described)
            _not_needed(songs[1:], songs[0], refusals)
            songs = []
        else:
            stem = printable(family.fseq.path.stem)
            refusals.append(Refusal(family.fseq.name, f"has no song beside it ({stem}.wav, .mp3, .flac, …)"))
    yield from (_Draft("video", video, None, excerpts, described) for video in videos)
    refusals += [Refusal(song.name, "is sound without light (no .fseq beside it)") for song in songs]
    if family.sidecar is not None and not (family.videos or family.songs):
        refusals.append(Refusal(family.sidecar.name, "describes a video that is not beside it"))


def _preference(song: FoundFile) -> tuple[int, str]:
    suffix = song.path.suffix.lower()
    return (SONGS.index(suffix) if suffix in SONGS else len(SONGS)), song.name


def _not_needed(songs: Iterable[FoundFile], media: FoundFile, refusals: list[Refusal]) -> None:
    refusals += [Refusal(song.name, f"is not needed: {media.name} is used") for song in songs]


def _excerpts(family: _Family, refusals: list[Refusal]) -> tuple[tuple[Excerpt, ...], bool]:
    if family.sidecar is not None:
        try:
            return read_sidecar(family.sidecar.path), True
        except UnreadableInputError as error:
            why = error.problem.partition("' ")[2]
            refusals.append(Refusal(family.sidecar.name, f"{why}; the video is taken whole"))
    return (Excerpt(),), False


@dataclass(frozen=True)
class _Hashed:
    draft: _Draft
    media: bytes
    beside: bytes


def _hashed(drafts: list[_Draft], refusals: list[Refusal], progress: Progress) -> Iterator[_Hashed]:
    for number, draft in enumerate(drafts):
        progress("sources", number / len(drafts))
        try:
            beside = b"" if draft.beside is None else _digest(draft.beside.path)
            yield _Hashed(draft, _digest(draft.media.path), beside)
        except OSError as error:
            refusals.append(Refusal(draft.media.name, f"cannot be read ({error.strerror})"))
    progress("sources", 1.0)


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _unique(found: Iterable[_Hashed], refusals: list[Refusal]) -> Iterator[TakeSource]:
    """One take for each content and excerpt. A copy that nobody described gives way to one that a list names."""
    ordered = sorted(found, key=lambda one: (not one.draft.described, one.draft.media.name))
    first: dict[tuple[bytes, bytes], FoundFile] = {}
    taken: dict[str, FoundFile] = {}
    for one in ordered:
        draft = one.draft
        owner = first.setdefault((one.media, one.beside), draft.media)
        if owner is not draft.media and not draft.described:
            refusals.append(Refusal(draft.media.name, f"same as {owner.name}"))
            continue
        for excerpt in draft.excerpts:
            take = _take(one, excerpt)
            if take.id in taken:
                refusals.append(Refusal(draft.media.name, f"same as {taken[take.id].name}"))
                continue
            taken[take.id] = draft.media
            yield take


def _take(one: _Hashed, excerpt: Excerpt) -> TakeSource:
    draft = one.draft
    end = "" if excerpt.end_s is None else f"{excerpt.end_s:.3f}"
    part = f"{excerpt.start_s:.3f}-{end}".encode()
    beside = None if draft.beside is None else draft.beside.path
    return TakeSource(
        id=hashlib.sha256(one.media + one.beside + part).hexdigest()[:16],
        kind=draft.kind,
        media=draft.media.path,
        light=beside if draft.kind == "fseq" else None,
        score=beside if draft.kind == "composed" else None,
        start_s=excerpt.start_s,
        end_s=excerpt.end_s,
        title=excerpt.title or printable(draft.media.path.stem),
        url=excerpt.url,
        licence=excerpt.licence or (GENERATED if draft.kind == "composed" else ""),
        note=excerpt.note,
        name=draft.media.name,
        content=one.media.hex()[:16],
    )
