"""Open Sound Control 1.0 (opensoundcontrol.stanford.edu/spec-1_0): the bytes of messages and bundles."""

import struct

Value = int | float | str

_NOW = struct.pack(">Q", 1)
"""The time tag that means "immediately"."""


def message(address: str, *values: Value) -> bytes:
    """One message; whole numbers become int32, others float32, text strings."""
    tags, data = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, data = tags + "s", data + _text(value)
        elif isinstance(value, int):
            tags, data = tags + "i", data + struct.pack(">i", value)
        else:
            tags, data = tags + "f", data + struct.pack(">f", value)
    return _text(address) + _text(tags) + data


def bundle(messages: list[bytes]) -> bytes:
    """Messages that belong to one moment."""
    return b"#bundle\0" + _NOW + b"".join(struct.pack(">i", len(one)) + one for one in messages)


def _text(text: str) -> bytes:
    """NUL-terminated, padded to four bytes. OSC is ASCII; what is not becomes a question mark."""
    raw = text.encode("ascii", "replace").replace(b"\0", b"?")
    return raw + bytes(4 - len(raw) % 4)
