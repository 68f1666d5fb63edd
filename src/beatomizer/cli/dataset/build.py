"""``beatomizer dataset build``: turn takes into labelled 15 s clips in shards."""

import argparse
import json
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beatomizer.errors import UsageError, one_line

if TYPE_CHECKING:
    from beatomizer.dataset.build import BuildReport, BuildSettings

HELP = "turn takes into labelled 15 s clips in shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset build`` takes."""
    parser.add_argument(
        "folders", metavar="DIR", nargs="+", help="videos, .fseq beside songs, fetched or composed takes"
    )
    parser.add_argument("-o", "--output", metavar="SHARDS", required=True, help="folder of the set")
    parser.add_argument(
        "--labels", default="mean", metavar="KIND", help="mean (default, the paper's), implied or zones"
    )
    parser.add_argument(
        "--grid", metavar="CxR", help="columns and rows of the zones, for --labels zones (default 8x1)"
    )
    parser.add_argument(
        "--rate",
        default="duplicate",
        choices=("duplicate", "interpolate"),
        help="how other frame rates become 60 (default duplicate, the paper's)",
    )
    parser.add_argument(
        "--leave-out",
        metavar="FLAGS",
        help="leave out takes with these flags (default 'silent,static')",
    )
    parser.add_argument("--keep-flagged", action="store_true", help="leave out no take because of its flags")
    parser.add_argument("--split-seed", type=int, default=0, metavar="N", help="another division into splits")
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="takes at a time (default: one a core)"
    )
    parser.add_argument(
        "--scheduler",
        default="",
        metavar="URL",
        help="a Dask scheduler, tcp://host:port, instead of processes here",
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace a set in SHARDS that was made with other settings"
    )
    parser.add_argument("--work", metavar="FOLDER", help="keep results of stages there (default SHARDS/work)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no report")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Build, and say what came of each take; 0 if there is at least one clip."""
    from time import perf_counter

    settings = _settings(arguments)
    if arguments.workers < 0:
        raise UsageError("--workers cannot be negative", "leave it out for one a core")
    if arguments.scheduler and "://" not in arguments.scheduler:
        raise UsageError(f"'{arguments.scheduler}' is not an address", "write it like tcp://host:8786")
    begin_s = perf_counter()
    report = _built(arguments, settings)
    summary = _summary(report, perf_counter() - begin_s)
    if arguments.json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    elif not arguments.quiet:
        _tell(summary, arguments.output)
    return 0


def _built(arguments: argparse.Namespace, settings: "BuildSettings") -> "BuildReport":
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.dataset.build import Crew, NothingBuiltError, build

    try:
        return build(
            [Path(folder) for folder in arguments.folders],
            Path(arguments.output),
            settings,
            crew=Crew(arguments.workers, arguments.scheduler),
            work=Path(arguments.work) if arguments.work else None,
            replacing=arguments.replace,
            progress=bars_if_terminal(arguments.quiet),
        )
    except KeyboardInterrupt:
        if not arguments.quiet:
            print("\nstopped; the same command goes on", file=sys.stderr)
        raise
    except NothingBuiltError as error:
        if not (arguments.quiet or arguments.json):
            for name, reason in error.complaints:
                print(f"{name}: {reason}")
        raise


def _settings(arguments: argparse.Namespace) -> "BuildSettings":
    from beatomizer.dataset.build import LEFT_OUT, BuildSettings
    from beatomizer.dataset.labels import LABELS
    from beatomizer.dataset.stages import TakeSettings

    LABELS.load(arguments.labels)
    if arguments.grid is not None and arguments.labels != "zones":
        raise UsageError(
            f"--grid divides the picture into zones, and labels '{arguments.labels}' have none",
            "add --labels zones, or leave --grid out",
        )
    if arguments.keep_flagged and arguments.leave_out is not None:
        raise UsageError("--keep-flagged and --leave-out contradict each other", "give one of them")
    flags: tuple[str, ...] = LEFT_OUT
    if arguments.leave_out is not None:
        flags = _flags(arguments.leave_out, LEFT_OUT)
    take = TakeSettings(arguments.labels, _grid(arguments.grid or "8x1"), arguments.rate)
    return BuildSettings(take, () if arguments.keep_flagged else flags, arguments.split_seed)


def _flags(text: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The flags of a list with commas; each must be one that takes can have."""
    from beatomizer.dataset.quality import FLAGS

    names = list(dict.fromkeys([*FLAGS, *usual]))
    flags = tuple(flag.strip() for flag in text.split(",") if flag.strip())
    for flag in flags:
        if flag not in names:
            near = get_close_matches(flag, names, 2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
            raise UsageError(f"no flag is called '{one_line(flag, 60)}'", hint)
    return flags


def _grid(text: str) -> tuple[int, int]:
    columns, _, rows = text.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal()) or not (
        1 <= int(columns) <= 32 and 1 <= int(rows) <= 18
    ):
        raise UsageError(f"'{text}' is not a grid of at most 32x18", "write it like 8x1")
    return int(columns), int(rows)


def _summary(report: "BuildReport", seconds: float) -> dict[str, Any]:
    """The machine-readable summary (``--json``); ``docs/shards.md`` lists its keys."""
    facts = report.facts
    used = [row for row in report.rows if row.clips]
    complaints = [{"name": row.name, "reason": row.reason} for row in report.rows if row.reason]
    complaints += [{"name": refusal.name, "reason": refusal.reason} for refusal in report.refusals]
    return {
        "hash": facts["hash"],
        "labels": facts["labels"],
        "zones": facts["zones"],
        "clips": {split: one["clips"] for split, one in facts["splits"].items()},
        "takes": facts["takes"],
        "light": facts["light"],
        "complaints": complaints,
        "duration_s": round(sum(row.facts.duration_s for row in used), 3),
        "worked_on": report.worked_on,
        "seconds": round(seconds, 3),
    }


def _tell(summary: dict[str, Any], output: str) -> None:
    for complaint in summary["complaints"]:
        print(f"{complaint['name']}: {complaint['reason']}")
    from beatomizer.dataset.wording import many

    clips = ", ".join(f"{count} {split}" for split, count in summary["clips"].items())
    takes = summary["takes"]
    print(
        f"{many(sum(summary['clips'].values()), 'clip')} ({clips}) of {many(takes['used'], 'take')}; "
        f"{takes['left_out'] + takes['refused']} left out; {summary['light']['grey_share']:.1%} of the light is grey"
    )
    print(f"wrote {output}; look at {output.rstrip('/')}/card.html")
