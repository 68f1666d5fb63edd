"""Protobuf's wire format, walked against a schema: enough to know every corner of a model file before it is used.

The walk is strict on purpose. Two readers of one file may disagree where the format is lax (unknown fields, a
message given twice, tags spelled in too many bytes), and a guard that sees another model than the runtime is none;
so everything lax is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Value: TypeAlias = "int | memoryview | Message"


class WireError(ValueError):
    """The bytes are not a message of this schema."""


@dataclass(frozen=True)
class Schema:
    """One message type.

    Attributes:
        name: for messages to people.
        scalars: field number → name, for numbers (a packed list of numbers is kept as bytes).
        texts: field number → name, for strings and bytes.
        messages: field number → (name, name of the schema).
        repeated: names that may come more than once.
    """

    name: str
    scalars: Mapping[int, str] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    messages: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()


@dataclass
class Message:
    """A parsed message: each field's values in order."""

    schema: str
    fields: dict[str, list[Value]] = field(default_factory=dict)

    def number(self, name: str, default: int = 0) -> int:
        """The number in a field that comes once."""
        value = self.fields.get(name, [default])[-1]
        if not isinstance(value, int):
            raise WireError(f"{self.schema}.{name} is not a number")
        return value

    def raw(self, name: str) -> memoryview:
        """The bytes in a field that comes once; empty if it is absent."""
        value = self.fields.get(name, [memoryview(b"")])[-1]
        if not isinstance(value, memoryview):
            raise WireError(f"{self.schema}.{name} is not text")
        return value

    def text(self, name: str) -> str:
        """The string in a field that comes once; empty if it is absent."""
        return _text(self.raw(name))

    def texts(self, name: str) -> list[str]:
        """All strings in a field."""
        return [_text(value) for value in self.fields.get(name, []) if isinstance(value, memoryview)]

    def messages(self, name: str) -> list["Message"]:
        """All messages in a field."""
        return [value for value in self.fields.get(name, []) if isinstance(value, Message)]

    def message(self, name: str) -> "Message | None":
        """The message in a field that comes once."""
        found = self.messages(name)
        return found[0] if found else None

    def numbers(self, name: str) -> list[int]:
        """All numbers in a field, packed or not, as signed 64-bit values."""
        numbers: list[int] = []
        for value in self.fields.get(name, []):
            if isinstance(value, int):
                numbers.append(value)
            elif isinstance(value, memoryview):
                at = 0
                while at < len(value):
                    number, at = read_varint(value, at)
                    numbers.append(number)
        return [number - (1 << 64) if number >= 1 << 63 else number for number in numbers]

    def walk(self) -> Iterator["Message"]:
        """Give the message itself and every one inside it."""
        waiting = [self]
        while waiting:
            message = waiting.pop()
            yield message
            for values in message.fields.values():
                waiting.extend(value for value in values if isinstance(value, Message))


class Reader:
    """Parses messages of a family of schemas.

    Args:
        schemas: by name.
        max_fields: fields in the whole file; weights are one field each, so real models have few.
        max_depth: messages inside messages.
    """

    def __init__(self, schemas: Mapping[str, Schema], max_fields: int = 300_000, max_depth: int = 40) -> None:
        self._schemas = schemas
        self._left = max_fields
        self._max_depth = max_depth

    def read(self, data: memoryview, schema: str, depth: int = 0) -> Message:
        """Parse all of ``data`` as one message.

        Raises:
            WireError: it is not one.
        """
        if depth > self._max_depth:
            raise WireError("messages are nested too deeply")
        kind, message, at = self._schemas[schema], Message(schema), 0
        while at < len(data):
            self._left -= 1
            if self._left < 0:
                raise WireError("too many fields")
            tag, start = read_varint(data, at, longest=2)
            number, wire = tag >> 3, tag & 7
            name, value, at = self._field(data, start, kind, number, wire, depth)
            values = message.fields.setdefault(name, [])
            if values and name not in kind.repeated:
                raise WireError(f"{schema}.{name} comes twice")
            values.append(value)
        return message

    def _field(
        self, data: memoryview, at: int, kind: Schema, number: int, wire: int, depth: int
    ) -> tuple[str, Value, int]:
        if wire == BYTES:
            length, start = read_varint(data, at)
            stop = start + length
            if stop > len(data):
                raise WireError(f"{kind.name} ends in the middle of a field")
            inside = data[start:stop]
            if number in kind.messages:
                name, schema = kind.messages[number]
                return name, self.read(inside, schema, depth + 1), stop
            if number in kind.texts:
                return kind.texts[number], inside, stop
            if number in kind.scalars and kind.scalars[number] in kind.repeated:
                return kind.scalars[number], inside, stop
        elif number in kind.scalars:
            if wire == VARINT:
                value, stop = read_varint(data, at)
                return kind.scalars[number], value, stop
            if wire in (FIXED32, FIXED64):
                stop = at + (4 if wire == FIXED32 else 8)
                if stop > len(data):
                    raise WireError(f"{kind.name} ends in the middle of a field")
                return kind.scalars[number], data[at:stop], stop
        raise WireError(f"{kind.name} has an unknown field {number}")


def read_varint(data: memoryview, at: int, longest: int = 10) -> tuple[int, int]:
    """The number at ``at`` and where it ends; at most ``longest`` bytes and 64 bits."""
    value = 0
    for index in range(longest):
        if at + index >= len(data):
            raise WireError("the data end in the middle of a number")
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, at + index + 1
    raise WireError("a number is too long")


def _text(value: memoryview) -> str:
    try:
        return bytes(value).decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError("a name is not valid UTF-8") from error
