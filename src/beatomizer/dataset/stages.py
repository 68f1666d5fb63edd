"""The stages of one take: observe its pictures, then label them and cut clips. Each result is kept in the work folder.

A result's name says what it was made from (the take's id, which is a hash of its content) and how (a hash of the
settings and of ``CODE``), so it is never wrong, only there or not there. Files appear whole or not at all. So a build
may be stopped at any moment, and goes on where it was.
"""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from beatomizer.composer.annotations import Annotations
from beatomizer.dataset.clip import Clip
from beatomizer.dataset.clips import CLIP_S, clip_count, cut_clips
from beatomizer.dataset.cuts import find_cuts
from beatomizer.dataset.fingerprint import fingerprint
from beatomizer.dataset.labels import label
from beatomizer.dataset.observe import observe
from beatomizer.dataset.observe_light import observe_fseq, observe_score, read_score
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.offset import Offset, estimate_offset
from beatomizer.dataset.packed import plain_json
from beatomizer.dataset.quality import quality_flags
from beatomizer.dataset.shards import write_shard
from beatomizer.dataset.sound import take_sound
from beatomizer.dataset.sources import SONGS, TakeSource
from beatomizer.dataset.take_facts import ClipFacts, TakeFacts
from beatomizer.errors import BeatomizerError, NoUsableAudioError, ResourceLimitError, UnreadableInputError
from beatomizer.progress import Progress, silent
from beatomizer.timebase import SAMPLE_RATE

CODE = {"observed": 1, "clips": 1}
"""Version of what each stage computes: raise it when the same take gives another result."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class TakeSettings:
    """How clips are made of a take.

    Attributes:
        labels: a name in ``dataset.labels.LABELS``.
        grid: columns and rows of the stage, for labels with zones.
        rate: how other frame rates become 60 (``dataset.rate``).
    """

    labels: str = "mean"
    grid: tuple[int, int] = (8, 1)
    rate: Literal["duplicate", "interpolate"] = "duplicate"

    def key(self) -> str:
        """Eight hex digits: the same for settings that give the same clips."""
        settings = asdict(self)
        if self.labels != "zones":
            del settings["grid"]
        return _hash({**settings, "code": CODE})


def _hash(value: object) -> str:
    return hashlib.sha256(plain_json(value).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Work:
    """Where results of one take are kept: ``observed`` pictures, ``clips``, and ``facts`` (written last)."""

    observed: Path
    clips: Path
    facts: Path

    @classmethod
    def of(cls, folder: Path, take: str, settings: TakeSettings) -> "Work":
        """The names in ``folder``."""
        key = settings.key()
        return cls(
            folder / "observed" / f"{take}-{_hash(CODE['observed'])}.npz",
            folder / "clips" / f"{take}-{key}.tar",
            folder / "takes" / f"{take}-{key}.json",
        )


def known(work: Work) -> TakeFacts | None:
    """What the stages found out earlier; ``None`` if they have to run, also if the clips are not as they were."""
    facts = TakeFacts.load(work.facts)
    if facts is None or not facts.sha256:
        return facts
    return facts if _sha256(work.clips) == facts.sha256 else None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def run_stages(
    source: TakeSource, settings: TakeSettings, work: Work, progress: Progress = silent, *, threads: int = 0
) -> TakeFacts:
    """Do what is not done yet for one take, and return what was found out.

    A take that cannot be used is a result too (``TakeFacts.problem``), and is not tried again.

    Args:
        source: the take.
        settings: how.
        work: where results are kept; the folders exist.
        progress: told of the stages ``audio`` and ``video``.
        threads: for the decoder of pictures; 0 is one a core.

    Raises:
        ResourceLimitError: the disk is full.
        OSError, MemoryError: the machine's fault, not the take's.
    """
    facts = known(work)
    if facts is not None:
        return facts
    try:
        facts = _labelled(source, settings, work, progress, threads)
    except BeatomizerError as error:
        if disk_is_full(error):
            raise
        facts = TakeFacts(source.id, problem=told(error))
        if not source.media.is_file():
            return facts  # gone since it was found: that may change
    facts.save(work.facts)
    return facts


def disk_is_full(error: BaseException) -> bool:
    """Whether ``error`` came from a disk without space (see ``atomic.written_aside``)."""
    cause = error.__cause__ if isinstance(error, ResourceLimitError) else error
    return isinstance(cause, OSError) and cause.errno in _FULL


def told(error: BeatomizerError) -> str:
    """An error about a file, for a line that begins with the file's name."""
    about, quote, rest = error.problem.partition("' ")
    return rest if quote and about.startswith("'") else error.problem


