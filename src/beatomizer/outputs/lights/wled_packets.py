"""WLED's own datagrams: UDP realtime (kno.wled.ge, "UDP Realtime") and Audio Sync V2 ("Audio Reactive", usermod)."""

import struct

REALTIME_PORT = 21324
SYNC_PORT, SYNC_GROUP = 11988, "239.0.0.1"

_DRGB, _DNRGB = 2, 4
DRGB_PIXELS, DNRGB_PIXELS = 490, 489
"""The most pixels of one DRGB packet, and of each DNRGB packet."""

BANDS = 16
BAND_HZ = (43, 86, 129, 216, 301, 430, 560, 818, 1120, 1421, 1895, 2412, 3015, 3704, 4479, 7106, 9259)
"""Edges of WLED's 16 bands (audioreactive, 22.05 kHz)."""


def realtime_packets(rgb: bytes, timeout_s: int) -> list[bytes]:
    """One frame: DRGB where it fits, else as many DNRGB packets as it takes.

    Args:
        rgb: three bytes a pixel.
        timeout_s: after so many seconds without a packet WLED returns to its own effect; 255: never.
    """
    if len(rgb) <= 3 * DRGB_PIXELS:
        return [bytes([_DRGB, timeout_s]) + rgb]
    step = 3 * DNRGB_PIXELS
    return [
        struct.pack(">BBH", _DNRGB, timeout_s, start // 3) + rgb[start : start + step]
        for start in range(0, len(rgb), step)
    ]


def leave_packet() -> bytes:
    """Leave realtime mode now: a timeout of 0."""
    return bytes([_DRGB, 0])


def sync_packet(
    raw: float, smooth: float, peak: bool, bands: tuple[int, ...], magnitude: float, major_hz: float
) -> bytes:
    """Audio Sync V2, 44 bytes, little-endian.

    Args:
        raw: the level now, 0..255.
        smooth: the level smoothed, 0..255.
        peak: whether a beat began.
        bands: 16 values 0..255.
        magnitude: of the strongest frequency.
        major_hz: the strongest frequency.
    """
    return struct.pack(
        "<6s2xffBx16BHff",
        b"00002\0",
        raw,
        smooth,
        int(peak),
        *bands,
        0,
        magnitude,
        major_hz,
    )
