"""MQTT 3.1.1 (OASIS standard): the packets of a client that publishes at QoS 0, and nothing more."""

import struct

PORT = 1883
CONNACK, PINGRESP = 0x20, 0xD0


def connect_packet(
    client: str, keep_alive_s: int, user: str, password: str, will_topic: str, will: bytes
) -> bytes:
    """CONNECT with a clean session and a retained last will (3.1)."""
    flags = 0x02 | 0x04 | 0x20 | (0x80 if user else 0) | (0x40 if user and password else 0)
    body = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", keep_alive_s)
    body += _text(client) + _text(will_topic) + struct.pack(">H", len(will)) + will
    if user:
        body += _text(user) + (_text(password) if password else b"")
    return _packet(0x10, body)


def publish_packet(topic: str, payload: bytes, retain: bool = False) -> bytes:
    """PUBLISH at QoS 0 (3.3)."""
    return _packet(0x30 | int(retain), _text(topic) + payload)


def ping_packet() -> bytes:
    """PINGREQ (3.12)."""
    return _packet(0xC0, b"")


def disconnect_packet() -> bytes:
    """DISCONNECT (3.14): the last will is not published."""
    return _packet(0xE0, b"")


def refusal(connack: bytes) -> str:
    """Why a CONNACK says no (3.2.2.3); empty if it says yes."""
    reasons = {
        1: "the broker speaks another version of MQTT",
        2: "the broker does not like the client's name",
        3: "the broker is not available",
        4: "user or password is wrong",
        5: "not authorised",
    }
    code = connack[3] if len(connack) > 3 else 0
    return reasons.get(code, f"refused with code {code}") if code else ""


def remaining_length(length: int) -> bytes:
    """The variable length field: seven bits a byte, low first (2.2.3)."""
    out = bytearray()
    while True:
        length, digit = length >> 7, length & 127
        out.append(digit | (128 if length else 0))
        if not length:
            return bytes(out)


def _packet(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + remaining_length(len(body)) + body


def _text(text: str) -> bytes:
    raw = text.encode("utf-8")[:65535]
    return struct.pack(">H", len(raw)) + raw
