"""``.fseq`` version 2: the sequence file of xLights, the Falcon Player, ESPixelStick and cars that play shows.

The layout is written down in ``docs/formats.md``. Source: "FSEQ Sequence File Format" of the Falcon Player's
documentation, and what its reader and ESPixelStick's accept.
"""

import hashlib
import struct
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import zstandard

from beatomizer.arrays import U8
from beatomizer.errors import UsageError
from beatomizer.outputs.files.fseq_layout import (
    BLOCK,
    HEADER,
    MAGIC,
    MAX_OLD_BLOCKS,
    NO_COMPRESSION,
    VARIABLE,
    ZSTD,
)
from beatomizer.outputs.files.fseq_reader import FseqShow, read_fseq
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.steps import stepped
from beatomizer.progress import Progress
from beatomizer.safety.safe_show import SafeShow

__all__ = ["FseqShow", "read_fseq", "write"]

_ZSTD_LEVEL = 10
_BLOCK_BYTES = 64 * 1024
"""Least size of a block before compression, as the Falcon Player's own writer does."""
_FIRST_BLOCK_STEPS = 10
"""The first block is short, so that a small computer shows the first frame at once (ditto)."""
_MAX_NAME_BYTES = 4096


def write(show: SafeShow, path: Path, options: FileOptions, progress: Progress) -> None:
    """Write the show at ``options.fseq_step_ms`` a step: channels are zone 0 red, green, blue, zone 1 red, …

    Raises:
        UsageError: the show has no frames.
        ResourceLimitError: it cannot be made safe on this grid; see ``steps.stepped``.
    """
    if not show.frames:
        raise UsageError("a show without frames has no steps", "choose a song that lasts")
    channels = stepped(show, options.fseq_step_ms).reshape(-1, show.zones * 3)
    progress("fseq", 0.3)
    media = "" if show.source is None else show.source.name
    path.write_bytes(encode(channels, options.fseq_step_ms, media=media, zstd=options.fseq_zstd))
    progress("fseq", 1.0)


def encode(channels: U8, step_ms: int, *, media: str = "", zstd: bool = False) -> bytes:
    """The bytes of a file that plays ``channels`` ``[N, C]``, one row for each ``step_ms`` milliseconds.

    Compression that would not make the channel data smaller is left out: the Falcon Player reads no block longer
    than the data it holds. The unique id is drawn from the content, so that equal shows give equal files.
    """
    plain = channels.tobytes()
    blocks = list(_compressed_blocks(channels)) if zstd else []
    if sum(len(data) for _, data in blocks) >= len(plain):
        blocks = []
    index = b"".join(BLOCK.pack(first, len(data)) for first, data in blocks)
    variables = _variables(media)
    start = -(-(HEADER.size + len(index) + len(variables)) // 4) * 4
    unique_id = hashlib.sha256(struct.pack("<IB", channels.shape[1], step_ms) + variables + plain).digest()[
        :8
    ]
    header = HEADER.pack(
        MAGIC,
        start,
        0,  # minor version: 2.0, which every reader knows
        2,
        HEADER.size + len(index),  # where the variable headers begin
        channels.shape[1],
        channels.shape[0],
        step_ms,
        0,
        ZSTD if blocks else NO_COMPRESSION,
        len(blocks),
        0,
        0,
        int.from_bytes(unique_id, "little"),
    )
    head = (header + index + variables).ljust(start, b"\0")
    return head + (b"".join(data for _, data in blocks) if blocks else plain)


def _variables(media: str) -> bytes:
    """The variable headers: the song's file name, if there is one, and who made the sequence."""
    producer = f"Beatomizer {version('beatomizer')}"
    name = media.encode("utf-8", "replace").replace(b"\0", b"")[:_MAX_NAME_BYTES]
    texts = ((b"mf", name), (b"sp", producer.encode()))
    return b"".join(VARIABLE.pack(len(text) + 5, code) + text + b"\0" for code, text in texts if text)


def _compressed_blocks(channels: U8) -> Iterator[tuple[int, bytes]]:
    """Index of its first step, and zstd frame, of every block; at most 255 of them."""
    steps, width = channels.shape
    spread = -(-steps // (MAX_OLD_BLOCKS - 1))
    length = max(_FIRST_BLOCK_STEPS, -(-_BLOCK_BYTES // max(1, width)), spread)
    compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
    edges = [0, *range(_FIRST_BLOCK_STEPS, steps, length), steps]
    for first, end in pairwise(edges):
        yield first, compressor.compress(channels[first:end].tobytes())
