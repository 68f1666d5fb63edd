"""Addresses of lights that a page may name: machines of this house, and nothing that leads elsewhere.

A web page must not be able to make this program talk to the rest of the world, read files, or open devices. So a host
is a name or an address in a strict grammar, and what it means must be private, link-local or this machine itself.
"""

import ipaddress
import re
import socket
from collections.abc import Callable

from beatomizer.errors import UsageError, one_line

_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
"""Letters, digits and hyphens between dots (RFC 952, RFC 1123 2.1); no dot at the end, no underscore."""

_MOST_LETTERS = 253
_NUMBER_LIKE = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)")
"""What C libraries take for a part of an IPv4 address: 127.1, 0x7f000001, 017700000001 are addresses to them."""

Resolve = Callable[[str], list[str]]


def plain_host(text: object) -> str:
    """A host as it was written, if it is an IP literal or a plain name; lower case.

    IPv6 zone ids (``fe80::1%eth0``), brackets, ports, paths, user names, spaces and numbers that only look like
    addresses are refused.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(text, str) and 0 < len(text) <= _MOST_LETTERS and text.isascii():
        address = _literal(text)
        if address is not None:
            return str(address)
        if _NAME.fullmatch(text) and not _NUMBER_LIKE.fullmatch(text.rpartition(".")[2]):
            return text.lower()
    shown = one_line(str(text), 60)
    raise UsageError(f"'{shown}' is not an address", "write it like 192.168.1.40 or wled-sofa.local")


def near_address(host: str, resolve: Resolve | None = None) -> str:
    """The address behind a host: of this machine, this link or a private network. May take seconds for a name.

    Every address that the name has must be near: of one that has others too, nobody knows which will be taken. The
    answer is a number, so that a name which means something else a moment later changes nothing.

    Args:
        host: as ``plain_host`` gives it.
        resolve: asks for the addresses of a name.

    Raises:
        UsageError: it is unknown, or not near.
    """
    literal = _literal(host)
    if literal is not None:
        found = [str(literal)]
    else:
        try:
            found = (resolve or _resolved)(host)
        except (OSError, ValueError):
            found = []
    if not found:
        raise UsageError(f"no address is known for '{one_line(host, 60)}'", "write its number, 192.168.1.40")
    if not all(is_near(address) for address in found):
        raise UsageError(
            f"'{one_line(host, 60)}' is not on this network",
            "only private, link-local and this computer's own addresses are used",
        )
    return next((address for address in found if ":" not in address), found[0])


def is_near(address: str) -> bool:
    """Whether a numeric address is of this machine, this link or a private network; never a group or everybody."""
    parsed = _literal(address)
    if parsed is None or parsed.is_multicast or parsed.is_unspecified:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None or parsed.sixtofour is not None or parsed.teredo is not None:
            return False
        return parsed.is_loopback or parsed.is_link_local or any(parsed in net for net in _PRIVATE_6)
    return any(parsed in net for net in _PRIVATE_4)


_PRIVATE_4 = tuple(
    ipaddress.IPv4Network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16")
)
"""RFC 1918, RFC 1122 3.2.1.3 (g), RFC 3927. ``ipaddress.is_private`` is wider: it has benchmark and test networks."""

_PRIVATE_6 = (ipaddress.IPv6Network("fc00::/7"),)
"""RFC 4193."""


def _literal(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _resolved(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))
