"""``beatomizer lights find``: what answers on this network."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beatomizer.outputs.lights.find import Found

HELP = "look for WLEDs, Art-Net nodes and sACN sources; --rig writes a first rig file"

_NOTES = (
    "Written by 'beatomizer lights find'. Say what hangs where: kind, address, position, role (docs/rig.md).",
    "Nodes are listed as if pixels filled their universes; lamps want their own kind and gamma.",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``lights find`` takes."""
    parser.add_argument("hosts", metavar="HOST", nargs="*", help="ask these addresses as well")
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="how long to listen (default 4; sACN needs 10)"
    )
    parser.add_argument("--rig", metavar="FILE.toml", help="write a rig file of what was found")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.add_argument(
        "--interface", default="", metavar="ADDRESS", help="own address on the network to search"
    )
    parser.add_argument("--network", default="255.255.255.255", metavar="ADDRESS", help="where ArtPoll goes")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; 0 also if it was nothing."""
    from pathlib import Path

    from beatomizer.errors import UsageError, install_line
    from beatomizer.outputs.lights.find import can_use_mdns, first_rig
    from beatomizer.rig.rig_file import write_rig

    if not 0 < arguments.seconds <= 60:
        raise UsageError(f"--seconds {arguments.seconds:g} is too long or too short", "choose 1 to 60")
    _check_address("--interface", arguments.interface)
    _check_address("--network", arguments.network)
    if arguments.rig and Path(arguments.rig).exists():
        raise UsageError(f"'{arguments.rig}' is there already", "name another file, or move it away first")
    found = _everything(arguments)
    if arguments.json:
        print(
            json.dumps(
                [{"kind": f.kind, "name": f.name, "url": f.url, "detail": f.detail} for f in found], indent=2
            )
        )
    else:
        _print(found)
    if not can_use_mdns():
        print(
            f"WLEDs are only found by address without zeroconf: {install_line('lights')}",
            file=sys.stderr,
        )
    if arguments.rig and not (rig := first_rig(found)).fixtures:
        print(f"no lamps were found: {arguments.rig} was not written", file=sys.stderr)
    elif arguments.rig:
        write_rig(rig, Path(arguments.rig), _NOTES)
        print(f"wrote {arguments.rig}", file=sys.stderr)
    return 0


def _check_address(option: str, address: str) -> None:
    from ipaddress import AddressValueError, IPv4Address

    from beatomizer.errors import UsageError

    try:
        IPv4Address(address or "0.0.0.0")
    except AddressValueError:
        raise UsageError(f"{option} {address} is not an address", "write it like 192.168.1.2") from None


def _everything(arguments: argparse.Namespace) -> "list[Found]":
    """All three searches at once."""
    from concurrent.futures import ThreadPoolExecutor

    from beatomizer.outputs.lights.find import find_artnet, find_sacn, find_wled

    hosts = tuple(arguments.hosts)
    with ThreadPoolExecutor() as pool:
        searches = [pool.submit(find_wled, min(arguments.seconds, 3.0), hosts, 80, arguments.interface)]
        searches.append(pool.submit(find_artnet, arguments.seconds, arguments.network))
        searches.append(pool.submit(find_sacn, arguments.seconds, arguments.interface or "0.0.0.0"))
        return [one for search in searches for one in search.result()]


def _print(found: "list[Found]") -> None:
    from beatomizer.errors import one_line

    for one in found:
        print(f"{one.kind:<12} {one_line(one.name, 40):<24} {one.url or '-':<36} {one_line(one.detail, 100)}")
    if not found:
        print("Nothing answered. Name addresses: beatomizer lights find 192.168.1.40")
