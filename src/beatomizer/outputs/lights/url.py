"""Addresses of lights: ``scheme://host:port/path?option=value``, read strictly.

Each protocol asks for its options by name and kind and then calls ``finish``: what nobody asked for is a mistake, and
the message names what would have been understood.
"""

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from beatomizer.errors import UsageError, one_line


def record_path(url: "LightUrl") -> Path:
    """The file that a ``record://`` URL names: all that stands between the scheme and the options."""
    return Path(unquote(url.text.split("://", 1)[1].split("?", 1)[0]))


def _port(parts: SplitResult) -> int | None:
    """The port of a URL; ``None`` if none is given.

    Raises:
        ValueError: it is no port.
    """
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("a port is a whole number from 1 to 65535")
    return port


@dataclass
class LightUrl:
    """A URL of a light, taken apart.

    Attributes:
        text: as it was written.
        scheme: the protocol, lower case.
        host: name or address, without brackets; may be empty.
        port: ``None`` where the protocol's own is meant.
        path: without its first slash, unquoted.
        user, password: from ``user:password@``; empty if not given.
        options: what stood after ``?``.
    """

    text: str
    scheme: str
    host: str = ""
    port: int | None = None
    path: str = ""
    user: str = ""
    password: str = ""
    options: dict[str, str] = field(default_factory=dict)
    _asked: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str) -> "LightUrl":
        """Take a URL apart.

        Raises:
            UsageError: it has no scheme, a port that is none, or an option twice.
        """
        shown = one_line(text, 80)
        if "://" not in text:
            raise UsageError(
                f"'{shown}' is not a light", "write it like wled://192.168.1.40 or sacn://multicast"
            )
        try:
            parts = urlsplit(text)
            port = _port(parts)
            pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        except ValueError as error:
            raise UsageError(f"'{shown}' is not a light's address ({error})", "see docs/lights.md") from None
        options = dict(pairs)
        if len(options) < len(pairs):
            raise UsageError(f"'{shown}' says an option twice", "say each option once")
        return cls(
            text,
            parts.scheme.lower(),
            parts.hostname or "",
            port,
            unquote(parts.path.removeprefix("/")),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            options,
        )

    @property
    def shown(self) -> str:
        """The URL for messages: one line, no password, no options."""
        place = f"{self.host}:{self.port}" if self.port is not None else self.host
        return one_line(f"{self.scheme}://{place}", 80)

    def need_host(self, example: str) -> str:
        """The host.

        Raises:
            UsageError: none is given.
        """
        if not self.host:
            raise UsageError(f"'{one_line(self.text, 80)}' names no host", f"write it like {example}")
        return self.host

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number ``low``..``high``."""
        text = self._take(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise UsageError(
                f"{name}={one_line(text, 30)} cannot be used with {self.scheme}://",
                f"it must be a whole number from {low} to {high}",
            )
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number ``low``..``high``."""
        text = self._take(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise UsageError(
                f"{name}={one_line(text, 30)} cannot be used with {self.scheme}://",
                f"it must be a number from {low:g} to {high:g}",
            )
        return value

    def word(self, name: str, default: str, choices: tuple[str, ...] = ()) -> str:
        """A text, one of ``choices`` if there are any."""
        text = self._take(name)
        if text is None:
            return default
        if choices and text not in choices:
            raise UsageError(
                f"{name}={one_line(text, 30)} cannot be used with {self.scheme}://",
                f"choose from {', '.join(choices)}",
            )
        return text

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no: 1, 0, yes, no, on, off, true, false."""
        words = {"1": True, "yes": True, "on": True, "true": True}
        words |= {"0": False, "no": False, "off": False, "false": False}
        text = self._take(name)
        if text is None:
            return default
        if text.lower() not in words:
            raise UsageError(
                f"{name}={one_line(text, 30)} is neither yes nor no", f"write {name}=1 or {name}=0"
            )
        return words[text.lower()]

    def finish(self) -> None:
        """Nothing more will be asked.

        Raises:
            UsageError: an option was given that nobody asked for.
        """
        for name in self.options:
            if name not in self._asked:
                near = get_close_matches(name, self._asked, n=1)
                meant = f"did you mean {near[0]}? " if near else ""
                known = ", ".join(self._asked) or "none"
                raise UsageError(
                    f"{self.scheme}:// has no option '{one_line(name, 30)}'", f"{meant}it knows {known}"
                )

    def _take(self, name: str) -> str | None:
        self._asked.append(name)
        return self.options.get(name)
