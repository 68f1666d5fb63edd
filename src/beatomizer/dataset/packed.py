"""One clip as four members of a tar file: FLAC, two arrays, JSON. What a shard is made of, byte by byte.

The same clip gives the same bytes on every machine. Reading takes nothing on trust: sizes are bounded before memory is
asked for, array headers are compared with the bytes behind them, nothing is unpacked to disk or unpickled.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES, Clip
from beatomizer.dataset.flac import decode_flac, encode_flac
from beatomizer.errors import UnreadableInputError

SPLITS = ("train", "validation", "test")
MOST_ZONES = 1024

_LARGEST = {
    "flac": 2 << 20,
    "flags.npy": 4 << 10,
    "json": 4 << 20,
    "rgb.npy": (CLIP_FRAMES * MOST_ZONES * 3 * 2) + (4 << 10),
}
"""Bytes that a member may have at most; its keys are the members of a clip, in their order in the file."""

_BROKEN_OFF = "it ends in the middle of a clip"
_NAME = re.compile(r"([A-Za-z0-9_-]{1,80})\.(flac|flags\.npy|json|rgb\.npy)")


@dataclass(frozen=True)
class PackedClip:
    """A clip as it lies in a shard.

    Attributes:
        key: as in ``Clip``.
        parts: the bytes of ``flac``, ``flags.npy``, ``json`` and ``rgb.npy``.
    """

    key: str
    parts: Mapping[str, bytes]

    @property
    def facts(self) -> dict[str, Any]:
        """The JSON, with ``key`` and ``split``.

        Raises:
            UnreadableInputError: it is not JSON, or of another clip.
        """
        try:
            facts = json.loads(self.parts["json"])
        except (ValueError, RecursionError) as error:
            raise UnreadableInputError(f"'{self.key}.json' is not JSON") from error
        if not isinstance(facts, dict) or facts.get("key") != self.key or facts.get("split") not in SPLITS:
            raise UnreadableInputError(f"'{self.key}.json' does not describe the clip")
        return facts

    def with_facts(self, **changed: Any) -> "PackedClip":
        """The same clip with some of its facts changed or added; sound and light are not touched."""
        text = plain_json({**self.facts, **changed})
        return PackedClip(self.key, {**self.parts, "json": text.encode()})

    def with_flags(self, flags: NDArray[np.uint8]) -> "PackedClip":
        """The same clip with other flags ``[900]``."""
        return PackedClip(
            self.key, {**self.parts, "flags.npy": _array_bytes(flags.astype("u1", casting="safe"))}
        )

    @property
    def rgb(self) -> NDArray[np.uint16]:
        """As in ``Clip``, without decoding the sound."""
        rgb = _array(self.parts["rgb.npy"], "<u2", 3)
        if rgb.shape != (CLIP_FRAMES, rgb.shape[1], 3) or not 1 <= rgb.shape[1] <= MOST_ZONES:
            raise UnreadableInputError(f"clip '{self.key}' does not have {CLIP_FRAMES} frames of light")
        return rgb

    @property
    def flags(self) -> NDArray[np.uint8]:
        """As in ``Clip``."""
        flags = _array(self.parts["flags.npy"], "|u1", 1)
        if flags.shape != (CLIP_FRAMES,):
            raise UnreadableInputError(f"clip '{self.key}' does not have {CLIP_FRAMES} frames of light")
        return flags

    def unpack(self) -> Clip:
        """The clip.

        Raises:
            UnreadableInputError: a part is damaged or not of the shape that ``Clip`` promises.
        """
        facts = self.facts
        split = str(facts.pop("split"))
        del facts["key"]
        audio = decode_flac(self.parts["flac"], CLIP_SAMPLES)
        return Clip(self.key, split, audio, self.rgb, self.flags, facts)


def pack(clip: Clip) -> PackedClip:
    """The bytes of a clip.

    Raises:
        ValueError: it is not of the shape that ``Clip`` promises, its key cannot be a file's name, or a fact is a
            number that is not finite.
    """
    if _NAME.fullmatch(f"{clip.key}.json") is None or clip.split not in SPLITS:
        raise ValueError(f"a clip cannot be called '{clip.key}' in '{clip.split}'")
    if clip.audio.shape != (CLIP_SAMPLES,) or clip.audio.dtype != np.int16:
        raise ValueError(f"clip '{clip.key}' has {clip.audio.dtype} sound of shape {clip.audio.shape}")
    if clip.rgb.shape != (CLIP_FRAMES, clip.zones, 3) or not 1 <= clip.zones <= MOST_ZONES:
        raise ValueError(f"clip '{clip.key}' has light of shape {clip.rgb.shape}")
    if clip.flags.shape != (CLIP_FRAMES,):
        raise ValueError(f"clip '{clip.key}' has flags of shape {clip.flags.shape}")
    facts = {**clip.facts, "key": clip.key, "split": clip.split}
    parts = {
        "flac": encode_flac(clip.audio),
        "flags.npy": _array_bytes(clip.flags.astype("u1", casting="safe")),
        "json": plain_json(facts).encode(),
        "rgb.npy": _array_bytes(clip.rgb.astype("<u2", casting="safe")),
    }
    return PackedClip(clip.key, parts)


def plain_json(value: Any, *, indent: int | None = None) -> str:
    """JSON with sorted keys: the same value gives the same text.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent)


