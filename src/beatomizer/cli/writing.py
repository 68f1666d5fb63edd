"""What ``render`` and ``demo`` do after the show is made: write files, tell what happened."""

import argparse
import json
from pathlib import Path

from beatomizer.cli.summary import spoken, summary
from beatomizer.errors import UsageError
from beatomizer.line import Rendering
from beatomizer.outputs.files.formats import format_of
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.save import check_profile, save
from beatomizer.progress import Progress


def file_options(arguments: argparse.Namespace, outputs: list[Path]) -> FileOptions:
    """Check every wish about files before any work begins.

    Raises:
        UsageError: an unknown suffix, a folder that is not there, a size or step that cannot be, or a safety profile
            that is unknown or never goes into files.
    """
    safety = getattr(arguments, "safety", None)  # ``demo`` has no choice
    if safety is not None:
        check_profile(safety)
    for path in outputs:
        format_of(path)
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder '{path.parent}'", "make it, or choose another with -o")
    given = {
        "size": _size(arguments.size),
        "fseq_step_ms": arguments.fseq_step_ms,
        "fseq_zstd": arguments.fseq_zstd,
    }
    return FileOptions(**{name: value for name, value in given.items() if value is not None})


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UsageError(f"'{text}' is not a size", "write it like 1280x720")
    return int(width), int(height)


def write_files(rendering: Rendering, outputs: list[Path], options: FileOptions, progress: Progress) -> None:
    """Write the show once for each output, timing each suffix as a stage of its own."""
    for path in outputs:
        with rendering.stopwatch.stage(path.suffix.lower(), progress):
            save(rendering.show, path, options=options, progress=progress)


def report(rendering: Rendering, outputs: list[Path], arguments: argparse.Namespace) -> None:
    """Print the summary in the form that was asked for."""
    facts = summary(rendering, outputs)
    if arguments.json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    elif not arguments.quiet:
        print(spoken(facts))