def _labelled(
    source: TakeSource, settings: TakeSettings, work: Work, progress: Progress, threads: int
) -> TakeFacts:
    sound, warnings = take_sound(source, progress)
    duration_s = len(sound) / SAMPLE_RATE
    if not clip_count(len(sound)):
        raise NoUsableAudioError(f"is {duration_s:.1f} s long; a clip has {CLIP_S:.0f} s")
    observed = _observed(source, work.observed, progress, threads)
    filmed = source.kind == "video" or is_film(source)
    cuts_s = find_cuts(observed) if filmed else np.empty(0)
    # Light that was never filmed is in time.
    offset = estimate_offset(observed, sound, cuts_s) if filmed else Offset(0.0, 0.0, True)
    flags = quality_flags(observed, sound, cuts_s, offset)
    labels = label(
        observed,
        settings.labels,
        duration_s=duration_s,
        rate=settings.rate,
        offset_s=offset.seconds if offset.trusted else 0.0,
        cuts_s=cuts_s,
        grid=settings.grid,
    )
    facts = TakeFacts(
        id=source.id,
        duration_s=round(duration_s, 3),
        fps=observed.fps,
        size=observed.size,
        offset_ms=_ms(offset.seconds) if offset.trusted else 0.0,
        offset_measured_ms=_ms(offset.seconds),
        significance=round(float(offset.significance), 3),
        offset_trusted=bool(offset.trusted),
        cuts_s=tuple(round(float(cut_s), 4) for cut_s in cuts_s),
        flags=tuple(flags),
        warnings=(*warnings, *observed.warnings),
        fingerprint=fingerprint(sound),
    )
    ready = cut_clips(
        source.id, sound, labels, clip_facts(facts, settings), _annotations(source), source.start_s
    )
    return _written(facts, ready, work.clips)


def is_film(source: TakeSource) -> bool:
    """Whether a composed take was filmed: its sound is not in a file of sound alone."""
    return source.kind == "composed" and source.media.suffix.lower() not in SONGS


def _ms(seconds: float) -> float:
    return round(float(seconds) * 1000, 3) + 0.0  # no −0.0


def look_again(source: TakeSource, work: Work) -> Observed:
    """The pictures of a take whose stages are done, for contact sheets and cards; raises as the stages do."""
    return _observed(source, work.observed, silent, 0)


def _observed(source: TakeSource, kept: Path, progress: Progress, threads: int) -> Observed:
    if source.kind == "fseq" and source.light is not None:
        return _from(source.start_s, observe_fseq(source.light))
    if source.kind == "composed" and source.score is not None and not is_film(source):
        return _from(source.start_s, observe_score(source.score))
    with suppress(UnreadableInputError):  # not there yet, or damaged since
        return Observed.load(kept)
    observed = observe(source.media, source.start_s, source.end_s, progress, threads=threads)
    observed.save(kept)
    return observed


def _from(start_s: float, observed: Observed) -> Observed:
    """The same pictures, their times counted from ``start_s``."""
    return replace(observed, pts_s=observed.pts_s - start_s, end_s=observed.end_s - start_s)


def _annotations(source: TakeSource) -> Annotations | None:
    if source.score is None:
        return None
    return Annotations.from_json(read_score(source.score).get("annotations", {}))


def clip_facts(facts: TakeFacts, settings: TakeSettings) -> dict[str, object]:
    """What all clips of a take say about it."""
    return {
        "labels": settings.labels,
        "source_fps": facts.fps,
        "offset_ms": facts.offset_ms,
        "quality": list(facts.flags),
    }


def _written(facts: TakeFacts, ready: Iterator[tuple[Clip, str]], path: Path) -> TakeFacts:
    listed: list[ClipFacts] = []

    def noted() -> Iterator[Clip]:
        for clip, problem in ready:
            listed.append(ClipFacts(clip.key, problem))
            yield clip

    shard = write_shard(path, noted())
    return replace(facts, clips=tuple(listed), sha256=shard.sha256)