def tar_blocks(clips: Iterable[PackedClip]) -> Iterator[bytes]:
    """The bytes of a tar file, piece by piece."""
    for clip in clips:
        for suffix in _LARGEST:
            data = clip.parts[suffix]
            yield _tar_header(f"{clip.key}.{suffix}", len(data))
            yield data
            yield bytes(-len(data) % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _tar_header(name: str, size: int) -> bytes:
    """A header without a date, an owner or a machine: 1970, root, mode 644."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def tar_clips(file: BinaryIO) -> Iterator[PackedClip]:
    """The clips of a tar file.

    Raises:
        UnreadableInputError: truncated, damaged, or holding anything else.
    """
    parts: dict[str, bytes] = {}
    current = ""
    for key, suffix, data in _tar_members(file):
        if key != current and parts:
            raise UnreadableInputError(f"clip '{current}' is not whole")
        if suffix in parts:
            raise UnreadableInputError(f"clip '{key}' has two '{suffix}'")
        current, parts[suffix] = key, data
        if len(parts) == len(_LARGEST):
            yield PackedClip(key, parts)
            parts = {}
    if parts:
        raise UnreadableInputError(f"clip '{current}' is not whole")


def tar_places(file: BinaryIO) -> Iterator[tuple[str, str, int, int]]:
    """Key, suffix, place and size of each member of a tar file, without reading what is in them.

    Raises:
        UnreadableInputError: as ``tar_clips``.
    """
    whole = file.seek(0, io.SEEK_END)
    at = file.seek(0)
    while (header := file.read(tarfile.BLOCKSIZE)) != bytes(tarfile.BLOCKSIZE):
        key, suffix, size = _member(header)
        at += tarfile.BLOCKSIZE
        yield key, suffix, at, size
        at = file.seek(at + size + -size % tarfile.BLOCKSIZE)
        if at > whole:
            raise UnreadableInputError(_BROKEN_OFF)


def _tar_members(file: BinaryIO) -> Iterator[tuple[str, str, bytes]]:
    """Key, suffix and bytes of each member.

    Headers are read one by one: ``tarfile``'s own walk follows extended headers of any size.
    """
    while True:
        header = file.read(tarfile.BLOCKSIZE)
        if header == bytes(tarfile.BLOCKSIZE):
            return
        key, suffix, size = _member(header)
        padded = size + -size % tarfile.BLOCKSIZE
        data = file.read(padded)
        if len(data) != padded:
            raise UnreadableInputError(_BROKEN_OFF)
        yield key, suffix, data[:size]


def _member(header: bytes) -> tuple[str, str, int]:
    """Key, suffix and size of the member whose header this is."""
    try:
        member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise UnreadableInputError("not a whole tar file") from error
    name = _NAME.fullmatch(member.name)
    if not member.isreg() or name is None:
        raise UnreadableInputError("a member is not part of a clip")
    if not 0 <= member.size <= _LARGEST[name[2]]:
        raise UnreadableInputError(f"'{member.name}' is too large")
    return name[1], name[2], member.size


def _array_bytes(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _array(data: bytes, kind: str, axes: int) -> NDArray[Any]:
    """An array whose header was compared with the bytes behind it before any memory is asked for."""
    buffer = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(buffer) != (1, 0):
            raise ValueError("another version")
        shape, by_column, dtype = np.lib.format.read_array_header_1_0(buffer)
    except Exception as error:  # numpy's header reader raises whatever the text made it raise
        raise UnreadableInputError("an array's header is damaged") from error
    behind = data[buffer.tell() :]
    if dtype != np.dtype(kind) or by_column or len(shape) != axes:
        raise UnreadableInputError("an array is not of the expected kind")
    if min(shape) < 0 or int(np.prod(shape, dtype=object)) * dtype.itemsize != len(behind):
        raise UnreadableInputError("an array's size does not fit its header")
    return np.frombuffer(behind, dtype=dtype).reshape(shape)
