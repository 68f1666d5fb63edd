"""What a file is by its first bytes, without a decoder.

Sources: ISO/IEC 14496-12 (MP4), RFC 8794 (Matroska), RIFF, FLV 10.1, ISO/IEC 13818-1 (MPEG), the ASF specification,
RFC 3533 (Ogg).
"""

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp")
_STARTS = (
    (b"\x1aE\xdf\xa3", "video"),
    (b"FLV\x01", "video"),
    (b"\x00\x00\x01\xba", "video"),
    (b"\x00\x00\x01\xb3", "video"),
    (bytes.fromhex("3026b2758e66cf11"), "video"),
    (b"OggS", "video"),
    (b"PSEQ", "fseq"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"\x28\xb5\x2f\xfd", "an archive"),
    (b"%PDF", "a document"),
    (b"fLaC", "sound"),
    (b"ID3", "sound"),
)
_TS_SYNC = 0x47
_TS_PACKETS = ((0, 188), (4, 192))
"""First sync byte and packet length of transport streams from broadcasts and from cameras."""


def kind_of(head: bytes) -> str:
    """``video`` (a container of pictures and sound), ``sound``, ``fseq``, another thing's name, or an empty string."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[4:8] in _MP4_BOXES:
        return "video"
    if head[:4] == b"RIFF":
        return {b"AVI ": "video", b"WAVE": "sound", b"WEBP": "a picture"}.get(head[8:12], "")
    for first, length in _TS_PACKETS:
        marks = head[first::length]
        if len(marks) >= 4 and all(mark == _TS_SYNC for mark in marks):
            return "video"
    return ""
