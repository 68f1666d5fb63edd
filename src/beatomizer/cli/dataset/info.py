"""``beatomizer dataset info``: say what a data set holds."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

HELP = "say what a data set holds, and whether it is whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset info`` takes."""
    parser.add_argument(
        "shards", metavar="SHARDS", help="folder made by 'dataset build' or 'dataset lessons'"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Tell; the exit code is 3 if the set is not whole."""
    import json
    from pathlib import Path

    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.dataset.info import describe
    from beatomizer.dataset.lessons.summary import describe_lessons, holds_lessons
    from beatomizer.errors import UnreadableInputError

    folder, progress = Path(arguments.shards), bars_if_terminal(arguments.json)
    lessons = holds_lessons(folder)
    told = describe_lessons(folder, progress) if lessons else describe(folder, progress)
    lines = _lesson_lines(told) if lessons else _lines(told)
    print(json.dumps(told, indent=2, ensure_ascii=False) if arguments.json else "\n".join(lines))
    if told["damaged"]:
        more = f" (and {len(told['damaged']) - 1} more)" if len(told["damaged"]) > 1 else ""
        if lessons:
            raise UnreadableInputError(
                f"'{told['damaged'][0]}'{more} is no whole lesson", "run the command that made it again"
            )
        raise UnreadableInputError(f"{told['damaged'][0]}{more}", "build the set again, or fetch it again")
    return 0


def _lesson_lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['folder']} · lessons"
    yield f"lessons   {told['lessons']} ({told['hours']:.2f} h, {told['bytes'] / 1e6:.1f} MB)"
    for name in ("from", "styles", "without", "known", "tempi"):
        if told[name]:
            yield f"{name:9} {' · '.join(f'{what} {count}' for what, count in told[name].items())}"
    settings = (f"{name.replace('_', ' ')} {value}" for name, value in told["settings"].items())
    yield f"made with {' · '.join(settings)}"
    yield f"whole     {'no' if told['damaged'] else 'yes'}"


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    from beatomizer.dataset.wording import many

    takes, verdicts = told["takes"], told["verdicts"]
    yield f"{told['folder']} · {told['hash'][:16]}"
    yield f"clips     {told['clips']} ({told['hours']:.2f} h, {told['bytes'] / 1e6:.1f} MB)"
    splits = (
        f"{split} {many(one['clips'], 'clip')} of {many(one['takes'], 'take')}"
        for split, one in told["splits"].items()
    )
    yield f"splits    {' · '.join(splits)}"
    yield f"labels    {told['labels']}, zones: {told['zones']}"
    yield f"takes     {takes['used']} used · {takes['left_out']} left out · {takes['refused']} refused"
    for name in ("kinds", "licences", "flags", "left_out"):
        if told[name]:
            yield f"{name.replace('_', ' '):9} {' · '.join(f'{what} {count}' for what, count in told[name].items())}"
    late = (
        f" · {verdicts['not_applied']} since the set was built: build again"
        if verdicts["not_applied"]
        else ""
    )
    yield f"verdicts  {verdicts['accepted']} accepted · {verdicts['rejected']} rejected{late}"
    yield f"whole     {'no' if told['damaged'] else 'yes: every SHA-256 is as recorded'}"
