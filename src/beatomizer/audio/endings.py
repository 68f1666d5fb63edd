"""Whether a file was cut off, by what its own bytes say about where it ends.

The decoder does not always tell: it takes what is there and calls that the length.
"""

import os
import struct

from beatomizer.audio.gate import SongFile

_OGG_LAST_PAGE = 0x04
_LONGEST_OGG_PAGE = 65_307
_XING_REACH = 200
"""Bytes after the first frame's header within which a Xing tag begins."""

_LARGEST_CLAIM = 0xFFFF_FF00
"""Sizes from here on mean "not known": written by programs that cannot seek back."""


def cut_off(file: SongFile) -> bool:
    """Whether the bytes promise more bytes than there are: WAVE, AIFF, Ogg, and MP3 with a Xing tag."""
    head = _at(file, 0, 12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return _promises_more(file, 8 + int.from_bytes(head[4:8], "little"))
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return _promises_more(file, 8 + int.from_bytes(head[4:8], "big"))
    if head[:4] == b"OggS":
        return _without_last_page(file)
    return _shorter_than_its_xing_tag(file, head)


def _at(file: SongFile, offset: int, n_bytes: int) -> bytes:
    file.seek(max(0, offset), os.SEEK_SET)
    return file.read(n_bytes)


def _promises_more(file: SongFile, end: int) -> bool:
    return file.size + 1 < end < _LARGEST_CLAIM  # one byte of padding is often forgotten


def _without_last_page(file: SongFile) -> bool:
    tail = _at(file, file.size - _LONGEST_OGG_PAGE, _LONGEST_OGG_PAGE)
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return True
    lacing = tail[page + 27 : page + 27 + tail[page + 26]]
    whole = len(tail) >= page + 27 + tail[page + 26] + sum(lacing)
    return not (whole and tail[page + 5] & _OGG_LAST_PAGE)


def _shorter_than_its_xing_tag(file: SongFile, head: bytes) -> bool:
    begin = 0
    if head[:3] == b"ID3":
        size = head[6:10]
        if len(size) < 4:
            return True
        begin = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    frame = _at(file, begin, _XING_REACH)
    place = max(frame.find(b"Xing"), frame.find(b"Info"))
    if frame[:1] != b"\xff" or place < 0 or len(frame) < place + 16:
        return False
    flags, _, n_bytes = struct.unpack(">III", frame[place + 4 : place + 16])
    return flags & 3 == 3 and _promises_more(file, begin + n_bytes)
