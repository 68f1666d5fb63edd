"""Philips Hue Entertainment, streaming format version 2 (developers.meethue.com, "Entertainment API"): the bytes."""

import struct

PORT = 2100
_RGB = 0


def stream_message(area: str, sequence: int, channels: list[tuple[int, tuple[int, int, int]]]) -> bytes:
    """One message: the colour of each channel of an entertainment area.

    Args:
        area: its UUID, 36 characters.
        sequence: 0..255; the bridge ignores it.
        channels: number and red, green, blue, 16 bits each.
    """
    head = b"HueStream" + bytes([2, 0, sequence, 0, 0, _RGB, 0]) + area.encode("ascii")
    return head + b"".join(struct.pack(">B3H", number, *color) for number, color in channels)
