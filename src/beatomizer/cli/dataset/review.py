"""``beatomizer dataset review``: look at takes and clips, accept or reject them."""

import argparse
from pathlib import Path
from typing import Any

HELP = "look at takes and clips, accept or reject them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset review`` takes."""
    parser.add_argument("shards", metavar="SHARDS", help="folder made by 'dataset build'")
    parser.add_argument(
        "-o", "--out", metavar="FILE.html", help="the contact sheet (default: SHARDS/review.html)"
    )
    for word, said in (
        ("accept", "keep"),
        ("reject", "leave out"),
        ("undo", "take back what was said about"),
    ):
        parser.add_argument(
            f"--{word}", action="append", default=[], metavar="ID[,ID…]", help=f"{said} these takes or clips"
        )
    parser.add_argument(
        "--trim",
        action="append",
        default=[],
        metavar="ID=IN-OUT",
        help="accept the part between two moments, in seconds from the beginning of the take or clip",
    )
    parser.add_argument("--note", default="", metavar="TEXT", help="why, for the verdicts of this command")
    parser.add_argument(
        "--verdicts", metavar="FILE.csv", help="take over the verdicts saved from the contact sheet"
    )
    parser.add_argument(
        "--serve", action="store_true", help="open a page to play and judge them, until Ctrl-C"
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="of that page (default 8765 or the next; 0 is any)"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the page's address")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Record verdicts, or write the contact sheet, or both, or serve the page to judge by."""
    import json

    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.dataset.contact_sheet import PAGE, write_sheet

    shards = Path(arguments.shards)
    summary: dict[str, Any] = {}
    judging = bool(arguments.accept or arguments.reject or arguments.undo)
    judging = judging or bool(arguments.trim or arguments.verdicts)
    if judging:
        summary |= _judge(arguments, shards)
    if arguments.out or not (judging or arguments.serve):
        page = Path(arguments.out) if arguments.out else shards / PAGE
        summary |= write_sheet(shards, page, bars_if_terminal(arguments.quiet))
        summary["page"] = str(page)
    if arguments.json:
        print(json.dumps(summary, indent=2))
    elif summary and not arguments.quiet:
        print(_told(summary, arguments.shards))
    if arguments.serve:
        _serve(arguments, shards)
    return 0


def _serve(arguments: argparse.Namespace, shards: Path) -> None:
    from beatomizer.cli.extras import need

    need("the review page", "starlette", "uvicorn", "websockets", extra="studio")
    from beatomizer.cli.studio import browse
    from beatomizer.dataset.verdicts import VERDICTS_FILE
    from beatomizer.errors import BeatomizerError, UsageError
    from beatomizer.studio.server import bound, server_of
    from beatomizer.studio.settings import DEFAULT_PORT, Settings
    from beatomizer.studio.studio import Studio

    if arguments.port is not None and not 0 <= arguments.port <= 65535:
        raise UsageError(f"{arguments.port} is no port", "give 0 to 65535")
    sockets, port = bound(arguments.port, "", DEFAULT_PORT)
    address = f"http://127.0.0.1:{port}/review"
    try:
        server = server_of(Studio(Settings(shards, port, shards=shards)))
    except BeatomizerError:
        for one in sockets:
            one.close()
        raise

    def ready() -> None:
        if not arguments.quiet:
            print(f"The review is open at {address}\n  Ctrl-C ends it. Takes flash as they did.", flush=True)
        if not arguments.no_browser:
            browse(address)

    server.on_ready = ready
    server.run(sockets=sockets)
    if not arguments.quiet:
        print(f"{VERDICTS_FILE} holds every verdict. Build again to apply them")


def _judge(arguments: argparse.Namespace, shards: Path) -> dict[str, object]:
    from collections import Counter

    from beatomizer.dataset.judging import judgements_of_file, judgements_of_words
    from beatomizer.dataset.verdicts import Judgement, Verdict, record

    words = {
        Verdict.ACCEPT: arguments.accept,
        Verdict.REJECT: arguments.reject,
        Verdict.UNDECIDED: arguments.undo,
    }
    foreign = 0
    news: dict[str, Judgement] = {}
    if arguments.verdicts:
        news, foreign = judgements_of_file(shards, Path(arguments.verdicts))
    news |= judgements_of_words(shards, words, arguments.note, arguments.trim)
    counts = Counter(one.verdict for one in record(shards, news).values())
    return {
        "recorded": len(news),
        "accepted": counts[Verdict.ACCEPT],
        "rejected": counts[Verdict.REJECT],
        "foreign": foreign,
    }


def _told(summary: dict[str, Any], shards: str) -> str:
    from beatomizer.dataset.wording import many

    lines = []
    if "recorded" in summary:
        lines.append(
            f"recorded {summary['recorded']}; in all {summary['accepted']} accepted, {summary['rejected']} rejected. "
            "Build again to apply them"
        )
        if summary["foreign"]:
            are = "is" if summary["foreign"] == 1 else "are"
            lines.append(f"{summary['foreign']} of them {are} about takes that are not in this set; kept")
    if "page" in summary:
        lines.append(
            f"{many(summary['takes'], 'take')}, {many(summary['clips'], 'clip')}, "
            f"{summary['flagged']} flagged · {summary['page']}"
        )
        lines.append(
            f"judge them there, save, then: beatomizer dataset review {shards} --verdicts verdicts.csv"
        )
    return "\n".join(lines)
