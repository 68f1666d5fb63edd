"""A set of clips in a folder: tar files (WebDataset) of each split, and ``dataset.json`` that lists them.

``docs/shards.md`` describes the folder. The same clips give the same bytes.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from beatomizer.atomic import written_aside
from beatomizer.dataset.clip import CLIP_FRAMES, Clip
from beatomizer.dataset.packed import SPLITS, PackedClip, pack, plain_json, tar_blocks, tar_clips
from beatomizer.errors import UnreadableInputError
from beatomizer.timebase import FPS, SAMPLE_RATE

FORMAT, VERSION = "beatomizer-clips", 1
FACTS_FILE = "dataset.json"

CLIPS_PER_SHARD = 64
"""About 25 MB of music: few enough to keep one in memory, enough to read in one go."""

_MOST_FACTS = 256 << 20
_HINT = "build the data set again, or fetch it again"


@dataclass(frozen=True)
class ShardFacts:
    """One shard as ``dataset.json`` lists it: name in the folder, clips in it, bytes, SHA-256 in hex digits."""

    name: str
    clips: int
    bytes: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"name": self.name, "clips": self.clips, "bytes": self.bytes, "sha256": self.sha256}


def shard_name(split: str, number: int) -> str:
    """``clips-train-000000.tar``."""
    return f"clips-{split}-{number:06d}.tar"


def write_shard(path: Path, clips: Iterable[Clip | PackedClip]) -> ShardFacts:
    """Write clips into one tar file, in the given order; the file appears whole or not at all.

    Raises:
        ValueError: as ``pack``.
        UsageError, ResourceLimitError: the place cannot be written to, or the disk is full.
    """
    digest, size, count = hashlib.sha256(), 0, 0

    def packed() -> Iterator[PackedClip]:
        nonlocal count
        for count, clip in enumerate(clips, start=1):  # noqa: B007
            yield pack(clip) if isinstance(clip, Clip) else clip

    with written_aside(path) as aside, aside.open("wb") as file:
        for block in tar_blocks(packed()):
            digest.update(block)
            size += file.write(block)
    return ShardFacts(path.name, count, size, digest.hexdigest())


def write_split(folder: Path, split: str, clips: Iterable[Clip | PackedClip]) -> list[ShardFacts]:
    """Write all clips of one split as ``clips-SPLIT-000000.tar``, ``…-000001.tar``, …; none for no clips.

    Args:
        folder: an existing folder.
        split: ``train``, ``validation`` or ``test``.
        clips: in the order in which they shall be read; taken one by one, never all in memory.
    """
    written: list[ShardFacts] = []
    stream = iter(clips)
    for first in stream:
        path = folder / shard_name(split, len(written))
        written.append(write_shard(path, chain([first], islice(stream, CLIPS_PER_SHARD - 1))))
    return written


def write_facts(
    folder: Path, shards: Mapping[str, list[ShardFacts]], *, labels: str, zones: int, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Write ``dataset.json`` and return what is in it.

    Args:
        folder: where the shards are.
        shards: of each split, as ``write_split`` returned them.
        labels: how labels were drawn: ``mean``, ``implied``, ``zones``.
        zones: independently coloured parts of the stage, the same in all clips.
        more: what else shall stand there (``settings``, ``licences``, ``takes``, …).
    """
    splits = {
        split: {
            "clips": sum(shard.clips for shard in shards.get(split, [])),
            "shards": [shard.to_json() for shard in shards.get(split, [])],
        }
        for split in SPLITS
    }
    facts = {
        **more,
        "format": FORMAT,
        "version": VERSION,
        "hash": set_hash([shard for split in SPLITS for shard in shards.get(split, [])]),
        "labels": labels,
        "zones": zones,
        "fps": FPS,
        "sample_rate": SAMPLE_RATE,
        "clip_frames": CLIP_FRAMES,
        "splits": splits,
    }
    with written_aside(folder / FACTS_FILE) as aside:
        aside.write_text(plain_json(facts, indent=2) + "\n", encoding="utf-8")
    return facts


def set_hash(shards: Iterable[ShardFacts]) -> str:
    """One hash for all clips of a set: SHA-256 over ``sha256  name`` lines, as ``sha256sum`` prints them."""
    lines = "".join(f"{shard.sha256}  {shard.name}\n" for shard in shards)
    return hashlib.sha256(lines.encode()).hexdigest()


def set_facts(shards: Path) -> dict[str, Any]:
    """What ``dataset.json`` says.

    Raises:
        UnreadableInputError: there is no such file, or it does not describe a set of clips that this version reads.
    """
    path = Path(shards) / FACTS_FILE
    try:
        if path.stat().st_size > _MOST_FACTS:
            raise UnreadableInputError(f"'{path}' is too large", _HINT)
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableInputError(
            f"'{shards}' is not a folder of shards", "make one with 'beatomizer dataset build DIR -o SHARDS'"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableInputError(f"'{path}' is damaged", _HINT) from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise UnreadableInputError(f"'{path}' does not describe a set of clips", _HINT)
    if facts.get("version") != VERSION:
        raise UnreadableInputError(f"'{path}' was written by another version of beatomizer", _HINT)
    if not isinstance(facts.get("splits"), dict) or not isinstance(facts.get("zones"), int):
        raise UnreadableInputError(f"'{path}' is damaged", _HINT)
    return facts


def shard_paths(shards: Path, split: str) -> list[Path]:
    """The files of one split, in order, as ``dataset.json`` lists them.

    Raises:
        UnreadableInputError: as ``set_facts``, or a listed name is not one of a shard.
        ValueError: there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"no split is called '{split}'")
    try:
        names = [entry["name"] for entry in set_facts(shards)["splits"][split]["shards"]]
    except (KeyError, TypeError) as error:
        raise UnreadableInputError(f"'{Path(shards) / FACTS_FILE}' is damaged", _HINT) from error
    if names != [shard_name(split, number) for number in range(len(names))]:
        raise UnreadableInputError(f"'{Path(shards) / FACTS_FILE}' is damaged", _HINT)
    return [Path(shards) / name for name in names]


def read_clips(shards: Path, split: str) -> Iterator[Clip]:
    """All clips of one split, one after the other.

    Raises:
        UnreadableInputError: as ``shard_paths`` and ``read_shard``.
    """
    for path in shard_paths(shards, split):
        for clip in read_shard(path):
            if clip.split != split:
                raise UnreadableInputError(f"'{path.name}' holds a clip of '{clip.split}'", _HINT)
            yield clip


def read_shard(path: Path) -> Iterator[Clip]:
    """The clips of one tar file, in the order in which they were written.

    Only regular files with the four expected names and of bounded size are accepted; nothing is unpacked to disk,
    unpickled or followed.

    Raises:
        UnreadableInputError: missing, truncated, damaged, or holding anything else.
    """
    for packed in read_packed(path):
        try:
            clip = packed.unpack()
        except UnreadableInputError as error:
            raise _damaged(path, error) from error
        yield clip


def read_packed(path: Path) -> Iterator[PackedClip]:
    """The clips of one tar file as bytes: for what only copies them, or looks at the light alone.

    Raises:
        UnreadableInputError: missing, truncated, or holding anything else.
    """
    try:
        with Path(path).open("rb") as file:
            yield from tar_clips(file)
    except OSError as error:
        raise UnreadableInputError(f"'{path}' cannot be read ({error.strerror})", _HINT) from error
    except UnreadableInputError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: UnreadableInputError) -> UnreadableInputError:
    return UnreadableInputError(f"'{Path(path).name}' is damaged ({error.problem})", _HINT)
