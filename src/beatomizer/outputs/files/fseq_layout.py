"""The fixed parts of an ``.fseq`` version 2 file, little-endian."""

import struct

MAGIC = b"PSEQ"

HEADER = struct.Struct("<4sHBBHIIBBBBBBQ")
"""32 bytes: magic, channel data offset, minor, major, variable header offset, channels a frame, frames, step in ms,
flags, compression (low nibble: kind; high nibble: bits 8 to 11 of the block count), block count (bits 0 to 7),
sparse ranges, flags, unique id."""

BLOCK = struct.Struct("<II")
"""One compressed block: its first frame, its length in bytes. A length of 0 marks an unused entry."""

RANGE_BYTES = 6
"""One sparse range: first channel and channel count, three bytes each."""

VARIABLE = struct.Struct("<H2s")
"""The head of a variable header: its length with this head, and a code of two letters."""

NO_COMPRESSION, ZSTD, ZLIB = 0, 1, 2

MAX_OLD_BLOCKS = 255
"""Blocks that readers of version 2.0 can count."""
