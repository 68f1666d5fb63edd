"""``beatomizer dataset compose``: takes from nothing."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from beatomizer.errors import UsageError, one_line

if TYPE_CHECKING:
    from beatomizer.dataset.compose.takes import Composed

HELP = "compose takes from nothing: songs with known scores, their light, and films of it"

GENERATORS = ("train", "held-out", "all")

_LONGEST_SIZE = 11
"""Letters of the longest size that makes sense, and some more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset compose`` takes."""
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="folder for the takes; made if missing"
    )
    parser.add_argument(
        "--takes", metavar="N", type=int, default=10, help="how many there should be (default 10)"
    )
    parser.add_argument(
        "--seed", metavar="S", type=int, default=0, help="another seed, other takes (default 0)"
    )
    parser.add_argument(
        "--film", action="store_true", help="also film the stage: .mp4 with sound instead of .flac"
    )
    parser.add_argument("--size", metavar="WxH", default="426x240", help="of the film (default 426x240)")
    parser.add_argument(
        "--generators",
        choices=GENERATORS,
        default="all",
        help="which named styles, forms and timbres may be drawn (default all)",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="processes (default: one a core)",
    )
    parser.add_argument(
        "--designer",
        metavar="S",
        type=int,
        help="one person, number S, lights all takes (default: somebody else each time)",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--json", action="store_true", help="print a machine-readable summary")


def run(arguments: argparse.Namespace) -> int:
    """Compose what is missing, and say what there is."""
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.dataset.compose.take import TakeSettings
    from beatomizer.dataset.compose.takes import compose_takes

    settings = TakeSettings(
        arguments.seed, arguments.film, _size(arguments.size), arguments.generators, arguments.designer
    )
    folder = Path(arguments.output)
    progress = bars_if_terminal(arguments.quiet)
    try:
        done = compose_takes(folder, arguments.takes, settings, workers=arguments.workers, progress=progress)
    except KeyboardInterrupt:
        if not arguments.quiet:
            print("\nstopped; the same command goes on", file=sys.stderr)
        raise
    facts = {
        "folder": str(folder),
        "takes": arguments.takes,
        "made": done.made,
        "found": done.found,
        "sound_s": round(done.sound_s, 3),
        "wall_s": round(done.wall_s, 3),
        **{name: value for name, value in settings.of_take(0).items() if name != "take"},
    }
    if arguments.json:
        print(json.dumps(facts))
    elif not arguments.quiet:
        print(_told(done))
        print(f"  wrote     {folder}")
        print(f"  next      beatomizer dataset build {folder} -o SHARDS")
    return 0


def _told(done: "Composed") -> str:
    """What a person wants to know of a run."""
    from beatomizer.dataset.wording import many

    there = f"{many(done.found, 'take')} {'was' if done.found == 1 else 'were'} there already"
    if not done.made:
        return f"nothing to do: {there}"
    speed = f", {done.sound_s / done.wall_s:.0f}× real time" if done.wall_s > 0 else ""
    told = f"{many(done.made, 'take')} composed ({done.sound_s / 60:.1f} minutes{speed})"
    return f"{told}, {there}" if done.found else told


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()) or len(text) > _LONGEST_SIZE:
        raise UsageError(f"'{one_line(text, 40)}' is not a size", "write it like 426x240")
    return int(width), int(height)
