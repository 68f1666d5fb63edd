"""``beatomizer check``: the flash-safety report of a show file or video."""

import argparse
import json

HELP = "judge the flashing of a show file or video (.npz .csv .mp4 and other videos)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``check`` takes."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--safety", default="broadcast", metavar="PROFILE", help="broadcast (default), strict, venue or calm"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Judge the file; 0 if it stays within the profile, 1 if not."""
    from beatomizer.safety.check import check_file

    verdict = check_file(arguments.file, arguments.safety)
    print(json.dumps(verdict.summary(), indent=2) if arguments.json else verdict.line())
    return 0 if verdict.ok else 1
