"""Streaming ACN (ANSI E1.31-2018): the bytes. Offsets and vectors are those of its tables 4-1, 4-2, 4-3 and 4-6."""

import struct

PORT = 5568
"""ACN_SDT_MULTICAST_PORT, E1.31 appendix A."""

LOWEST, HIGHEST = 1, 63999
"""Universes for data, E1.31 6.2.7."""

DISCOVERY_UNIVERSE = 64214
"""E1.31_DISCOVERY_UNIVERSE; multicast address 239.255.250.214."""

OPTION_TERMINATED = 0x40
"""Stream_Terminated, bit 6 (E1.31 6.2.6)."""

_PREAMBLE = struct.pack(">HH12s", 0x0010, 0, b"ASC-E1.17\0\0\0")
_ROOT_DATA, _ROOT_EXTENDED = 4, 8
_FRAME_DATA, _EXTENDED_SYNC, _EXTENDED_DISCOVERY = 2, 1, 2

SEQUENCE_AT, OPTIONS_AT, SLOTS_AT = 111, 112, 126
"""Where sequence, options and the first slot lie in a data packet."""


def _length(rest: int) -> int:
    """Flags 0x7 and the length from this field to the end of the packet (E1.31 5.4)."""
    return 0x7000 | rest


def data_packet(
    cid: bytes,
    name: str,
    universe: int,
    slots: bytes,
    *,
    sequence: int,
    priority: int = 100,
    sync: int = 0,
    terminated: bool = False,
) -> bytes:
    """A data packet: start code 0 and up to 512 slots.

    Args:
        cid: 16 bytes that name the source, the same at every start (E1.31 5.6).
        name: of the source, cut to 63 bytes of UTF-8.
        universe: 1..63999.
        slots: the values.
        sequence: 0..255, one more for each packet of this universe.
        priority: 0..200.
        sync: universe of the synchronisation packets, 0 for none.
        terminated: the source is about to stop.
    """
    size = 126 + len(slots)
    root = struct.pack(">HI16s", _length(size - 16), _ROOT_DATA, cid)
    options = OPTION_TERMINATED if terminated else 0
    framing = struct.pack(
        ">HI64sBHBBH",
        _length(size - 38),
        _FRAME_DATA,
        source_name(name),
        priority,
        sync,
        sequence,
        options,
        universe,
    )
    dmp = struct.pack(">HBBHHHB", _length(size - 115), 0x02, 0xA1, 0, 1, len(slots) + 1, 0)
    return _PREAMBLE + root + framing + dmp + slots


def sync_packet(cid: bytes, sync: int, sequence: int) -> bytes:
    """The 49 bytes that release the universes which wait for ``sync`` (E1.31 6.3)."""
    root = struct.pack(">HI16s", _length(49 - 16), _ROOT_EXTENDED, cid)
    return _PREAMBLE + root + struct.pack(">HIBHH", _length(49 - 38), _EXTENDED_SYNC, sequence, sync, 0)


def discovery_packets(cid: bytes, name: str, universes: tuple[int, ...]) -> list[bytes]:
    """Which universes this source sends, in pages of 512 (E1.31 6.4 and 8)."""
    ordered = sorted(universes)
    pages = [ordered[start : start + 512] for start in range(0, len(ordered), 512)] or [[]]
    packets = []
    for number, page in enumerate(pages):
        size = 120 + 2 * len(page)
        root = struct.pack(">HI16s", _length(size - 16), _ROOT_EXTENDED, cid)
        framing = struct.pack(">HI64sI", _length(size - 38), _EXTENDED_DISCOVERY, source_name(name), 0)
        listing = struct.pack(">HIBB", _length(size - 112), 1, number, len(pages) - 1)
        packets.append(_PREAMBLE + root + framing + listing + struct.pack(f">{len(page)}H", *page))
    return packets


def discovered(packet: bytes) -> tuple[str, tuple[int, ...]] | None:
    """The name and universes that a discovery packet tells of; ``None`` for any other bytes."""
    if len(packet) < 120 or packet[:16] != _PREAMBLE:
        return None
    if packet[18:22] != struct.pack(">I", _ROOT_EXTENDED) or packet[40:44] != struct.pack(
        ">I", _EXTENDED_DISCOVERY
    ):
        return None
    name = packet[44:108].split(b"\0")[0].decode("utf-8", "replace")
    count = (len(packet) - 120) // 2
    return name, struct.unpack(f">{count}H", packet[120 : 120 + 2 * count])


def multicast_address(universe: int) -> str:
    """239.255.hi.lo (E1.31 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 255}"


def source_name(name: str) -> bytes:
    """At most 63 bytes of UTF-8, cut between characters; the field's last byte is always NUL (E1.31 6.2.2)."""
    return name.encode("utf-8")[:63].decode("utf-8", "ignore").encode("utf-8")
