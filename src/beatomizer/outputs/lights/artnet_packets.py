"""Art-Net 4: the bytes. Field names and offsets are those of the specification, release 1.4 (Artistic Licence)."""

import struct
from dataclasses import dataclass

PORT = 6454
"""0x1936."""

LOWEST, HIGHEST = 0, 32767
"""Port-Addresses: Net (7 bits), Sub-Net (4), Universe (4). 0 is legal, though the specification advises against it."""

POLL, POLL_REPLY, DMX, SYNC = 0x2000, 0x2100, 0x5000, 0x5200
_ID = b"Art-Net\0"
_VERSION = 14

_REPLY_LEAST = 194
"""Up to SwOut; old nodes send less than the 239 bytes of today."""

SEQUENCE_AT, SLOTS_AT = 12, 18


def _head(opcode: int) -> bytes:
    """ID, OpCode little-endian, ProtVer big-endian."""
    return _ID + struct.pack("<H", opcode) + struct.pack(">H", _VERSION)


def poll_packet() -> bytes:
    """ArtPoll: who is there? Answers also when something changes (Flags bit 1)."""
    return _head(POLL) + bytes([0x02, 0])


def dmx_packet(port_address: int, slots: bytes, sequence: int, physical: int = 0) -> bytes:
    """ArtDmx. An odd number of slots gets one more: Length must be even, 2 to 512.

    Args:
        port_address: 0..32767.
        slots: 1 to 512 values.
        sequence: 1..255; 0 would switch the receiver's ordering off.
        physical: input port, for information only.
    """
    slots += bytes(len(slots) % 2)
    where = bytes([sequence, physical, port_address & 255, port_address >> 8])
    return _head(DMX) + where + struct.pack(">H", len(slots)) + slots


def sync_packet() -> bytes:
    """ArtSync: show all ArtDmx that came before, now and together."""
    return _head(SYNC) + bytes(2)


def next_sequence(sequence: int) -> int:
    """1..255, then 1 again."""
    return sequence % 255 + 1


@dataclass(frozen=True)
class Node:
    """What a node tells of itself in ArtPollReply.

    Attributes:
        address: IPv4 as text, where ArtDmx goes.
        name: its long name, or the short one.
        outputs: Port-Addresses that it turns into DMX or light.
    """

    address: str
    name: str
    outputs: tuple[int, ...]


def node_of(packet: bytes, sender: str) -> Node | None:
    """The node behind an ArtPollReply; ``None`` for any other bytes."""
    if len(packet) < _REPLY_LEAST or packet[:8] != _ID or packet[8:10] != struct.pack("<H", POLL_REPLY):
        return None
    address = ".".join(str(byte) for byte in packet[10:14])
    net, sub = packet[18] & 0x7F, packet[19] & 0x0F
    short, long = (
        packet[at:end].split(b"\0")[0].decode("latin-1").strip() for at, end in ((26, 44), (44, 108))
    )
    outputs = [
        (net << 8) | (sub << 4) | (packet[190 + port] & 0x0F)
        for port in range(min(4, packet[173]))
        if packet[174 + port] & 0x80
    ]
    return Node(sender if address == "0.0.0.0" else address, long or short, tuple(outputs))
