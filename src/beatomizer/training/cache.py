"""Clips unpacked once into files that are mapped into memory: any clip is at hand without decoding, for all processes.

They lie in the set itself, ``work/training/HASH/SPLIT/`` (so every run over the set shares them), or, if nobody
may write there, in the run's own ``cache/``. HASH is the set's; a cache is complete or not there. It may be deleted at
any time.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beatomizer.arrays import F32, U8
from beatomizer.audio.audio import Audio
from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES, Clip
from beatomizer.dataset.shards import read_clips, set_facts
from beatomizer.errors import ResourceLimitError, UnreadableInputError
from beatomizer.features.bank import SETTINGS, WIDTH, extract_features
from beatomizer.progress import Progress, silent

VERSION = 1
_FACTS = "clips.json"


@dataclass(frozen=True)
class CachedSplit:
    """One split of one set, mapped into memory.

    Attributes:
        folder: where the files are.
        keys: the clips' names, in the order of the arrays.
        audio: int16 ``[clips, 360000]``.
        rgb: uint16 ``[clips, 900, Z, 3]``.
        flags: uint8 ``[clips, 900]``.
    """

    folder: Path
    keys: tuple[str, ...]
    audio: NDArray[np.int16]
    rgb: NDArray[np.uint16]
    flags: U8

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def zones(self) -> int:
        """Independently coloured parts of the stage."""
        return int(self.rgb.shape[2])

    def features(self, progress: Progress = silent) -> F32:
        """``[clips, 900, 104]``: the line's features of each clip, extracted at the first call, then mapped."""
        path = self.folder / f"{SETTINGS}.f32"
        if not path.is_file():
            with _whole_file(path) as file:
                for index in range(len(self)):
                    file.write(hear(self.audio[index].astype(np.float32) / 32768.0).tobytes())
                    progress("features", (index + 1) / len(self))
        return _mapped(path, np.float32, (len(self), CLIP_FRAMES, WIDTH))


def hear(samples: F32) -> F32:
    """The line's features of one clip's sound: ``[360000]`` → ``[900, 104]``."""
    return extract_features(Audio(samples)).frames


def open_split(shards: Path, split: str, spare: Path, progress: Progress = silent) -> CachedSplit:
    """The cached split of a set, unpacked now if nobody has done it before.

    Args:
        shards: the set.
        split: ``train``, ``validation`` or ``test``.
        spare: a folder for the cache if the set cannot be written to.
        progress: told the share of clips that are unpacked, as stage ``data``.

    Raises:
        UnreadableInputError: as ``read_clips``.
        ResourceLimitError: the disk is full.
    """
    facts = set_facts(shards)
    name = f"{str(facts['hash'])[:16]}-v{VERSION}"
    for home in (shards / "work" / "training", spare):
        if (home / name / split / _FACTS).is_file():
            return _open(home / name / split)
    home = _writable(shards / "work" / "training") or spare
    _forget_others(home, name)
    final = home / name / split
    final.parent.mkdir(parents=True, exist_ok=True)
    _unpack(
        read_clips(shards, split), int(facts["splits"][split]["clips"]), int(facts["zones"]), final, progress
    )
    return _open(final)


def _writable(home: Path) -> Path | None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return home
    except OSError:
        return None


def _forget_others(home: Path, name: str) -> None:
    """Remove caches of what this set was before it was built anew; who has them open keeps reading them."""
    for other in home.iterdir() if home.is_dir() else ():
        if other.name != name and other.name.endswith(f"-v{VERSION}"):
            shutil.rmtree(other, ignore_errors=True)


def _unpack(clips: Iterable[Clip], count: int, zones: int, final: Path, progress: Progress) -> None:
    aside = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=final.parent))
    try:
        keys = []
        with _open_all(aside) as (audio, rgb, flags):
            for clip in clips:
                _check(clip, zones)
                audio.write(clip.audio.astype("<i2").tobytes())
                rgb.write(clip.rgb.astype("<u2").tobytes())
                flags.write(clip.flags.tobytes())
                keys.append(clip.key)
                progress("data", len(keys) / max(count, len(keys)))
        facts = {"keys": keys, "zones": zones}
        (aside / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
        try:
            aside.rename(final)
        except OSError:
            if not (final / _FACTS).is_file():  # else another process was faster; its files are the same
                raise
    except OSError as error:
        raise ResourceLimitError(
            f"cannot unpack the clips into '{final.parent}' ({error.strerror})",
            "free some space and try again",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _open_all(folder: Path) -> Iterator[tuple[Any, Any, Any]]:
    with (
        (folder / "audio.i16").open("wb") as audio,
        (folder / "rgb.u16").open("wb") as rgb,
        (folder / "flags.u8").open("wb") as flags,
    ):
        yield audio, rgb, flags
        for file in (audio, rgb, flags):
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _whole_file(path: Path) -> Iterator[Any]:
    """A binary file that appears when it is complete; a full disk is a ``ResourceLimitError``."""
    from beatomizer.atomic import written_aside

    with written_aside(path) as aside, aside.open("wb") as file:
        yield file


def _check(clip: Clip, zones: int) -> None:
    shapes = (clip.audio.shape, clip.rgb.shape, clip.flags.shape)
    if shapes != ((CLIP_SAMPLES,), (CLIP_FRAMES, zones, 3), (CLIP_FRAMES,)):
        raise UnreadableInputError(f"the clip '{clip.key}' has shapes {shapes}", "build the data set again")


def _open(folder: Path) -> CachedSplit:
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        clips, zones = len(facts["keys"]), int(facts["zones"])
        audio = _mapped(folder / "audio.i16", np.dtype("<i2"), (clips, CLIP_SAMPLES))
        rgb = _mapped(folder / "rgb.u16", np.dtype("<u2"), (clips, CLIP_FRAMES, zones, 3))
        flags = _mapped(folder / "flags.u8", np.dtype("u1"), (clips, CLIP_FRAMES))
        return CachedSplit(folder, tuple(facts["keys"]), audio, rgb, flags)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableInputError(
            f"the cache '{folder}' is damaged", "delete that folder and try again"
        ) from error


def _mapped(path: Path, kind: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    if 0 in shape:
        return np.empty(shape, kind)
    expected = int(np.prod(shape)) * np.dtype(kind).itemsize
    if path.stat().st_size != expected:
        raise UnreadableInputError(f"the cached file '{path}' is damaged", "delete its folder and try again")
    return np.memmap(path, dtype=kind, mode="r", shape=shape)
