"""The lights that a page may add: kinds that speak over the network, and the options of each that are safe to give.

No entry leads to a file (``record``), a serial port (``enttec``) or a terminal (``screen``), and none takes a path, a
password or an address of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from beatomizer.errors import UsageError, one_line
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.studio.addresses import near_address, plain_host

Value = str | int | float | bool


@dataclass(frozen=True)
class Kind:
    """One kind of light.

    Attributes:
        text: for people.
        options: name → the kind of its value: ``int``, ``float``, ``bool``, or the words to choose from.
        everybody: a word that may stand in place of a host and means the whole network.
        port: whether a port may be given.
    """

    text: str
    options: Mapping[str, type | tuple[str, ...]] = field(default_factory=dict)
    everybody: str = ""
    port: bool = True


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "wled": Kind(
            "WLED",
            {
                **{"protocol": ("ddp", "udp"), "pixels": int, "gamma": float, "http": int},
                **{"realtime": int, "fps": float},
            },
        ),
        "ddp": Kind("DDP pixels", {"pixels": int, "gamma": float, "fps": float}),
        "sacn": Kind(
            "sACN (E1.31)",
            {"universe": int, "address": int, "gamma": float, "priority": int, "sync": int, "fps": float},
            "multicast",
        ),
        "artnet": Kind(
            "Art-Net",
            {"universe": int, "address": int, "gamma": float, "sync": bool, "source": int, "fps": float},
            "broadcast",
        ),
        "hue": Kind("Philips Hue bridge", {"web": int, "fps": float}),
        "osc": Kind("OSC program", {"fps": float}),
        "mqtt": Kind("MQTT broker", {"fps": float}),
    }
)

_NUMBERS = {
    **{"pixels": (1, 65536), "http": (1, 65535), "realtime": (1, 65535), "web": (1, 65535)},
    **{"universe": (0, 63999), "address": (1, 512), "priority": (0, 200), "sync": (0, 63999)},
    **{"source": (1, 65535), "gamma": (0.3, 4.0), "fps": (1.0, 60.0)},
}


@dataclass(frozen=True)
class Place:
    """Where a light is, in a checked form.

    Attributes:
        kind: one of ``KINDS``.
        host: a plain host, or the kind's word for everybody.
        port: 0 for the protocol's own.
        options: checked.
    """

    kind: str
    host: str
    port: int = 0
    options: Mapping[str, Value] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As a light's address; the name that its offset is saved by."""
        return self._url(self.host)

    def near_url(self) -> str:
        """The same with a number for a host, looked up now. May take seconds.

        Raises:
            UsageError: the host is unknown or not near.
        """
        if self.host == KINDS[self.kind].everybody:
            return self.url
        return self._url(near_address(self.host))

    def _url(self, host: str) -> str:
        place = f"[{host}]" if ":" in host else host
        port = f":{self.port}" if self.port else ""
        pairs = [f"{name}={quote(_written(value), safe='')}" for name, value in self.options.items()]
        return f"{self.kind}://{place}{port}{'?' if pairs else ''}{'&'.join(pairs)}"


def place_of(kind: object, host: object, options: object = None, port: object = None) -> Place:
    """Check what a page says of a light.

    Args:
        kind: one of ``KINDS``.
        host: an IP literal, a plain name, or the kind's word for everybody.
        options: an object of the kind's options; ``port`` may be among them.
        port: 1..65535; ``None`` for the protocol's own.

    Raises:
        UsageError: something of it is not allowed.
    """
    if not isinstance(kind, str) or kind not in KINDS:
        raise UsageError(
            f"no light of the kind '{one_line(str(kind), 30)}' can be added here",
            f"choose from {', '.join(KINDS)}",
        )
    entry = KINDS[kind]
    given = dict(options) if isinstance(options, Mapping) else {}
    if options is not None and not isinstance(options, Mapping):
        raise UsageError("options must be an object", 'such as {"universe": 1}')
    port = given.pop("port", port)
    number = 0 if port in (None, "", 0) else int(_number("port", port, int, (1, 65535)))
    checked: dict[str, Value] = {}
    for name, value in given.items():
        if name not in entry.options:
            known = ", ".join(entry.options) or "none"
            raise UsageError(f"{kind} has no option '{one_line(str(name), 30)}' here", f"it knows {known}")
        if value is not None and value != "":
            checked[name] = _option(name, value, entry.options[name])
    if kind == "osc" and not number:
        raise UsageError("an OSC program needs a port", "such as 9000")
    if isinstance(host, str) and entry.everybody and host == entry.everybody:
        return Place(kind, host, number, checked)
    return Place(kind, plain_host(host), number, checked)


def place_of_url(url: str) -> Place:
    """The same for the address of a light, as it stands in a rig.

    Raises:
        UsageError: something of it is not allowed.
    """
    parsed = LightUrl.parse(url)
    if parsed.path or parsed.user or parsed.password or any(letter in url for letter in "#\\"):
        raise UsageError(
            f"'{one_line(url, 60)}' says more than a kind, a host and options", "leave path and user out"
        )
    kind = KINDS.get(parsed.scheme)
    options: dict[str, object] = {}
    for name, text in parsed.options.items():
        wanted = kind.options.get(name) if kind else None
        options[name] = _read(text, wanted)
    return place_of(parsed.scheme, parsed.host, options, parsed.port)


def _read(text: str, wanted: "type | tuple[str, ...] | None") -> object:
    """A value out of a URL, as JSON would have given it."""
    try:
        if wanted is int:
            return int(text)
        if wanted is float:
            return float(text)
    except ValueError:
        return text
    return text in ("1", "yes", "on", "true") if wanted is bool else text


def _option(name: str, value: object, wanted: "type | tuple[str, ...]") -> Value:
    if isinstance(wanted, tuple):
        if value not in wanted:
            raise UsageError(
                f"{name} cannot be '{one_line(str(value), 30)}'", f"choose from {', '.join(wanted)}"
            )
        return str(value)
    if wanted is bool:
        if not isinstance(value, bool):
            raise UsageError(f"{name} is yes or no", f"write true or false for {name}")
        return value
    return _number(name, value, wanted, _NUMBERS[name])


def _number(name: str, value: object, wanted: type, limits: tuple[float, float]) -> int | float:
    low, high = limits
    if isinstance(value, int if wanted is int else (int, float)) and not isinstance(value, bool):
        assert isinstance(value, int | float)
        if low <= value <= high:
            return value
    what = "a whole number" if wanted is int else "a number"
    raise UsageError(
        f"{name} {one_line(str(value), 30)} cannot be used", f"give {what} from {low:g} to {high:g}"
    )


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)
