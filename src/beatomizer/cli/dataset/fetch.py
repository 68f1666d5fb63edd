"""``beatomizer dataset fetch``: fetch the videos of a list."""

import argparse
import json
import re
import sys
from typing import TYPE_CHECKING

from beatomizer.errors import UsageError

if TYPE_CHECKING:
    from beatomizer.dataset.fetch import FetchReport

HELP = "fetch the videos of a list"

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)([kmg]?)b?", re.IGNORECASE)
_LONGEST_S = 24 * 3600.0
_FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset fetch`` takes."""
    parser.add_argument(
        "list", metavar="LIST.csv", help="columns url,start,end,title,licence,note (docs/lists.md)"
    )
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder for the videos")
    parser.add_argument(
        "--rate", default="0", metavar="SIZE", help="most bytes a second, e.g. 2M (default: no limit)"
    )
    parser.add_argument(
        "--pause", type=float, default=2.0, metavar="S", help="seconds between two videos (default 2)"
    )
    parser.add_argument("--retries", type=int, default=3, metavar="N", help="further attempts (default 3)")
    parser.add_argument(
        "--timeout", type=float, default=1800.0, metavar="S", help="most seconds for one video (default 1800)"
    )
    parser.add_argument("--max-size", default="500M", metavar="SIZE", help="largest video (default 500M)")
    parser.add_argument(
        "--again", action="store_true", help="ask again for videos that were of no use the last time"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Fetch; 0 if at least one take is there."""
    from datetime import date
    from pathlib import Path

    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.dataset.downloader import FetchLimits, installed_version, stale
    from beatomizer.dataset.fetch import REPORT, fetch
    from beatomizer.dataset.listing import read_list
    from beatomizer.errors import DeviceError

    if (
        not (0 <= arguments.pause <= _LONGEST_S and 0 < arguments.timeout <= _LONGEST_S)
        or arguments.retries < 0
    ):
        raise UsageError(
            "--pause, --retries and --timeout are numbers from 0 (a timeout above it) to a day in seconds",
            "leave them out for the defaults",
        )
    limits = FetchLimits(
        timeout_s=arguments.timeout,
        most_bytes=_bytes(arguments.max_size, "--max-size"),
        rate=_bytes(arguments.rate, "--rate"),
        retries=arguments.retries,
    )
    old = stale(installed_version(), date.today())
    listing = read_list(Path(arguments.list))
    if old:
        print(f"beatomizer: {old}", file=sys.stderr)
    report = fetch(
        listing,
        Path(arguments.out),
        limits=limits,
        pause_s=arguments.pause,
        again=arguments.again,
        progress=bars_if_terminal(arguments.quiet),
    )
    _tell(arguments, report)
    if not report.takes:
        where = f"see '{Path(arguments.out) / REPORT}'"
        raise DeviceError(f"none of the {len(report.results)} rows could be fetched", where)
    return 0


def _tell(arguments: argparse.Namespace, report: "FetchReport") -> None:
    summary = report.summary()
    if arguments.json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    if not arguments.quiet:
        for line in (*summary["complaints"], *summary["troubles"]):
            print(line)
    counts = ", ".join(f"{summary[name]} {name}" for name in ("fetched", "kept", "same", "refused", "failed"))
    takes, rows = _many(summary["takes"], "take"), _many(summary["rows"], "row")
    print(f"{takes} from {rows}: {counts} · {arguments.out}")
    if summary["without_licence"]:
        print(f"without a licence: {summary['without_licence']} (you alone know whether you may use them)")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _bytes(text: str, option: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{option} '{text}' is not a size", "write 500k, 2M or 1.5G")
    return int(float(match[1]) * _FACTORS[match[2].lower()])
