"""DMX USB Pro (ENTTEC, "DMX USB Pro Widget API specification 1.44"): the bytes."""

SEND_DMX = 6
_START, _END = 0x7E, 0xE7
_LEAST_SLOTS = 24
"""Message 6 carries a start code and 24 to 512 slots."""


def dmx_message(slots: bytes) -> bytes:
    """Label 6, "Output Only Send DMX Packet Request": start code 0 and the slots."""
    body = b"\0" + slots.ljust(_LEAST_SLOTS, b"\0")
    return bytes([_START, SEND_DMX, len(body) & 255, len(body) >> 8]) + body + bytes([_END])
