"""DDP, the Distributed Display Protocol (3waylabs.com/ddp): the bytes."""

import struct

PORT = 4048
DATA_A_PACKET = 1440
"""Data bytes in one packet, 480 RGB pixels: a packet then fits an Ethernet frame."""

_VERSION_1, _PUSH = 0x40, 0x01
_RGB8 = 0x0B
"""Data type: RGB (TTT = 1), 8 bits an element (SSS = 3)."""
_DISPLAY = 1
"""Default output device."""


def frame_packets(data: bytes, sequence: int) -> tuple[list[bytes], int]:
    """The packets of one frame, and the sequence number that comes next.

    PUSH stands on the last packet only: a receiver then shows the whole frame at once.

    Args:
        data: RGB, 8 bits each.
        sequence: 1..15 of the first packet (0 would mean "not used").
    """
    packets = []
    for offset in range(0, len(data), DATA_A_PACKET):
        part = data[offset : offset + DATA_A_PACKET]
        push = _PUSH if offset + DATA_A_PACKET >= len(data) else 0
        head = struct.pack(">BBBBIH", _VERSION_1 | push, sequence, _RGB8, _DISPLAY, offset, len(part))
        packets.append(head + part)
        sequence = sequence % 15 + 1
    return packets, sequence
