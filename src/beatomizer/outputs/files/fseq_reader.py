"""Reads ``.fseq`` version 2 files of any origin, and trusts none of them.

Every length that the file states is checked against the file and against a limit before memory is taken for it.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple

import numpy as np
import zstandard

from beatomizer.arrays import U8
from beatomizer.errors import ResourceLimitError, UnreadableInputError
from beatomizer.outputs.files.fseq_layout import (
    BLOCK,
    HEADER,
    MAGIC,
    NO_COMPRESSION,
    RANGE_BYTES,
    VARIABLE,
    ZLIB,
    ZSTD,
)

MAX_BYTES = 1 << 30
"""Most channel data that is read into memory: an hour of 7,400 channels at 40 steps a second."""

_MAX_WINDOW_BYTES = 1 << 27
"""Most history that a zstd block may ask for: 128 MiB, what its highest level uses."""

_KINDS = {NO_COMPRESSION: "none", ZSTD: "zstd", ZLIB: "zlib"}


@dataclass(frozen=True)
class FseqShow:
    """A sequence as it lies in the file.

    Attributes:
        channels: uint8 ``[N, C]``, one row a step. With sparse ranges C counts the channels of all ranges.
        step_ms: length of a step.
        media: name of the song's file, or empty. Untrusted text.
        producer: what made the sequence, or empty. Untrusted text.
        ranges: first channel and channel count of each sparse range; empty if the file holds channels 0 to C − 1.
        compression: ``"none"``, ``"zstd"`` or ``"zlib"``.
        unique_id: the file's identity.
    """

    channels: U8
    step_ms: int
    media: str = ""
    producer: str = ""
    ranges: tuple[tuple[int, int], ...] = ()
    compression: str = "none"
    unique_id: int = 0

    @property
    def duration_s(self) -> float:
        """Length in seconds, exact to the millisecond."""
        return len(self.channels) * self.step_ms / 1000


class _Header(NamedTuple):
    magic: bytes
    data_offset: int
    minor: int
    major: int
    variables_offset: int
    channels: int
    steps: int
    step_ms: int
    flags: int
    compression: int
    block_count: int
    range_count: int
    flags2: int
    unique_id: int

    @property
    def kind(self) -> int:
        return self.compression & 0x0F

    @property
    def blocks(self) -> int:
        return (self.compression >> 4) << 8 | self.block_count

    @property
    def data_bytes(self) -> int:
        return self.channels * self.steps


def read_fseq(path: str | PathLike[str]) -> FseqShow:
    """Read a whole sequence.

    Raises:
        UnreadableInputError: the file is missing, is no FSEQ version 2, or contradicts itself.
        ResourceLimitError: it holds more than ``MAX_BYTES`` of channel data.
    """
    file = Path(fspath(path))
    try:
        if not file.is_file():
            raise UnreadableInputError(f"'{file.name}' is not a file", "check the path")
        if file.stat().st_size > 2 * MAX_BYTES:
            raise ResourceLimitError(f"'{file.name}' is larger than {2 * MAX_BYTES >> 30} GiB", _SPLIT)
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read '{file.name}' ({error.strerror})", "check the path"
        ) from error
    return decode(data, file.name)


_SPLIT = "split the sequence into shorter or narrower ones"


def decode(data: bytes, name: str = "the sequence") -> FseqShow:
    """Read a sequence from the bytes of a file; ``name`` goes into messages. Raises as ``read_fseq`` does."""

    def broken(problem: str) -> UnreadableInputError:
        return UnreadableInputError(f"'{name}' is not a sound FSEQ file: {problem}", "export it again")

    header = _header(data, broken)
    if header.data_bytes > MAX_BYTES:
        raise ResourceLimitError(f"'{name}' holds more than {MAX_BYTES >> 20} MiB of channel data", _SPLIT)
    ranges_at = HEADER.size + header.blocks * BLOCK.size
    variables_at = ranges_at + header.range_count * RANGE_BYTES
    if variables_at > header.data_offset:
        raise broken("its tables reach into the channel data")
    ranges = _ranges(data[ranges_at:variables_at])
    if ranges and sum(count for _, count in ranges) != header.channels:
        raise broken("its sparse ranges do not add up to its channels")
    texts = _variables(data[variables_at : header.data_offset])
    if header.kind == NO_COMPRESSION:
        plain = data[header.data_offset : header.data_offset + header.data_bytes]
        if len(plain) != header.data_bytes:
            raise broken("it is cut off")
    else:
        plain = _decompressed(data, header, broken)
    return FseqShow(
        np.frombuffer(plain, dtype=np.uint8).reshape(header.steps, header.channels),
        header.step_ms,
        texts.get(b"mf", ""),
        texts.get(b"sp", ""),
        ranges,
        _KINDS[header.kind],
        header.unique_id,
    )


_Broken = Callable[[str], UnreadableInputError]


def _header(data: bytes, broken: _Broken) -> _Header:
    """The fixed header, if it can be true of this file."""
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        raise broken("it does not begin as one")
    header = _Header(*HEADER.unpack_from(data))
    if header.major != 2:
        raise broken(f"version {header.major} cannot be read, only version 2")
    if header.kind not in _KINDS:
        raise broken(f"compression {header.kind} is not known")
    if not HEADER.size <= header.data_offset <= len(data):
        raise broken("its channel data lies outside the file")
    if header.steps == 0 or header.channels == 0 or header.step_ms == 0:
        raise broken("it holds no light")
    if header.kind == NO_COMPRESSION and header.blocks:
        raise broken("it is not compressed and yet has blocks")
    return header


def _ranges(table: bytes) -> tuple[tuple[int, int], ...]:
    values = [int.from_bytes(table[at : at + 3], "little") for at in range(0, len(table), 3)]
    return tuple(zip(values[::2], values[1::2], strict=True))


def _variables(area: bytes) -> dict[bytes, str]:
    """The texts of the variable headers by code; a header that runs past the area ends the list."""
    texts: dict[bytes, str] = {}
    at = 0
    while at + VARIABLE.size < len(area):
        length, code = VARIABLE.unpack_from(area, at)
        if length < VARIABLE.size or at + length > len(area):
            break
        text = area[at + VARIABLE.size : at + length].partition(b"\0")[0]
        texts.setdefault(code, text.decode("utf-8", "replace"))
        at += length
    return texts


def _decompressed(data: bytes, header: _Header, broken: _Broken) -> bytes:
    """All blocks, unpacked one by one, each to exactly the frames that the index promises."""
    entries = [BLOCK.unpack_from(data, HEADER.size + at * BLOCK.size) for at in range(header.blocks)]
    used = [(first, length) for first, length in entries if length]
    firsts = [first for first, _ in used] + [header.steps]
    if not used or firsts[0] != 0 or any(end <= first for first, end in pairwise(firsts)):
        raise broken("its block index does not cover its frames in order")
    parts = []
    at = header.data_offset
    for (first, length), end in zip(used, firsts[1:], strict=True):
        if at + length > len(data):
            raise broken("it is cut off")
        wanted = (end - first) * header.channels
        part = _unpack(header.kind, data[at : at + length], wanted)
        if part is None or len(part) != wanted:
            raise broken(f"the block at frame {first} is damaged")
        parts.append(part)
        at += length
    return b"".join(parts)


def _unpack(kind: int, packed: bytes, wanted: int) -> bytes | None:
    """At most one byte more than ``wanted``; ``None`` if the block cannot be unpacked."""
    try:
        if kind == ZLIB:
            return zlib.decompressobj().decompress(packed, wanted + 1)
        unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
        with unpacker.stream_reader(packed) as reader:
            return reader.read(wanted + 1)
    except (zlib.error, zstandard.ZstdError, MemoryError):
        return None
